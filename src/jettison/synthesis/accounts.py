"""The accounts of an image, as /etc/passwd and /etc/shadow tell them.

Source: passwd(5), shadow(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.model import Instruction
from jettison.image.tree import Tree
from jettison.subject import Subject

PASSWD, SHADOW = b"etc/passwd", b"etc/shadow"
_MOST = 2**20  # bytes of a file that are read
_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown")


@dataclass(frozen=True)
class Account:
    """A line of /etc/passwd; `password` is what stands there, or in /etc/shadow where that is said; `told` by which."""

    name: str
    password: str
    told: bytes
    number: str
    shell: str

    @property
    def logs_in(self) -> bool:
        """Whether its shell lets anybody in."""
        return self.shell.rpartition("/")[2] not in _NO_LOGIN


def accounts(tree: Tree) -> tuple[Account, ...]:
    """Every account of a tree, in the order of the file; none where there is no such file."""
    hidden = {fields[0]: fields[1] for fields in _lines(tree, SHADOW) if len(fields) > 1}
    found = []
    for name, password, number, *rest in (fields for fields in _lines(tree, PASSWD) if len(fields) > 2):
        if name and name[0] not in "+-#":
            kept = (hidden.get(name, "x"), SHADOW) if password == "x" else (password, PASSWD)
            found.append(Account(name, *kept, number, rest[-1] if rest else ""))
    return tuple(found)


def written_by(subject: Subject, path: bytes) -> Instruction | None:
    """The instruction whose layer holds a file; FROM where it is the base's, None where it is not known."""
    if not subject.alignment.known or path not in subject.tree:
        return None
    layer = subject.tree.layer_of(path)
    found = subject.alignment.instruction_of.get(layer)
    return subject.stage.instructions[0] if found is None and layer < subject.alignment.base_layers else found


def _lines(tree: Tree, path: bytes) -> Iterator[list[str]]:
    try:
        text = tree.read(path, _MOST).decode("utf-8", "replace")
    except KeyError:
        return
    yield from (line.split(":") for line in text.splitlines())
