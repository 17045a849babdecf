"""A shell's text that is one simple command, as the words that the kernel would be given."""

from __future__ import annotations

from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.parse import parse
from jettison.dockerfile.shell import script


def simple_command(text: str) -> tuple[str, ...]:
    """The words of a text without operators, variables, redirections and assignments; `exec` is taken off.

    Raises CannotEdit for anything else, with the text.
    """
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    refusal = CannotEdit(f"`{shown}` is more than one simple command")
    bare = text.strip()
    if not bare or "\n" in bare or "\r" in bare or bare[0] in "[-" or bare.endswith("\\") or "<<" in bare:
        raise refusal
    dockerfile = parse(f"FROM scratch\nRUN {bare}\n")
    found = script(dockerfile, dockerfile.instructions[-1])
    if found is None or not found.plain or len(found.commands) != 1 or found.ending:
        raise refusal
    (command,) = found.commands
    values = command.values
    if command.name is None or None in values or command.assignments or command.redirected or command.nested:
        raise refusal
    words = (command.name, *(value for value in values if value is not None))
    if words[0] == "exec":
        words = words[1:]
    if not words or words[0].startswith("-"):
        raise refusal
    return words
