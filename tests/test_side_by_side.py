"""Which of the real builds stay in one process."""

from __future__ import annotations

import pytest
from side_by_side import shared_by

REAL = "tests/real/"


@pytest.mark.parametrize(
    ("test", "shared"),
    [
        ("test_against_people.py::test_the_application_does[node-api-before]", "example node-api"),
        ("test_trees_of_engines.py::test_an_example_is_seen[node-hello-before]", "example node-hello"),
        ("test_mutations.py::test_a_break[go-server-run-time dependency]", "original go-server"),
        ("test_mutations.py::test_harmless_changes_are_not_reported[go-server]", "original go-server"),
        ("test_rules_measured.py::test_the_tree[apt-lists-left-behind]", "rule apt-lists-left-behind"),
        ("test_both_engines.py::test_a_small_project", "test_both_engines"),
        ("test_trees_of_engines.py::test_a_base_is_seen_as_engines_unpack_it[node:8]", "test_trees_of_engines"),
        ("test_traps_go.py::test_one", "tests/real/test_traps_go.py::test_one"),
    ],
)
def test_what_shares_costly_work_is_together(test, shared):
    assert shared == shared_by(REAL + test)
