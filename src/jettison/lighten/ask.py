"""What rules ask before they predict, answered by small builds: each question once in a run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from jettison.core.errors import BuildFailed, ImageError
from jettison.core.units import show_bytes
from jettison.image.open import open_image
from jettison.image.tree import Tree
from jettison.lighten import events
from jettison.lighten.bench import Bench, discard, request_for
from jettison.lighten.sources import Sources
from jettison.rule import Finding
from jettison.rules import advise, by_weight
from jettison.subject import Answer, Question, Subject

SECONDS = 300.0  # that an answer may take: package lists are fetched for it, hardly anything is installed
LONGEST = 4 * 2**20  # bytes of a file that is asked for
_ROUNDS = 6  # an answer may lead to another question
_NAME = "asked"


@dataclass(frozen=True)
class Worth:
    """What is asked: what at least `saving` bytes may come of, and not beyond `until`, by time.monotonic()."""

    saving: int
    until: float = math.inf

    @property
    def seconds(self) -> float:
        """That an answer begun now may take; none where that is not above 0."""
        return min(SECONDS, self.until - time.monotonic())


def advised(
    bench: Bench, sources: Sources, subject: Subject, wanted: Callable[[str], bool], worth: Worth
) -> Generator[events.Event, None, tuple[Finding, ...]]:
    """The findings of the wanted rules on these sources; what they ask is answered where it is worth it.

    Raises EngineError, DiskError.
    """
    findings = _advice(bench, subject, wanted)
    for _ in range(_ROUNDS):
        asked = list(dict.fromkeys(_open(findings, bench, worth.saving)))
        if not asked or worth.seconds <= 0:
            break
        for question in asked:
            if (seconds := worth.seconds) <= 0:
                break
            yield events.Asking(question.title)
            bench.answers[question] = answer = _answer(bench, sources, question, seconds)
            if answer.reason:
                yield events.Note(f"{question.title}: no answer ({answer.reason})")
        asking = frozenset(each.rule for each in findings if each.questions)
        others = [each for each in findings if each.rule not in asking]
        findings = by_weight([*others, *_advice(bench, subject, asking.__contains__)])
    return findings


def _advice(bench: Bench, subject: Subject, wanted: Callable[[str], bool]) -> tuple[Finding, ...]:
    return advise(replace(subject, answers=dict(bench.answers)), wanted)


def _open(findings: Sequence[Finding], bench: Bench, saving: int) -> Iterator[Question]:
    for each in findings:
        if each.predicted >= saving:
            yield from (question for question in each.questions if question not in bench.answers)


def _answer(bench: Bench, sources: Sources, question: Question, patience: float) -> Answer:
    """The files that the build made within `patience` seconds, or why there are none; the image is not kept."""
    try:
        request = request_for(bench, replace(sources, text=question.text), _NAME, cold=False)
        built = bench.engine.build(replace(request, target=None, seconds=patience), bench.progress)
        tree = open_image(built.reference).tree
        answer = Answer({path: _file(tree, path) for path in question.paths})
        seconds = built.seconds
    except BuildFailed as error:
        answer, seconds = Answer(reason=error.told), None
    except ImageError as error:
        answer, seconds = Answer(reason=error.message), None
    finally:
        discard(bench, _NAME)
    answer = replace(answer, reason=bench.redactor.text(answer.reason))
    bench.journal.write("asked", title=question.title, seconds=seconds, reason=answer.reason)
    return answer


def _file(tree: Tree, path: str) -> bytes:
    """All of a file: a part would be another answer. Raises ImageError."""
    try:
        data = tree.read(path.strip("/").encode(), LONGEST + 1)
    except KeyError as error:
        raise ImageError(f"the image has no {path}", hint="the build made none") from error
    if len(data) > LONGEST:
        raise ImageError(f"{path} has more than {show_bytes(LONGEST)}", hint="no rule needs as much")
    return data
