"""What is worked out of a Dockerfile's text is kept with it, and with nothing else."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import replace

import pytest

from jettison.dockerfile import scope
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.parse import parse
from jettison.dockerfile.scope import State, Surroundings, after, state_at, states
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


def test_stages_that_stand_on_each_other_are_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins where the one below it ends: a thousand in a row are no million of steps."""
    walked: list[Instruction] = []

    def counted(state: State, each: Instruction, around: Surroundings) -> State:
        walked.append(each)
        return after(state, each, around)

    monkeypatch.setattr(scope, "after", counted)
    more = "".join(f"FROM s{number} AS s{number + 1}\nENV A{number}=$A\n" for number in range(60))
    dockerfile = parse(f"FROM debian AS s0\nENV A=1\nONBUILD ENV B=$A\n{more}")
    last = dockerfile.stages[-1]
    ends = [state_at(dockerfile, stage, stage.instructions[-1]) for stage in (last, *dockerfile.stages)]
    assert ({"A": "1"}, {"A": "1", "B": "1"}) == (dict(ends[1].env), dict(ends[2].env))
    assert {"A": "1", "B": "1", **{f"A{number}": "1" for number in range(59)}} == dict(ends[0].env)
    assert len(dockerfile.instructions) + 1 == len(walked)  # and the trigger


def test_a_stage_of_another_text_is_walked_for_itself_and_changes_nothing_that_is_kept() -> None:
    dockerfile, other = parse(TEXT), parse(TEXT.replace("A=1", "A=2"))
    seen = [
        [dict(state.env) for _, state in states(dockerfile, stage)]
        for stage in (other.stages[0], dockerfile.stages[0], other.stages[0])
    ]
    assert [[{}, {}, {"A": value}, {"A": value}] for value in "212"] == seen


def test_what_was_read_with_some_build_arguments_is_not_told_of_others() -> None:
    dockerfile = parse("ARG BASE=debian\nFROM debian AS own\nENV A=1\nFROM $BASE\nARG B=x\nRUN true\n")
    stage = dockerfile.stages[1]
    asked: tuple[dict[str, str], ...] = ({}, {"BASE": "own"}, {"B": "y"}, {"BASE": "own", "B": "y"})
    told = [state_at(dockerfile, stage, stage.instructions[-1], each) for each in (*asked, *asked)]
    once = [("", "x"), ("1", "x"), ("", "y"), ("1", "y")]
    assert once + once == [(each.env.get("A", ""), each.args["B"]) for each in told]


def test_what_was_read_goes_with_the_dockerfile() -> None:
    dockerfile = parse(TEXT)
    kept = weakref.ref(script(dockerfile, dockerfile.instructions[2]))
    assert None is not kept()
    del dockerfile
    gc.collect()
    assert None is kept()
