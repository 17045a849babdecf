"""Images of real parts for the benchmarks: small, medium and large, each as docker-archive and as OCI layout (gzip).

Debian by mmdebstrap, node_modules by `npm install`, site-packages by `pip install`; above them a layer that changes the
owner of one tree, and one that deletes. Made once into a folder, which takes about 15 GB, half an hour and a network.

    python benchmarks/image_parts.py FOLDER [small] [medium] [large]
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO

MORE_DEBIAN = {
    "small": "ca-certificates,curl,python3-minimal",
    "medium": "build-essential,git,python3-dev,libpq-dev",
    "large": "default-jdk-headless,golang-go,clang,rustc,texlive-latex-extra,postgresql,gfortran,libboost-all-dev",
}
NODE = {
    "medium": ["express", "webpack", "typescript", "eslint", "jest", "react-dom", "@mui/icons-material", "rxjs"],
    "large": ["@angular/cli", "react-scripts", "gatsby", "date-fns", "core-js", "aws-sdk", "@babel/preset-env"],
}
PYTHON = {
    "small": ["flask", "requests", "sqlalchemy"],
    "medium": ["django", "pandas", "matplotlib", "boto3"],
    "large": ["scipy", "scikit-learn", "pyarrow", "jupyterlab", "polars", "sympy", "opencv-python-headless", "django"],
}


@dataclass(frozen=True)
class Part:
    """A layer: members of a tar, or a folder put at `at`; without the names that `below` has, or with another owner."""

    source: Path
    at: str = ""
    below: Path | None = None
    uid: int | None = None


def debian(folder: Path, name: str, variant: str, packages: str) -> Path:
    """A root file system as a tar."""
    made = folder / f"{name}.tar"
    if not made.exists():
        include = [f"--include={packages}"] if packages else []
        command = ["mmdebstrap", f"--variant={variant}", *include, "bookworm", str(folder / f"{name}.part.tar")]
        subprocess.run([*command, "http://deb.debian.org/debian"], check=True)
        (folder / f"{name}.part.tar").rename(made)
    return made


def installed(folder: Path, name: str, command: list[str]) -> Path:
    """A folder that an installer filled."""
    made, part = folder / name, folder / f"{name}.part"
    if not made.exists():
        part.mkdir(exist_ok=True)
        subprocess.run(command, check=True, cwd=part)
        part.rename(made)
    return made


def node(folder: Path, name: str) -> Path:
    command = ["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", *NODE[name]]
    return installed(folder, f"npm-{name}", command)


def python(folder: Path, name: str) -> Path:
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--target", ".", *PYTHON[name]]
    return installed(folder, f"pip-{name}", command)


def parts_of(folder: Path, name: str) -> list[Part]:
    """The layers that bring files, bottom first; the last tree with another owner is its own layer."""
    base = debian(folder, "base", "minbase", "")
    layers = [Part(base)]
    for size in ("small",) if name == "small" else ("medium",) if name == "medium" else ("medium", "large"):
        layers.append(Part(debian(folder, f"debian-{size}", "extract", MORE_DEBIAN[size]), below=base))
        if size == "small":
            layers.append(Part(python(folder, size), "srv/site-packages"))
            continue
        layers.append(Part(node(folder, size), f"srv/{size}"))
        layers.append(Part(python(folder, size), f"usr/local/lib/{size}"))
    if name == "small":
        return layers
    size = name if name == "medium" else "large"
    return [*layers, Part(python(folder, size), f"usr/local/lib/{size}", uid=1000)]


def members(part: Part) -> Iterator[tuple[tarfile.TarInfo, Callable[[], IO[bytes]]]]:
    """Members of a layer, each with what opens its content."""
    known = set()
    if part.below is not None:
        with tarfile.open(part.below) as archive:
            known = {info.name for info in archive if not info.isdir()}
    if part.source.is_dir():
        above = Path(part.at).parts
        for length in range(1, len(above) + 1):
            info = tarfile.TarInfo("/".join(above[:length]))
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            yield info, partial(_opened, part.source)
        writer = tarfile.TarFile(fileobj=open("/dev/null", "wb"), mode="w")  # noqa: SIM115, PTH123
        for path in sorted(part.source.rglob("*")):
            info = writer.gettarinfo(path, f"{part.at}/{path.relative_to(part.source)}")
            info.uid = info.gid = part.uid or 0
            info.mtime = int(info.mtime)  # engines cut it, too
            info.uname = info.gname = ""
            yield info, partial(_opened, path)
        return
    seen: set[str] = set()
    with tarfile.open(part.source) as archive:
        for info in archive:
            here = _merged(info.name.removeprefix("./").rstrip("/"), part)
            if here and info.name not in known and here not in seen:
                seen.add(here)
                info.name = here
                info.linkname = _merged(info.linkname.removeprefix("./"), part) if info.islnk() else info.linkname
                info.pax_headers = {}
                yield info, partial(_extracted, archive, info)


def write_layer(part: Part, path: Path) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as out:
        for info, opened in members(part):
            if info.isreg() and info.size:
                with opened() as stream:
                    out.addfile(info, stream)
            else:
                out.addfile(info)


def _merged(name: str, part: Part) -> str:
    """Where a file of a package comes to lie on a system with merged /usr: packages still bring /lib and /bin."""
    return f"usr/{name}" if part.below and name.split("/")[0] in ("bin", "lib", "lib64", "sbin") else name


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    assert stream is not None
    return stream


def write_deletes(path: Path) -> None:
    """What a tidy Dockerfile removes too late."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as out:
        for removed in (
            "var/lib/apt/.wh.lists",
            "usr/share/.wh.doc",
            "usr/share/.wh.man",
            "etc/.wh.motd",
        ):
            out.addfile(tarfile.TarInfo(removed))


