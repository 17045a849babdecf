"""pip's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Applicability
from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Argument
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.left import left_below
from jettison.synthesis.pip import pip_calls

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
        message = f"line {left.instruction.line} leaves pip's cache in its layer"
        name = "pip-cache-left-behind"
        verbs = list(_verbs(subject, left.instruction))
        if not verbs:
            reason = "no `pip install` stands there: something else called pip"
            yield Finding(name, message, left.instruction, left.size, refusal=reason, paths=left.paths)
            continue
        edits = tuple(insert_after(verb.span, "--no-cache-dir") for verb in verbs)
        fix = Fix("call pip with --no-cache-dir", Applicability.TESTED, edits)
        yield Finding(name, message, left.instruction, left.size, fix, paths=left.paths)


def _verbs(subject: Subject, instruction: Instruction) -> Iterator[Argument]:
    """The word `install` (wheel, download) of each pip call that has no --no-cache-dir yet."""
    for call in pip_calls(subject.dockerfile, instruction):
        if call.verb in ("install", "wheel", "download") and "--no-cache-dir" not in call.command.values:
            yield call.verb_argument
