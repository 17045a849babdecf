"""apt's downloaded packages and its binary caches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.tables import apt
from jettison.core.values import Applicability
from jettison.dockerfile import edit
from jettison.dockerfile.model import Instruction
from jettison.image.tree import merge
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import left_below
from jettison.synthesis.left_in_text import fillings
from jettison.traps import docker_clean_present

NAME = "apt-cache-left-behind"
TRAPS = ("docker-clean-present",)
CACHE = re.compile(rb"var/cache/apt/(?:archives/(?:partial/)?[^/]*\.deb$|(?:src)?pkgcache\.bin$)")
_WORDS = ("docker-clean", "Keep-Downloaded-Packages")
_HOOK_GONE = re.compile(r"\brm\b[^\n]*docker-clean|Keep-Downloaded-Packages[^\n]*true")


@rule("JT102")
def apt_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """Downloaded .deb files, or apt's binary caches, stay in the layer.

    **What it costs.** About a third of the installed size for the archives, twenty to seventy megabytes for
    `pkgcache.bin` and `srcpkgcache.bin`. Debian's and Ubuntu's official images carry a hook
    (`/etc/apt/apt.conf.d/docker-clean`) that removes both after each call: there this finds nothing, and adding
    `apt-get clean` would save nothing.

    **Safety.** TESTED: the tree loses the files of a cache.

    ```dockerfile bad
    FROM my-debian
    RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
    ```
    ```layers bad
    2 var/cache/apt/archives/curl_7.88.1-10_amd64.deb 3000000
    2 var/cache/apt/pkgcache.bin 40000000
    2 usr/bin/curl 300000
    ```
    ```dockerfile good
    FROM my-debian
    RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/* && \\
        apt-get clean
    ```
    """
    for left in left_below(subject, CACHE):
        here = merge(subject.image.layers[: subject.alignment.layers_of(left.instruction)[-1] + 1])
        if docker_clean_present.found(here):
            message = f"line {left.instruction.line} leaves apt's cache in its layer"
            reason = "apt empties its cache here after each call (docker-clean): what is left was fetched on purpose"
            yield Finding(NAME, message, left.instruction, left.size, None, TRAPS, reason, left.paths)
            continue
        yield replace(_finding(subject.text, left.instruction), predicted=left.size, paths=left.paths)


@seen_in_text(apt_cache_left_behind)
def kept_on_purpose(text: Text) -> Iterator[Finding]:
    """Where the file itself takes away the hook that empties the cache: other images may have it, or not."""
    said = text.dockerfile.text
    if any(word in said for word in _WORDS) and _HOOK_GONE.search(said):
        for each in fillings(text, apt.ARCHIVES):
            yield _finding(text, each.instruction)


def _finding(text: Text, run: Instruction) -> Finding:
    message = f"line {run.line} leaves apt's cache in its layer"
    try:
        change = edit.append_command(text.dockerfile, run, "apt-get clean")
    except edit.CannotEdit as error:
        return Finding(NAME, message, run, 0, refusal=error.reason)
    fix = Fix("empty apt's cache in the RUN that fills it", Applicability.TESTED, (change,))
    return Finding(NAME, message, run, 0, fix, TRAPS)
