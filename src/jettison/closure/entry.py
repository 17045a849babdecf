"""The entry point: its file, its interpreter, and the tools that its script and the health check call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jettison.closure import shell
from jettison.closure.command import Command, interpreter, locate, places
from jettison.image.tree import Tree


def called(tree: Tree, commands: Sequence[Command], config: Mapping[str, Any]) -> tuple[str, ...]:
    """Words of these commands that name executables of the tree, those of the first command whatever they are."""
    words = [word for command in commands[:1] for word in command]
    words += [word for command in commands for word in shell.tools(command)]
    return tuple(word for word in dict.fromkeys(words) if locate(tree, word, config) is not None)


def lost(
    words: Sequence[str], original: Tree, candidate: Tree, config: Mapping[str, Any], program: str = ""
) -> Iterator[str]:
    """A sentence for each executable that is gone, or cannot be executed any more.

    A script that is handed to `program`, the first word of the container's own command, needs no `#!` line.
    """
    for word in words:
        after = locate(candidate, word, config)
        if after is None:
            there = any(candidate.resolve(place) is not None for place in places(word, config))
            yield f"{word} {'cannot be executed any more' if there else 'is gone'}"
            continue
        runs = interpreter(candidate, after)
        if runs.rpartition("/")[2] == program.rpartition("/")[2] and locate(candidate, program, config):
            continue
        if runs and locate(original, runs, config) and not locate(candidate, runs, config):
            yield f"{word} is run by {runs}, which is gone"
