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
    at = next((number for number, call in enumerate(run.calls) if call is fetched), 0)
    return any(_checks(call) for call in run.calls[at:])


def _checks(call: Call) -> bool:
    return _CHECKS.fullmatch(call.name or "") is not None or any(
        value is not None and _PYTHON_SUM.search(value) for value in call.values
    )
