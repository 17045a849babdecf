"""Whether a RUN checks what it fetched."""

from __future__ import annotations

import re

from jettison.commands.model import Call, Run

_CHECKS = re.compile(
    r"(?:sha(?:1|224|256|384|512)|md5|b2|ck)sum|shasum|sha(?:256|512)|gpgv?2?|cosign|minisign|signify(?:-openbsd)?|"
    r"openssl|rhash|slsa-verifier"
)
_PYTHON_SUM = re.compile(r"hashlib|sha256")


def is_verified(run: Run, fetched: Call) -> bool:
    """Whether a command behind `fetched` computes sums or checks signatures; what exactly, is not looked at.

    True also where the RUN cannot be read: nothing is known of it then.
    """
    if not run.readable:
        return True
    last = _last_check(run)
    return last is not None and run.places[id(fetched)] <= run.places[id(last)]


def _last_check(run: Run) -> Call | None:
    """The last of its commands that checks anything; looked for once."""
    known = run.calls[0].known if run.calls else {}
    if _checks not in known:
        known[_checks] = next((call for call in reversed(run.calls) if _checks(call)), None)
    found: Call | None = known[_checks]
    return found


def _checks(call: Call) -> bool:
    return _CHECKS.fullmatch(call.name or "") is not None or any(
        value is not None and _PYTHON_SUM.search(value) for value in call.values
    )
