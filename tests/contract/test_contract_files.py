from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fake_sandbox import Clock, FakeEngine, Page, Program, Request, site
from handmade_tree import Files, directory, image
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.contract import observe, readiness
from jettison.contract.files import contract_from_json, contract_to_json, read_contract, write_contract
from jettison.contract.model import Contract, RecordOptions, Strength
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.replay import replay
from jettison.core.errors import UsageError
from jettison.core.redact import Redactor
from jettison.documents.schemas import schema
from jettison.engine.model import Finished
from jettison.subject import Observed

SECRET = "hunter2-and-more"
FILES: Files = {"app/x.py": "app.get('/settings')", "tmp": directory(0o1777)}
CONFIG: dict[str, Any] = {
    "WorkingDir": "/app",
    "Cmd": ["python", "x.py"],
    "Env": ["A=1"],
    "Healthcheck": {"Test": ["CMD", "healthy"]},
}
OK = Finished(0, b"Python 3.11", b"")
_count = iter(range(10**9))


def _form(_: Request) -> Page:
    return Page(
        f"<html><h1>Settings of the shop</h1><p>{SECRET}</p><i>t{next(_count)}</i><p>more of the page</p></html>"
    )


PROGRAM = Program(
    {
        8000: site(
            {
                "/": Page(f'<p>{SECRET}</p><a href="/form"><a href="/go"><a href="/by/{SECRET}">'),
                "/form": _form,
                "/go": Page("", "", 302, (f"Location: /to/{SECRET}",)),
                "/settings": Page("s"),
                "/favicon.ico": Page(b"\0\1", "image/x-icon"),
            }
        )
    },
    commands={"healthy": OK, "python --version": OK, "make test": OK},
    stdout=f"key is {SECRET}\n".encode(),
    written=frozenset({b"/app/data/x"}),
)


def engine(clock: Clock) -> FakeEngine:
    return FakeEngine({"v0": PROGRAM}, clock)


def target(clock: Clock) -> Target:
    return Target(engine(clock), "v0", image(FILES, config=CONFIG))


@cache
def contract() -> Contract:
    """A contract with a check of nearly every kind."""
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(readiness, "time", clock)
        patch.setattr(observe, "time", clock)
        options = RecordOptions(environment={"KEY": SECRET}, commands=("make test",), probes=("/settings?a=1",))
        return record(target(clock), options)


@cache
def document() -> str:
    return json.dumps(contract_to_json(contract()))


def test_there_is_a_check_of_every_kind_that_a_server_has() -> None:
    kinds = {check.kind for check in contract().checks}
    assert {
        "start", "port", "user", "health", "http", "probe", "command", "written", "writable", "config", "environment",
        "stop", "version",
    } == kinds  # fmt: skip


def test_a_contract_is_the_same_after_a_round_trip_but_for_what_is_kept_to_oneself(tmp_path: Path) -> None:
    made = replace(contract(), environment={}, observed=Observed())
    plain = contract_from_json(json.loads(json.dumps(contract_to_json(made))))
    assert made == plain
    write_contract(made, tmp_path / "contract.json")
    assert made == read_contract(tmp_path / "contract.json")


def test_what_is_written_has_the_form_that_is_published() -> None:
    jsonschema.validate(json.loads(document()), schema("contract"))
    jsonschema.validate(contract_to_json(replace(contract(), environment={}, start_seconds=None)), schema("contract"))


def test_values_of_the_environment_are_never_written() -> None:
    assert SECRET not in document()
    assert "key is ***" in json.loads(document())["log"]
    assert ("KEY",) == contract_from_json(json.loads(document())).environment_keys
    assert SECRET in json.dumps(contract_to_json(replace(contract(), environment={})))  # so the test can fail


def test_texts_of_the_application_are_redacted_as_asked() -> None:
    made = replace(contract(), environment={})
    assert SECRET not in json.dumps(contract_to_json(made, Redactor((SECRET,)).text))


def test_a_contract_without_its_secrets_still_holds(clock: Clock) -> None:
    read = contract_from_json(json.loads(document()))
    answer = replay(read, target(clock), stop=True)
    assert () == answer.notes  # a line that held a secret is no new one
    assert [] == [(outcome.check.key, outcome.evidence) for outcome in answer.outcomes if not outcome.ok]


