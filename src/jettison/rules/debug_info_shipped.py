"""Go programs that ship with the debugger's tables."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Edit
from jettison.packages.elf_sections import debug_bytes
from jettison.packages.go import Program
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.go_build import GoCall, go_calls, without_symbols
from jettison.synthesis.go_programs import own_programs
from jettison.traps import reads_symbols

NAME = "debug-info-shipped"
_PRICE = "panics keep their line numbers; delve, perf and `go tool nm` find no names"


@rule("JT406")
def debug_info_shipped(subject: Subject) -> Iterator[Finding]:
    """A Go program ships with debug information and a symbol table that nothing reads at run time.

    **What it costs.** A quarter to a third of the program: DWARF for a debugger, the symbol table for `nm` and perf.

    **The fix** adds `-ldflags="-s -w"` to the `go build` that makes the program, whichever stage that stands in, or
    puts the two ahead of the flags that are there. What is predicted are the sections of the program in the image, as
    compressed as they are in the file.

    **Safety.** TESTED. Panics keep file names and line numbers, and `runtime/debug.ReadBuildInfo` its answer: both
    come from tables that the program needs itself. What is lost is told: delve attaches no more, perf and
    `go tool nm` find no names; profiles of `net/http/pprof` name their functions as before.
    Where the program reads symbol tables (`debug/elf` or `debug/gosym` is linked in), where a debugger is the entry
    point, or where the command says itself what the linker leaves out, nothing is changed.

    This rule's example needs a Go program, which a listing of layers does not hold: it is tested on programs made by
    hand (tests/rules/test_go_debug_info.py).
    """
    calls = [
        call
        for stage in needed(subject.dockerfile, subject.stage, subject.build_args)
        for call in go_calls(subject.dockerfile, stage)
    ]
    if not calls or not subject.alignment.known:
        return
    found = [(debug_bytes(program.data), program) for program in own_programs(subject)]
    found = [(size, program) for size, program in found if size]
    if not found:
        return
    size = sum(size for size, _ in found)
    names = " and ".join(sorted({f"/{program.path.decode('utf-8', 'replace')}" for _, program in found}))
    message = f"{names} holds debug information and a symbol table"
    first = calls[0].instruction
    paths = tuple(program.path for _, program in found)
    try:
        edits = _edits(subject, calls, [program for _, program in found])
    except CannotEdit as error:
        yield Finding(NAME, message, first, size, traps=("reads-symbols",), refusal=error.reason, paths=paths)
        return
    title = f"link without debug information and symbol table ({show_bytes(size)}); {_PRICE}"
    yield Finding(NAME, message, first, size, Fix(title, Applicability.TESTED, edits), ("reads-symbols",), paths=paths)


def _edits(subject: Subject, calls: list[GoCall], found: list[Program]) -> tuple[Edit, ...]:
    """Each call's edit. Raises CannotEdit with the first reason against it."""
    reasons = reads_symbols.found(subject.image.runtime, found)
    if reasons:
        raise CannotEdit(reasons[0])
    return tuple(without_symbols(subject.dockerfile, call) for call in calls)
