"""Diffs on a terminal and in a pipe."""

from __future__ import annotations

from apply_patch import apply_patch

from jettison.core.diff import unified
from jettison.report.diff import show_diff


def test_a_diff_in_a_pipe_is_still_a_patch() -> None:
    old = 'FROM debian\r\nRUN\tapt-get update\r\nCMD ["x"]'
    new = 'FROM debian\r\nRUN\tapt-get update && \\\r\n\trm -rf /var/lib/apt/lists/*\r\nCMD ["x"]'
    patch = show_diff(unified(old, new, "Dockerfile"), colour=False)
    assert new.encode() == apply_patch(old.encode(), patch.encode())


def test_added_is_green_and_removed_is_red() -> None:
    diff = "--- a/D\n+++ b/D\n@@ -1 +1 @@\n-RUN a\n+RUN b\n RUN c\n"
    expected = (
        "\x1b[1m--- a/D\x1b[0m\n\x1b[1m+++ b/D\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n"
        "\x1b[31m-RUN a\x1b[0m\n\x1b[32m+RUN b\x1b[0m\n RUN c\n"
    )
    assert expected == show_diff(diff, colour=True)


def test_what_moves_the_cursor_is_spelled_out() -> None:
    assert "+RUN \\e[2J\\u202e\\xff \\r x\n" == show_diff("+RUN \x1b[2J\u202e\udcff \r x\n", colour=False)


def test_no_diff_is_no_text() -> None:
    assert "" == show_diff("", colour=True)
