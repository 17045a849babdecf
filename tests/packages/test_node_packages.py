"""npm's packages, read from lock files of each version."""

from __future__ import annotations

import json

import pytest
from handmade_tree import image

from jettison.packages.node import development_packages, weigh

FILES = {
    "app/node_modules/typescript/lib/tsc.js": "t" * 500,
    "app/node_modules/fastify/index.js": "f" * 100,
    "app/node_modules/jest/index.js": "j" * 50,
    "app/node_modules/jest/node_modules/chalk/index.js": "c" * 7,
}
NEW = {
    "": {"dev": False},
    "node_modules/typescript": {"dev": True},
    "node_modules/fastify": {},
    "node_modules/jest": {"dev": True},
    "node_modules/jest/node_modules/chalk": {"dev": True},
    "node_modules/absent": {"dev": True},
    "node_modules/either": {"devOptional": True},
}
OLD = {
    "typescript": {"dev": True},
    "fastify": {},
    "jest": {"dev": True, "dependencies": {"chalk": {"dev": True}}},
}
MARKED = (
    b"app/node_modules/jest",
    b"app/node_modules/jest/node_modules/chalk",
    b"app/node_modules/typescript",
)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("app/node_modules/.package-lock.json", {"lockfileVersion": 3, "packages": NEW}),
        ("app/package-lock.json", {"lockfileVersion": 2, "packages": NEW, "dependencies": {}}),
        ("app/package-lock.json", {"lockfileVersion": 1, "dependencies": OLD}),
    ],
    ids=["hidden", "version 2", "version 1"],
)
def test_packages_that_only_development_needs_are_found_and_weighed_once(name, document):
    tree = image({**FILES, name: json.dumps(document)}).tree
    assert MARKED == development_packages(tree, b"app")
    assert 557 == weigh(tree, MARKED)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"packages": []}', '{"packages": {"a": 1}}', '{"dependencies": 1}'])
def test_a_lock_file_that_makes_no_sense_marks_nothing(text):
    assert () == development_packages(image({**FILES, "app/package-lock.json": text}).tree, b"app")
