"""docs/dockerfiles.md: its numbers are those of the corpus, its disagreements those that are listed and tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from acceptance import cases_in, listed
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


def test_the_numbers_of_dockers_builders_are_those_that_are_listed() -> None:
    found = listed("docker")
    buildkit, classic = (len(cases_in(found["disagreement"], builder)) for builder in ("buildkit", "classic"))
    told = " ".join(PAGE.split())
    assert (
        f"a daemon of version {found['docker']}: its BuildKit is of another mind upon {buildkit} of the texts" in told
    )
    assert f"its classic builder upon {classic}, each" in told
    assert f"{len(cases_in(found['deadly'], 'buildkit'))} texts end that daemon" in told.replace("Two", "2")


def test_flags_that_may_come_again_are_told() -> None:
    several = {name for known in FLAGS.values() for name, takes in known.items() if takes is Takes.SEVERAL}
    assert {"mount", "device", "exclude"} == several
    assert "`--mount`, `--device` and `--exclude`" in PAGE
