"""Poetry.

Source: Poetry documentation, "Configuration" (cache-dir, POETRY_CACHE_DIR) and "Commands" (`--no-cache`, `cache clear
--all`; `--no-dev` was deprecated in 1.2 and is gone in 2.0). Its folder of caches holds `virtualenvs` as well, which is
where an application is installed (virtualenvs.path), and which is no cache.
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, cut, verbs, words

CACHE = Store(
    "Poetry's cache",
    ("~/.cache/pypoetry/cache", "~/.cache/pypoetry/artifacts"),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(
        ("POETRY_CACHE_DIR", "cache"),
        ("POETRY_CACHE_DIR", "artifacts"),
        ("XDG_CACHE_HOME", "pypoetry/cache"),
        ("XDG_CACHE_HOME", "pypoetry/artifacts"),
    ),
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
