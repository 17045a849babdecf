"""What is worked out of a Dockerfile's text is kept with it, and with nothing else."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import replace

from jettison.dockerfile.parse import parse
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import script

TEXT = "FROM debian\nENV A=1\nRUN apt-get update && rm -rf /x\nRUN true\n"


def test_the_script_of_a_run_is_read_once_for_a_dockerfile() -> None:
    dockerfile = parse(TEXT)
    run, other = dockerfile.instructions[2:]
    first = script(dockerfile, run)
    assert first is not None
    assert first is script(dockerfile, run)
    assert script(parse(TEXT), run) == first
    assert script(dockerfile, other) != first


def test_an_instruction_that_is_none_of_the_file_is_read_for_itself() -> None:
    dockerfile = parse(TEXT)
    run = dockerfile.instructions[2]
    assert script(dockerfile, run) is not None
    assert None is script(dockerfile, replace(run, exec_form=("true",)))


def test_what_was_read_changes_neither_equality_nor_hash_nor_copies() -> None:
    read, fresh = parse(TEXT), parse(TEXT)
    for run in read.instructions[2:]:
        script(read, run)
        state_at(read, read.stages[0], run)
    assert fresh == read
    assert repr(fresh) == repr(read)
    assert fresh.instructions == read.instructions
    assert {hash(fresh.instructions)} == {hash(read.instructions)}
    assert fresh == pickle.loads(pickle.dumps(read))
    assert {} == replace(read, text=TEXT).known


def test_what_was_read_goes_with_the_dockerfile() -> None:
    dockerfile = parse(TEXT)
    kept = weakref.ref(script(dockerfile, dockerfile.instructions[2]))
    assert None is not kept()
    del dockerfile
    gc.collect()
    assert None is kept()
