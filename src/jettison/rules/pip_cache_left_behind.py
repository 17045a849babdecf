"""pip's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.core.values import Applicability
from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Argument
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.caches import PIP, emptied_later, fillings
from jettison.synthesis.left import left_below
from jettison.synthesis.pip import pip_calls

NAME = "pip-cache-left-behind"
CACHE = re.compile(rb"(?:root|home/[^/]+)/\.cache/pip/")


@rule("JT106")
def pip_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """pip's cache of downloads and built wheels stays in the layer.

    **What it costs.** Every wheel once more, compressed: a third to a half of what was installed.

    **The fix** adds `--no-cache-dir` to each `pip install`, `pip wheel` and `pip download` of the RUN.

    **Safety.** TESTED: the tree loses the cache and no other file. A later RUN that installs the same packages
    downloads them again.

    ```dockerfile bad
    FROM python:3.12
    COPY requirements.txt .
    RUN python -m pip install -U pip && \\
        pip install -r requirements.txt
    ```
    ```layers bad
    2 requirements.txt 40
    3 usr/local/lib/python3.12/site-packages/numpy/__init__.py 60000000
    3 root/.cache/pip/http-v2/a/b/c/d.body 18000000
    ```
    ```dockerfile good
    FROM python:3.12
    COPY requirements.txt .
    RUN python -m pip install --no-cache-dir -U pip && \\
        pip install --no-cache-dir -r requirements.txt
    ```
    """
    for left in left_below(subject, CACHE):
        yield replace(_finding(subject.text, left.instruction), predicted=left.size, paths=left.paths)


@seen_in_text(pip_cache_left_behind)
def fetched_and_kept(text: Text) -> Iterator[Finding]:
    """`pip install` without `--no-cache-dir` in a RUN that ships, no variable, mount or removal that speaks of it."""
    for each in fillings(text, PIP):
        if emptied_later(text, each, PIP) is None:
            yield _finding(text, each.instruction)


def _finding(text: Text, run: Instruction) -> Finding:
    message = f"line {run.line} leaves pip's cache in its layer"
    verbs = list(_verbs(text, run))
    if not verbs:
        return Finding(NAME, message, run, 0, refusal="no `pip install` stands there: something else called pip")
    edits = tuple(insert_after(verb.span, "--no-cache-dir") for verb in verbs)
    # pip documentation, "Caching": nothing but later downloads and builds depends on it
    return Finding(NAME, message, run, 0, Fix("call pip with --no-cache-dir", Applicability.TESTED, edits, sure=True))


def _verbs(text: Text, instruction: Instruction) -> Iterator[Argument]:
    """The word `install` (wheel, download) of each pip call that has no --no-cache-dir yet."""
    for call in pip_calls(text.dockerfile, instruction):
        if call.verb in ("install", "wheel", "download") and "--no-cache-dir" not in call.command.values:
            yield call.verb_argument
