"""Archives that are small and would become large: an answer in bounded time, memory and disk.

What is slow to make is made of pieces: gzip and zstd take members and frames one after another.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard
from handmade import (
    LAYER,
    MANIFEST,
    Made,
    blob_path,
    classic_files,
    descriptor,
    entry,
    index,
    layout_files,
    tar,
    write_archive,
    write_layout,
)

from jettison.core.errors import ImageError
from jettison.image.compression import decompress
from jettison.image.open import open_image
from jettison.image.tar import walk

BIG = 10 * 2**30
MEBIBYTE = bytes(2**20)
SOURCE = Path(__file__).resolve().parents[2] / "src"


def zeros_gzipped(size: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    """A gzip of zeros between two ends, about a thousandth of its size; made of equal blocks."""
    state = zlib.compressobj(9, wbits=-15)
    start = state.compress(head) + state.flush(zlib.Z_FULL_FLUSH)
    state = zlib.compressobj(9, wbits=-15)
    block = state.compress(MEBIBYTE) + state.flush(zlib.Z_FULL_FLUSH)
    state = zlib.compressobj(9, wbits=-15)
    end = state.compress(tail) + state.flush(zlib.Z_FINISH)
    count = size // 2**20
    checksum = _crc_of_zeros(zlib.crc32(head), count)
    whole = len(head) + count * 2**20 + len(tail)
    footer = struct.pack("<II", zlib.crc32(tail, checksum), whole % 2**32)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + start + block * count + end + footer


def _crc_of_zeros(checksum: int, count: int) -> int:
    """The checksum with so many mebibytes of zeros behind it, by doubling (what zlib calls crc32_combine)."""
    matrix = [_shift_one(1 << bit) for bit in range(32)]  # of one mebibyte
    while count:
        if count & 1:
            checksum = _times(matrix, checksum ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
        matrix = [_times(matrix, row) for row in matrix]
        count >>= 1
    return checksum


def _shift_one(state: int) -> int:
    return zlib.crc32(MEBIBYTE, state ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def _times(matrix: list[int], vector: int) -> int:
    found = 0
    for bit in range(32):
        if vector >> bit & 1:
            found ^= matrix[bit]
    return found


def zeros_by_zstd(size: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    """Frames of runs: 128 KiB of zeros in four bytes."""
    most, frame = 128 * 2**10, bytearray()
    for at in range(0, size, most):
        last = at + most >= size
        frame += (min(most, size - at) << 3 | 1 << 1 | last).to_bytes(3, "little") + b"\0"
    run = b"\x28\xb5\x2f\xfd\0\x58" + bytes(frame)
    ends = [zstandard.compress(each) if each else b"" for each in (head, tail)]
    return ends[0] + run + ends[1]


PACKED = {"gzip": zeros_gzipped, "zstd": zeros_by_zstd}


def test_the_bombs_are_what_they_are_said_to_be() -> None:
    assert len(zeros_gzipped(BIG)) < 11 * 10**6
    assert len(zeros_by_zstd(BIG)) < 400_000
    assert b"head" + bytes(3 * 2**20) + b"tail" == gzip.decompress(zeros_gzipped(3 * 2**20, b"head", b"tail"))
    with decompress(io.BytesIO(zeros_by_zstd(3 * 2**20, b"head", b"tail"))) as stream:
        assert b"head" + bytes(3 * 2**20) + b"tail" == b"".join(iter(lambda: stream.read(2**20), b""))


def _header(name: str, size: int) -> bytes:
    return entry(name)[0].__class__.tobuf(_sized(name, size), format=1)


def _sized(name: str, size: int) -> Any:
    info, _ = entry(name)
    info.size = size
    return info


@contextmanager
def within(seconds: float, megabytes: int) -> Iterator[None]:
    """Fails where what is in it takes longer, or the peak of memory grows by more."""
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    yield
    assert time.process_time() - started < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < megabytes * 1024


def _image(tmp_path: Path, blob: bytes, plain_digest: str, media_type: str) -> str:
    made = Made((tar(entry("a")),))
    config = json.loads(made.config) | {"rootfs": {"type": "layers", "diff_ids": [plain_digest]}}
    data = json.dumps(config).encode()
    told = json.loads(made.manifest)
    told |= {"layers": [descriptor(blob, media_type)], "config": descriptor(data, told["config"]["mediaType"])}
    text = json.dumps(told).encode()
    files = layout_files(made) | {blob_path(each): each for each in (data, text, blob)}
    return f"oci:{write_layout(files | {'index.json': index(descriptor(text, MANIFEST))}, tmp_path)}"


@pytest.mark.slow
@pytest.mark.parametrize("how", PACKED)
def test_a_layer_of_ten_gigabytes_of_zeros_is_weighed_in_little_memory(how: str, tmp_path: Path) -> None:
    blob = PACKED[how](BIG, _header("zeros", BIG), bytes(1024))
    reference = _image(tmp_path, blob, "sha256:" + "0" * 64, f"{LAYER}+{how}")
    with within(90, 200):
        assert (BIG, BIG) == (open_image(reference).sizes.unpacked, open_image(reference).sizes.effective)


@pytest.mark.slow
@pytest.mark.parametrize("how", PACKED)
def test_a_layer_of_nothing_but_zeros_holds_nothing(how: str, tmp_path: Path) -> None:
    reference = _image(tmp_path, PACKED[how](BIG), "sha256:" + "0" * 64, f"{LAYER}+{how}")
    with within(90, 200):
        assert 0 == open_image(reference).sizes.unpacked


def test_a_blob_that_would_unpack_for_hours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terabytes of runs in a hundred megabytes; here with a bound that is sooner reached."""
    monkeypatch.setattr("jettison.image.compression._ALWAYS_TAKEN", 2**27)
    blob = zeros_by_zstd(2**30, _header("zeros", 2**30), bytes(1024))
    with within(20, 200), pytest.raises(ImageError, match="absurdly much of the same") as caught:
        assert open_image(_image(tmp_path, blob, "sha256:" + "0" * 64, LAYER + "+zstd")).sizes
    assert caught.value.hint


