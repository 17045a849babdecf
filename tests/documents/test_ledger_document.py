"""The ledger's JSON: valid, complete, balanced."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from made_up_ledger import BROKE, CHECKS, KEPT, LEDGER, UNCHANGED, VERIFICATION

from jettison.contract.model import Outcome, Replay
from jettison.documents.ledger import balance, imbalance, ledger_to_json
from jettison.documents.schemas import schema
from jettison.lighten.ledger import Ledger, Verdict, Verification

VALIDATOR = Draft202012Validator(schema("ledger"))
FAILED = replace(
    VERIFICATION, held=False, reason="it fell", replay=Replay((Outcome(CHECKS[1], False, "status \x1b502"),), 1.0)
)
LEDGERS = {
    "changed": LEDGER,
    "unchanged": UNCHANGED,
    "build only": replace(LEDGER, contract=None, verification=replace(VERIFICATION, replay=None)),
    "interrupted": replace(LEDGER, verification=None, complete=False),
    "not held": replace(LEDGER, verification=FAILED),
    "not built": replace(LEDGER, verification=Verification(None, None, None, False, "it does not build cold")),
    "not UTF-8": replace(LEDGER, text_after="FROM a\nLABEL x=\udcff\n", diff="+LABEL x=\udcff\n", project="/\udcfe"),
}


def written(ledger: Ledger = LEDGER) -> dict[str, Any]:
    """What a reader of the file gets."""
    document: dict[str, Any] = json.loads(json.dumps(ledger_to_json(ledger)).encode("utf-8"))
    return document


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS.keys())
def test_every_ledger_is_valid(ledger: Ledger) -> None:
    VALIDATOR.validate(written(ledger))


def test_the_schema_can_fail() -> None:
    document = written()
    document["steps"][0]["verdict"] = "great"
    with pytest.raises(ValidationError):
        VALIDATOR.validate(document)


def test_the_keys_are_those_that_the_interface_fixes() -> None:
    document = written()
    assert "jettison.ledger/1" == document["schema"]
    fixed = "schema project dockerfile engine platform contract before after noise steps verification result"
    assert set(fixed.split()) | {"complete", "notes", "rebuild_seconds", "proposals"} == set(document)
    fixed = "version rules title applicability predicted measured sizes build_seconds cold instructions"
    fixed += " instructions_run start_seconds predicted_seconds rebuild_seconds verdict reason diff"
    assert [set(fixed.split())] * 5 == [set(step) for step in document["steps"]]
    assert {"sizes", "build_seconds", "cold", "start_seconds", "layers", "packages"} == set(document["before"])
    assert {"changed", "dockerfile", "files", "diff", "reference"} == set(document["result"])
    assert {"transfer", "unpacked", "effective", "waste", "unique", "daemon"} == set(document["before"]["sizes"])


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS.keys())
def test_the_schema_knows_every_key_that_is_written(ledger: Ledger) -> None:
    assert [] == list(_unknown(written(ledger), schema("ledger"), schema("ledger")["$defs"]))


def _unknown(value: Any, part: Any, definitions: Any) -> list[str]:
    """Keys that a document has and its schema does not name."""
    reference = part.get("$ref") or next((each["$ref"] for each in part.get("anyOf", ()) if "$ref" in each), None)
    if reference:
        part = definitions[reference.rpartition("/")[2]]
    if isinstance(value, list):
        return [key for each in value for key in _unknown(each, part.get("items", {}), definitions)]
    if not isinstance(value, dict) or "additionalProperties" in part:
        return []
    known = part.get("properties", {})
    unknown = [key for key in value if key not in known]
    return unknown + [key for name in value if name in known for key in _unknown(value[name], known[name], definitions)]


def test_bytes_are_integers_and_a_step_that_did_not_build_has_none() -> None:
    kept, _, _, failed, _ = written()["steps"]
    assert (59_700_000, 60_000_000, 1_370_000_000) == (kept["predicted"], kept["measured"], kept["sizes"]["unpacked"])
    assert (33_000_000, None, None, None) == (
        failed["predicted"],
        failed["measured"],
        failed["sizes"],
        failed["build_seconds"],
    )


def test_only_kept_steps_have_a_version() -> None:
    assert ["v1", None, None, None, "v2"] == [step["version"] for step in written()["steps"]]


def test_a_claim_that_was_corrected_is_tested_and_says_why() -> None:
    step = written()["steps"][-1]
    assert ("tested", "claimed to leave the tree equal, and did not: /var/log/dpkg.log (content)") == (
        step["applicability"],
        step["reason"],
    )


def test_log_lines_are_kept_whole() -> None:
    assert BROKE.reason == written()["steps"][2]["reason"]


def test_checks_say_what_the_cold_build_answered() -> None:
    assert [True, True, True] == [check["ok"] for check in written()["contract"]["checks"]]
    failed = written(LEDGERS["not held"])
    assert [None, False, None] == [check["ok"] for check in failed["contract"]["checks"]]
    assert [{"kind": "http", "what": "http://localhost:8080/", "evidence": "status \x1b502"}] == (
        failed["verification"]["contract"]["failures"]
    )


def test_without_a_cold_build_only_what_decides_is_known_to_hold() -> None:
    assert [True, True, None] == [check["ok"] for check in written(LEDGERS["interrupted"])["contract"]["checks"]]
    assert [True, True, True] == [check["ok"] for check in written(UNCHANGED)["contract"]["checks"]]


def test_a_path_that_is_not_utf8_has_its_bytes_beside_it() -> None:
    noise = written()["noise"]
    assert ["/etc/\\xff|name", "/var/log/dpkg.log"] == noise["paths"]
    assert {"/etc/\\xff|name": base64.b64encode(b"etc/\xff|name").decode()} == noise["paths_base64"]


def test_a_dockerfile_that_is_not_utf8_has_its_bytes_beside_it() -> None:
    result = written(LEDGERS["not UTF-8"])["result"]
    assert "FROM a\nLABEL x=\\xff\n" == result["dockerfile"]
    assert b"FROM a\nLABEL x=\xff\n" == base64.b64decode(result["dockerfile_base64"])
    assert "dockerfile_base64" not in written()["result"]


def test_the_books_balance() -> None:
    balance(LEDGER)
    balance(UNCHANGED)
    assert (0, 0) == (imbalance(LEDGER), imbalance(UNCHANGED))


@given(st.integers(-(10**12), 10**12).filter(bool))
def test_one_byte_off_does_not_balance(off: int) -> None:
    assert KEPT.measured is not None
    wrong = replace(LEDGER, steps=(replace(KEPT, measured=KEPT.measured + off), *LEDGER.steps[1:]))
    assert -off == imbalance(wrong)
    with pytest.raises(ValueError, match=f"{-off} bytes are not explained"):
        balance(wrong)


def test_undone_steps_are_in_no_balance() -> None:
    undone = replace(BROKE, measured=1)
    balance(replace(LEDGER, steps=(*LEDGER.steps, undone)))


def test_a_step_kept_without_a_measurement_does_not_balance() -> None:
    free = replace(KEPT, measured=None, weight=None, verdict=Verdict.KEPT)
    with pytest.raises(ValueError, match="v1 was kept without being measured"):
        balance(replace(LEDGER, steps=(*LEDGER.steps, free)))
