"""A project for the scripted engine, rules made for one test, and a run driven from its first event to its last."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from scripted_engine import ScriptedEngine

from jettison.cli.main import main
from jettison.core.errors import Interrupted
from jettison.core.values import Applicability, Span
from jettison.dockerfile.model import Edit
from jettison.lighten.bench import Bench
from jettison.lighten.events import Done, Event
from jettison.lighten.ledger import Ledger
from jettison.lighten.loop import lighten
from jettison.lighten.recipe import Recipe, redactor_of
from jettison.lighten.run import Run, open_run
from jettison.rule import Check, Finding, Fix, Rule
from jettison.subject import Subject

APPLICATION = "need /usr/lib/needed\nsay hello from the application\n"
TEXT = """FROM scratch
COPY main /app/main
RUN write /usr/lib/needed 3000
RUN write /var/cache/junk 50000 && sleep 5
RUN write /usr/share/doc 20000 && sleep 2
RUN write /usr/share/locale 10000
CMD ["/app/main"]
"""


def replacing(
    name: str, old: str, new: str, predicted: int, applicability: Applicability = Applicability.TESTED
) -> Rule:
    """A rule for one test: wherever the text holds `old`, offer `new`, and predict what that saves."""

    def check(subject: Subject) -> Iterator[Finding]:
        at = subject.dockerfile.text.find(old)
        if at >= 0:
            instruction = next(i for i in subject.dockerfile.instructions if i.span.start <= at <= i.span.end)
            fix = Fix(f"replace {old}", applicability, (Edit(Span(at, at + len(old)), new),))
            yield Finding(name, f"{old} is there", instruction, predicted, fix)

    found: Check = check
    return Rule(name, "JT000", f"{name}: a rule of a test.", found)


JUNK = replacing("junk", "write /var/cache/junk 50000", "write /var/cache/junk 0", 50000)
DOC = replacing("doc", "write /usr/share/doc 20000", "write /usr/share/doc 0", 20000)
LOCALE = replacing("locale", "write /usr/share/locale 10000", "write /usr/share/locale 0", 10000)
NEEDED = replacing("needed", "RUN write /usr/lib/needed 3000", "RUN write /usr/lib/other 0", 3000)


def use_rules(monkeypatch: pytest.MonkeyPatch, *rules: Rule) -> None:
    """Let these rules be all there are."""
    monkeypatch.setattr("jettison.rules.all_rules", lambda: rules)
    monkeypatch.setattr("jettison.review.settings.all_rules", lambda: rules)
    monkeypatch.setattr("jettison.review.settings.rule_names", lambda: tuple(each.name for each in rules))


def make_project(directory: Path, text: str = TEXT, application: str = APPLICATION) -> Path:
    """A directory with a Dockerfile and the application's file."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "Dockerfile").write_bytes(text.encode())
    (directory / "main").write_text(application)
    return directory.resolve()


@dataclass
class Driven:
    """What a run showed, and how it ended."""

    run: Run
    events: list[Event] = field(default_factory=list)
    ledger: Ledger | None = None  # of the end
    best: Ledger | None = None  # of the last finished step

    @property
    def end(self) -> Ledger:
        assert self.ledger is not None
        return self.ledger

    @property
    def fates(self) -> list[tuple[str, str, str]]:
        """(rule, verdict, version) of each step."""
        return [(step.rules[0], step.verdict.value, step.version) for step in self.end.steps]


def recipe_for(project: Path, **more: Any) -> Recipe:
    return Recipe(project, project / "Dockerfile", **{"min_saving": 1000, **more})


def drive(
    engine: ScriptedEngine, recipe: Recipe, *, resume: Run | None = None, stop_after: int | None = None
) -> Driven:
    """Run the loop; after `stop_after` events it is interrupted as SIGINT does it."""
    with open_run(recipe.project, resume=resume) as run:
        driven = Driven(run)
        bench = Bench(recipe, engine, run, redactor=redactor_of(recipe))
        loop = lighten(bench, recipe.dockerfile.read_bytes().decode(), resume=resume is not None)
        try:
            walk(loop, driven, stop_after)
        except Interrupted:
            pass
        return driven


def walk(loop: Generator[Event, None, Ledger], driven: Driven, stop_after: int | None) -> None:
    while True:
        try:
            if stop_after is not None and len(driven.events) >= stop_after:
                loop.throw(Interrupted(2))
            event = next(loop)
        except StopIteration as end:
            driven.ledger = end.value
            return
        driven.events.append(event)
        if isinstance(event, Done):
            driven.best = event.ledger


def comparable(ledger: Ledger) -> Ledger:
    """What must be the same however often a run was interrupted: all but seconds and names."""
    steps = tuple(replace(step, weight=None, instructions=0, instructions_run=0) for step in ledger.steps)
    before, after = (replace(each, build_seconds=0.0, start_seconds=None) for each in (ledger.before, ledger.after))
    return replace(
        ledger, steps=steps, before=before, after=after, contract=None, verification=None, notes=(), reference=""
    )


def texts_of(requests: Sequence[Any]) -> list[str]:
    """The versions that were built, in order, by the last part of their tags."""
    return [request.tag.rpartition(":")[2] for request in requests]


SMALL = ("--min-saving", "1kB")  # what the tests' images are small enough for


def optimize(project: Path, *arguments: str) -> int:
    """The command's exit code."""
    return main(["optimize", str(project), *SMALL, *arguments])


def result_of(text: str) -> str:
    """What JUNK and DOC make of a text."""
    return text.replace("junk 50000", "junk 0").replace("doc 20000", "doc 0")
