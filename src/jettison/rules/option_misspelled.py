"""An option that is one letter away from a real one."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.invocation import misspelled
from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.model import Edit
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "option-misspelled"


@text_rule("JT721", severity=Severity.ERROR)
def option_misspelled(text: Text) -> Iterator[Finding]:
    """An option of apt, apk or pip that these refuse, and that is very near one which they know.

    **What it costs.** The build: `apt-get` ends with "Command line option --no-install-recomends is not understood".
    Where `|| true` hides that, nothing is installed.

    **The fix** writes the option that was meant. Options are held against the managers' own manuals; one that is near
    none of theirs is left alone.

    **Safety.** TESTED: what is written does not work, whatever it was meant to be.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recomends curl
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends curl
    ```
    """
    for run, invocation in text.managed:
        call = invocation.call
        for each in misspelled(invocation):
            written = (each.word.value or "").partition("=")[0]
            line = run.instruction.line
            message = f"line {line} gives {call.name} {written}, which it does not know: {each.meant} is meant"
            if not call.exact or not each.word.text.startswith(written):
                yield Finding(NAME, message, run.instruction, 0, refusal="a variable, or another quoting, holds it")
                continue
            place = Span(each.word.span.start, each.word.span.start + len(written))
            fix = Fix(f"write {each.meant}", Applicability.TESTED, (Edit(place, each.meant),), sure=True)
            yield Finding(NAME, message, run.instruction, 0, fix)
