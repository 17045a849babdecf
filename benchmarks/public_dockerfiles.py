"""The Dockerfiles that some sixty Go modules publish, put into a folder: check.py is measured upon them, too.

    python benchmarks/public_dockerfiles.py FOLDER

Modules and versions are fixed, so that everybody measures the same files; they come from Go's module proxy
(proxy.golang.org, or the first of GOPROXY), which has each module as an archive. Nothing of theirs lies in this
repository. Source: go.dev/ref/mod, "Module proxy", "Module zip files".
"""

from __future__ import annotations

import io
import os
import re
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MODULES = """
code.gitea.io/gitea v1.27.3
github.com/anchore/grype v0.121.2
github.com/anchore/syft v1.57.0
github.com/apache/beam/sdks/v2 v2.77.0
github.com/argoproj/argo-cd/v2 v2.14.21
github.com/aws/amazon-vpc-cni-k8s v1.23.2
github.com/btcsuite/btcd v0.26.2
github.com/celestiaorg/celestia-app v1.22.0
github.com/chaos-mesh/chaos-mesh v0.9.1-0.20260827033614-1f979282bb8b
github.com/cilium/cilium v1.20.2
github.com/cometbft/cometbft v1.0.1
github.com/containerd/containerd v1.7.35
github.com/cortexproject/cortex v1.21.1
github.com/cosmos/cosmos-sdk v0.55.0
github.com/dapr/dapr v1.14.0
github.com/dexidp/dex v2.13.0+incompatible
github.com/docker/buildx v0.38.2
github.com/docker/cli v29.9.3+incompatible
github.com/docker/compose/v2 v2.40.3
github.com/ethereum/go-ethereum v1.17.10
github.com/google/cadvisor v0.60.6
github.com/grafana/loki v1.6.1
github.com/grafana/mimir v1.3.1-0.20260423142704-aced80d74930
github.com/gravitational/teleport v1.3.3-0.20240109093301-f31c91231698
github.com/hashicorp/consul v0.0.0-20171026175957-610f3c86a089
github.com/hashicorp/terraform v1.13.3
github.com/hashicorp/vault v1.21.4
github.com/influxdata/influxdb v1.13.2
github.com/influxdata/telegraf v1.37.2
github.com/jaegertracing/jaeger v1.76.0
github.com/kubeflow/training-operator v1.8.1
github.com/letsencrypt/boulder v0.20261105.0
github.com/lightningnetwork/lnd v0.18.3-beta.rc3
github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c
github.com/moby/buildkit v0.34.2
github.com/moby/moby v28.5.2+incompatible
github.com/nats-io/nats-server/v2 v2.15.2
github.com/ollama/ollama v0.17.4
github.com/open-policy-agent/opa v1.22.2
github.com/open-telemetry/opentelemetry-collector-contrib v0.160.0
github.com/pion/webrtc/v3 v3.3.6
github.com/projectcalico/calico v1.11.0-cni-plugin.0.20250813170300-a0db560f0520
github.com/prometheus/alertmanager v0.34.2
github.com/prometheus/node_exporter v1.12.1
github.com/prometheus/prometheus v2.5.0+incompatible
github.com/rclone/rclone v1.76.0
github.com/thanos-io/thanos v0.42.5
github.com/traefik/traefik/v3 v3.7.13
github.com/vmware-tanzu/velero v1.18.3
github.com/wagoodman/dive v0.13.2-0.20250516191726-d6c691947f8f
github.com/zricethezav/gitleaks/v8 v8.30.1
go.k6.io/k6 v1.8.1
go.temporal.io/server v1.32.2
istio.io/istio v0.0.0-20260423205519-b01690e6db7d
k8s.io/ingress-nginx v0.0.0-20240708192948-52c50467d67d
k8s.io/kubernetes v1.36.3
sigs.k8s.io/cluster-api v1.14.2
sigs.k8s.io/kind v0.33.0
"""
LARGEST = 200_000  # bytes of a file
_IS_ONE = re.compile(r"(?i)(?:dockerfile|containerfile)(?:[._-].*)?|.*\.(?:dockerfile|containerfile)")
_OTHER = (".go", ".md", ".sh", ".py", ".tmpl", ".dockerignore", ".erb", ".j2", ".yml", ".yaml")


def proxy() -> str:
    """Where modules come from."""
    return os.environ.get("GOPROXY", "").split(",")[0] or "https://proxy.golang.org"


def escaped(text: str) -> str:
    """A module's path or version as the proxy has it: capitals are written `!c`."""
    return re.sub(r"[A-Z]", lambda match: f"!{match[0].lower()}", text)


def dockerfiles(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file that is called as a Dockerfile is, and has a FROM."""
    for each in archive.infolist():
        base = each.filename.rsplit("/", 1)[-1]
        if _IS_ONE.fullmatch(base) and not base.endswith(_OTHER) and "/testdata/" not in each.filename:
            data = archive.read(each) if each.file_size < LARGEST else b""
            if b"FROM" in data:
                yield each.filename, data


def fetch(module: str, version: str, folder: Path) -> int:
    """Put a module's Dockerfiles each into a folder of its own; how many these are. Raises OSError."""
    address = f"{proxy()}/{escaped(module)}/@v/{escaped(version)}.zip"
    with urllib.request.urlopen(address, timeout=300) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    count = 0
    for name, data in dockerfiles(archive):
        place = folder / re.sub(r"[^A-Za-z0-9._-]", "_", name)
        place.mkdir(parents=True, exist_ok=True)
        (place / "Dockerfile").write_bytes(data)
        count += 1
    return count


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    rows = [line.split() for line in MODULES.split("\n") if line]
    with ThreadPoolExecutor(6) as pool:
        counts = [pool.submit(fetch, module, version, folder) for module, version in rows]
        for (module, version), count in zip(rows, counts, strict=True):
            try:
                print(f"{count.result():4} {module} {version}")
            except (OSError, zipfile.BadZipFile) as error:
                pool.shutdown(cancel_futures=True)
                sys.exit(f"{module} {version} cannot be fetched from {proxy()}: {error}")


if __name__ == "__main__":
    main()