def test_a_contract_may_be_written_by_hand(clock: Clock) -> None:
    checks = [
        {"kind": "http", "expected": {"port": 8000, "path": "/settings", "body": {"compare": "contains", "text": "s"}}},
        {"kind": "command", "what": "make test"},
    ]
    read = contract_from_json({"schema": "jettison.contract/1", "checks": checks})
    assert [Strength.EXERCISED] * 2 == [check.strength for check in read.checks]
    assert (2, "http://localhost:8000/settings", "user") == (read.exercised, read.checks[0].what, read.checks[0].source)
    assert replay(read, target(clock)).held
    plain = {"kind": "http", "expected": {"port": 8000, "path": "/settings", "body": None, "status": None}}
    assert replay(contract_from_json({"schema": "jettison.contract/1", "checks": [plain]}), target(clock)).held
    absent = {"kind": "http", "expected": {"port": 8000, "path": "/absent"}}
    read = contract_from_json({"schema": "jettison.contract/1", "checks": [absent], "log": ["key is " + SECRET]})
    assert ["status 404, was 200"] == [outcome.evidence for outcome in replay(read, target(clock)).failures]


BAD_CHECKS: list[Any] = [
    None, 5, {}, {"kind": "nonsense"}, {"kind": ["http"]}, {"kind": "closure"}, {"kind": "http"},
    {"kind": "http", "expected": {"port": "80", "path": "/"}}, {"kind": "http", "expected": {"port": 0, "path": "/"}},
    {"kind": "http", "expected": {"port": True, "path": "/"}}, {"kind": "http", "expected": {"port": 80, "path": "x"}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "status": "200"}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "cookies": [1]}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "location": 5}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "body": [1]}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "body": {"compare": "magic"}}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "body": {"compare": "mask", "parts": ["x"]}}},
    {"kind": "http", "expected": {"port": 80, "path": "/", "body": {"compare": "exact"}}},
    {"kind": "port", "expected": {"protocol": "tcp", "port": 80}}, {"kind": "user", "expected": 0},
    {"kind": "health", "expected": {"command": []}}, {"kind": "health", "expected": {"command": "curl"}},
    {"kind": "output", "what": "stdout", "expected": "text"}, {"kind": "version", "expected": {"command": "x"}},
    {"kind": "environment", "expected": {"name": "A"}}, {"kind": "command"},
    {"kind": "start", "strength": 4}, {"kind": "start", "strength": "2"}, {"kind": "start", "strength": True},
    {"kind": "start", "decides": "no"},
]  # fmt: skip


@pytest.mark.parametrize("check", BAD_CHECKS, ids=str)
def test_a_check_that_makes_no_sense_is_a_wrong_use_with_a_hint(check: Any) -> None:
    with pytest.raises(UsageError, match="not a usable contract: check 1") as caught:
        contract_from_json({"schema": "jettison.contract/1", "checks": [check]})
    assert (2, True) == (caught.value.exit_code, "--contract-out" in caught.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "5", '"x"', "{}", '{"schema": "jettison.contract/2", "checks": [{"kind": "start"}]}',
        '{"schema": "jettison.contract/1"}', '{"schema": "jettison.contract/1", "checks": {}}',
        '{"schema": "jettison.contract/1", "checks": [{"kind": "start"}], "start_seconds": "1"}',
        '{"schema": "jettison.contract/1", "checks": [{"kind": "start"}], "start_seconds": NaN}',
        '{"schema": "jettison.contract/1", "checks": [{"kind": "start"}], "log": "x"}',
        '{"schema": "jettison.contract/1", "checks": [{"kind": "start"}], "environment_keys": [1]}',
        "[" * 100_000, "1" * 10_000,
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_a_file_that_is_no_contract_is_a_wrong_use_with_a_hint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "contract.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_contract(path)
    assert "--contract-out" in caught.value.hint


def test_what_is_no_readable_file_is_a_wrong_use_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b'{"schema": "\xe9"}')
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 65 * 2**20)
    for name in ("absent", "", "latin", "pipe", "large", "absent/below"):
        with pytest.raises(UsageError) as caught:
            read_contract(tmp_path / name)
        assert "--contract-out" in caught.value.hint


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 70_000) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key of a JSON value."""
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in places(inner)]


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_contract_is_read_and_replayed_or_a_wrong_use_and_nothing_else(data: st.DataObject) -> None:
    damaged = json.loads(document())
    for _ in range(data.draw(st.integers(1, 4))):
        found = places(damaged)
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        action = data.draw(st.sampled_from(["junk", "drop", "swap"]))
        if action == "junk":
            container[key] = data.draw(JUNK)
        elif action == "drop":
            del container[key]
        else:
            other, at = found[data.draw(st.integers(0, len(found) - 1))]
            container[key] = json.loads(json.dumps(other[at])) if at in range(len(other)) or at in other else None
    try:
        read = contract_from_json(damaged)
    except UsageError as error:
        assert error.hint
        return
    contract_to_json(read)
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(readiness, "time", clock)
        patch.setattr(observe, "time", clock)
        program = data.draw(st.sampled_from([PROGRAM, Program(ends=1, stdout=b"x")]))
        quick = FakeEngine({"v0": program}, clock)
        replay(read, Target(quick, "v0", image(FILES, config=CONFIG)), stop=True)
