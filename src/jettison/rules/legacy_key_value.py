"""ENV and LABEL without an equals sign."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.scope import pairs
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "legacy-key-value"
_PLAIN = re.compile(r"[\w./:@%+,{}$-]+", re.ASCII)
_QUOTABLE = re.compile(r"[^'\"\\`\n]+")


@text_rule("JT712", severity=Severity.NOTE)
def legacy_key_value(text: Text) -> Iterator[Finding]:
    """`ENV NAME VALUE` without an equals sign: the rest of the line is one value.

    **What it costs.** `ENV A 1 B=2` sets one variable, A, to `1 B=2`. With one word it is only an old form, of which
    BuildKit warns (LegacyKeyValueFormat).

    **The fix** writes the equals sign, with quotes where the value has blanks; where the value looks like further
    pairs, or has quotes itself, it is left to you.

    **Safety.** LOSSLESS: the same variable has the same value.

    ```dockerfile bad
    FROM debian:bookworm
    ENV LANG C.UTF-8
    ```
    ```dockerfile good
    FROM debian:bookworm
    ENV LANG=C.UTF-8
    ```
    """
    for each in text.dockerfile.instructions:
        if each.keyword not in ("ENV", "LABEL") or "=" in each.words[0].text:
            continue
        ((name, value),) = pairs(each)
        several = re.search(r"\s[A-Za-z_]\w*=", value)
        if several:
            message = f"line {each.line} sets {name} alone, to all that follows: {value[:60]}"
            yield Finding(NAME, message, each, 0, refusal=f"write {name}=..., and each pair with its equals sign")
            continue
        message = f"line {each.line} gives {name} its value without an equals sign"
        edit = _with_equals(text, each, name, value)
        if edit is None:
            yield Finding(NAME, message, each, 0, refusal=f"write {each.keyword} {name}=VALUE")
        else:
            fix = Fix("write an equals sign", Applicability.LOSSLESS, (edit,), sure=True)
            yield Finding(NAME, message, each, 0, fix)


def _with_equals(text: Text, each: Instruction, name: str, value: str) -> Edit | None:
    """The pair in its newer form; None where quotes, escapes or several lines make it another matter."""
    start, end = each.words[0].span.start, each.words[-1].span.end
    written = text.dockerfile.text[start:end]
    if "\n" in written or not written.startswith(name) or not written.endswith(value):
        return None
    if _PLAIN.fullmatch(value):
        return Edit(Span(start, end), f"{name}={value}")
    return Edit(Span(start, end), f'{name}="{value}"') if _QUOTABLE.fullmatch(value) else None
