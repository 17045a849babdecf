"""pip's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.invocation import invoked
from jettison.commands.model import Call
from jettison.commands.tables import pip
from jettison.core.values import Applicability
from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import left_below
from jettison.synthesis.left_in_text import fillings
from jettison.synthesis.pip import PipCall, pip_calls

NAME = "pip-cache-left-behind"
_TABLE = {"pip": pip.PIP}  # and not what pip is called by, which has its own ways with it
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
    for each in fillings(text, pip.CACHE):
        if all(invoked(left.call, _TABLE) and not _may_say_more(left.call) for left in each.lefts):
            yield _finding(text, each.instruction)


def _may_say_more(call: Call) -> bool:
    """Whether a word that the shell computes may be the option."""
    return any(word.value is None and re.match(r"[\"'{]?[$`]|$", word.text) for word in call.words)


def _finding(text: Text, run: Instruction) -> Finding:
    message = f"line {run.line} leaves pip's cache in its layer"
    calls = list(_caching(text, run))
    if not calls:
        reason = "say --no-cache-dir where pip is called: an exec form, a quoted script, or something else called pip"
        return Finding(NAME, message, run, 0, refusal=reason)
    if any((each or "").startswith("--cache-dir") for call in calls for each in call.command.values):
        reason = "it names a folder for the cache: say --no-cache-dir instead, or remove it in the same RUN"
        return Finding(NAME, message, run, 0, refusal=reason)
    edits = tuple(insert_after(call.verb_argument.span, "--no-cache-dir") for call in calls)
    # pip documentation, "Caching": nothing but later downloads and builds depends on it
    return Finding(NAME, message, run, 0, Fix("call pip with --no-cache-dir", Applicability.TESTED, edits, sure=True))


def _caching(text: Text, instruction: Instruction) -> Iterator[PipCall]:
    """Each call that installs, builds or downloads and does not switch the cache off."""
    for call in pip_calls(text.dockerfile, instruction):
        fetches = call.verb in ("install", "wheel", "download")
        if fetches and not set(pip.CACHE.off) & set(call.command.values):
            yield call
