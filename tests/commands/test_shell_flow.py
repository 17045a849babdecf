"""A script followed: which programs run, with which words, in which branches, and what hears of their failure."""

from __future__ import annotations

import time

import pytest
from runs_of import calls_of, runs_of, shown

pytestmark = pytest.mark.slow


def branch(guards: frozenset[int], known: dict[int, str]) -> str:
    return "".join(known.setdefault(each, chr(ord("a") + len(known))) for each in sorted(guards))


def followed(text: str) -> list[str]:
    """Each call as one line, its branches as letters behind an @."""
    known: dict[int, str] = {}
    return [shown(call) + (f" @{branch(call.guards, known)}" if call.guards else "") for call in calls_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b && c", ["a b", "c"]),
        ("a; b & c", ["a", "b @a", "c"]),
        ("a || b; c", ["a", "b @a", "c"]),
        ("a && b || c && d; e", ["a", "b", "c @a", "d", "e"]),
        ("[ -f x ] && rm x; z", ["rm x @a", "z"]),
        ("[ -f x ] && rm x", ["rm x"]),  # it is the RUN's own failure otherwise
        ("test -f x && rm x && rm y; z", ["test -f x", "rm x @a", "rm y @a", "z"]),
        ("grep -q x f || rm x; z", ["grep -q x f", "rm x @a", "z"]),
        ("if a; then b; elif c; then d; else e; fi; f", ["a", "b @a", "c @b", "d @bc", "e @bd", "f"]),
        ("while a; do b; done; c", ["a", "b @a", "c"]),
        ("case $X in a) b;; *) c;; esac; d", ["b @a", "c @b", "d"]),
        ("for i in a b; do x $i; done", ["x a", "x b"]),
        ("for i in $(ls); do x $i; done", ["ls", "x ? @a"]),
        ("for i in a b; do x $i; break; done", ["x a @a", "break @a", "x b @b", "break @b"]),
        ("f() { a $1 \"$2\"; }; f x 'y z' && b", ["a x y z", "b"]),
        ("f() { a; }; b", ["b"]),
        ("(a; b) | c", ["a", "b", "c"]),
        ("{ a; b; } && c", ["a", "b", "c"]),
        ("! a && b", ["a", "b"]),
        ("! a && b; c", ["a", "b @a", "c"]),
        ("a || exit 0; b", ["a", "exit 0 @a", "b @b"]),
        ("a || exit 1; b", ["a", "exit 1 @a", "b"]),
        ("(a || exit 0); b", ["a", "exit 0 @a", "b"]),
        ("exit 0; b", ["exit 0"]),
        ("exec a; b", ["a"]),
        ("f() { [ x ] && return; a; }; f; b", ["return @a", "a @b", "b"]),
        ("a $(b c) `d`", ["b c", "d", "a ? ?"]),
        ("X=$(b) c", ["b", "c"]),
        ("diff <(a) <(b)", ["a", "b", "diff ? ?"]),
        ("cat <<E > /x && b\nhello\nE", ["cat", "b"]),
        ("set -eux; a", ["set -eux", "a"]),
        ("echo 'rm -rf /' # rm y", ["echo rm -rf /"]),
    ],
)
def test_a_script_is_followed_into_its_branches(text: str, expected: list[str]) -> None:
    assert expected == followed(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sudo apt-get install x", "apt-get install x"),
        ("sudo -E -u bob A=1 /usr/bin/apt-get install x", "apt-get install x"),
        ("env -i A=1 B=2 pip install x", "pip install x"),
        ("env -u A pip install x", "pip install x"),
        ("exec nice -n 5 ionice -c 3 make", "make"),
        ("command apt-get update", "apt-get update"),
        ("command -v curl", "command -v curl"),
        ("time -p make", "make"),
        ("timeout -k 5 300 make all", "make all"),
        ("nohup stdbuf -oL a", "a"),
        ("busybox rm -rf /x", "rm -rf /x"),
        ("corepack yarn install", "yarn install"),
        ("corepack enable", "corepack enable"),
        ("gosu postgres:x initdb", "initdb"),
        ("su-exec nobody a", "a"),
        ("xargs -r apt-get install -y", "apt-get install -y ?"),
        ("xargs -a pkgs.txt -n 1 apk add", "apk add ?"),
        ("xargs -I{} rm -rf {}", "rm -rf ?"),
        ("sh -c 'a b'", "a b"),
        ("bash -lc \"a 'b c'\"", "a b c"),
        ("bash -exo pipefail -c 'a'", "a"),
        ("su - bob -c 'pip install x'", "pip install x"),
        ("su -c 'pip install x' bob", "pip install x"),
        ("sh ./configure", "sh ./configure"),
        ("sudo $X install", "sudo ? install"),
        ("sh -c \"$X\"", "?"),
        ("sh -c 'if'", "?"),
        ('["apt-get", "install", "x y"]', "apt-get install x y"),
        ('["/bin/bash", "-c", "a b"]', "a b"),
    ],
)  # fmt: skip
def test_wrappers_are_seen_through(text: str, expected: str) -> None:
    (call,) = calls_of(text)
    assert expected == shown(call)


