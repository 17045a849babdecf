"""The schemas in the package."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from jettison.cli.schema import command
from jettison.contract.files import contract_from_json, contract_to_json
from jettison.contract.model import KINDS, Check, Contract, Strength
from jettison.core.errors import UsageError
from jettison.core.values import Applicability
from jettison.documents.schemas import schema, schema_names
from jettison.lighten.ledger import Verdict
from jettison.waste.rows import Cause

ANSWER = {"port": 8080, "path": "/", "status": 200, "type": "text/html", "cookies": None, "body": {"compare": "none"}}
CONTRACT = Contract(
    (
        Check("start", "it starts", Strength.STARTS, {"runs": True}),
        Check("http", "http://localhost:8080/", Strength.ANSWERS, ANSWER, ["headers"]),
        Check("port", "tcp 8080", Strength.STARTS, {"protocol": "tcp", "port": 8080, "reach": "any"}),
    ),
    1,
    environment_keys=("DATABASE_URL",),
    log=("listening on #",),
)


@pytest.mark.parametrize("name", schema_names())
def test_each_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert f"jettison.{name}/1" == schema(name)["$id"] == schema(name)["properties"]["schema"]["const"]


def test_the_schemas_are_those_of_the_documents() -> None:
    assert {"contract", "inspection", "ledger"} <= set(schema_names())


def test_words_in_the_schemas_are_those_of_the_code() -> None:
    step = schema("ledger")["$defs"]["step"]["properties"]
    assert [verdict.value for verdict in Verdict] == step["verdict"]["enum"]
    assert [each.value for each in Applicability] == step["applicability"]["enum"]
    assert [cause.value for cause in Cause] == schema("inspection")["$defs"]["cause"]["enum"]
    assert list(KINDS) == schema("contract")["properties"]["checks"]["items"]["properties"]["kind"]["enum"]


def test_a_contract_is_valid() -> None:
    Draft202012Validator(schema("contract")).validate(json.loads(json.dumps(contract_to_json(CONTRACT))))


BY_HAND: dict[str, Any] = {
    "schema": "jettison.contract/1",
    "exercised": 1,
    "checks": [{"kind": "http", "expected": {"port": 8080, "path": "/"}}],
}
WRONG: dict[str, Any] = {
    "no checks": BY_HAND | {"checks": []},
    "an unknown kind": BY_HAND | {"checks": [{"kind": "smell"}]},
    "no path": BY_HAND | {"checks": [{"kind": "http", "expected": {"port": 8080}}]},
    "a relative path": BY_HAND | {"checks": [{"kind": "probe", "expected": {"port": 8080, "path": "x"}}]},
    "no reach": BY_HAND | {"checks": [{"kind": "port", "expected": {"protocol": "tcp", "port": 8080}}]},
    "strength 4": BY_HAND | {"checks": [{"kind": "start", "strength": 4}]},
    "another schema": BY_HAND | {"schema": "jettison.ledger/1"},
}


def test_a_contract_written_by_hand_is_valid_and_is_read() -> None:
    assert [] == list(Draft202012Validator(schema("contract")).iter_errors(BY_HAND))
    assert 1 == len(contract_from_json(BY_HAND).checks)


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG.keys())
def test_what_the_reader_refuses_the_schema_refuses(document: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        contract_from_json(document)
    assert not Draft202012Validator(schema("contract")).is_valid(document)


def test_a_name_that_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        schema("leger")
    assert ("there is no schema called 'leger'", "did you mean ledger?") == (error.value.message, error.value.hint)
    with pytest.raises(UsageError, match="zzz"):
        schema("zzz")


@pytest.mark.parametrize("name", ["../schemas/ledger", "/etc/passwd", "", "."])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(UsageError):
        schema(name)


def test_the_command_prints_a_schema_and_lists_them() -> None:
    listed = CliRunner().invoke(command, [])
    assert list(schema_names()) == listed.output.split()
    assert schema("ledger") == json.loads(CliRunner().invoke(command, ["ledger"]).output)
