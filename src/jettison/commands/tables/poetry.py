"""Poetry.

Source: Poetry documentation, "Configuration" (cache-dir, POETRY_CACHE_DIR) and "Commands" (`--no-cache`, `cache clear
--all`; `--no-dev` was deprecated in 1.2 and is gone in 2.0).
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, cut, verbs, words

CACHE = Store(
    "Poetry's cache",
    ("~/.cache/pypoetry",),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(("POETRY_CACHE_DIR", ""), ("XDG_CACHE_HOME", "pypoetry")),
    off=("--no-cache",),
    cleaned=(("cache", "clear", "--all"),),
)

POETRY = Tool(
    "poetry",
    ("poetry",),
    verbs(install="install|add|sync|self add", remove="remove", upgrade="update", build="build", clean="cache clear"),
    (CACHE,),
    valued=words(
        "--without --with --only -E --extras -G --group -C --directory -P --project --source --platform --python "
        "-o --output -f --format"
    ),
    deprecated={
        "--no-dev": "--without dev, or --only main",
        "--dev-only": "--only dev",
        "--remove-untracked": "--sync",
    },
    split=cut("@", "=", ">", "<", "^", "~"),
    production=("--no-dev", "--only", "--without=dev", "--without"),
)
