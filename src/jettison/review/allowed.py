"""What a comment allows: ours, hadolint's and BuildKit's, where a rule of ours covers the same thing.

`# jettison: allow RULE, RULE (reason)` above an instruction, or between its lines, silences these rules there.
Sources: hadolint's README ("Inline ignores"); moby/buildkit `frontend/dockerfile/docs/reference.md` ("check"), which
counts above an instruction, too (`linter.WithMergedConfigFromComments`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from jettison.core.values import Skipped
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.review.codes import BUILDKIT, HADOLINT
from jettison.rule import all_rules, rule_names

_OURS = re.compile(r"#[ \t]*jettison:[ \t]*allow[ \t]+([^(\r\n]*)")
_THEIRS = re.compile(r"#[ \t]*hadolint[ \t]+(global[ \t]+)?ignore[ \t]*=[ \t]*([\w, \t]*)")
_CHECK = re.compile(r"\s*#\s*check[ \t]*=[ \t]*(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Allowed:
    """Rules that are silent in the whole file, and at instructions by their line; `strange`: what names no rule."""

    everywhere: frozenset[str] = frozenset()
    at: Mapping[int, frozenset[str]] = field(default_factory=dict)
    strange: tuple[Skipped, ...] = ()

    def has(self, rule: str, instruction: Instruction | None) -> bool:
        """Whether a finding of this rule is allowed there."""
        here = self.at.get(instruction.line, frozenset()) if instruction is not None else frozenset()
        return rule in self.everywhere or rule in here


def allowed_in(dockerfile: Dockerfile) -> Allowed:
    """What the comments of a file allow."""
    everywhere = set(_of_check(dict(dockerfile.directives).get("check", "")))
    text = dockerfile.text
    if not any(word in text for word in ("jettison:", "hadolint", "check")):
        return Allowed(frozenset(everywhere)) if everywhere else _NOTHING
    at: dict[int, frozenset[str]] = {}
    strange: list[Skipped] = []
    known = set(rule_names())
    for number, line in enumerate(text.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            continue
        ours, theirs, built = _OURS.search(line), _THEIRS.search(line), _CHECK.match(line)
        instruction = _meant(dockerfile, number) if ours or theirs or built else None
        if ours:
            names = [each for each in re.split(r"[,\s]+", ours[1]) if each]
            if not known.issuperset(names):
                codes = {each.code: each.name for each in all_rules()}
                names = [codes.get(each.upper(), each) for each in names]
            strange += [
                Skipped(f"line {number}", f"there is no rule called {each}") for each in names if each not in known
            ]
            _add(at, instruction, names)
        elif theirs:
            rules = [each for code in re.split(r"[,\s]+", theirs[2]) for each in HADOLINT.get(code.upper(), ())]
            everywhere |= set(rules) if theirs[1] else set()
            _add(at, instruction, [] if theirs[1] else rules)
        elif built and number > len(dockerfile.directives):
            _add(at, instruction, list(_of_check(built[1])))
    return Allowed(frozenset(everywhere), at, tuple(strange))


_NOTHING = Allowed()


def _add(at: dict[int, frozenset[str]], instruction: Instruction | None, names: list[str]) -> None:
    if instruction is not None:
        at[instruction.line] = at.get(instruction.line, frozenset()).union(names)


def _meant(dockerfile: Dockerfile, number: int) -> Instruction | None:
    """The instruction that a comment line stands in, or the next one below it."""
    at = bisect_left(dockerfile.instructions, number, key=attrgetter("end_line"))
    return dockerfile.instructions[at] if at < len(dockerfile.instructions) else None


def _of_check(value: str) -> Iterator[str]:
    """Rules that BuildKit's own directive (`# check=skip=A,B;error=true`) skips."""
    for part in value.split(";"):
        key, _, names = part.partition("=")
        if key.strip() == "skip":
            asked = [each.strip().lower() for each in names.split(",")]
            for name in BUILDKIT if "all" in asked else asked:
                yield from BUILDKIT.get(name, ())
