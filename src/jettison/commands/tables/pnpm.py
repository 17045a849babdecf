"""pnpm.

Source: pnpm documentation, "Settings" (storeDir: below PNPM_HOME, XDG_DATA_HOME or ~/.local/share/pnpm; packages are
hard links from it) and "pnpm store".
"""

from __future__ import annotations

from jettison.commands.tables.npm import split_package
from jettison.commands.tool import Action, Store, Tool, verbs, words

STORE = Store(
    "pnpm's store",
    ("~/.local/share/pnpm/store", "/pnpm/store", "~/.pnpm-store"),
    frozenset({Action.INSTALL, Action.UPGRADE, Action.DOWNLOAD}),
    variables=(("npm_config_store_dir", ""), ("PNPM_HOME", "store"), ("XDG_DATA_HOME", "pnpm/store")),
    options=("--store-dir",),
    linked=True,
)

PNPM = Tool(
    "pnpm",
    ("pnpm", "pnpx"),
    verbs(
        install="install|i|add|dlx|deploy|install-test|it",
        remove="remove|rm|uninstall|un|prune",
        upgrade="update|up|upgrade",
        download="fetch",
        build="rebuild|rb",
        clean="store prune",
    ),
    (STORE,),
    valued=words(
        "--store-dir --dir -C --filter -F --registry --loglevel --reporter --config --virtual-store-dir --modules-dir "
        "--lockfile-dir --network-concurrency --child-concurrency"
    ),
    clusters=False,
    split=split_package,
    no_package=r"^[./~]|\.tgz$|://|^(?:file|link|workspace):",
    production=("-P", "--prod", "--production", "--no-dev"),
    production_by=(("NODE_ENV", "production"),),
    target=("--dir", "-C", "--modules-dir"),
)
