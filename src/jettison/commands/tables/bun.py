"""Bun.

Source: Bun documentation, "Global cache" (~/.bun/install/cache, BUN_INSTALL_CACHE_DIR; hard links from it on Linux),
"bun pm cache".
"""

from __future__ import annotations

from jettison.commands.tables.npm import split_package
from jettison.commands.tool import Action, Store, Tool, verbs, words

CACHE = Store(
    "Bun's cache",
    ("~/.bun/install/cache",),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(("BUN_INSTALL_CACHE_DIR", ""), ("BUN_INSTALL", "install/cache")),
    options=("--cache-dir",),
    cleaned=(("pm", "cache", "rm"),),
    linked=True,
)

BUN = Tool(
    "bun",
    ("bun", "bunx"),
    verbs(install="install|i|add|a|x|ci", remove="remove|rm", upgrade="update", build="build", clean="pm cache rm"),
    (CACHE,),
    valued=words("--cache-dir --cwd --config -c --registry --backend --filter --outdir --target --outfile --omit"),
    clusters=False,
    split=split_package,
    no_package=r"^[./~]|\.tgz$|://",
    production=("-p", "--production", "--omit=dev"),
    production_by=(("NODE_ENV", "production"),),
)
