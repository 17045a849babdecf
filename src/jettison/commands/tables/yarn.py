"""Yarn, classic and berry: which one it is, the text does not tell.

Sources: classic.yarnpkg.com/docs/cli/cache (root's cache is /usr/local/share/.cache/yarn), yarnpkg.com
("cacheFolder", "globalFolder").
"""

from __future__ import annotations

from jettison.commands.tables.npm import split_package
from jettison.commands.tool import Action, Store, Tool, verbs, words

CACHE = Store(
    "Yarn's cache",
    ("/usr/local/share/.cache/yarn", "~/.cache/yarn", "~/.yarn/berry/cache"),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(("YARN_CACHE_FOLDER", ""),),
    options=("--cache-folder",),
    cleaned=(("cache", "clean"),),
    otherwise=r"\byarn (?:set version|config)\b|\.yarn\b|\bcorepack\b|\bberry\b",
)

YARN = Tool(
    "yarn",
    ("yarn", "yarnpkg"),
    verbs(
        install="install|add|global add|workspaces focus|dlx|import",
        remove="remove|global remove",
        upgrade="upgrade|up",
        build="rebuild",
        clean="cache clean|cache clear|autoclean",
    ),
    (CACHE,),
    valued=words(
        "--cache-folder --cwd --modules-folder --registry --network-timeout --network-concurrency --mutex "
        "--global-folder --prefix --mode"
    ),
    deprecated={},
    clusters=False,
    split=split_package,
    no_package=r"^[./~]|\.tgz$|://|^(?:file|link|portal):",
    default=Action.INSTALL,
    production=("--production", "--prod", "--production=true"),
    production_by=(("NODE_ENV", "production"),),
    target=("--modules-folder", "--cwd"),
)
