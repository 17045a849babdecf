"""Seconds and peak memory of reading a generated image, in each of its forms, against `tar -t` and dive where it is.

The image: a layer of 100,000 entries and 320 MB, one that changes the owner of a tenth of it, one that deletes another
tenth. What is timed is a whole process: open, walk, merge, weigh, exact waste with causes. Interleaved, medians.
`--keep DIRECTORY` keeps the image for the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard
from isal import igzip_lib

READ = """
import sys
from jettison.image.open import open_image
from jettison.waste.rows import waste_rows
image = open_image(sys.argv[1])
rows = waste_rows(image.layers, image.merged)
print(image.sizes.unpacked, image.sizes.waste, len(image.tree), len(rows), sum(row.bytes for row in rows))
"""
WORDS = b" ".join(hashlib.sha256(str(n).encode()).hexdigest()[: n % 11 + 2].encode() for n in range(40_000))


def entries(count: int, total: int) -> Iterator[tuple[str, int]]:
    """(path, size; -1 for a directory): many small files and a few large ones, as images have."""
    draw = random.Random(1)
    weights = [draw.paretovariate(1.1) for _ in range(count)]
    scale = total / sum(weights)
    for number, weight in enumerate(weights):
        folder = f"usr/lib/module{number // 400:04d}/part{number // 20 % 20:02d}"
        if number % 20 == 0:
            yield folder, -1
        else:
            yield f"{folder}/file{number:06d}.py", int(weight * scale)


def content(number: int, size: int) -> bytes:
    """Text that compresses about three to one, another for every file."""
    start = number * 7919 % (len(WORDS) // 2)
    piece = str(number).encode() + WORDS[start:]
    return (piece * (size // len(piece) + 1))[:size]


def write_layer(path: Path, members: Iterator[tuple[str, int]], uid: int = 0) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for number, (name, size) in enumerate(members):
            info = tarfile.TarInfo(name)
            info.uid, info.mode, info.mtime = uid, 0o755, 1_700_000_000
            if size < 0:
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            else:
                info.size = size
                archive.addfile(info, io.BytesIO(content(int(name[-9:-3]) if name[-3:] == ".py" else number, size)))


def make(root: Path, count: int, total: int) -> dict[str, str]:
    """The image in every form; references by name."""
    references = {"docker-archive": "docker.tar", "oci gzip": "gzip", "oci zstd": "zstd"}
    references = {name: str(root / where) for name, where in references.items()}
    if (root / "done").exists() or os.fork():  # in a child: who has used much memory would be measured with it
        if not (root / "done").exists() and os.wait()[1]:
            raise SystemExit("the image could not be made")
        return references
    all_entries = list(entries(count, total))
    layers = [root / f"{number}.tar" for number in range(3)]
    write_layer(layers[0], iter(all_entries))
    write_layer(layers[1], (each for each in all_entries if each[0].split("/")[2][-1] == "0"), uid=1000)
    folders = sorted({name.split("/")[2] for name, _ in all_entries if name.split("/")[2][-1] == "1"})
    write_layer(layers[2], ((f"usr/lib/.wh.{folder}", 0) for folder in folders))
    write_archive(root, layers)
    write_layout(root / "gzip", layers, lambda data: igzip_lib.compress(data, 1, flag=igzip_lib.COMP_GZIP))
    write_layout(root / "zstd", layers, zstandard.ZstdCompressor(3).compress)
    (root / "done").touch()
    os._exit(0)


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config_of(layers: list[Path]) -> bytes:
    ids = [digest(layer.read_bytes()) for layer in layers]
    return json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ids}}).encode()


def write_archive(root: Path, layers: list[Path]) -> None:
    config = config_of(layers)
    (root / "config.json").write_bytes(config)
    rows = [{"Config": "config.json", "RepoTags": ["bench:1"], "Layers": [layer.name for layer in layers]}]
    (root / "manifest.json").write_text(json.dumps(rows))
    with tarfile.open(root / "docker.tar", "w") as archive:
        for path in (root / "config.json", *layers, root / "manifest.json"):
            archive.add(path, path.name)


def write_layout(root: Path, layers: list[Path], compress: Callable[[bytes], bytes]) -> None:
    blobs = root / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, media_type: str) -> dict[str, object]:
        (blobs / digest(data).removeprefix("sha256:")).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": digest(data), "size": len(data)}

    told = [put(compress(layer.read_bytes()), "layer.v1.tar+gzip") for layer in layers]
    manifest = {"schemaVersion": 2, "config": put(config_of(layers), "config.v1+json"), "layers": told}
    top = put(json.dumps(manifest).encode(), "manifest.v1+json")
    (root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def measure(command: list[str]) -> tuple[float, float, float, str]:
    """Wall seconds, CPU seconds, peak MiB, what was printed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    process.stdout.close()
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed.decode("utf-8", "replace")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--entries", type=int, default=100_000)
    arguments.add_argument("--megabytes", type=int, default=320)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--keep", type=Path)
    told = arguments.parse_args()
    root = told.keep or Path(tempfile.mkdtemp(prefix="jettison-bench-"))
    root.mkdir(parents=True, exist_ok=True)
    try:
        references = make(root, told.entries, told.megabytes * 10**6)
        commands = {name: [sys.executable, "-c", READ, where] for name, where in references.items()}
        commands["tar -t (layer 0)"] = ["tar", "-tf", str(root / "0.tar")]
        commands["python -c pass"] = [sys.executable, "-c", "pass"]
        if shutil.which("dive"):
            commands["dive"] = ["dive", "--ci", "--source", "docker-archive", str(root / "docker.tar")]
        found: dict[str, list[tuple[float, float, float, str]]] = {name: [] for name in commands}
        for _ in range(told.rounds):
            for name, command in commands.items():
                found[name].append(measure(command))
    finally:
        if not told.keep:
            shutil.rmtree(root)
    print(f"{'':18} {'wall s':>8} {'cpu s':>8} {'MiB':>8}")
    for name, runs in found.items():
        wall, cpu, memory = (statistics.median(run[column] for run in runs) for column in (0, 1, 2))
        print(f"{name:18} {wall:8.2f} {cpu:8.2f} {memory:8.0f}")
    answers = {found[name][0][3] for name in references}
    if len(answers) != 1:
        raise SystemExit(f"the forms do not agree: {answers}")
    print("unpacked, waste, paths, rows, their sum:", answers.pop().strip())


if __name__ == "__main__":
    main()
