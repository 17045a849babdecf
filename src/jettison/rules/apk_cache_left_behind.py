"""apk's package index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.invocation import invoked
from jettison.commands.tables import apk
from jettison.commands.tool import Action
from jettison.commands.written import call_of
from jettison.core.values import Applicability
from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import left_below
from jettison.synthesis.left_in_text import fillings

NAME = "apk-cache-left-behind"
CACHE = re.compile(rb"var/cache/apk/")
_WITHOUT_ADD = "say --no-cache where apk is called, or leave `apk update` out: `apk add --no-cache` fetches for itself"


@rule("JT101")
def apk_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """apk's index stays in the layer.

    **What it costs.** Two to five megabytes of package index, in each layer that calls `apk update` or `apk add`
    without `--no-cache`.

    **The fix** adds `--no-cache` to each `apk add` of the RUN. Where the RUN calls `apk update` too, no fix is offered:
    its index would stay.

    **Safety.** TESTED: the tree loses the index and no other file.

    ```dockerfile bad
    FROM alpine:3.20
    RUN apk add curl git
    ```
    ```layers bad
    2 var/cache/apk/APKINDEX.8f2a.tar.gz 2000000
    2 usr/bin/curl 300000
    ```
    ```dockerfile good
    FROM alpine:3.20
    RUN apk add --no-cache curl git
    ```
    """
    for left in left_below(subject, CACHE):
        yield replace(_finding(subject.text, left.instruction), predicted=left.size, paths=left.paths)


@seen_in_text(apk_cache_left_behind)
def fetched_and_not_removed(text: Text) -> Iterator[Finding]:
    """`apk add` without `--no-cache` in a RUN that ships, nothing behind it that removes the index, no mount there."""
    for each in fillings(text, apk.INDEX):
        yield _finding(text, each.instruction)


def _finding(text: Text, run: Instruction) -> Finding:
    message = f"line {run.line} leaves apk's index in its layer"
    found = script(text.dockerfile, run)
    read = [invoked(call_of(command), {"apk": apk.APK}) for command in (found.commands if found else ())]
    calls = [each for each in read if each is not None and not each.has("--no-cache")]
    adds = [each.verb[0] for each in calls if each.action is Action.INSTALL]
    if not adds or any(each.action is Action.UPDATE for each in calls):
        every = {each.action for each in read if each is not None}
        both = {Action.INSTALL, Action.UPDATE} <= every
        reason = "call `apk add --no-cache` alone, without `apk update`" if both else _WITHOUT_ADD
        if any(each.action is Action.UPGRADE and not each.has("--no-cache") for each in read if each is not None):
            reason = "give `apk upgrade` and `apk add` --no-cache each, and leave `apk update` out"
        return Finding(NAME, message, run, 0, refusal=reason)
    edits = tuple(insert_after(verb.span, "--no-cache") for verb in adds)
    # apk(8): with it the index is fetched and kept nowhere; what is installed is the same
    return Finding(NAME, message, run, 0, Fix("call apk add with --no-cache", Applicability.TESTED, edits, sure=True))