@pytest.mark.parametrize("how", PACKED)
def test_an_archive_of_nothing_but_zeros_is_refused_before_it_is_unpacked(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.tar").write_bytes(PACKED[how](BIG))
    for reference in (str(tmp_path / "x.tar"), f"oci-archive:{tmp_path}/x.tar", f"docker-archive:{tmp_path}/x.tar"):
        with within(5, 200), pytest.raises(ImageError, match="goes on long after its end") as caught:
            open_image(reference)
        assert caught.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("how", PACKED)
def test_an_archive_with_ten_gigabytes_of_zeros_takes_no_such_room(how: str, tmp_path: Path) -> None:
    """Whole blocks of zeros are holes in what is unpacked."""
    files = classic_files(Made((tar(entry("a", b"1")),)))
    tail = tar(*(entry(name, data) for name, data in files.items()))
    (tmp_path / "x.tar").write_bytes(PACKED[how](BIG, _header("zeros", BIG), tail))
    room = os.statvfs(tmp_path)
    with within(120, 200):
        image = open_image(str(tmp_path / "x.tar"))
        assert 1 == image.sizes.unpacked
    taken = (room.f_bavail - os.statvfs(tmp_path).f_bavail) * room.f_frsize
    assert taken < 2 * 2**30  # others write here as well


@pytest.mark.slow
def test_a_million_members_of_one_name_are_one_file_and_waste(tmp_path: Path) -> None:
    block = entry("same", b"x")[0].tobuf(1) + b"x".ljust(512, b"\0")
    ten_thousand = zlib.compressobj(1, wbits=31)
    piece = ten_thousand.compress(block * 10_000) + ten_thousand.flush()
    blob = piece * 100 + gzip.compress(bytes(1024), 1, mtime=0)
    reference = _image(tmp_path, blob, "sha256:" + "0" * 64, LAYER + "+gzip")
    with within(60, 600):
        image = open_image(reference)
        assert (1_000_000, 1, 999_999) == (image.sizes.unpacked, image.sizes.effective, image.sizes.waste)


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_a_long_path_of_directories_that_nobody_describes_costs_little_or_is_refused(depth: int) -> None:
    """Each directory on the way is a path of its own: their lengths add up to the square of this one's."""
    from test_merge_random import stack

    from jettison.image.merge import Merge

    name = "/".join("d" * depth)
    with within(10, 600):
        try:
            assert 2_000 == len(Merge(stack(tar(entry(name, b"1")))).nodes)
        except ImageError as error:
            assert depth > 2_000, error
            assert error.hint


def test_many_long_paths_of_directories_that_nobody_describes_are_refused() -> None:
    from test_merge_random import stack

    from jettison.image.merge import Merge

    members = [entry(f"{n}/" + "/".join("d" * 2000), b"1") for n in range(400)]  # 4 MB of paths each
    with within(30, 900), pytest.raises(ImageError, match="directories that it does not describe") as caught:
        Merge(stack(tar(*members)))
    assert caught.value.hint


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_sparse_files_of_terabytes_are_compared_without_reading_their_holes(how: str, tmp_path: Path) -> None:
    """Two of sixteen terabytes, equal, over each other: hours of zeros for who hashes them."""
    from jettison.waste.rows import waste_rows

    size = str(2**44)
    records = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": size, "GNU.sparse.name": "a"}
    layers = []
    for owner in (0, 1):
        member = entry("x", b"1\n4096\n3\n".ljust(512, b"\0") + b"abc", uid=owner, pax_headers=records)
        layers.append(tar(member, entry("b", b"x")))
    write_layout(layout_files(Made(tuple(layers), compression=how)), tmp_path)
    with within(10, 200):
        image = open_image(f"oci:{tmp_path}")
        rows = waste_rows(image.layers)
    assert (2**45 + 2, 2**44 + 1) == (image.sizes.unpacked, image.sizes.effective)
    assert [(b"a", 2**44, "metadata-only"), (b"b", 1, "metadata-only")] == [
        (row.path, row.bytes, row.cause.value) for row in sorted(rows, key=lambda row: row.path)
    ]


@pytest.mark.parametrize("name", ["manifest.json", "index.json", "oci-layout"])
def test_a_document_of_a_gigabyte_is_refused_without_reading_it(name: str, tmp_path: Path) -> None:
    """As a hole: it costs nothing to make, and would cost a gigabyte to read."""
    made = Made((tar(entry("a")),))
    files = classic_files(made) if name == "manifest.json" else layout_files(made)
    files.pop(name)
    path = tmp_path / "x.tar"
    whole = write_archive(files, path).read_bytes()
    at = next(at for at in range(len(whole) - 512, 0, -512) if whole[at : at + 512].strip(b"\0")) + 512
    with path.open("r+b") as stream:
        stream.truncate(at)
        stream.seek(at)
        stream.write(_header(name, 2**30))
        stream.truncate(at + 512 + 2**30 + 1024)
    with within(5, 100), pytest.raises(ImageError, match="absurdly large: 1073741824 bytes"):
        open_image(f"{'docker-archive' if name == 'manifest.json' else 'oci-archive'}:{path}")
    if name != "manifest.json":
        root = write_layout(files, tmp_path / "layout")
        with (root / name).open("wb") as stream:
            stream.truncate(2**30)
        with within(5, 100), pytest.raises(ImageError, match="absurdly large: 1073741824 bytes"):
            open_image(f"oci:{root}")


@pytest.mark.parametrize("field", [b"\x80" + bytes(3) + b"\x80" + bytes(7), b"\xff" * 12, b"\x80" + b"\xff" * 11])
def test_sizes_of_two_to_the_63_and_more_are_refused(field: bytes) -> None:
    header = bytearray(entry("a")[0].tobuf(1))
    header[124:136] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    for data in (bytes(header) + bytes(1024), gzip.decompress(gzip.compress(bytes(header)))):
        with pytest.raises(ImageError, match="broken tar at byte 0"):
            walk(io.BytesIO(data))


WATCH = """
import os, sys
allowed = sys.argv[1]
def watch(event, arguments):
    if event == "open":
        path, _, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    else:
        path, writes = (arguments[0] if arguments else ""), event in (
            "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.chown",
            "os.truncate", "os.utime", "os.setxattr", "shutil.rmtree", "shutil.move", "shutil.copyfile",
            "subprocess.Popen", "os.system", "os.exec", "socket.connect")
    if isinstance(path, int):
        return  # a file that was opened before
    if writes and not os.path.abspath(os.fsdecode(path) if isinstance(path, (str, bytes)) else "?").startswith(allowed):
        os.write(2, f"WRITES {event} {path!r}\\n".encode(errors="replace"))
from jettison.core.errors import ImageError
from jettison.image.open import open_image
sys.dont_write_bytecode = True
sys.addaudithook(watch)
refused = 0
for reference in sys.argv[2:]:
    try:
        image = open_image(reference)
        image.sizes, [image.tree.read(path) for path in image.tree if image.tree.get(path).kind == 0]
    except ImageError as error:
        refused += 1
print(refused)
"""


def test_nothing_is_written_outside_of_the_cache_and_the_temporary_folder(tmp_path: Path) -> None:
    """Python's own audit events say what is opened for writing, made, linked, moved or run."""
    evil = tar(
        entry("../../../escaped", b"1"),
        entry("/abs", b"2"),
        entry("up", type=b"2", linkname="../../.."),
        entry("up/through", b"3"),
        entry("hard", type=b"1", linkname="../../../etc/passwd"),
    )
    good = Made((tar(entry("a", b"x" * 5000), entry("../b", b"y")),))
    references = []
    for number, files in enumerate((classic_files(Made((evil,))), classic_files(good), layout_files(good))):
        references += [str(write_archive(files, tmp_path / f"{number}{how}.tar", how)) for how in ("", "gzip", "zstd")]
    references.append(f"oci:{write_layout(layout_files(good), tmp_path / 'layout')}")
    row = json.loads(classic_files(good)["manifest.json"])[0]
    for at, name in enumerate(("../../x", "/etc/passwd", "..")):
        lying = classic_files(good) | {"manifest.json": json.dumps([row | {"Layers": [name]}]).encode()}
        references.append(str(write_archive(lying, tmp_path / f"lie{at}.tar")))
    own = tmp_path / "own"
    (own / "tmp").mkdir(parents=True)
    environment = {**os.environ, "JETTISON_CACHE": f"{own}/cache", "JETTISON_STATE": f"{own}/state"}
    environment |= {"TMPDIR": f"{own}/tmp", "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-B", "-c", WATCH, str(own), *references]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert "" == "".join(line for line in ended.stderr.splitlines() if "WRITES" in line)
    assert (0, "6") == (ended.returncode, ended.stdout.strip()), ended.stderr