def test_who_runs_it_is_known_behind_a_wrapper() -> None:
    assert ["bob", "bob", "root", None] == [call.user for call in calls_of("sudo -u bob a; su - bob -c b; su -c c; d")]
    assert ["ann", "bob"] == [call.user for call in calls_of("USER ann\nRUN a; gosu bob b")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkgs='a b'; apt-get install $pkgs", "apt-get install a b"),
        ("pkgs='a b'; pkgs=\"$pkgs c\"; x $pkgs", "x a b c"),
        ("pkgs=a; pkgs+=' b'; x $pkgs", "x a b"),
        ('x "$pkgs"', "x ?"),
        ("A=1; if b; then A=2; fi; x $A", "x ?"),
        ("A=1; if b; then A=1; fi; x $A", "x 1"),
        ("A=1; (A=2); x $A", "x 1"),
        ("A=1; while b; do A=2; done; x $A", "x ?"),
        ("read A; x $A", "x ?"),
        ("A=1; unset A; x $A", "x ?"),
        ("A=1; . /env; x $A", "x ?"),
        ("A=$(b); x $A", "x ?"),
        ("export A=1; x $A", "x 1"),
        ('set -- a b; x "$@" $2', "x a b b"),
        ("A=(a b); x ${A[0]}", "x ?"),
        ("A=x.tar.gz; x ${A%.tar.gz} ${A%%.*} ${A/tar/zip} ${A:-y} ${B:-y}", "x x x x.zip.gz x.tar.gz ?"),
        ("A=1 x $A", "x ?"),
        ("A='*'; rm $A", "rm <*>"),
        ("x *.deb 'a*' \"b\"*", "x <*.deb> a* <b*>"),
        ('x ~/.npm $HOME/.npm "$HOME/.npm"', "x <~/.npm> <~/.npm> <~/.npm>"),
        ("x /a/{b,c}", "x ?"),
        ("x {} a{b}", "x {} a{b}"),
        ("x $1 $? $$ $((1+1))", "x ? ? ? ?"),
        ("ENV A=1\nARG B=2\nRUN x $A $B $C", "x 1 2 ?"),
        ("ENV HOME=/h\nRUN x ~/a", "x /h/a"),
        ("USER root\nRUN x ~/a", "x /root/a"),
        ('SHELL ["/bin/bash", "-c"]\nRUN x /a/{b,c}', "x /a/b /a/c"),
    ],
)
def test_constants_reach_the_words_and_what_is_not_known_is_none(text: str, expected: str) -> None:
    assert expected == shown(calls_of(text)[-1])


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("x", "."),
        ("cd a && x", "a"),
        ("cd /a && cd b && x", "/a/b"),
        ("(cd /a); x", "."),
        ("cd /a; (cd b; x)", "/a/b"),
        ("cd $A; x", None),
        ("cd; x", None),
        ("USER root\nRUN cd; x", "/root"),
        ("cd /a || true; x", None),
        ("cd /a || exit 1; x", "/a"),
        ("WORKDIR /w\nRUN cd ..; x", "/"),
        ("pushd /a; x", None),
    ],
)
def test_the_folder_in_which_it_runs_is_known(text: str, folder: str | None) -> None:
    assert folder == calls_of(text)[-1].folder


