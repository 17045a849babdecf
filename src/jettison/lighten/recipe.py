"""What the user asked for, frozen."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jettison.bases.policy import DEFAULT
from jettison.contract.model import Contract, RecordOptions
from jettison.contract.normalise import log_lines, normalise
from jettison.core.redact import Redactor
from jettison.core.values import Applicability
from jettison.dockerfile.model import Named

WORTH_BYTES = 1_000_000
WORTH_SHARE = 0.005


@dataclass(frozen=True)
class Recipe:
    """One run of the loop: the project and its limits. Seconds and bytes are plain numbers."""

    project: Path  # the build context
    dockerfile: Path
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, Named] = field(default_factory=dict)  # --build-context, by familiar name
    secrets: tuple[str, ...] = ()
    engine_arguments: tuple[str, ...] = ()
    record: RecordOptions = field(default_factory=RecordOptions)
    contract: Contract | None = None  # given by --contract
    allow: Applicability = Applicability.TESTED
    select: frozenset[str] = frozenset()  # empty: all rules
    ignore: frozenset[str] = frozenset()
    min_saving: int | None = None
    budget_seconds: float | None = None
    keep_images: bool = False
    cold_times: bool = False
    base: str = DEFAULT  # the policy of --base

    @property
    def dockerfile_name(self) -> str:
        """The Dockerfile as seen from the build context, for diffs that apply there; its bare name where outside."""
        real = self.dockerfile.parent.resolve() / self.dockerfile.name
        return str(real.relative_to(self.project)) if real.is_relative_to(self.project) else self.dockerfile.name

    @property
    def folders(self) -> tuple[Path, ...]:
        """What the build reads: its own context, and the folders that are named ones."""
        return self.project, *(each.folder.resolve() for each in self.contexts.values() if each.folder is not None)

    @property
    def build_key(self) -> str:
        """Eight characters that differ where another image would be built, or run otherwise.

        Values may be secrets, and this is stored: so few bits tell nothing of them.
        """
        told = [self.target, dict(self.build_args), self.secrets, self.engine_arguments, dict(self.record.environment)]
        told += [f"{each.name}={each.value}" for each in self.contexts.values()]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]

    def worth(self, unpacked: int) -> int:
        """The bytes that a change must be predicted to save, and then save, of an image of `unpacked` bytes."""
        if self.min_saving is not None:
            return self.min_saving
        return max(WORTH_BYTES, int(unpacked * WORTH_SHARE))


def redactor_of(recipe: Recipe) -> Redactor:
    """What takes this run's secrets out of text: values of build arguments and of the environment, secrets' files.

    Where a variable's name does not say that it is secret, a value counts as one unless it is short or one plain
    word: `production` and `8080` are needed to understand a log, `tr0ub4dor&3` is not.
    """
    pairs = [*recipe.build_args.items(), *recipe.record.environment.items()]
    known = Redactor.of(pairs, recipe.secrets)
    values = [*known.values, *(value for _, value in pairs if _could_be_secret(value))]
    return Redactor((*values, *(form for value in values for form in _masked(value))))


def _masked(value: str) -> list[str]:
    """The forms in which a contract keeps a value that was printed: digits, dates and the like are masked there."""
    forms = {normalise(value), *log_lines(value.encode("utf-8", "surrogateescape"))}
    return sorted(form for form in forms - {value} if not re.fullmatch(r"#+|<\w+>", form))


def _could_be_secret(value: str) -> bool:
    """Eight characters or more, of more than one kind."""
    kinds = {"digit" if c.isdigit() else "upper" if c.isupper() else "lower" if c.islower() else "other" for c in value}
    return len(value) >= 8 and len(kinds) > 1
