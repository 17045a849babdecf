"""A rule's page for people and for other tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import fill

from jettison.core.units import show_bytes
from jettison.evidence import Measured, evidence
from jettison.report.layout import wrap
from jettison.rule import FAMILIES, Rule

WIDTH = 116  # columns, those of a page's own lines


def listing(rules: Sequence[Rule], columns: int | None = None) -> str:
    """Every rule by its code, its name and the first sentence of its page, below the words of its family.

    One line each, for grep; on a terminal of so many `columns` the sentence is below the name, where it does not fit.
    """
    wide = max(len(each.name) for each in rules)
    longest = wide + max(len(_first(each)) for each in rules) + len("  JT000    ")
    parts = []
    for digit, words in FAMILIES.items():
        lines = [words]
        for each in sorted((each for each in rules if each.code[2] == digit), key=lambda each: each.code):
            if columns is None or longest <= columns:
                lines.append(f"  {each.code}  {each.name:<{wide}}  {_first(each)}")
            else:
                lines += [
                    f"  {each.code}  {each.name}",
                    *(f"         {line}" for line in wrap(_first(each), columns - 9)),
                ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _first(rule: Rule) -> str:
    return rule.page.splitlines()[0]


def for_people(rule: Rule, width: int = WIDTH) -> str:
    """The page without the layer listings that its tests read, with the fences' words for people, and the evidence.

    Where `width` columns are fewer than a page's own, its paragraphs are filled anew; what is fenced stays.
    """
    page = re.sub(r"```layers \w+\n.*?```\n?", "", rule.page, flags=re.DOTALL)
    for bad, word in (("bad", "before"), ("good", "after")):
        page = page.replace(f"```dockerfile {bad}", f"```dockerfile {word}")
    if width < WIDTH:
        parts = re.split(r"(```.*?```)", page, flags=re.DOTALL)
        page = "".join(part if part.startswith("```") else _filled(part, width) for part in parts)
    return "\n\n".join([page.rstrip("\n"), *(_paragraph(each, width) for each in _evidence(rule.name))])


def _filled(prose: str, width: int) -> str:
    """Paragraphs, and the blank lines between them as they are."""
    parts = re.split(r"(\n{2,}|\n\Z|\A\n)", prose)
    return "".join(part if not part.strip() else _paragraph(part, width) for part in parts)


def _evidence(name: str) -> list[str]:
    """What its fix has saved for real, or why that is not known; nothing for a rule that is not about bytes."""
    known = evidence()
    if name in known.measured:
        return [f"**Measured.** {shown(known.measured[name])}"]
    return [f"**Not measured.** {known.reasons[name]}"] if name in known.reasons else []


def _paragraph(text: str, width: int) -> str:
    return fill(text, width, break_on_hyphens=False, break_long_words=False)


def shown(measured: Measured) -> str:
    """A measurement in words: what grew is called a loss."""
    base = f"{measured.base}{', a stand-in for the published image' if measured.stand_in else ''}"
    sizes = f"{show_bytes(measured.before)} before the fix, {show_bytes(measured.after)} with it alone"
    told = [f"On {measured.date}, a project upon {base}: {sizes}: {_change(measured.saved)}."]
    told.append(f"The fix there: {measured.fix}.")
    if measured.predicted is not None:
        told.append(f"Predicted before it was built: {_change(measured.predicted)}.")
    told.append(f"Two builds of the original differ by {show_bytes(measured.noise)}.")
    told.append(f"({measured.engine}, commit {measured.commit})")
    return " ".join(told)


def _change(saved: int) -> str:
    if saved == 0:
        return "nothing saved"
    return f"{show_bytes(saved)} saved" if saved > 0 else f"a loss of {show_bytes(-saved)}"
