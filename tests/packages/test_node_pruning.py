"""What `npm prune` takes away, and what its lock file shrinks by, as far as the image tells."""

from __future__ import annotations

import json

from handmade_tree import tree

from jettison.packages.node import lock_shrinks, prune_command, pruned_packages, tops

LOCK = {
    "name": "ä",
    "lockfileVersion": 3,
    "packages": {
        "node_modules/a": {"version": "1"},
        "node_modules/dev": {"version": "1", "dev": True},
        "node_modules/either": {"version": "1", "devOptional": True},
        "node_modules/unasked": {"version": "1", "extraneous": True},
        "node_modules/gone": {"version": "1", "dev": True},
    },
}
FILES = {
    "app/package.json": "{}",
    "app/node_modules/.package-lock.json": json.dumps(LOCK, indent=2, ensure_ascii=False) + "\n",
    "app/node_modules/a/index.js": "",
    "app/node_modules/a/node_modules/b/package.json": "{}",
    "app/node_modules/dev/index.js": "",
    "app/node_modules/either/index.js": "",
    "app/node_modules/unasked/index.js": "",
}


def test_what_is_for_development_or_asked_for_by_nothing_goes():
    assert (b"app/node_modules/dev", b"app/node_modules/unasked") == pruned_packages(tree(FILES), b"app")


def test_the_lock_file_shrinks_by_their_entries():
    left = {name: each for name, each in LOCK["packages"].items() if name.rpartition("/")[2] in ("a", "either")}
    after = json.dumps({**LOCK, "packages": left}, indent=2, ensure_ascii=False) + "\n"
    before = FILES["app/node_modules/.package-lock.json"]
    assert len(before.encode()) - len(after.encode()) == lock_shrinks(tree(FILES), b"app")


def test_a_tree_of_npm_6_has_no_hidden_lock_file():
    old = {path: text for path, text in FILES.items() if ".package-lock" not in path}
    assert (0, "npm prune --production") == (lock_shrinks(tree(old), b"app"), prune_command(tree(old), b"app"))
    assert "npm prune --omit=dev" == prune_command(tree(FILES), b"app")


def test_applications_are_found_by_their_node_modules_and_npm_is_none():
    more = {
        "usr/src/site/package.json": "{}",
        "usr/src/site/node_modules/x/index.js": "",
        "usr/local/lib/package.json": "{}",
        "usr/local/lib/node_modules/npm/package.json": "{}",
        "usr/local/lib/node_modules/npm/node_modules/x/package.json": "{}",
        "srv/node_modules/x/index.js": "",
    }
    assert (b"app", b"usr/src/site") == tops(tree({**FILES, **more}))
