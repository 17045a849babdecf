from __future__ import annotations

from typing import Any

import pytest
from fake_sandbox import MISSING, Clock, FakeEngine, Program
from handmade_tree import directory, image, symlink, tree

from jettison.contract.observe import Plan, Target, health_command, observe, runtime_of, words_of
from jettison.contract.static import may_write, normal, variables
from jettison.engine.model import Finished

TREE = tree(
    {
        "open": directory(0o1777),
        "mine": directory(0o700, 1000, 1000),
        "ours": directory(0o770, 0, 20),
        "readable": directory(0o755),
        "listed": directory(0o666, 1000),
        "link": symlink("/mine"),
        "dangling": symlink("/nowhere"),
        "file": "x",
    }
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("open", True), ("mine", True), ("ours", True), ("readable", False), ("listed", False), ("link", True),
        ("file", False), ("mine/new/deep", True), ("readable/new", False), ("absent", False), ("dangling", False),
    ],
)  # fmt: skip
def test_who_may_write_where(path: str, expected: bool) -> None:
    assert expected == may_write(TREE, path.encode(), 1000, frozenset({1000, 20}))


def test_root_may_write_in_every_directory() -> None:
    for path in ("open", "mine", "ours", "readable", "listed", "link", "absent"):
        assert may_write(TREE, path.encode(), 0, frozenset())
    assert not may_write(TREE, b"file", 0, frozenset())


@pytest.mark.parametrize("user", ["", None, "0", "root", "0:0", "root:root", "root:0", "0:root"])
def test_every_spelling_of_root_is_one(user: Any) -> None:
    assert "" == normal("User", user)
    assert "app" == normal("User", "app")


def test_spellings_of_nothing_are_one() -> None:
    for key in ("ExposedPorts", "Volumes", "Entrypoint", "Cmd", "Healthcheck"):
        assert normal(key, None) == normal(key, {} if key in ("ExposedPorts", "Volumes", "Healthcheck") else [])


def test_a_variable_keeps_what_follows_its_first_equals_sign() -> None:
    assert {"A": "1=2", "B": ""} == variables({"Env": ["A=1=2", "B"]})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"Healthcheck": None}, None),
        ({"Healthcheck": {"Test": ["NONE"]}}, None),
        ({"Healthcheck": {"Test": ["CMD", "a", "b"]}}, ("a", "b")),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "a b"]}}, ("/bin/sh", "-c", "a b")),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "a"]}, "Shell": ["/bin/bash", "-ec"]}, ("/bin/bash", "-ec", "a")),
    ],
)
def test_what_a_health_check_runs(config: dict[str, Any], expected: tuple[str, ...] | None) -> None:
    assert expected == health_command(config)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["python"], "python"), (["/usr/bin/python3.11", "x"], "/usr/bin/python3.11"), (["node", "x"], "node"),
        (["./start.sh"], ""), (["pythonic"], ""), ([], ""),
    ],
)  # fmt: skip
def test_only_known_runtimes_are_asked_for_their_version(argv: list[str], expected: str) -> None:
    assert expected == runtime_of({"Cmd": argv})


def test_nginx_is_asked_in_its_own_way(clock: Clock) -> None:
    engine = FakeEngine({"v0": Program(commands={"nginx -v": Finished(0, b"", b"nginx version: nginx/1.25\n")})}, clock)
    seen = observe(Target(engine, "v0", image({})), Plan(version_of="nginx"))
    assert b"nginx version: nginx/1.25\n" == (seen.version or MISSING).stderr


def test_a_check_of_a_program_that_has_ended_runs_in_a_container_of_its_own(clock: Clock) -> None:
    program = Program(ends=0, commands={"make test": Finished(3, b"out", b"err")})
    engine = FakeEngine({"v0": program}, clock)
    seen = observe(Target(engine, "v0", image({})), Plan(commands=("make test",)))
    assert (3, b"out", b"err") == (lambda done: (done.code, done.stdout, done.stderr))(seen.commands["make test"])
    assert ("make", "test") == engine.sandboxes[1].options.command


@pytest.mark.parametrize(
    ("line", "by_a_shell"),
    [
        ("hey -n 1 http://localhost/", False),
        ("/app/tool --version", False),
        ("A=1 make", True),
        ("make && true", True),
        ("make  test", True),
        ("echo $HOME", True),
        ("ls *.py", True),
        ("test -f /x", True),
        ("python -c 'import x'", True),
    ],
)
def test_a_plain_command_needs_no_shell_to_be_checked(line: str, by_a_shell: bool) -> None:
    assert (("/bin/sh", "-c", line) if by_a_shell else tuple(line.split())) == words_of(line)


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), (7, 7), ({"a": 1}, {"a": 1}), (None, []), (["a"], ["a"])]
)
def test_a_key_of_the_config_that_nobody_knows_is_compared_as_it_is(value: Any, expected: Any) -> None:
    assert expected == normal("ArgsEscaped", value)
