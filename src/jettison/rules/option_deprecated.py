"""An option that its program says is deprecated."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.invocation import deprecated
from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.model import Edit
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "option-deprecated"


@text_rule("JT722", severity=Severity.NOTE)
def option_deprecated(text: Text) -> Iterator[Finding]:
    """An option that the manual of its own program calls deprecated.

    **What it costs.** No bytes today. npm 11 warns, "Use `--omit=dev` instead"; Poetry 2 and RubyGems 3 no longer take
    `--no-dev` and `--no-rdoc`, and the build ends there.

    **The fix** writes what npm says instead. For other programs it is told and left to you: there it is more than one
    word, or a command of its own.

    **Safety.** TESTED: npm before 7 does not know `--omit`, and would install everything.

    ```dockerfile bad
    FROM node:22
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci --only=production
    ```
    ```dockerfile good
    FROM node:22
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci --omit=dev
    ```
    """
    for run, invocation in text.managed:
        call = invocation.call
        for option, instead in deprecated(invocation):
            shown = " ".join(word.text for word in option.words)
            message = f"line {run.instruction.line} says {call.name} {shown}, which is deprecated: {instead} is meant"
            if not (call.exact and call.name == "npm" and instead.startswith("--") and "$" not in shown):
                reason = "change it by hand: it is not one word for another"
                if call.name == "npm":
                    reason = "write it there by hand: a variable, or another quoting, holds the option"
                yield Finding(NAME, message, run.instruction, 0, refusal=reason)
                continue
            place = Span(option.words[0].span.start, option.words[-1].span.end)
            fix = Fix(f"say {instead}", Applicability.TESTED, (Edit(place, instead),))
            yield Finding(NAME, message, run.instruction, 0, fix)
