"""curl and wget, both installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jettison.core.values import Severity
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.named_packages import staying
from jettison.synthesis.package_bytes import weights

NAME = "downloader-installed-twice"
_BOTH = ("curl", "wget")


@rule("JT115", severity=Severity.NOTE)
def downloader_installed_twice(subject: Subject) -> Iterator[Finding]:
    """The stage that ships installs curl and wget, and one of them could fetch for both.

    **What it costs.** A package and what only it depends on: one to five megabytes. With an image the smaller of the
    two is weighed, without what it depends on.

    **The fix** is yours: `curl -fsSLO URL` is `wget -q URL`, and `curl -fsSL URL` is `wget -qO- URL`. Which of the two
    the application calls when it runs, the text does not tell.

    **Safety.** Told, never applied. Nothing is said where a RUN may remove one of them again.

    This rule's example needs a package database, which a listing of layers does not hold: it is tested on a small one
    (tests/rules/test_measured_leftovers.py).
    """
    found = _both(subject.text)
    weighed = weights(subject, _BOTH) if found is not None else {}
    if found is not None and len(weighed) == len(_BOTH):
        yield replace(found, predicted=min(weighed.values()))


@seen_in_text(downloader_installed_twice)
def both_named(text: Text) -> Iterator[Finding]:
    """The same by the packages that RUNs name."""
    found = _both(text)
    if found is not None:
        yield found


def _both(text: Text) -> Finding | None:
    """What is said at the RUN that installs the second of the two."""
    both = staying(text, _BOTH)
    if len(both) < len(_BOTH):
        return None
    first, second = (each.run.instruction for each in both)
    where = "" if first is second else f" beside that of line {first.line}"
    message = f"line {second.line} installs a second downloader{where}: curl and wget do the same"
    return Finding(NAME, message, second, 0, proposal="one of them can fetch for both; the image needs one, or none")
