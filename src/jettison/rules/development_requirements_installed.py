"""The tools of development are installed with the application."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.development import Development, development

NAME = "development-requirements-installed"
_NAMED = 4  # packages in a sentence


@rule("JT403")
def development_requirements_installed(subject: Subject) -> Iterator[Finding]:
    """pip installs a requirements file of development into the image that ships.

    **What it costs.** A test runner, type checker and formatter with all that they need: often more than the
    application's own packages.

    **The fix** takes files like `requirements-dev.txt` off the call of pip. Where such a file includes the
    application's own (`-r requirements.txt`), that one takes its place.

    **Safety.** TESTED. What goes is what the installed packages' own records say that nothing else needs. An import of
    one of them that the application's files lead to, a RUN, the entry point or the health check that calls one of
    their programs, and a line of a requirements file that is no name (a URL, a path) are reasons not to try. Packages
    that the application uses where they happen to be there are found by the contract alone.

    This rule's example needs installed packages, which a listing of layers does not hold: it is tested on handmade
    images (tests/rules/test_development_requirements.py).
    """
    found = development(subject)
    if found is None:
        return
    names = ", ".join(each.name for each in found.largest[:_NAMED])
    more = f" and {len(found.gone) - _NAMED} more" if len(found.gone) > _NAMED else ""
    message = f"line {found.first.line} installs what only development needs: {names}{more}"
    paths = tuple(path for each in found.largest[:_NAMED] for path in each.files[:1])
    try:
        found.check()
        fix = Fix(_title(found), Applicability.TESTED, found.edits())
    except CannotEdit as error:
        yield Finding(NAME, message, found.first, found.weight(), refusal=error.reason, paths=paths)
        return
    yield Finding(NAME, message, found.first, found.weight(), fix, paths=paths)


def _title(found: Development) -> str:
    files = " and ".join(dict.fromkeys(each.named.path for each in found.files))
    count = len(found.gone)
    return f"leave {files} out: {count} {'package' if count == 1 else 'packages'} ({show_bytes(found.weight())})"
