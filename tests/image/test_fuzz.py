"""The targets of tests/fuzz: their corpus always, and thirty seconds of atheris where it is installed."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from handmade import entry, tar
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.core.errors import ImageError
from jettison.image.tar import walk

FUZZ = Path(__file__).resolve().parents[1] / "fuzz"
sys.path.insert(0, str(FUZZ))
from targets import TARGETS, merge, signed, spelled  # noqa: E402

SECONDS = 10  # of each
INPUTS = sorted(path for path in (FUZZ / "corpus").rglob("*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_was_hard_or_wrong_is_right(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_a_corpus_and_it_is_small() -> None:
    assert set(TARGETS) == {path.parent.name for path in INPUTS}
    assert sum(path.stat().st_size for path in INPUTS) < 400_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 15)] * 3), max_size=25))
def test_stacks_spelled_by_bytes_are_merged_as_the_second_merge_does(members: list[tuple[int, int, int]]) -> None:
    merge(bytes(number for each in members for number in each))


def test_stacks_and_checksums_are_spelled_as_the_targets_need_them() -> None:
    assert [[("file", "a", "x")], [("symlink", "a", "..")]] == spelled(bytes([4, 0, 1, 7, 0, 0, 2, 0, 7]))
    block = bytearray(tar(entry("a", b"x" * 600)))
    block[100] ^= 1
    with pytest.raises(ImageError):
        walk(io.BytesIO(bytes(block)))
    assert 1 == len(walk(io.BytesIO(signed(bytes(block)))))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this machine")
@pytest.mark.parametrize("target", TARGETS)
def test_a_fuzzer_finds_nothing_wrong(target: str, tmp_path: Path) -> None:
    corpus = shutil.copytree(FUZZ / "corpus" / target, tmp_path / "corpus")
    flags = [f"-max_total_time={SECONDS}", "-max_len=6144", "-timeout=20", "-rss_limit_mb=2048"]
    command = [sys.executable, str(FUZZ / "fuzz.py"), target, *flags, f"-artifact_prefix={tmp_path}/", str(corpus)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 120)
    assert 0 == ended.returncode, ended.stderr[-3000:]
    (runs,) = re.findall(r"^Done (\d+) runs", ended.stderr, re.MULTILINE)
    assert int(runs) > 100
