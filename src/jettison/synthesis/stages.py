"""One stage made two: everything is built where it was, and what it is for ships on a base of its own.

What stays behind and what ships is one ecosystem's knowledge (`npm_stage`, ...), and comes here as a `Plan`; how it
is written is the same for all. Instructions that are not work stand in both stages, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, apply, newline, start_with_comments
from jettison.dockerfile.model import Edit, Instruction
from jettison.image.model import Kind
from jettison.subject import Subject

CARRIED = {"ENV", "EXPOSE", "USER", "VOLUME", "LABEL", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD", "SHELL",
           "MAINTAINER", "RUN", "COPY", "ADD", "WORKDIR", "ARG"}  # fmt: skip
BUILD = "build"  # the name of the stage that stays behind


@dataclass(frozen=True)
class Ship:
    """One `COPY --from=build`: files and folders of the build stage, by absolute path, and where they go.

    A folder as the only source becomes `target`; several sources are put into the folder `target`, each under its own
    name. `size` is for what the image at hand does not hold: bytes, where an edit makes it anew; `now` are then the
    paths of the image at hand that become it, without leading slash.
    """

    paths: tuple[str, ...]
    target: str
    owner: str = ""  # `UID:GID`; empty for root
    size: int | None = None
    now: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What of the only stage stays behind, and what ships.

    `work`: positions in `subject.stage.instructions` that only the build stage does. `ships` stand in the second stage
    in the place of the last of them, `runtime` right behind: whole instructions without line end. `edits` change the
    text of instructions, in whichever stage they come to stand (an edit's span lies within one instruction).
    `instead`: work that the second stage does, too, in other words. `base`: where the plan is right for one base alone,
    its name; `added` are the bytes that `runtime` and `instead` bring upon it.
    """

    subject: Subject
    work: frozenset[int]
    ships: tuple[Ship, ...]
    edits: tuple[Edit, ...] = ()
    runtime: tuple[str, ...] = ()
    what: str = ""  # what ships, for people: "/app"
    prune: str = ""  # a last command of the build stage
    instead: Mapping[int, str] = field(default_factory=dict)
    base: str = ""
    added: int = 0
    price: str = ""  # what is given up, for people
    declares: tuple[str, ...] = ()  # config keys that `edits` change on purpose
    more: tuple[Edit, ...] = ()  # what is better done with it, and may be left
    also: str = ""  # what `more` does, for people
    bare: bool = False  # worth nothing upon the base that it stands on
    lean: frozenset[int] | None = None  # `work` where tools that it sets up for building may stay behind as well

    def whole(self) -> Plan:
        """With `more`."""
        return replace(self, edits=(*self.edits, *self.more), more=())

    def without_more(self) -> Plan:
        """Without it."""
        return replace(self, more=(), also="")

    def shipped(self) -> tuple[bytes, ...]:
        """The paths that ship, without leading slash; a folder counts with all below."""
        named = (ship.now or tuple(map(_path, ship.paths)) for ship in self.ships)
        return tuple(path for paths in named for path in paths)

    def set_up(self) -> tuple[Instruction, ...]:
        """The instructions that both stages do, and that make layers."""
        each = enumerate(self.subject.stage.instructions)
        return tuple(one for at, one in each if one.keyword in ("RUN", "COPY", "ADD") and at not in self.work)

    def weight(self) -> int:
        """Bytes of `unpacked` that the second stage holds above its base."""
        return (
            self.added
            + sum(self._copied(ship) for ship in self.ships)
            + sum(
                self.subject.image.layers[number].unpacked
                for each in self.set_up()
                for number in self.subject.alignment.layers_of(each)
            )
        )

    def _copied(self, ship: Ship) -> int:
        """Bytes that the copy will hold: builders keep hard links within what one instruction copies."""
        if ship.size is not None:
            return ship.size
        tree = self.subject.tree
        sized = {
            tree.payload(path): entry.size
            for top in ship.paths
            for path in tree.under(_path(top))
            if (entry := tree.get(path)) is not None and entry.kind is Kind.FILE
        }
        return sum(sized.values())


def _path(name: str) -> bytes:
    return name.strip("/").encode("utf-8", "surrogateescape")


def text(plan: Plan, base: str) -> str:
    """The Dockerfile with two stages, the second on `base`. Raises CannotEdit where that cannot be written."""
    subject = plan.subject
    dockerfile, stage = subject.dockerfile, subject.stage
    if len(dockerfile.stages) != 1:
        raise CannotEdit("there are several stages already")
    if stage.context:
        raise CannotEdit(f"its base is the build context {stage.context}, which the text does not show")
    if stage.name == BUILD:
        raise CannotEdit("the stage is called build")
    if any(each.keyword == "ONBUILD" for each in stage.instructions):
        raise CannotEdit("the stage has ONBUILD triggers")
    if not plan.work:
        raise CannotEdit("nothing is built here")
    end, first = newline(dockerfile), stage.instructions[0]
    word = next(each for each in first.words if each.text == stage.base)
    before, after = dockerfile.text[first.span.start : word.span.start], dockerfile.text[word.span.end : first.span.end]
    parts = [dockerfile.text[: word.span.end], f" AS {BUILD}"]
    parts.append(_edited(plan, first.span.end, stage.instructions[max(plan.work)].span.end))
    parts += [f"{end}RUN {plan.prune}"] if plan.prune else []
    parts.append(f"{end}{end}{before}{base}{after}{end}")
    parts += [line + end for line in _second(plan)]
    return "".join(parts)


def _second(plan: Plan) -> Iterator[str]:
    """The instructions of the stage that ships, in their order, what ships in the place of the last work."""
    last, dockerfile = max(plan.work), plan.subject.dockerfile
    for position, each in enumerate(plan.subject.stage.instructions):
        if position in plan.instead:
            yield plan.instead[position]
        if position == last:
            for ship in plan.ships:
                owner = f"--chown={ship.owner} " if ship.owner else ""
                yield f"COPY --from={BUILD} {owner}{' '.join(ship.paths)} {ship.target}"
            yield from plan.runtime
        elif position not in plan.work and each.keyword in CARRIED:
            start = start_with_comments(dockerfile, each) if position > last else each.span.start
            yield _edited(plan, start, each.span.end)


def _edited(plan: Plan, start: int, end: int) -> str:
    """The source between two offsets with the edits that lie there made."""
    inside = [each for each in plan.edits if start <= each.span.start and each.span.end <= end]
    moved = [Edit(Span(each.span.start - start, each.span.end - start), each.text) for each in inside]
    return apply(plan.subject.dockerfile.text[start:end], moved)
