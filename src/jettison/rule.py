"""What a rule is: one decorated function in one file, its docstring its page, its fences its tests.

The page's fences `dockerfile bad` / `dockerfile good`, in pairs, and `layers bad` / `layers good`, are run by
one test file for every rule (tests/rules/test_examples.py). The registry is the package's directory: nothing
else changes when a rule is added.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jettison.core.values import Applicability
from jettison.dockerfile.model import Edit, Instruction
from jettison.subject import Subject, Text


@dataclass(frozen=True)
class Fix:
    """One change, as data: edits of the Dockerfile, files to write beside it (context-relative)."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    declares: tuple[str, ...] = ()  # config keys that this fix changes on purpose (User, Env, ...)


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
    after: str = ""  # a rule whose changes are tried first, as long as it has any: this one is simpler behind them


Check = Callable[[Subject], Iterator[Finding]]
TextCheck = Callable[[Text], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule by its name ("apt-lists-left-behind"), with its page.

    `text` is what it sees without an image, None where it needs the bytes; `code` never changes, whatever the name
    becomes; `on` is false for what only speaks when it is asked for.
    """

    name: str
    code: str
    page: str
    check: Check
    text: TextCheck | None = None
    on: bool = True


def rule(code: str, *, on: bool = True) -> Callable[[Check], Check]:
    """Mark a function as the rule of this code; its name, with dashes, is the rule's name."""

    def mark(check: Check) -> Check:
        check.__jettison_rule__ = (code, on, None)  # type: ignore[attr-defined]
        return check

    return mark


def text_rule(code: str, *, on: bool = True) -> Callable[[TextCheck], TextCheck]:
    """Mark a function as a rule that needs no image, with one or without."""

    def mark(check: TextCheck) -> TextCheck:
        check.__jettison_rule__ = (code, on, check)  # type: ignore[attr-defined]
        return check

    return mark


def seen_in_text(check: Check) -> Callable[[TextCheck], TextCheck]:
    """Mark a function as what the rule `check` sees where there is no image: the smell, without its bytes."""

    def mark(text: TextCheck) -> TextCheck:
        code, on, _ = check.__jettison_rule__  # type: ignore[attr-defined]
        check.__jettison_rule__ = (code, on, text)  # type: ignore[attr-defined]
        return text

    return mark


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule found in the package `jettison.rules`, by name."""
    package = importlib.import_module("jettison.rules")
    found = []
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"jettison.rules.{module_info.name}")
        for name, value in vars(module).items():
            if getattr(value, "__jettison_rule__", None) and value.__module__ == module.__name__:
                found.append(_rule(name, value))
    return tuple(sorted(found, key=lambda one: one.name))


def _rule(name: str, marked: Any) -> Rule:
    code, on, text = marked.__jettison_rule__
    check: Check = (lambda subject: text(subject.text)) if text is marked else marked
    return Rule(name.replace("_", "-"), code, inspect.getdoc(marked) or "", check, text, on)
