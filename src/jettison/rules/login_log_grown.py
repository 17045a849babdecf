"""A log of logins that is as long as a user's number is high."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.bases.names import DEBIAN, official
from jettison.commands.files import new_user
from jettison.commands.model import Call, Run
from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.foundation import image_below
from jettison.synthesis.left import weighed
from jettison.synthesis.options import behind_name

NAME = "login-log-grown"
LOGS = re.compile(rb"var/log/(?:lastlog|faillog)$")
_ENTRY = 292 + 32  # bytes a user: struct lastlog, and struct faillog of shadow, on 64 bits
_HIGH = 50_000  # in text alone: where the logs would be 16 MB
_TITLE = "call useradd with -l"


@rule("JT218")
def login_log_grown(subject: Subject) -> Iterator[Finding]:
    """`useradd` with a high number writes a log of logins that is as long as the number is high.

    **What it costs.** 292 bytes for each number up to the user's in /var/log/lastlog, and 32 in /var/log/faillog.
    On a disk these are holes; in a layer's tar they are zeros, all of them: number 1,000,000 is 324 MB.

    **The fix** adds `-l`, which leaves both files alone.

    **Safety.** TESTED: the tree loses these two files' bytes and nothing else. From shadow 4.13 on (Debian 12), useradd
    writes nothing where nothing stood, so that an image upon such a base loses nothing and is left alone; Debian 13 and
    Fedora's newer releases have no such file any more. Without an image it is told from number 50,000 on, and only
    where the name of the base says Debian 11, Ubuntu 22.04 or an older one.

    ```dockerfile bad
    FROM debian:bullseye
    RUN useradd -u 1000000 app
    ```
    ```layers bad
    2 var/log/lastlog 292000292
    2 var/log/faillog 32000032
    2 etc/passwd 1000
    ```
    ```dockerfile good
    FROM debian:bullseye
    RUN useradd -l -u 1000000 app
    ```
    """
    for run, call in _adding(subject.text):
        yield from weighed(subject, _finding(subject.text, run, call), LOGS)


@seen_in_text(login_log_grown)
def high_numbers(text: Text) -> Iterator[Finding]:
    """The same by the number that the RUN gives, upon bases whose useradd is known to do so."""
    if not _grows(image_below(text, text.stage)):
        return
    for run, call in _adding(text):
        made = new_user(call)
        given = (made.number or "") if made is not None else ""
        number = int(given) if re.fullmatch(r"[0-9]{1,10}", given) else 0
        if _HIGH <= number < 2**32:
            finding = _finding(text, run, call)
            size = show_bytes((number + 1) * _ENTRY)
            yield replace(finding, message=f"{finding.message}, {size} of zeros")


def _grows(base: str) -> bool:
    """Whether the name of a base says that its shadow is older than 4.13: Debian 11, Ubuntu 22.04 and before."""
    name = official(base) if base else None
    if name is None:
        return False
    if name.image == "ubuntu":
        return () < name.numbers <= (22, 4)
    debian = name.numbers[:1] if name.image == "debian" and name.numbers else (DEBIAN.get(name.release, 99),)
    return debian <= (11,)


def _adding(text: Text) -> Iterator[tuple[Run, Call]]:
    """The first call of useradd without -l in each RUN that ships."""
    told = set()
    for run, call in text.called("useradd"):
        made = new_user(call)
        if made is not None and not made.no_log and text.ships(run) and id(run) not in told:
            told.add(id(run))
            yield run, call


def _finding(text: Text, run: Run, call: Call) -> Finding:
    message = f"line {run.instruction.line} calls useradd, which grows the log of logins up to the user's number"
    change = behind_name(text, call, "-l")
    if change is None:
        return Finding(NAME, message, run.instruction, 0, refusal="give useradd -l")
    return Finding(NAME, message, run.instruction, 0, Fix(_TITLE, Applicability.TESTED, (change,)))
