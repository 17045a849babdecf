"""What a rule is: one decorated function in one file, its docstring its page, its fences its tests.

The page's fences `dockerfile bad` / `dockerfile good`, in pairs, and `layers bad` / `layers good`, are run by
one test file for every rule (tests/rules/test_examples.py). The registry is the package's directory: no other code
changes when a rule is added (CONTRIBUTING.md tells which pages do).
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from functools import cache
from typing import Any

from jettison.core.dataclass import dataclass
from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.model import Edit, Instruction
from jettison.subject import Question, Subject, Text


@dataclass(frozen=True)
class Fix:
    """One change, as data: edits of the Dockerfile, files to write beside it (context-relative)."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    declares: tuple[str, ...] = ()  # config keys that this fix changes on purpose (User, Env, ...)
    sure: bool = False  # the text alone shows that it is right: `check --fix` may write it without a build


@dataclass(frozen=True)
class Finding:
    """What could be better, where, and what it would save.

    `predicted` is bytes of `unpacked`, measured in the image at hand, 0 where it is about text alone.
    """

    rule: str
    message: str
    instruction: Instruction | None
    predicted: int
    fix: Fix | None = None
    traps: tuple[str, ...] = ()  # names of traps consulted
    refusal: str = ""  # why no fix is offered, where one could be expected
    paths: tuple[bytes, ...] = field(default=(), compare=False)  # the worst few, for people
    proposal: str = ""  # what would be better and what follows from it, where that is the user's alone to decide
    probe: str = ""  # a source file in the context: the fix is about seconds of a build after it changed, not bytes
    questions: tuple[Question, ...] = ()  # whose answers would make it exact; asked where it is worth a build
    at: Span | None = None  # where it stands in a long instruction, whose beginning says little
    after: str = ""  # a rule whose changes are tried first, as long as it has any: this one is simpler behind them


FAMILIES = {  # by the first digit of a rule's code
    "1": "Caches and package managers",
    "2": "Layers and commands",
    "3": "Bases",
    "4": "Stages and dependencies",
    "5": "The build context",
    "6": "Security, users, run time",
    "7": "Words that do something else than they seem to",
}
Check = Callable[[Subject], Iterator[Finding]]
TextCheck = Callable[[Text], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule by its name ("apt-lists-left-behind"), with its page.

    `text` is what it sees without an image, None where it needs the bytes; `code` never changes, whatever the name
    becomes; `on` is false for what only speaks when it is asked for. `severity` is what a finding weighs where no
    bytes were measured; one that only proposes is a note, whatever it says here.
    """

    name: str
    code: str
    page: str
    check: Check
    text: TextCheck | None = None
    on: bool = True
    severity: Severity = Severity.WARNING


@dataclass(frozen=True)
class _Mark:
    """What a decorator says of a rule."""

    code: str
    on: bool
    severity: Severity
    text: TextCheck | None = None


def rule(code: str, *, on: bool = True, severity: Severity = Severity.WARNING) -> Callable[[Check], Check]:
    """Mark a function as the rule of this code; its name, with dashes, is the rule's name."""

    def mark(check: Check) -> Check:
        check.__jettison_rule__ = _Mark(code, on, severity)  # type: ignore[attr-defined]
        return check

    return mark


def text_rule(code: str, *, on: bool = True, severity: Severity = Severity.WARNING) -> Callable[[TextCheck], TextCheck]:
    """Mark a function as a rule that needs no image, with one or without."""

    def mark(check: TextCheck) -> TextCheck:
        check.__jettison_rule__ = _Mark(code, on, severity, check)  # type: ignore[attr-defined]
        return check

    return mark


def seen_in_text(check: Check) -> Callable[[TextCheck], TextCheck]:
    """Mark a function as what the rule `check` sees where there is no image: the smell, without its bytes."""

    def mark(text: TextCheck) -> TextCheck:
        check.__jettison_rule__ = replace(check.__jettison_rule__, text=text)  # type: ignore[attr-defined]
        return text

    return mark


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule found in the package `jettison.rules`, by name."""
    return _rules_of(_modules())


@cache
def text_rules() -> tuple[Rule, ...]:
    """Those that see something without an image, by name; the files of the others are not imported."""
    return tuple(each for each in _rules_of(filter(_may_see_text, _modules())) if each.text is not None)


@cache
def rule_names() -> tuple[str, ...]:
    """The names of all rules, sorted, which are those of their files; none is imported for it."""
    return tuple(sorted(name.replace("_", "-") for name in _modules()))


def _modules() -> Iterator[str]:
    package = importlib.import_module("jettison.rules")
    return (module_info.name for module_info in pkgutil.iter_modules(package.__path__))


def _may_see_text(name: str) -> bool:
    """Whether a rule's file says one of the two words; also where it cannot be read before it is imported."""
    spec = importlib.util.find_spec(f"jettison.rules.{name}")
    source = getattr(spec.loader, "get_source", None) if spec is not None else None
    text = source(f"jettison.rules.{name}") if source is not None else None
    return text is None or "@text_rule" in text or "@seen_in_text" in text


def _rules_of(names: Iterable[str]) -> tuple[Rule, ...]:
    found = []
    for module_name in names:
        module = importlib.import_module(f"jettison.rules.{module_name}")
        for name, value in vars(module).items():
            if getattr(value, "__jettison_rule__", None) and value.__module__ == module.__name__:
                found.append(_rule(name, value))
    return tuple(sorted(found, key=lambda one: one.name))


def _rule(name: str, marked: Any) -> Rule:
    said: _Mark = marked.__jettison_rule__
    text = said.text
    check: Check = _upon_text(text) if text is marked and text is not None else marked
    return Rule(name.replace("_", "-"), said.code, inspect.getdoc(marked) or "", check, text, said.on, said.severity)


def _upon_text(text: TextCheck) -> Check:
    return lambda subject: text(subject.text)
