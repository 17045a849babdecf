"""Commands of a RUN as data, with spans into the file."""

from __future__ import annotations

import pytest

from jettison.dockerfile.parse import parse
from jettison.dockerfile.quoting import constant
from jettison.dockerfile.shell import Script, script


def read(run: str, *, before: str = "FROM x\n") -> Script:
    dockerfile = parse(before + run)
    found = script(dockerfile, dockerfile.instructions[-1])
    assert found is not None
    return found


def sources(run: str) -> list[str]:
    """The file's own text of each command."""
    return [command.span.of("FROM x\n" + run) for command in read(run).commands]


@pytest.mark.parametrize(
    ("run", "commands"),
    [
        ("RUN a b", ["a b"]),
        ("RUN a && b || c ; d", ["a", "b", "c", "d"]),
        ("RUN a | b", ["a", "b"]),
        ("RUN (a; b) && { c; }", ["a", "b", "c"]),
        ("RUN if a; then b; else c; fi", ["a", "b", "c"]),
        ("RUN for i in 1 2; do a $i; done", ["a $i"]),
        ("RUN A=1 b c", ["A=1 b c"]),
        ("RUN a > /x 2>&1 && b", ["a", "b"]),
        ("RUN a 'b && c' && d", ["a 'b && c'", "d"]),
        ("RUN ! a && b", ["a", "b"]),
        ("RUN --network=none a", ["a"]),
        ("RUN a é && b €😀 c", ["a é", "b €😀 c"]),
        ("RUN a \\\n  b && \\\n# why\n  c", ["a \\\n  b", "c"]),
        ("RUN <<EOF\na b\nc && d\nEOF", ["a b", "c", "d"]),
        ("RUN <<-'EOF'\n\ta \\\n\t\tb\n\tEOF", ["a \\\n\t\tb"]),
        ("RUN <<EOF\r\na b\r\nc\r\nEOF\r\n", ["a b", "c"]),
    ],
)
def test_each_command_has_its_place_in_the_file(run: str, commands: list[str]) -> None:
    assert commands == [each.rstrip("\r") for each in sources(run)]


def test_arguments_have_their_place_and_value() -> None:
    run = "RUN apt-get \\\n    install -y 'a b' \"c\"d $E"
    (command,) = read(run).commands
    assert ("apt-get", ("install", "-y", "a b", "cd", None)) == (command.name, command.values)
    assert ["install", "-y", "'a b'", '"c"d', "$E"] == [each.span.of("FROM x\n" + run) for each in command.arguments]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"), ("'a b'", "a b"), ('"a b"', "a b"), ("a\\ b", "a b"), ('"a\\b"', "a\\b"), ('"a\\$b"', "a$b"),
        ("'a$b'", "a$b"), ("$a", None), ('"$a"', None), ("`a`", None), ("a*", None), ("'a*'", "a*"), ("[a]", None),
        ("a?", None), ("~/a", None), ("a~", "a~"), ("{a,b}", None), ("{1..3}", None), ("{}", "{}"), ("a{", "a{"),
        ("''", ""), ("$(a)", None),
    ],
)  # fmt: skip
def test_a_word_is_constant_or_not_known(text: str, value: str | None) -> None:
    assert value == constant(text)


@pytest.mark.parametrize(
    ("run", "joined"),
    [("RUN a && b || c", ["", "&&", "||"]), ("RUN a; b | c", ["", ";", "|"]), ("RUN <<E\na\nb\nE", ["", "\n"])],
)
def test_each_command_knows_the_operator_before_it(run: str, joined: list[str]) -> None:
    assert joined == [command.joined for command in read(run).commands]


@pytest.mark.parametrize(
    ("run", "nested", "subshell"),
    [
        ("RUN a && b", [False, False], [False, False]),
        ("RUN (a && b) && c", [True, True, False], [True, True, False]),
        ("RUN a | b", [True, True], [True, True]),
        ("RUN if a; then b; fi", [True, True], [False, False]),
        ("RUN { a; }", [False], [False]),
        ("RUN f() { a; }; f", [True, False], [False, False]),
    ],
)
def test_what_may_not_run_is_told_from_what_runs_elsewhere(run: str, nested: list[bool], subshell: list[bool]) -> None:
    commands = read(run).commands
    assert (nested, subshell) == ([each.nested for each in commands], [each.subshell for each in commands])


