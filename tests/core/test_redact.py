import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.core.redact import MASK, Redactor, is_secret_name

SECRET = "p@ss w/rd+1?"


def test_a_known_value_is_gone_in_every_form():
    redactor = Redactor([SECRET])
    basic = base64.b64encode(b"deploy:" + SECRET.encode()).decode()
    basic2 = base64.b64encode(b"me:" + SECRET.encode()).decode()
    for form in (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), json.dumps(SECRET)):
        assert MASK in redactor.text(f"x {form} y")
        assert form.strip('"') not in redactor.text(f"x {form} y")
    for form in (basic, basic2):
        shown = redactor.text(f"x {form} y")
        tail = base64.b64encode(SECRET.encode()).decode()
        assert MASK in shown
        assert tail[:8] not in shown


def test_of_two_values_the_longer_goes_first():
    assert Redactor(["abcd", "abcdefgh"]).text("a abcdefgh b abcd") == "a *** b ***"


def test_short_values_are_left_unless_told():
    assert Redactor(["80", "on", ""]).text("port 80, on") == "port 80, on"
    assert Redactor(["80", "on"], shortest=2).text("port 80, on") == "port ***, ***"


def test_the_lines_of_a_secret_file_are_redacted_one_by_one():
    redactor = Redactor(["-----BEGIN X-----\nMIIEvQIBADANBg\nqhkiG9w0BAQEFAA\n"])
    assert redactor.text("log: qhkiG9w0BAQEFAA") == "log: ***"


def test_a_secret_out_of_the_environment_is_redacted(monkeypatch):
    monkeypatch.setenv("DEPLOY", "tr0ub4dor")
    for spec in ("id=a,env=DEPLOY", "type=env,id=DEPLOY", "id=DEPLOY"):
        assert f"is {MASK}" == Redactor.of([], [spec]).text("is tr0ub4dor")
    assert "is tr0ub4dor" == Redactor.of([], ["id=OTHER"]).text("is tr0ub4dor")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key AKIAIOSFODNN7EXAMPLE.", "key ***."),
        ("ghp_" + "a1B2" * 9, "***"),
        ("//registry/:_authToken=npm_" + "x" * 36, "//registry/:_authToken=***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ('curl -H "authorization: Basic dTpw" http://x', 'curl -H "authorization: Basic ***" http://x'),
        ("git clone https://me:hunter2@host/r.git", "git clone https://me:***@host/r.git"),
        ("postgres://u:p@db:5432/x", "postgres://u:***@db:5432/x"),
        ("DB_PASSWORD=hunter2 npm start", "DB_PASSWORD=*** npm start"),
        ("ENV API_KEY='a b' X=1", "ENV API_KEY=*** X=1"),
        ('{"client_secret": "s3", "a": 1}', '{"client_secret": ***, "a": 1}'),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nafter", "***\nafter"),
        ("-----BEGIN PRIVATE KEY-----\nMII cut", "***"),
    ],
)
def test_what_looks_like_a_secret_is_redacted(text, expected):
    assert expected == Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
        "ENV TOKEN=$TOKEN",
        "ENV TOKEN=${TOKEN}",
        "TOKENIZERS_PARALLELISM=false",
        "http://localhost:8080/a@b",
        "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "-----BEGIN CERTIFICATE-----",
        "the password is asked for",
    ],
)
def test_what_is_no_secret_is_left_alone(text):
    assert text == Redactor().text(text)


def test_a_variable_named_like_a_secret_gives_its_value_away(tmp_path):
    (tmp_path / "npmrc").write_text("tok-in-file\n")
    redactor = Redactor.of(
        [("NPM_TOKEN", "abcd1234"), ("PORT", "8080"), ("DATABASE_URL", "postgres://u:longpass@db/x")],
        [f"id=npmrc,src={tmp_path / 'npmrc'}", f"id=none,src={tmp_path / 'absent'}"],
    )
    assert redactor.text("abcd1234 on 8080 longpass tok-in-file") == "*** on 8080 *** ***"
    assert {True} == {is_secret_name(name) for name in ("DB_PASSWORD", "npm_token", "ApiKey", "AWS_SECRET_ACCESS_KEY")}
    assert {False} == {is_secret_name(name) for name in ("PORT", "NODE_ENV", "PATH", "KEYBOARD")}


def test_json_values_are_redacted_wherever_they_stand():
    value = {"steps": [{"reason": "said abcd1234", "n": 3}], "API_TOKEN": "zz", "none": None}
    assert Redactor(["abcd1234"]).data(value) == {
        "steps": [{"reason": "said ***", "n": 3}],
        "API_TOKEN": MASK,
        "none": None,
    }


@given(
    st.text("abcXYZ/:=@ é\n\udcff", max_size=200),
    st.lists(st.text("abcXYZ/:=@ é", min_size=4, max_size=12), max_size=3),
)
def test_any_text_can_be_redacted_and_no_value_survives(text, values):
    shown = Redactor(values).text(text)
    assert [value for value in values if value in shown and value.strip("*")] == []


@pytest.mark.parametrize("unit", ["a-", "token", "A.b:", "://a:", "eyJa.", "-----BEGIN PRIVATE KEY", "authorization: "])
def test_a_long_line_costs_linear_time(unit):
    text = unit * (300_000 // len(unit))
    started = time.perf_counter()
    Redactor(["abcdef"]).text(text)
    assert time.perf_counter() - started < 5
