"""Two images held side by side, for a pull request: the answer as its heading, the proof folded away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jettison.compare.images import ImageDiff
from jettison.core.escape import markdown, show_path
from jettison.core.units import show_bytes
from jettison.documents.provenance import Provenance
from jettison.report import image_diff_words as words
from jettison.report.image_words import instruction
from jettison.report.words import maybe_bytes

_LONGEST = 120  # characters of an instruction
_PACKAGES = 20
_MARKS = {"smaller": "🔽", "larger": "🔼", "changed": "🔁", "same": "✅"}


def diff_markdown(found: ImageDiff, made: tuple[Provenance, Provenance], *, everything: bool) -> str:
    """GitHub-flavoured Markdown; `everything`: each path, too."""
    word, _, rest = words.verdict(found).partition(": ")
    lines = [f"### {_MARKS[found.verdict]} {markdown(word)}: {markdown(rest)}", ""]
    if found.verdict != "same":
        mostly = [f"mostly {', '.join(words.reasons(found))}"] if words.reasons(found) else []
        lines += [line for text in (*mostly, "; ".join(words.besides(found))) for line in (markdown(text), "")]
    lines += [markdown(f"{found.old.reference} → {found.new.reference}"), ""]
    lines += _table(("size", ">old", ">new", ">change"), _sizes(found))
    if found.folders:
        rows = [
            (words.signed(row.net), words.folder_name(row), ", ".join(words.folder_words(row))) for row in found.folders
        ]
        lines += _folded("Files and folders", _table((">bytes", "path", ""), rows))
    if everything and found.paths:
        rows = [(each.change.value, words.signed(each.grown), "/" + show_path(each.path)) for each in found.paths]
        lines += _folded("Every path", _table(("change", ">bytes", "path"), rows))
    lines += _folded("Layers", _table(("", ">old", ">new", "instruction"), _layers(found, made)))
    if found.packages:
        lines += _folded("Packages", _table((">bytes", "type", "package"), _packages(found)))
    for title, pairs in (("Waste by cause", found.causes), ("Hardly needed, by class", found.classes)):
        changed = [
            (name, show_bytes(old), show_bytes(new), words.signed(new - old)) for name, (old, new) in pairs.items()
        ]
        if changed:
            lines += _folded(title, _table(("", ">old", ">new", ">change"), changed))
    return "\n".join(lines).rstrip() + "\n"


def _sizes(found: ImageDiff) -> Iterator[tuple[str, ...]]:
    for name, (old, new) in found.sizes.items():
        if old is not None or new is not None:
            change = words.signed(new - old) if old is not None and new is not None else "-"
            yield name, maybe_bytes(old), maybe_bytes(new), change


def _layers(found: ImageDiff, made: tuple[Provenance, Provenance]) -> Iterator[tuple[str, ...]]:
    for pair in found.layers:
        text = instruction(made[0].created_by[pair.old or 0] if pair.new is None else made[1].created_by[pair.new])
        old = "" if pair.old is None else show_bytes(found.old.layers[pair.old].unpacked)
        new = "" if pair.new is None else show_bytes(found.new.layers[pair.new].unpacked)
        yield pair.change, old, new, text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _packages(found: ImageDiff) -> Iterator[tuple[str, ...]]:
    for each in found.packages[:_PACKAGES]:
        yield words.signed(each.grown), each.kind, words.package_words(each)
    rest = found.packages[_PACKAGES:]
    if rest:
        yield words.signed(sum(each.grown for each in rest)), "", f"{len(rest):,} more"


def _folded(title: str, table: list[str]) -> list[str]:
    return ["", f"<details><summary>{title}</summary>", "", *table, "", "</details>"]


def _table(head: tuple[str, ...], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of raw cells, each escaped here; a head that begins with > is aligned right."""
    names = " | ".join(name.removeprefix(">") for name in head)
    rule = "|".join("--:" if name.startswith(">") else ":--" for name in head)
    return [f"| {names} |", f"|{rule}|", *(f"| {' | '.join(map(markdown, row))} |" for row in rows)]
