"""What npm and Corepack put into the system for building alone: package managers, compilers, bundlers.

Source: npm documentation, "folders" (`lib/node_modules` and `bin` below the prefix); Corepack's README (shims beside
`corepack`, what they download in `~/.cache/node/corepack`).
"""

from __future__ import annotations

import re

from jettison.image.model import Kind
from jettison.subject import Subject
from jettison.synthesis.work import CACHES

_NAMES = (
    rb"(?:npm|pnpm|@pnpm/exe|yarn|corepack|typescript|turbo|nx|lerna|@nestjs/cli|@angular/cli|@vue/cli|@vercel/ncc|gulp"
    rb"|gulp-cli|grunt|grunt-cli|webpack|webpack-cli|rollup|vite|esbuild|tsup|node-gyp|rimraf|bower|sass|less)"
)
_FOLDER = re.compile(rb"usr/(?:local/)?lib/node_modules/" + _NAMES + rb"(?:/|$)")
_LINK = re.compile(rb"\.\./lib/node_modules/" + _NAMES + rb"/")
_PROGRAMS = re.compile(rb"usr/(?:local/)?bin/[^/]+")
_COREPACK = rb"(?:root|home/[^/]+)/\.cache/node/(?:corepack/|$)"


def with_tools(subject: Subject) -> re.Pattern[bytes] | None:
    """The folders of caches, and those that the stage's own layers hold of such tools; None where they hold none.

    A pattern for paths with a slash behind them, as work.CACHES is.
    """
    found: set[bytes] = set()
    for layer in subject.image.layers[subject.alignment.base_layers :]:
        columns = layer.columns
        for index, path in enumerate(columns.paths):
            link = columns.links.get(index, b"") if columns.kinds[index] == Kind.SYMLINK else b""
            if match := _FOLDER.match(path):
                found.add(re.escape(match[0].rstrip(b"/")))
            elif link and _PROGRAMS.fullmatch(path) and _LINK.match(link):
                found.add(re.escape(path))
    if not found:
        return None
    return re.compile(CACHES.pattern + b"|" + _COREPACK + b"|(?:" + b"|".join(sorted(found)) + b")/")
