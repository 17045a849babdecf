"""npm's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.tables import npm
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.clean import Told, cleaned, cleaned_in_text
from jettison.synthesis.left_in_text import fillings

NAME = "npm-cache-left-behind"
TITLE = "remove npm's cache in the RUN that fills it"
CACHE = re.compile(rb"(?:root|home/[^/]+)/\.npm/(?:_cacache|_logs)/")


@rule("JT105")
def npm_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """npm's download cache stays in the layer.

    **What it costs.** Every package once more, as the archive that it came in, and npm's log files.

    **The fix** removes the folders where the bytes were found, in the RUN that filled them: `npm cache clean --force`
    leaves npm's logs and its index folders, and asks npm for a path that a setting may have moved. What `npx` installed
    (`_npx`, beside them) stays: `npx` starts it from there.

    **Safety.** TESTED: the tree loses these files and no others. npm makes the folder anew when it runs.

    ```dockerfile bad
    FROM node:20
    WORKDIR /app
    COPY package.json ./
    RUN npm install
    CMD ["node", "index.js"]
    ```
    ```layers bad
    3 app/package.json 200
    4 app/node_modules/express/index.js 9000000
    4 root/.npm/_cacache/content-v2/sha512/aa/bb/cc 4000000
    ```
    ```dockerfile good
    FROM node:20
    WORKDIR /app
    COPY package.json ./
    RUN npm install && \\
        rm -rf /root/.npm/_cacache
    CMD ["node", "index.js"]
    ```
    """
    yield from cleaned(subject, NAME, CACHE, TITLE)


@seen_in_text(npm_cache_left_behind)
def fetched_and_kept(text: Text) -> Iterator[Finding]:
    """`npm install` or `npm ci` in a RUN that ships, no mount or removal that speaks of ~/.npm."""
    yield from cleaned_in_text(text, fillings(text, npm.CACHE), Told(NAME, npm.CACHE.name, TITLE))
