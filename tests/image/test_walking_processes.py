"""Workers that walk layers: they find what one process finds, and none stays behind, however it ends.

Each story is a program of its own: workers are forked, which nobody does who has threads, as a test runner may.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import handmade
import pytest
from handmade import Made, entry, tar

from jettison.image.open import open_image

HERE = Path(__file__).parent
STORY = """
import os, signal, sys, time
from jettison.core.errors import ImageError
from jettison.image import walking
from jettison.image.model import Columns, Layer, LayerSource
from jettison.image.open import open_image
from jettison.image.walking import walk_layers
walking._WORTH_A_FORK = -1.0

class Slow(LayerSource):
    effort = 5.0
    weight = 1000
    def walk(self, report):
        for _ in range(300):
            report(1)
            time.sleep(0.1)
        return Columns()

class Dying(LayerSource):
    effort = 1.0
    def walk(self, report):
        DIE

def parent(process):
    try:
        return open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[1]
    except OSError:  # it has ended meanwhile
        return ""

def children():
    return [each for each in os.listdir("/proc") if each.isdigit() and parent(each) == str(os.getpid())]

def descriptors():
    return len(os.listdir("/proc/self/fd"))
"""
DYING = """
layers = [Layer("slow", Slow()), Layer("dying", Dying())]
before = descriptors()
start = time.monotonic()
try:
    list(walk_layers(layers))
except (ImageError, RuntimeError) as error:
    print(type(error).__name__, str(error).strip().splitlines()[0], "|", str(error).strip().splitlines()[-1])
assert time.monotonic() - start < 20
print(children(), descriptors() - before)
"""


def run(story: str, *arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", STORY + story, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


def image_of(tmp_path: Path, layers: int, members: int) -> Path:
    made = [tar(*(entry(f"d{n}/{at}", os.urandom(600)) for at in range(members))) for n in range(layers)]
    return handmade.write_layout(handmade.layout_files(Made(tuple(made))), tmp_path / "image")


def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    root = image_of(tmp_path, 5, 300)
    story = """
image = open_image(sys.argv[1])
events = list(walk_layers(image.layers))
assert walking._processes([], watched=True) == 0
print(len(children()), events[-1].layers, events[-1].bytes == events[-1].of_bytes)
for layer in image.layers:
    print(layer.columns.paths, layer.columns.sizes.tolist(), layer.columns.hashes.hex(), layer.columns.outline)
"""
    seen = run(story, root, env={**os.environ, "JETTISON_CACHE": str(tmp_path / "cache")})
    assert ("", 0) == (seen.stderr, seen.returncode)
    assert 5 == len(list((tmp_path / "cache").glob("*.kept")))
    columns = [layer.source.columns() for layer in open_image(str(root)).layers]
    expected = [f"{each.paths} {each.sizes.tolist()} {each.hashes.hex()} {each.outline}" for each in columns]
    assert ["0 5 True", *expected] == seen.stdout.splitlines()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "ImageError a process that read a layer ended by signal 9 | "),
        ("os._exit(3)", "ImageError a process that read a layer ended with exit code 3 | "),
        ("raise ImageError('broken at byte 5', hint='try again')", "ImageError broken at byte 5 | broken at byte 5"),
        ("raise MemoryError('no more')", "RuntimeError in a process that walks a layer: | MemoryError: no more"),
    ],
)
def test_a_worker_that_fails_gives_one_error_and_ends_the_others(how: str, said: str) -> None:
    seen = run(STORY.replace("DIE", how) + DYING)
    first, second = seen.stdout.splitlines() if seen.returncode == 0 else (seen.stderr, "")
    assert first.startswith(said), seen.stderr
    assert "[] 0" == second
    assert "" == seen.stderr


def test_who_stops_listening_ends_the_workers() -> None:
    story = """
before = descriptors()
events = walk_layers([Layer("slow", Slow()), Layer("too", Slow())])
next(events)
print(len(children()))
events.close()
print(children(), descriptors() - before)
"""
    seen = run(story)
    assert (["2", "[] 0"], "") == (seen.stdout.splitlines(), seen.stderr)


WAITING = """
class Silent(Slow):
    def walk(self, report):
        time.sleep(30)

print("ready", flush=True)
try:
    list(walk_layers([Layer("slow", Slow()), Layer("silent", Silent())]))
except KeyboardInterrupt:
    print("stopped", len(children()))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_nothing_is_left_of_who_is_interrupted(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group; the others the parent alone, whose workers then find that nobody listens."""
    told = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "JETTISON_CACHE": str(tmp_path / "cache")}
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-c", STORY + WAITING]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told, start_new_session=True)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    assert 3 == wait_for(process.pid, 3)
    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid, number)
    assert code == process.wait(timeout=20)
    assert 0 == wait_for(process.pid, 0)
    assert ("stopped 0\n" if not code else "") == process.stdout.read()
    process.stdout.close()
    assert [] == list((tmp_path / "tmp").iterdir())
    assert {"lock"} >= {path.name for path in (tmp_path / "cache").iterdir()}


def wait_for(session: int, count: int) -> int:
    """How many processes of a session there are, once there are so many, or after ten seconds."""
    end = time.monotonic() + 10
    while (found := in_session(session)) != count and time.monotonic() < end:
        time.sleep(0.05)
    return found


def in_session(session: int) -> int:
    found = 0
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                fields = (each / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found += fields[3] == str(session) and fields[0] != "Z"
    return found


def test_who_has_threads_walks_alone(tmp_path: Path) -> None:
    story = """
import threading
stop = threading.Event()
threading.Thread(target=stop.wait).start()
image = open_image(sys.argv[1])
list(walk_layers(image.layers))
print([len(layer.columns) for layer in image.layers])
assert walking._processes([walking._Job([layer], None) for layer in image.layers], watched=True) == 0
stop.set()
"""
    seen = run(story, image_of(tmp_path, 3, 5))
    assert ("[5, 5, 5]\n", "") == (seen.stdout, seen.stderr)


def test_small_images_are_walked_without_workers(tmp_path: Path) -> None:
    story = """
image = open_image(sys.argv[1])
walking._WORTH_A_FORK = float(sys.argv[2])
print(walking._processes([walking._Job([layer], None) for layer in image.layers], watched=True))
"""
    root = image_of(tmp_path, 4, 100)
    assert ["0\n", f"{min(4, len(os.sched_getaffinity(0)))}\n" if len(os.sched_getaffinity(0)) > 1 else "0\n"] == [
        run(story, root, limit).stdout for limit in (0.03, -0.01)
    ]


def test_where_no_process_can_be_started_it_is_done_here_and_nothing_stays_open(tmp_path: Path) -> None:
    root = image_of(tmp_path, 3, 300)
    story = """
def none():
    raise BlockingIOError(11, "Resource temporarily unavailable")

image = open_image(sys.argv[1])
walking._processes = lambda jobs, watched: 2
os.fork = none
before = descriptors()
events = list(walk_layers(image.layers))
print(events[-1].layers, len(image.layers[0].columns.paths), descriptors() - before)
"""
    seen = run(story, root, env={**os.environ, "JETTISON_CACHE": str(tmp_path / "cache")})
    paths = len(open_image(str(root)).layers[0].columns.paths)
    assert ([f"3 {paths} 0"], "") == (seen.stdout.splitlines(), seen.stderr)
