"""What looks like a JSON form and is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.words import health_kind
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "json-form-broken"
_SHELLS = {"CMD", "ENTRYPOINT", "HEALTHCHECK", "RUN"}  # without a JSON form, a shell reads the text
_WITH_JSON = {"ADD", "COPY", "VOLUME"} | _SHELLS
_LIKE_JSON = re.compile(r"\[\s*['\"“”‘’].*\]", re.DOTALL)
_TEST = re.compile(r"\[\s.*\s\]", re.DOTALL)  # test(1), where nothing but quotes holds a comma
_BARE = re.compile(r"\[\s*[\w./:@-]+\s*(?:,\s*[\w./:@-]+\s*)+,?\s*\]")
_BEHIND = re.compile(r"\](?:\s+#.*|\s*;\s*)$", re.DOTALL)  # a comment, which no builder takes there, or an end as of C
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|‘[^’]*’")


@text_rule("JT702", severity=Severity.ERROR)
def json_form_broken(text: Text) -> Iterator[Finding]:
    """An instruction looks like a JSON form and is none: JSON has double quotes, and no comma at its end.

    **What it costs.** The start of the container: `CMD ['npm', 'start']` gives the shell a program called `[npm,`. A
    RUN or COPY of this kind ends the build; a VOLUME makes folders of such names. A comment behind the array does the
    same, since only a whole line is one, and so does a `;`.

    **The fix** writes double quotes and takes the last comma away, where that makes an array of strings. A variable,
    which no shell would then fill in, is left to you.

    **Safety.** TESTED: what is written does not work, whatever it was meant to be.

    ```dockerfile bad
    FROM node:22
    CMD ['npm', 'start']
    ```
    ```dockerfile good
    FROM node:22
    CMD ["npm", "start"]
    ```
    """
    for instruction in text.dockerfile.instructions:
        inner = instruction.trigger or instruction
        value = health_kind(inner.value)[1] if inner.keyword == "HEALTHCHECK" else inner.value
        if inner.exec_form is not None or inner.keyword not in _WITH_JSON or not _looks_so(inner, value):
            continue
        message = (
            f"line {instruction.line}: {inner.keyword} looks like JSON and is none, so that it is taken as it stands"
        )
        found = _mended(text, inner, value)
        if found is None:
            reason = "write an array of strings in double quotes and nothing behind it, or the shell form"
            yield Finding(NAME, message, instruction, 0, refusal=reason)
        else:
            fix = Fix(f"write {found.text}", Applicability.TESTED, (found,), sure=True)
            yield Finding(NAME, message, instruction, 0, fix)


def _looks_so(inner: Instruction, value: str) -> bool:
    if not value.startswith("["):
        return False
    value = _BEHIND.sub("]", value)
    if inner.keyword in _SHELLS and _BARE.fullmatch(value):
        return True
    outside = _STRING.sub("", value)
    if not _LIKE_JSON.fullmatch(value) or (inner.keyword in _SHELLS and "]" in outside[:-1]):
        return False  # `[ "$A" ] && ls [a-z]`: the array ends, and a command goes on
    return inner.keyword not in _SHELLS or not _TEST.fullmatch(value) or "," in outside


def _mended(text: Text, inner: Instruction, value: str) -> Edit | None:
    """The array that was meant, in the place of what stands there; None where that is not plain."""
    start = inner.body.start + inner.body.of(text.dockerfile.text).rfind(value)
    strings = _STRING.findall(value)
    between = re.sub(r"\s", "", _STRING.sub('""', value))
    if start < inner.body.start or not re.fullmatch(r'\[""(?:,"")*,?\]', between):
        return None
    if any(set(each[1:-1]) & set("\"\\'") for each in strings):
        return None
    program = strings[0][1:-1].rpartition("/")[2]
    filled = inner.keyword not in _SHELLS or program in ("sh", "ash", "bash", "dash")
    if not filled and any("$" in each for each in strings):
        return None  # no shell would fill it in
    array = json.dumps([each[1:-1] for each in strings], ensure_ascii=False)
    return Edit(Span(start, start + len(value)), array)
