"""Every edit verb on random Dockerfiles, and what a real shell makes of the results."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from dockerfile_texts import dockerfiles, scripts
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile import edit
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Dockerfile, Edit, Instruction
from jettison.dockerfile.parse import parse, shell_text
from jettison.dockerfile.shell import script

pytestmark = pytest.mark.slow

Verb = Callable[[Dockerfile, int], tuple[tuple[Edit, ...], int]]  # edits, and how many instructions they take away


def append(dockerfile: Dockerfile, at: int) -> tuple[tuple[Edit, ...], int]:
    return (edit.append_command(dockerfile, dockerfile.instructions[at], "zzz"),), 0


def delete(dockerfile: Dockerfile, at: int) -> tuple[tuple[Edit, ...], int]:
    return (edit.delete_instruction(dockerfile, dockerfile.instructions[at]),), 1


def delete_a_command(dockerfile: Dockerfile, at: int) -> tuple[tuple[Edit, ...], int]:
    found = script(dockerfile, dockerfile.instructions[at])
    if found is None or not found.commands:
        raise CannotEdit("no commands")
    return (edit.delete_command(dockerfile, dockerfile.instructions[at], found.commands[-1]),), 0


def merge(dockerfile: Dockerfile, at: int) -> tuple[tuple[Edit, ...], int]:
    later = [each for each in dockerfile.instructions[at + 1 :] if each.keyword == "RUN"]
    if not later or dockerfile.instructions[at].keyword != "RUN":
        raise CannotEdit("no two RUNs")
    return edit.merge_runs(dockerfile, dockerfile.instructions[at], [later[0]]), 1


def flag(dockerfile: Dockerfile, at: int) -> tuple[tuple[Edit, ...], int]:
    keyword = dockerfile.instructions[at].keyword
    if keyword not in ("COPY", "ADD", "RUN"):
        raise CannotEdit("takes no flags")
    added = "--mount=type=tmpfs,target=/zzz" if keyword == "RUN" else "--exclude=zzz"
    return (edit.add_flag(dockerfile.instructions[at], added),), 0


def option(dockerfile: Dockerfile, at: int) -> tuple[tuple[Edit, ...], int]:
    found = script(dockerfile, dockerfile.instructions[at])
    words = [argument for command in found.commands for argument in command.arguments] if found else []
    if not words:
        raise CannotEdit("no arguments")
    return (edit.insert_after(words[0].span, "--zzz"),), 0


VERBS = {
    "append": append,
    "delete": delete,
    "delete_a_command": delete_a_command,
    "merge": merge,
    "flag": flag,
    "option": option,
}


def touched_lines(dockerfile: Dockerfile, instructions: list[Instruction]) -> set[int]:
    """0-based lines of these instructions, of the comments directly above them, of a blank between two blanks."""
    lines = dockerfile.text.split("\n")
    found: set[int] = set()
    for each in instructions:
        first = dockerfile.text.count("\n", 0, each.span.start)
        found |= set(range(first, each.end_line))
        while first and lines[first - 1].strip().startswith("#"):
            first -= 1
            found.add(first)
        below = each.end_line
        if first and below < len(lines) and not lines[first - 1].strip() and not lines[below].strip():
            found.add(below)
    return found


def test_of_two_blank_lines_that_would_meet_one_goes() -> None:
    text = "FROM a\n\nENV A=1\n\n# a comment"
    edits, _ = delete(parse(text), 1)
    assert "FROM a\n\n# a comment" == edit.apply(text, edits)


@pytest.mark.parametrize("name", VERBS)
@settings(deadline=None)
@given(text=dockerfiles(), data=st.data())
def test_an_edit_leaves_the_number_of_instructions_and_all_other_lines_alone(
    name: str, text: str, data: st.DataObject
) -> None:
    dockerfile = parse(text)
    places = [n for n, each in enumerate(dockerfile.instructions) if each.keyword not in ("FROM", "ARG")]
    if not places:
        return
    at = data.draw(st.sampled_from(places))
    instruction = dockerfile.instructions[at]
    try:
        edits, gone = VERBS[name](dockerfile, at)
    except CannotEdit as error:
        assert error.reason
        return
    result = edit.apply(text, edits)
    again = parse(result)
    assert len(dockerfile.instructions) - gone == len(again.instructions)
    kept = [
        each
        for each in dockerfile.instructions
        if not any(each.span.start < e.span.end and e.span.start < each.span.end for e in edits)
    ]
    later = next((each for each in dockerfile.instructions[at + 1 :] if each.keyword == "RUN"), instruction)
    mine = touched_lines(dockerfile, [instruction, later] if name == "merge" else [instruction])
    others = [line for number, line in enumerate(text.split("\n")) if number not in mine]
    rest = iter(result.split("\n"))
    assert all(line in rest for line in others)  # in their order, byte for byte
    assert {each.span.of(text) for each in kept if each not in (instruction, later)} <= {
        each.span.of(result) for each in again.instructions
    }
    if name in ("append", "option", "flag"):
        assert "zzz" in again.instructions[at].span.of(result)
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in result.replace("\r\n", "")


def run(shell: str, *texts: str) -> tuple[bool, str]:
    """Whether a build of these RUNs succeeds (it stops at the first that fails), and what they print."""
    printed = ""
    for text in texts:
        done = subprocess.run([shell, "-c", text], capture_output=True, text=True, timeout=20, check=False, cwd="/")
        printed += done.stdout
        if done.returncode:
            return False, printed
    return True, printed


SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]


def given_to_the_shell(text: str) -> list[str]:
    dockerfile = parse(text)
    return [shell_text(dockerfile, each)[0] for each in dockerfile.instructions if each.keyword == "RUN"]


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=150, deadline=None)
@given(commands=scripts())
def test_an_appended_command_runs_where_the_run_succeeds_and_changes_nothing_else(shell: str, commands: str) -> None:
    text = f"FROM x\nRUN {commands}\n"
    dockerfile = parse(text)
    try:
        change = edit.append_command(dockerfile, dockerfile.instructions[1], "echo appended")
    except CannotEdit:
        return
    succeeded, printed = run(shell, *given_to_the_shell(text))
    after = run(shell, *given_to_the_shell(edit.apply(text, [change])))
    assert (succeeded, printed + ("appended\n" if succeeded else "")) == after


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=150, deadline=None)
@given(first=scripts(), second=scripts())
def test_merged_runs_print_and_fail_as_the_two_did(shell: str, first: str, second: str) -> None:
    text = f"FROM x\nRUN {first}\n# why\nRUN {second}\n"
    dockerfile = parse(text)
    try:
        changes = edit.merge_runs(dockerfile, dockerfile.instructions[1], [dockerfile.instructions[2]])
    except CannotEdit:
        return
    merged = edit.apply(text, changes)
    assert 1 == len(given_to_the_shell(merged))
    assert run(shell, *given_to_the_shell(text)) == run(shell, *given_to_the_shell(merged))
