"""uv.

Source: uv documentation, "Caching" (default place, UV_CACHE_DIR, UV_NO_CACHE) and "Link mode" (hard links from the
cache where it is on the same file system).
"""

from __future__ import annotations

from jettison.commands.tables.pip import split_requirement
from jettison.commands.tool import Store, Tool, verbs, words

CACHE = Store(
    "uv's cache",
    ("~/.cache/uv",),
    variables=(("UV_CACHE_DIR", ""), ("XDG_CACHE_HOME", "uv")),
    options=("--cache-dir",),
    off=("-n", "--no-cache", "--no-cache-dir"),
    off_by=(("UV_NO_CACHE", r"(?i:1|true|t|yes|y|on)"),),
    cleaned=(("cache", "clean"), ("clean",)),
    linked=True,
)

UV = Tool(
    "uv",
    ("uv", "uvx"),
    verbs(
        install="pip install|pip sync|sync|add|tool install|python install|run|tool run",
        remove="pip uninstall|remove|tool uninstall|python uninstall",
        upgrade="tool upgrade",
        build="build",
        clean="cache clean|clean|cache prune",
    ),
    (CACHE,),
    valued=words(
        "-r --requirement --requirements -c --constraint --constraints --override --overrides -e --editable --extra "
        "--group --no-group --only-group --index --default-index -i --index-url --extra-index-url -f --find-links -P "
        "--upgrade-package --index-strategy --keyring-provider --resolution --prerelease --exclude-newer --link-mode "
        "--cache-dir --python -p --python-version --target --prefix --project --directory --config-file --package "
        "--no-install-package --no-binary --only-binary --no-binary-package --no-build-package --python-platform -C "
        "--config-setting --color --allow-insecure-host --from --with --with-requirements --with-editable --env-file"
    ),
    split=split_requirement,
    no_package=r"^\.|^/|/|\.whl$|\.(?:tar\.gz|zip)$|://",
    production=("--no-dev", "--no-default-groups", "--only-group"),
    production_by=(("UV_NO_DEV", r"(?i:1|true|t|yes|y|on)"),),
    target=("--target", "--prefix"),
    file_options=words("-r --requirement --requirements"),
)
