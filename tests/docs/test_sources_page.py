"""docs/sources.md: what is said there of each article's Dockerfiles is what check says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jettison.review.look import look
from jettison.review.model import Settings, Source

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "sources.md").read_text()
ROW = re.compile(r"^\| `([a-z-]+)` \| ([a-z ]+) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
FOUND = re.compile(r"(\d+) (error|warning|note) `([a-z-]+)`")


def said(name: str) -> list[tuple[int, str, str]]:
    folder = HERE / "articles" / name
    found = look(Source("Dockerfile", folder / "Dockerfile", folder), Settings())
    return [(each.where.line, each.severity.value, each.rule) for each in found.remarks]


@pytest.mark.parametrize(("name", "expected"), [(name, found) for name, _, found, _ in ROWS])
def test_each_finding_of_the_page_is_what_check_says(name: str, expected: str) -> None:
    assert [(int(line), severity, rule) for line, severity, rule in FOUND.findall(expected)] == said(name)
    assert "nothing" == expected or "<br>".join(match[0] for match in FOUND.finditer(expected)) == expected


def test_every_dockerfile_has_one_row_and_every_row_a_dockerfile() -> None:
    folders = sorted(path.parent.name for path in (HERE / "articles").glob("*/Dockerfile"))
    assert folders == sorted(name for name, *_ in ROWS)


def test_upon_what_an_article_calls_good_nothing_is_above_a_note_or_it_is_explained() -> None:
    alarms = [name for name, judged, found, _ in ROWS if "good" in judged and re.search("warning|error", found)]
    explained = [name for name, _, _, why in ROWS if why.startswith("true: ")]
    assert sorted(explained) == sorted(alarms)


def test_every_row_tells_what_would_be_done() -> None:
    assert [] == [name for name, _, _, why in ROWS if len(why) < 7]
