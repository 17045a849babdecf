"""What `check` found, for other tools: SARIF, JUnit, GitHub, GitLab, Markdown; with hostile names in all of them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator

from jettison.core.values import Severity, Skipped
from jettison.documents.check import Checked
from jettison.report.check_ci import check_github, check_gitlab, check_junit
from jettison.report.check_markdown import check_markdown
from jettison.report.check_sarif import check_sarif
from jettison.report.check_text import Look, check_text
from jettison.review.look import look
from jettison.review.model import Reviewed, Settings, Source

HOSTILE = 'a|b\x1b[31m\u202e\n::error::</script>&<x y="1">`*%'
TEXT = "FROM base:1.2.3\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\nRUN true && \\\n    pip install x\n"

ONLY = Settings(select=frozenset({"deleted-in-a-later-layer", "pip-cache-left-behind"}))


def reviewed(text: str, name: str = "Dockerfile") -> Reviewed:
    return look(Source(name, None, None, data=text.encode()), ONLY)


@pytest.fixture
def checked() -> Checked:
    unread = Reviewed(Source("gone", Path("gone")), (), skipped=(Skipped("gone", f"cannot read {HOSTILE}"),))
    return Checked(
        (reviewed(TEXT), reviewed(f"FROM a\nRU{HOSTILE}\n", f"dir/{HOSTILE}"), reviewed("FROM a:1\n", "good"), unread)
    )


def closed(required: str, optional: str = "", **kinds: Any) -> dict[str, Any]:
    """An object that has these properties and no others, as SARIF's own schema has it."""
    names = [*required.split(), *optional.split()]
    return {
        "type": "object", "required": required.split(), "additionalProperties": False,
        "properties": {name: kinds.get(name, True) for name in names},
    }  # fmt: skip


