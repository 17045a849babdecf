"""docs/ignore.md: its tables and numbers are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jettison.context.ignore import Dialect
from jettison.engine.model import IGNORE_FILES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ignore.md").read_text()


def test_the_names_of_ignore_files_are_those_that_are_looked_for() -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]*\| (.*) \|$", PAGE, re.MULTILINE)
    assert {each.value for each in Dialect} == {builder for builder, _ in rows}
    for builder, names in rows:
        expected = [each.replace("{dockerfile}", "Dockerfile") for each in IGNORE_FILES[builder]]
        assert expected == re.findall(r"`([^`]+)`", names)


def test_the_comparison_with_buildkit_has_the_size_that_the_page_says() -> None:
    table = json.loads((ROOT / "tests/context/moby_answers.json").read_text())
    said = " ".join(PAGE.split())
    assert f"{len(table['answers']):,} ignore files, each asked about a tree of {len(table['tree'])} files" in said
