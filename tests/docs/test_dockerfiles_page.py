"""docs/dockerfiles.md: its numbers are those of the corpus, its disagreements those that are listed and tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from dockerfile_corpus import HERE, answers, cases

from jettison.dockerfile.flags import FLAGS, Takes
from jettison.dockerfile.pattern import LONGEST

PAGE = (Path(__file__).parents[2] / "docs/dockerfiles.md").read_text()


def test_the_disagreements_are_those_that_are_listed() -> None:
    listed = tomllib.loads((HERE / "disagreements.toml").read_text())["disagreement"]
    told = PAGE.partition("## What disagrees")[2].partition("\nBesides")[0]
    assert [(each["what"], each["why"]) for each in listed] == re.findall(r"^\| (.+) \| (.+) \|$", told, re.MULTILINE)[
        1:
    ]


def test_the_numbers_are_those_of_the_answers() -> None:
    words, mutated = len(answers("words")["answers"]), len(answers("mutated")["answers"])
    assert f"{len(cases())} hand-written Dockerfiles" in PAGE
    assert f"{mutated} damaged ones and {words:,} words" in PAGE
    assert f"version {answers('corpus')['buildkit'].removeprefix('v')}," in PAGE
    assert f"{LONGEST:,} characters" in PAGE


def test_flags_that_may_come_again_are_told() -> None:
    several = {name for known in FLAGS.values() for name, takes in known.items() if takes is Takes.SEVERAL}
    assert {"mount", "device", "exclude"} == several
    assert "`--mount`, `--device` and `--exclude`" in PAGE