@cache
def sha256(path: Path) -> str:
    """Of a file that is written once."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make(folder: Path, name: str) -> tuple[Path, Path]:
    """(docker-archive, OCI layout) of one size."""
    root = folder / name
    archive, layout = root / "docker.tar", root / "oci"
    if (root / "done").exists():
        return archive, layout
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    root.mkdir(exist_ok=True)
    layers = []
    for number, part in enumerate([*parts_of(parts, name), None]):
        layers.append(root / f"{number}.tar")
        write_layer(part, layers[-1]) if part is not None else write_deletes(layers[-1])
    ids = ["sha256:" + sha256(layer) for layer in layers]
    history = [{"created_by": f"COPY layer {number}"} for number in range(len(layers))]
    config = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}}
    told = json.dumps({**config, "history": history}).encode()
    write_layout(layout, layers, told)
    write_archive(archive, layers, told)
    for layer in layers:
        layer.unlink()
    (root / "done").touch()
    return archive, layout


def write_archive(path: Path, layers: list[Path], config: bytes) -> None:
    """As `docker save` wrote it before Docker 25; dive reads this form alone."""
    name = hashlib.sha256(config).hexdigest() + ".json"
    (path.parent / name).write_bytes(config)
    names = [f"{sha256(layer)}/layer.tar" for layer in layers]
    rows = [{"Config": name, "RepoTags": ["bench:1"], "Layers": names}]
    (path.parent / "manifest.json").write_text(json.dumps(rows))
    with tarfile.open(path, "w") as out:
        out.add(path.parent / name, name)
        for layer, told in zip(layers, names, strict=True):
            out.add(layer, told)
        out.add(path.parent / "manifest.json", "manifest.json")


def write_layout(root: Path, layers: list[Path], config: bytes) -> None:
    blobs = root / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def put(data: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": f"sha256:{digest}", "size": len(data)}

    rows = []
    for layer in layers:
        packed = layer.with_suffix(".gz")
        with packed.open("wb") as out:
            subprocess.run(["gzip", "-6", "-n", "-c", str(layer)], stdout=out, check=True)
        digest, size = sha256(packed), packed.stat().st_size
        packed.rename(blobs / digest)
        kind = "application/vnd.oci.image.layer.v1.tar+gzip"
        rows.append({"mediaType": kind, "digest": f"sha256:{digest}", "size": size})
    manifest = {"schemaVersion": 2, "config": put(config, "config.v1+json"), "layers": rows}
    top = {
        **put(json.dumps(manifest).encode(), "manifest.v1+json"),
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    (root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder, *names = sys.argv[1:]
    for name in names or ["small", "medium", "large"]:
        print(name, *make(Path(folder), name))


if __name__ == "__main__":
    main()