STRING, NUMBER, LEVEL = (
    {"type": "string"},
    {"type": "integer", "minimum": 1},
    {"enum": ["none", "note", "warning", "error"]},
)
MESSAGE = closed("text", "markdown", text={"type": "string", "minLength": 1})
ARTIFACT = closed("uri", "uriBaseId", uri={"type": "string", "pattern": r"^[A-Za-z0-9_.~!$&'()*+,;=:@/%-]+$"})
REGION = closed(
    "startLine startColumn endLine endColumn", startLine=NUMBER, startColumn=NUMBER, endLine=NUMBER, endColumn=NUMBER
)
REPLACEMENT = closed(
    "deletedRegion", "insertedContent", deletedRegion=REGION, insertedContent=closed("text", text=STRING)
)
CHANGE = closed(
    "artifactLocation replacements",
    artifactLocation=ARTIFACT,
    replacements={"type": "array", "minItems": 1, "items": REPLACEMENT},
)
FIX = closed(
    "artifactChanges",
    "description",
    description=MESSAGE,
    artifactChanges={"type": "array", "minItems": 1, "items": CHANGE},
)
LOCATION = closed(
    "physicalLocation", physicalLocation=closed("artifactLocation region", artifactLocation=ARTIFACT, region=REGION)
)
RESULT = closed(
    "message ruleId ruleIndex level locations", "partialFingerprints fixes properties", message=MESSAGE, ruleId=STRING,
    ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL,
    locations={"type": "array", "minItems": 1, "items": LOCATION},
    partialFingerprints={"type": "object", "additionalProperties": STRING}, fixes={"type": "array", "items": FIX},
)  # fmt: skip
RULE = closed(
    "id",
    "name shortDescription help defaultConfiguration",
    id=STRING,
    name=STRING,
    shortDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=closed("level", level=LEVEL),
)
DRIVER = closed(
    "name", "version semanticVersion rules", name=STRING, rules={"type": "array", "items": RULE, "uniqueItems": True}
)
NOTIFICATION = closed("message", "level", message=MESSAGE, level=LEVEL)
INVOCATION = closed(
    "executionSuccessful",
    "toolExecutionNotifications",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications={"type": "array", "items": NOTIFICATION},
)
RUN = closed(
    "tool", "columnKind invocations results", tool=closed("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]}, invocations={"type": "array", "items": INVOCATION},
    results={"type": "array", "items": RESULT},
)  # fmt: skip
LOG = closed("version runs", "$schema", version={"const": "2.1.0"}, runs={"type": "array", "items": RUN})


def test_sarif_has_what_version_2_1_0_asks_for(checked: Checked) -> None:
    log = check_sarif(checked)
    Draft202012Validator(LOG).validate(json.loads(json.dumps(log)))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [each["ruleId"] for each in run["results"]]
    assert len({each["id"] for each in rules}) == len(rules)
    assert ["JT203", "JT106", "JT000"] == [each["ruleId"] for each in run["results"]]
    regions = [each["locations"][0]["physicalLocation"]["region"] for each in run["results"]]
    assert {"startLine": 4, "startColumn": 1, "endLine": 5, "endColumn": 18} == regions[1]
    assert f"dir/{HOSTILE}" == unquote(run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
    assert 1 == len(run["invocations"][0]["toolExecutionNotifications"])


def test_a_sure_fix_is_in_the_log_as_the_text_that_it_replaces(checked: Checked) -> None:
    (change,) = check_sarif(checked)["runs"][0]["results"][1]["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert {"startLine": 5, "startColumn": 16, "endLine": 5, "endColumn": 16} == replacement["deletedRegion"]
    assert {"text": " --no-cache-dir"} == replacement["insertedContent"]


def test_an_absolute_file_is_a_file_uri() -> None:
    log = check_sarif(Checked((reviewed("RUM\n", "/a b/Dockerfile"),)))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert "file:///a%20b/Dockerfile" == location["artifactLocation"]["uri"]


def test_a_fingerprint_stays_when_lines_come_and_go_and_equal_findings_differ() -> None:
    def prints(text: str) -> list[str]:
        results = check_sarif(Checked((reviewed(text),)))["runs"][0]["results"]
        return [each["partialFingerprints"]["jettison/v1"] for each in results]

    twice = "FROM a:1\nRUN pip install x\nRUN pip install y\n"
    assert prints(twice) == prints("# more\n\n" + twice)
    assert 2 == len(set(prints(twice)))


def test_junit_has_a_suite_a_file_and_fails_what_fails(checked: Checked) -> None:
    root = ET.fromstring(check_junit(checked, Severity.WARNING))
    suites = [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root]
    assert [("2", "2", "0"), ("1", "1", "0"), ("1", "0", "0"), ("1", "0", "1")] == suites
    assert ("5", "3", "1") == (root.get("tests"), root.get("failures"), root.get("errors"))
    milder = ET.fromstring(check_junit(checked, Severity.ERROR))
    assert ("5", "1") == (milder.get("tests"), milder.get("failures"))


def test_github_gets_one_line_a_finding(checked: Checked) -> None:
    lines = check_github(checked).splitlines()
    assert ["::warning", "::warning", "::error"] == [line.split()[0] for line in lines]
    assert lines[0].startswith(
        "::warning file=Dockerfile,line=3,endLine=3,col=1,endColumn=32,title=JT203 deleted-in-a-later-layer::"
    )
    assert "endColumn" not in lines[1]
    assert all(re.fullmatch(r"::\w+ [^\x00-\x1f:]*::[^\x00-\x1f]*", line) for line in lines)


def test_gitlab_gets_what_its_report_asks_for(checked: Checked) -> None:
    found = check_gitlab(checked)
    assert ["minor", "minor", "critical"] == [each["severity"] for each in found]
    assert {"begin": 4, "end": 5} == found[1]["location"]["lines"]
    assert 3 == len({each["fingerprint"] for each in found})
    assert {"description", "check_name", "fingerprint", "severity", "location"} == set(found[0])


def test_markdown_is_a_table_that_nothing_breaks(checked: Checked) -> None:
    shown = check_markdown(checked)
    assert shown.startswith("**4 files: 1 error, 2 warnings**\n\n### Dockerfile\n")
    rows = [line for line in shown.splitlines() if re.match(r"\| \d", line)]
    assert [5, 5, 5] == [line.count("|") for line in rows]
    assert "<" not in shown.replace("&lt;", "")


@pytest.mark.parametrize("face", ["text", "sarif", "junit", "github", "gitlab", "markdown"])
def test_no_face_lets_a_control_through(checked: Checked, face: str) -> None:
    shown = {
        "text": lambda: check_text(checked, Look(80)),
        "sarif": lambda: json.dumps(check_sarif(checked), ensure_ascii=False),
        "junit": lambda: check_junit(checked, Severity.WARNING),
        "github": lambda: check_github(checked),
        "gitlab": lambda: json.dumps([each["description"] for each in check_gitlab(checked)], ensure_ascii=False),
        "markdown": lambda: check_markdown(checked),
    }[face]()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert not any(line.startswith("::error::") for line in shown.splitlines())


def test_text_fits_its_width_and_keeps_the_place_first(checked: Checked) -> None:
    lines = check_text(Checked(checked.files[:1]), Look(60)).splitlines()
    assert [] == [line for line in lines if len(line) > 60]
    assert ["Dockerfile:3:1:", "Dockerfile:4:1:", "1"] == [line.split()[0] for line in lines if line[0] != " "]
    assert "\x1b[1mDockerfile:3:1\x1b[0m: \x1b[33mwarning\x1b[0m: " in check_text(checked, Look(60, colour=True))
