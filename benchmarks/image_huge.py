"""An image larger than memory, read within a bound: 20 GB and 2 million files, in layers of gzip that hardly weigh.

    python benchmarks/image_huge.py [--files 2000000] [--gigabytes 20] [--layers 4] [--limit-mib 1536]

Made on the fly (the payloads are zeros; nothing of that size ever lies on disk), then read cold and warm; prints
seconds and the most memory that all processes together had. Ends with 1 where that is beyond the limit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tarfile
import tempfile
from pathlib import Path

from image_reading import READ, Contestant, run
from isal import isal_zlib


def write_layer(path: Path, number: int, files: int, size: int) -> str:
    """A layer of so many files in folders of a hundred; its diff ID."""
    packer, plain = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31), hashlib.sha256()
    padded = bytes((size + 511) & -512)
    with path.open("wb") as out:

        def put(data: bytes) -> None:
            plain.update(data)
            out.write(packer.compress(data))

        for at in range(files):
            folder = f"srv/layer{number}/part{at // 10_000:04d}/{at // 100 % 100:02d}"
            if at % 100 == 0:
                info = tarfile.TarInfo(folder)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                put(info.tobuf(tarfile.USTAR_FORMAT))
            info = tarfile.TarInfo(f"{folder}/file-with-a-name-as-they-are-{at:07d}.js")
            info.size, info.mtime = size, 1_700_000_000 + at % 1000
            put(info.tobuf(tarfile.USTAR_FORMAT) + padded)
        put(bytes(1024))
        out.write(packer.flush())
    return "sha256:" + plain.hexdigest()


def make(root: Path, files: int, total: int, layers: int) -> None:
    blobs = root / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": f"sha256:{digest}", "size": len(data)}

    ids, rows = [], []
    for number in range(layers):
        path = root / "layer"
        ids.append(write_layer(path, number, files // layers, total // files))
        rows.append(put(path.read_bytes(), "layer.v1.tar+gzip"))
        path.unlink()
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ids}}
    told = {"schemaVersion": 2, "config": put(json.dumps(config).encode(), "config.v1+json"), "layers": rows}
    top = {**put(json.dumps(told).encode(), "manifest.v1+json"), "platform": {"os": "linux", "architecture": "amd64"}}
    (root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=2_000_000)
    arguments.add_argument("--gigabytes", type=float, default=20)
    arguments.add_argument("--layers", type=int, default=4)
    arguments.add_argument("--limit-mib", type=float, default=1536)
    told = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="jettison-huge-") as scratch:
        root, cache = Path(scratch) / "image", Path(scratch) / "cache"
        make(root, told.files, int(told.gigabytes * 10**9), told.layers)
        most = 0.0
        for name in ("cold", "warm"):
            measured = run(Contestant([sys.executable, "-c", READ, str(root)], cache=cache), weighed=True)
            most = max(most, measured.memory)
            print(f"{name}: {measured.wall:.1f} s, {measured.memory:.0f} MiB; {measured.printed.strip()}", flush=True)
    if most > told.limit_mib:
        raise SystemExit(f"{most:.0f} MiB are more than {told.limit_mib:.0f}")


if __name__ == "__main__":
    main()
