"""Debian's base images: packages by mmdebstrap, all else by debuerreotype, which makes the official ones."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from standins.authorities import Authorities
from standins.house import House
from standins.tools import run

ARCHIVES = (("debian", "{suite} {suite}-updates"), ("debian-security", "{suite}-security"))
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOOK = "/usr/share/mmdebstrap/hooks/merged-usr"


@dataclass(frozen=True)
class Base:
    """Which Debian."""

    suite: str
    slim: bool

    def make(self, house: House, authorities: Authorities | None) -> Path:
        return make(self, house.work, authorities)


def make(base: Base, work: Path, authorities: Authorities | None) -> Path:
    """A folder as skopeo's `dir:` reads it: manifest, configuration and one layer."""
    rootfs = work / f"{base.suite}{'-slim' if base.slim else ''}"
    full = work / base.suite
    if not full.exists():
        bootstrap(base.suite, full)
    if base.slim:
        run(["cp", "-a", str(full), str(rootfs)])
        run(["debuerreotype-slimify", str(rootfs)])
    if authorities is not None:
        authorities.install(rootfs)
    tar = work / f"{rootfs.name}.tar"
    run(["debuerreotype-tar", str(rootfs), str(tar)])
    epoch = int((rootfs / "debuerreotype-epoch").read_text())
    if base.slim:
        shutil.rmtree(rootfs)
    try:
        return package(tar, epoch, base, authorities)
    finally:
        tar.unlink()


def bootstrap(suite: str, rootfs: Path) -> None:
    """The root file system with the same packages as the official image: required ones, and apt."""
    epoch = int(time.time()) // 86400 * 86400  # times below a day would make each build differ
    lines = [
        f"deb http://deb.debian.org/{archive} {name} main"
        for archive, names in ARCHIVES
        for name in names.format(suite=suite).split()
    ]
    # Without the hook and usr-is-merged, mmdebstrap takes usrmerge, which brings the whole of Perl.
    options = ["--quiet", "--variant=minbase", f"--hook-dir={HOOK}", "--include=usr-is-merged"]
    run(
        ["mmdebstrap", *options, suite, str(rootfs), *lines],
        {"SOURCE_DATE_EPOCH": str(epoch)},
    )
    (rootfs / "debuerreotype-epoch").write_text(f"{epoch}\n")
    sources = rootfs / "etc/apt/sources.list.d/debian.sources"
    (rootfs / "etc/apt/sources.list").unlink(missing_ok=True)
    for old in sources.parent.iterdir():
        old.unlink()
    stanzas = [
        f"Types: deb\nURIs: http://deb.debian.org/{archive}\nSuites: {names.format(suite=suite)}\n"
        f"Components: main\nSigned-By: {KEYRING}\n"
        for archive, names in ARCHIVES
    ]
    sources.write_text("\n".join(stanzas))
    (rootfs / "etc/hostname").write_text("debuerreotype\n")
    (rootfs / "etc/resolv.conf").write_text("nameserver 1.1.1.1\nnameserver 1.0.0.1\n")
    for path in ("etc/apt/sources.list.d/debian.sources", "etc/hostname", "etc/resolv.conf"):
        (rootfs / path).chmod(0o644)
    run(["debuerreotype-minimizing-config", str(rootfs)])


def package(tar: Path, epoch: int, base: Base, authorities: Authorities | None) -> Path:
    """One layer, schema 2 (https://distribution.github.io/distribution/spec/manifest-v2-2/)."""
    out = tar.with_suffix(".dir")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    plain, packed, size = hashlib.sha256(), out / "layer", 0
    with (
        tar.open("rb") as source,
        packed.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0, filename="") as sink,
    ):
        while block := source.read(1 << 20):
            plain.update(block)
            sink.write(block)
    with packed.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    size = packed.stat().st_size
    packed.rename(out / digest)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    environment = [
        PATH,
        *(f"{key}={value}" for key, value in (authorities.environment() if authorities else {}).items()),
    ]
    name = f"{base.suite}{' (slim)' if base.slim else ''}"
    config = json.dumps(
        {
            "architecture": run(["dpkg", "--print-architecture"]).strip(),
            "os": "linux",
            "created": created,
            "config": {"Env": environment, "Entrypoint": None, "Cmd": ["bash"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{plain.hexdigest()}"]},
            "history": [
                {"created": created, "created_by": f"# stand-in for debian:{name}, by mmdebstrap and debuerreotype"},
                {"created": created, "created_by": 'CMD ["bash"]', "empty_layer": True},
            ],
        }
    ).encode()
    config_digest = hashlib.sha256(config).hexdigest()
    (out / config_digest).write_bytes(config)
    kind = "application/vnd.docker."
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}distribution.manifest.v2+json",
        "config": {
            "mediaType": f"{kind}container.image.v1+json",
            "size": len(config),
            "digest": f"sha256:{config_digest}",
        },
        "layers": [{"mediaType": f"{kind}image.rootfs.diff.tar.gzip", "size": size, "digest": f"sha256:{digest}"}],
    }
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "version").write_text("Directory Transport Version: 1.1\n")
    return out