@pytest.mark.parametrize(
    ("text", "fatal"),
    [
        ("a && b", [True, True]),
        ("a; b", [False, True]),
        ("set -e; a; b", [False, True, True]),
        ("set -e; a && b; c", [False, False, True, True]),
        ("a || b", [False, True]),
        ("a | b", [False, True]),
        ("if a; then b; fi", [False, True]),
        ("! a; b", [False, True]),
        ("(a; b) && c", [False, True, True]),
        ("set -e; (a; b); c", [False, True, True, True]),
        ("set -e; (a; b) && c; d", [False, False, False, True, True]),
        ("set -e; (a; b) || c; d", [False, False, False, True, True]),
        ("set $X; a; b", [False, None, True]),
        ("sh -c 'a; b' && c", [False, True, True]),
        ("sh -ec 'a; b' && c", [True, True, True]),
        ("set -e; sh -c 'a; b'; c", [False, False, True, True]),
        ("set +e; a; b", [False, False, True]),
        ("for i in 1 2; do a; done", [False, True]),
        ("a & b", [False, True]),
        ('SHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a | b; c', [True, True, True]),
        ('SHELL ["/bin/bash", "-c"]\nRUN set -o pipefail; a | b', [False, True, True]),
        ("<<E\na\nb\nE", [False, True]),  # no errexit in a heredoc: what `&&` heard is heard no more
        ("<<E\nset -e\na\nb\nE", [False, True, True]),
        ("bash -e <<E\na\nb\nE", [True, True]),
        ("<<E\n#!/bin/bash -e\na\nb\nE", [True, True]),
    ],
)
def test_it_is_known_whether_a_failure_ends_the_run(text: str, fatal: list[bool | None]) -> None:
    assert fatal == [call.fatal for call in calls_of(text)]


def test_outputs_and_pipes_are_known() -> None:
    one, two, three = calls_of("a > /x 2>&1 && b | c >> y")
    assert ["/x"] == [word.value for word in one.outputs]
    assert two.pipe is not None
    assert three.pipe is not None
    assert (two.pipe[0], [0, 1]) == (three.pipe[0], [two.pipe[1], three.pipe[1]])
    assert ([], ["y"]) == ([word.value for word in two.outputs], [word.value for word in three.outputs])


def test_variables_are_told_from_those_of_the_environment() -> None:
    one, two, three = calls_of("ENV A=1\nRUN B=2; C=3 x; export B; x; D=$Z x")
    assert ["1", "", "3"] == [one.setting(name) for name in "ABC"]
    assert ["1", "2", ""] == [two.setting(name) for name in "ABC"]
    assert None is three.setting("D")


def test_words_have_their_place_in_the_file() -> None:
    text = "FROM x\nRUN p='a b'; apt-get \\\n  install $p && sh -c 'pip install c' && sh -c \"pip install \\\"d\\\"\"\n"
    (run,) = runs_of(text.removeprefix("FROM x\n"), "FROM x\n")
    apt, pip, other = run.calls
    assert ["install", "$p", "$p"] == [word.span.of(text) for word in apt.words]
    assert ["install", "c"] == [word.span.of(text) for word in pip.words]
    assert [True, True, False] == [call.exact for call in run.calls]
    assert other.words[1].span.of(text).startswith('"pip install')


@pytest.mark.parametrize(
    "text",
    [
        'SHELL ["powershell", "-command"]\nRUN dir',
        "RUN if a; then b",
        "RUN <<E\n#!/usr/bin/env python3\nprint(1)\nE",
        "RUN " + "( " * 100 + "a" + " )" * 100,
        "RUN f() { f; }; f",
        "RUN f1() { f2; f2; }; " + " ".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }};" for n in range(2, 30)) + " f1",
        "RUN " + "for i in 1 2 3 4 5 6 7 8 9; do " * 8 + "a $i; " + "done; " * 8,
    ],
)
def test_what_cannot_be_followed_says_so(text: str) -> None:
    assert not runs_of(text)[-1].readable


@pytest.mark.parametrize("text", ["a && ", "a; ", "a || b; ", "A=1 b; ", "if a; then b; fi; ", "a | "])
def test_a_run_of_five_thousand_commands_takes_as_long_as_five_of_a_thousand(text: str) -> None:
    spent = {}
    for number in (1000, 5000):
        started = time.process_time()
        (run,) = runs_of("RUN " + (text + "\\\n") * number + "true")
        spent[number] = time.process_time() - started
        assert run.readable
        assert len(run.calls) > number
    assert spent[5000] < 15 * spent[1000] + 0.5
