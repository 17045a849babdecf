"""A call is read once for each table of programs, and a RUN is parsed once, whoever asks."""

from __future__ import annotations

import copy
import pickle

from jettison.commands.invocation import invoked
from jettison.commands.read import runs
from jettison.commands.tables.npm import NPM
from jettison.commands.tables.pip import PIP
from jettison.commands.written import call_of
from jettison.dockerfile.parse import parse
from jettison.dockerfile.shell import reader_of, script

TEXT = "FROM python:3.12\nRUN python3.12 -m pip install flask\nCOPY . .\n"


def test_a_call_is_read_once_for_each_program_that_it_is_held_against() -> None:
    dockerfile = parse(TEXT)
    call = next(runs(dockerfile, dockerfile.stages[0])).calls[0]
    first = invoked(call, {"pip": PIP})
    assert first is not None
    assert first is invoked(call, {"pip": PIP, "npm": NPM})
    assert None is invoked(call, {"npm": NPM})


def test_a_written_command_and_its_script_are_read_once() -> None:
    dockerfile = parse(TEXT)
    run = dockerfile.stages[0].instructions[1]
    found = script(dockerfile, run)
    assert found is not None
    assert call_of(found.commands[0]) is call_of(found.commands[0])
    assert reader_of(dockerfile, run) is reader_of(dockerfile, run)


def test_a_copy_is_made_without_what_was_worked_out() -> None:
    dockerfile = parse(TEXT)
    script(dockerfile, dockerfile.stages[0].instructions[1])
    for twin in (copy.deepcopy(dockerfile), pickle.loads(pickle.dumps(dockerfile))):
        assert (dockerfile, {}) == (twin, twin.known)
        assert [word.text for word in dockerfile.instructions[2].words] == [
            word.text for word in twin.instructions[2].words
        ]


def test_a_stage_of_another_text_is_not_taken_for_the_one_of_its_number() -> None:
    one, other = parse("FROM a\nRUN b\n"), parse("FROM a\nRUN c\n")
    assert ["b"] == [each.instruction.value for each in runs(one, one.stages[0])]
    assert ["c"] == [each.instruction.value for each in runs(one, other.stages[0])]