@pytest.mark.parametrize(
    ("run", "operands"),
    [
        ("RUN a", ["a"]),
        ("RUN a && b > /x && ! c && (d; e) && f | g", ["a", "b > /x", "! c", "(d; e)", "f | g"]),
        ("RUN a && \\\n # why\n b", ["a", "b"]),
        ("RUN a || b", []),
        ("RUN a && b || c", []),
        ("RUN a; b", []),
        ("RUN a &", []),
        ("RUN <<E\na\nb\nE", []),
    ],
)
def test_a_plain_list_is_joined_by_and_alone(run: str, operands: list[str]) -> None:
    found = read(run)
    assert (bool(operands), operands) == (found.plain, [span.of("FROM x\n" + run) for span in found.operands])


@pytest.mark.parametrize(
    ("run", "leaks"),
    [
        ("RUN a && b", ()),
        ("RUN cd /x && a", ("cd",)),
        ("RUN export A=1 && set -e && umask 7", ("export", "set", "umask")),
        ("RUN A=1 && b", ("A",)),
        ("RUN A=1 b", ()),
        ("RUN (cd /x && a; export B=1)", ()),
        ("RUN if a; then cd /x; fi", ("cd",)),
        ("RUN { cd /x; }", ("cd",)),
        ("RUN cd /x | a", ()),
        ("RUN a && f() { b; }", ("f",)),
        ("RUN (f() { b; }; f)", ()),
        ("RUN . /env && a || exit 1", (".", "exit")),
    ],
)
def test_what_the_next_command_would_inherit_is_told(run: str, leaks: tuple[str, ...]) -> None:
    assert leaks == read(run).leaks


@pytest.mark.parametrize(
    ("run", "errexit", "compound"),
    [
        ("RUN a", False, False),
        ("RUN set -eux; a && b", True, False),
        ("RUN set -o errexit; a", True, False),
        ("RUN set -o pipefail; a", False, False),
        ("RUN set $X; a", True, False),
        ("RUN set -e; for i in 1; do a; done", True, True),
        ("RUN set -e; (a; b)", True, True),
        ("RUN set -e; f() { a; b; }; f", True, True),
        ("RUN set -e; (a; b); c", True, False),
        ("RUN if a; then b; fi", False, True),
    ],
)
def test_errexit_and_the_compound_command_at_the_end_are_seen(run: str, errexit: bool, compound: bool) -> None:
    found = read(run)
    assert (errexit, compound) == (found.errexit, found.compound_end)


@pytest.mark.parametrize(
    ("shell", "errexit"),
    [('["/bin/bash", "-c"]', False), ('["/bin/bash", "-eo", "pipefail", "-c"]', True), ('["sh", "-ec"]', True)],
)
def test_the_shell_in_force_may_bring_errexit(shell: str, errexit: bool) -> None:
    assert errexit == read("RUN a", before=f"FROM x\nSHELL {shell}\n").errexit


@pytest.mark.parametrize(
    ("run", "ending"),
    [
        ("RUN a # b", "a comment"),
        ("RUN a &", "an operator"),
        ("RUN a;", "an operator"),
        ("RUN a '# b'", ""),
        ("RUN a", ""),
    ],
)
def test_what_lets_nothing_follow_is_told(run: str, ending: str) -> None:
    assert ending == read(run).ending


@pytest.mark.parametrize(
    "text",
    [
        'RUN ["a", "b"]',
        "CMD a",
        "RUN a && && b",
        "RUN if a; then b",
        "RUN cat <<EOF > /x\na\nEOF",
        "RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF",
        "RUN <<A <<B\na\nA\nb\nB",
        'SHELL ["powershell", "-command"]\nRUN Remove-Item x',
        'SHELL ["cmd", "/S", "/C"]\nRUN dir',
        "RUN " + "true && " * 5000 + "true",
    ],
)
def test_what_is_no_script_of_its_own_is_not_read(text: str) -> None:
    dockerfile = parse("FROM x\n" + text)
    assert script(dockerfile, dockerfile.instructions[-1]) is None


@pytest.mark.parametrize(
    ("before", "errexit"),
    [
        ('FROM x\nSHELL ["/bin/bash", "-ec"]\nFROM y\n', False),
        ('FROM x AS a\nSHELL ["/bin/bash", "-ec"]\nFROM a\n', True),
        ('FROM x AS a\nONBUILD SHELL ["/bin/bash", "-ec"]\nFROM a\nSHELL ["/bin/sh", "-c"]\n', False),
        ('FROM x AS a\nONBUILD SHELL ["/bin/bash", "-ec"]\nSHELL ["/bin/sh", "-c"]\nFROM a\n', True),
    ],
)
def test_the_shell_is_that_of_the_stage_and_of_those_below_it(before: str, errexit: bool) -> None:
    assert errexit == read("RUN a", before=before).errexit
