"""Yarn's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.tables import yarn
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.clean import Told, cleaned, cleaned_in_text
from jettison.synthesis.left_in_text import fillings

NAME = "yarn-cache-left-behind"
TITLE = "remove Yarn's cache in the RUN that fills it"
CACHE = re.compile(rb"(?:usr/local/share/\.cache/yarn|(?:root|home/[^/]+)/(?:\.cache/yarn|\.yarn/berry/cache))/")


@rule("JT107")
def yarn_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """Yarn's download cache stays in the layer.

    **What it costs.** Every package once more, unpacked: often more than `node_modules` itself.

    **The fix** removes the folder where the bytes were found, in the RUN that filled it. It does not call
    `yarn cache clean`: yarn may be gone by then, and its answer depends on its version.

    Where Yarn runs packages out of its cache (Plug'n'Play, a `.pnp.cjs`), nothing is changed.

    **Safety.** TESTED: the tree loses these files and no others.

    ```dockerfile bad
    FROM node:20
    COPY package.json yarn.lock ./
    RUN yarn install --frozen-lockfile
    ```
    ```layers bad
    2 package.json 200
    3 node_modules/express/index.js 9000000
    3 usr/local/share/.cache/yarn/v6/npm-express-4.19.2/index.js 9000000
    ```
    ```dockerfile good
    FROM node:20
    COPY package.json yarn.lock ./
    RUN yarn install --frozen-lockfile && \\
        rm -rf /usr/local/share/.cache/yarn
    ```
    """
    runs_out_of_it = any(path.rpartition(b"/")[2] == b".pnp.cjs" for path in subject.tree)
    for finding in cleaned(subject, NAME, CACHE, TITLE):
        reason = "Yarn runs the packages out of its cache here (.pnp.cjs)"
        yield replace(finding, fix=None, refusal=reason) if runs_out_of_it else finding


@seen_in_text(yarn_cache_left_behind)
def fetched_and_kept(text: Text) -> Iterator[Finding]:
    """`yarn install` of Yarn 1 in a RUN that ships; later versions have their cache elsewhere, and may run from it."""
    filled = list(fillings(text, yarn.CACHE))
    if filled and not any((text.context / name).exists() for name in (".yarnrc.yml", ".yarn", ".pnp.cjs")):
        yield from cleaned_in_text(text, filled, Told(NAME, yarn.CACHE.name, TITLE))
