"""The cache: what was kept is got back whole or not at all, and nothing that is wrong with it is an error."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.core.errors import UsageError
from jettison.image.cache import Cache, user_cache

VALUE = bytes(range(256)) * 4


def only_file(cache: Cache) -> Path:
    (kept,) = cache.kept()
    return kept.path


def got(cache: Cache, key: str) -> bytes | None:
    found = cache.get(key)
    return None if found is None else bytes(found)


def test_what_was_kept_is_got_back(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.put("one", VALUE)
    assert cache.put("empty", b"")
    assert (VALUE, b"", None) == (got(cache, "one"), got(cache, "empty"), got(cache, "other"))
    assert cache.put("one", b"another")
    assert b"another" == got(cache, "one")


def test_an_entry_cut_anywhere_is_none_and_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for length in range(150):
        cache.put("one", VALUE[:100])
        path = only_file(cache)
        whole = path.read_bytes()
        path.write_bytes(whole[:length])
        assert (length >= len(whole), length < len(whole)) == (got(cache, "one") is not None, not path.exists())
    assert length > len(whole) - 5


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_an_entry_changed_in_any_byte_is_none(tmp_path: Path, at: int, by: int) -> None:
    cache = Cache(tmp_path)
    cache.put("one", VALUE)
    data = bytearray(only_file(cache).read_bytes())
    data[at % len(data)] ^= by
    only_file(cache).write_bytes(data)
    assert got(cache, "one") is None


def test_an_entry_under_the_name_of_another_is_none(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("one", VALUE)
    one = only_file(cache)
    cache.put("two", b"2")
    (two,) = {kept.path for kept in cache.kept()} - {one}
    one.replace(two)
    assert got(cache, "two") is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, bound=3500)
    for number in range(4):
        cache.put(str(number), VALUE)
        path = next(kept.path for kept in cache.kept() if kept.used > time.time() - 60)
        os.utime(path, (1000 + number, 1000 + number))
    assert VALUE == got(cache, "0")  # used now
    assert cache.trim() > 0
    assert [True, False, True, True] == [got(cache, str(number)) is not None for number in range(4)]
    assert sum(kept.bytes for kept in cache.kept()) <= 3500


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    assert not Cache(tmp_path, bound=10).put("one", VALUE)
    assert [] == list(tmp_path.iterdir())


def test_a_full_disk_means_no_cache_and_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # as a full disk, a write ends short
    try:
        kept = Cache(tmp_path).put("one", VALUE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not kept
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_gone_means_no_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "gone")
    assert (False, None, 0, [], (0, 0)) == (
        cache.put("one", VALUE),
        cache.get("one"),
        cache.trim(),
        cache.kept(),
        cache.clear(),
    )


def test_what_killed_writers_left_is_swept_and_what_is_being_written_stays(tmp_path: Path) -> None:
    for name, age in ((".part-old", 7200), (".part-young", 1)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    Cache(tmp_path).trim()
    assert [".part-young", "lock"] == sorted(path.name for path in tmp_path.iterdir())


def test_two_do_not_trim_at_once(tmp_path: Path) -> None:
    Cache(tmp_path).put("one", VALUE)
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert Cache(tmp_path, bound=1).trim() == 0
    assert Cache(tmp_path, bound=1).trim() > 0


def test_clearing_takes_all_that_is_ours_and_nothing_else(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    (tmp_path / "mine.txt").write_text("not yours")
    (tmp_path / ".part-1").write_bytes(b"1234")
    cache.put("one", VALUE)
    size = cache.kept()[0].bytes
    assert (2, size + 4) == cache.clear()
    assert ["mine.txt"] == [path.name for path in tmp_path.iterdir()]


MANY = """
import random, sys
from pathlib import Path
from jettison.image.cache import Cache
cache = Cache(Path(sys.argv[1]), bound=40_000)
draw = random.Random(int(sys.argv[2]))
found = 0
for _ in range(400):
    number = draw.randrange(20)
    value = bytes([number]) * 3000
    match draw.randrange(4):
        case 0: assert cache.put(str(number), value)
        case 1: cache.trim()
        case _:
            got = cache.get(str(number))
            assert got is None or bytes(got) == value
            found += got is not None
print(found)
"""


def test_many_processes_at_once_never_get_anything_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, str(tmp_path)]
    running = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True) for n in range(4)]
    found = [int(each.communicate(timeout=120)[0]) for each in running]
    assert [0] * 4 == [each.returncode for each in running]
    assert min(found) > 0
    assert [] == [path.name for path in tmp_path.iterdir() if path.name.startswith(".part")]


@pytest.mark.parametrize(("told", "bound"), [("", 2 * 10**9), ("500MB", 500 * 10**6), ("1GiB", 2**30)])
def test_the_bound_is_told_by_the_environment(
    told: str, bound: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "c"))
    monkeypatch.setenv("JETTISON_CACHE_SIZE", told)
    assert Cache(tmp_path / "c", bound) == user_cache()
    assert 0o700 == (tmp_path / "c").stat().st_mode & 0o777


def test_no_cache_where_none_is_wanted_or_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE_SIZE", "0")
    assert user_cache() is None
    monkeypatch.delenv("JETTISON_CACHE_SIZE")
    (tmp_path / "file").write_text("")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)  # somebody else could put entries there
    for place in (tmp_path / "file", tmp_path / "file" / "below", open_to_all):
        monkeypatch.setenv("JETTISON_CACHE", str(place))
        assert user_cache() is None


def test_a_bound_that_is_no_size_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE_SIZE", "much")
    with pytest.raises(UsageError):
        user_cache()
