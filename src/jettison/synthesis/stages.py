"""One stage made two: everything is built where it was, and what is left of it ships on a base of its own.

Only where it is known what each instruction changed: a RUN that writes nothing but the working directory and caches
is work, and stays behind; a RUN that stands before the first COPY and changes the system is set-up, and is done in
both stages. What the application is made of is then one folder, copied with its owner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from jettison.dockerfile.edit import CannotEdit, newline
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import state_at
from jettison.image.model import Kind
from jettison.subject import Subject

_CACHES = re.compile(
    rb"(?:root|home/[^/]+)/\.(?:npm|cache|yarn|config|node-gyp|local/share/pnpm)(?:/|$)"
    rb"|tmp/|var/tmp/|run/|usr/local/share/\.cache/"
)
_CARRIED = {"ENV", "EXPOSE", "USER", "VOLUME", "LABEL", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD", "SHELL",
            "MAINTAINER", "RUN", "WORKDIR", "ARG"}  # fmt: skip
_SYSTEM = {b"usr", b"etc", b"var", b"root", b"home", b"bin", b"lib", b"tmp"}
_NAME = "build"


@dataclass(frozen=True)
class Split:
    """The stage that ships, taken apart. Raises CannotEdit where that is not known to be right."""

    subject: Subject

    @cached_property
    def folder(self) -> bytes:
        """The working directory at the end of the stage, without leading slash."""
        last = self.subject.stage.instructions[-1]
        state = state_at(self.subject.dockerfile, self.subject.stage, last, self.subject.build_args)
        told = self.subject.image.runtime.get("WorkingDir") or state.workdir or "/"
        folder = str(told).strip("/").encode("utf-8", "surrogateescape")
        if not folder or folder in _SYSTEM:
            raise CannotEdit("the application has no folder of its own: there is no WORKDIR")
        return folder

    @cached_property
    def work(self) -> frozenset[int]:
        """Positions in the stage of the instructions that only the build stage needs."""
        found: set[int] = set()
        for position, each in enumerate(self.subject.stage.instructions):
            if each.keyword in ("COPY", "ADD", "RUN") and self._is_work(each, bool(found)):
                found.add(position)
        if not found:
            raise CannotEdit("nothing is built here")
        return frozenset(found)

    def _is_work(self, instruction: Instruction, after_work: bool) -> bool:
        outside = self._outside(instruction)
        if not outside:
            return True
        shown = outside[0].decode("utf-8", "replace")
        if instruction.keyword != "RUN":
            raise CannotEdit(f"line {instruction.line} copies /{shown}, which is not below the WORKDIR")
        if after_work:
            raise CannotEdit(f"line {instruction.line} writes /{shown}, after files were copied")
        return False

    def _outside(self, instruction: Instruction) -> list[bytes]:
        """Files and links that an instruction's layers hold outside the folder and outside of caches."""
        found = []
        for number in self.subject.alignment.layers_of(instruction):
            columns = self.subject.image.layers[number].columns
            for index, path in enumerate(columns.paths):
                inside = path == self.folder or path.startswith(self.folder + b"/")
                if columns.kinds[index] != Kind.DIRECTORY and not inside and not _CACHES.match(path):
                    found.append(path)
        return found

    @cached_property
    def owner(self) -> str:
        """What `--chown` has to say so that files keep their owner; empty for root."""
        owners = {
            (entry.uid, entry.gid)
            for path in self.subject.tree.under(self.folder)
            if (entry := self.subject.tree.get(path)) is not None and entry.kind in (Kind.FILE, Kind.SYMLINK)
        }
        if len(owners) > 1:
            raise CannotEdit("files below the WORKDIR have several owners, and COPY --from gives one")
        uid, gid = next(iter(owners), (0, 0))
        return "" if (uid, gid) == (0, 0) else f"{uid}:{gid}"

    def copied(self) -> int:
        """Bytes that the copy of the folder will hold: each name its own file."""
        tree = self.subject.tree
        entries = (tree.get(path) for path in tree.under(self.folder))
        return sum(entry.size for entry in entries if entry is not None and entry.kind is Kind.FILE)

    def set_up(self) -> int:
        """Bytes of the layers of the instructions that both stages do."""
        positions = [
            each
            for position, each in enumerate(self.subject.stage.instructions)
            if each.keyword == "RUN" and position not in self.work
        ]
        numbers = {number for each in positions for number in self.subject.alignment.layers_of(each)}
        return sum(self.subject.image.layers[number].unpacked for number in numbers)

    def text(self, base: str, prune: str) -> str:
        """The Dockerfile with two stages; `prune` is a last command of the build stage, empty for none."""
        dockerfile, stage = self.subject.dockerfile, self.subject.stage
        if len(dockerfile.stages) != 1:
            raise CannotEdit("there are several stages already")
        if stage.name == _NAME or any(each.keyword == "ONBUILD" for each in stage.instructions):
            raise CannotEdit("the stage has ONBUILD triggers, or is called build")
        end = newline(dockerfile)
        source = dockerfile.text
        first = stage.instructions[0]
        named = stage.name or _NAME
        head = source[: first.span.end] + ("" if stage.name else f" AS {named}")
        last_work = stage.instructions[max(self.work)]
        parts = [head + source[first.span.end : last_work.span.end]]
        if prune:
            parts.append(f"{end}RUN {prune}")
        parts.append(f"{end}{end}FROM {base}{end}")
        parts += [line + end for line in self._runtime(named)]
        return "".join(parts)

    def _runtime(self, build: str) -> Iterator[str]:
        """The instructions of the stage that ships, in their order, the copy in the place of the last work."""
        source = self.subject.dockerfile.text
        owner = f"--chown={self.owner} " if self.owner else ""
        folder = "/" + self.folder.decode("utf-8", "surrogateescape")
        for position, each in enumerate(self.subject.stage.instructions):
            if position == max(self.work):
                yield f"COPY --from={build} {owner}{folder} {folder}"
            elif position not in self.work and each.keyword in _CARRIED:
                yield each.span.of(source)
