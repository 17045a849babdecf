"""Trap: a program without its symbol table, where something reads that: the program itself, or a debugger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jettison.packages.go import Program

_READERS = ("debug/elf.(*File).Symbols", "debug/elf.(*File).DWARF", "debug/gosym.NewTable", "debug/dwarf.New")
_DEBUGGERS = ("dlv", "gdb", "gdbserver")


def found(config: Mapping[str, Any], programs: Sequence[Program]) -> tuple[str, ...]:
    """A reason for each program that can read symbol tables, and for a debugger in the container's command."""
    reasons = [
        f"/{each.path.decode('utf-8', 'replace')} can read symbol tables, maybe its own: debug/elf is linked in"
        for each in programs
        if each.links(*_READERS)
    ]
    words = [str(word) for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]]
    reasons += [f"the container's command runs {word}, a debugger" for word in words if _is_debugger(word)]
    return tuple(reasons)


def _is_debugger(word: str) -> bool:
    return word.rpartition("/")[2] in _DEBUGGERS
