"""Why one may believe a ledger, in HTML: both ends, contract, verification, noise and notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jettison.contract.model import Strength
from jettison.core.escape import show_path
from jettison.core.units import show_seconds
from jettison.documents.ledger import ledger_to_json
from jettison.lighten.ledger import Ledger, Verification, Weight
from jettison.report.html_markup import NOTHING, Markup, Piece, joined, lines, tag
from jettison.report.html_table import size
from jettison.report.words import Fact, build_words, facts, plural

_MOST_PATHS = 200  # of the noise; the JSON document lists all
_NUMBERS: tuple[tuple[str, Callable[[Weight], Piece]], ...] = (
    ("unpacked", lambda weight: size(weight.sizes.unpacked)),
    ("effective", lambda weight: size(weight.sizes.effective)),
    ("waste", lambda weight: size(weight.sizes.waste)),
    ("transfer", lambda weight: size(weight.sizes.transfer)),
    ("layers", lambda weight: str(weight.layers)),
    ("packages", lambda weight: "-" if weight.packages is None else str(weight.packages)),
    ("build", build_words),
    ("start", lambda weight: "-" if weight.start_seconds is None else show_seconds(weight.start_seconds)),
)


def both_ends(ledger: Ledger) -> Markup:
    """Every number of v0, of the last version, and of the same built cold once more."""
    columns = [("v0", ledger.before)]
    if ledger.changed:
        columns.append((ledger.kept[-1].version, ledger.after))
    verified = _verified(ledger.verification) if ledger.verification is not None else None
    if verified is not None:
        columns.append(("built cold", verified))
    head = tag("tr", tag("th", "", scope="col"), *(tag("th", name, scope="col", class_="n") for name, _ in columns))
    rows = [_row(name, [show(weight) for _, weight in columns]) for name, show in _NUMBERS]
    return tag("table", lines(NOTHING, tag("thead", head), tag("tbody", lines(*rows)), NOTHING), class_="ends")


def _verified(found: Verification) -> Weight | None:
    """Its weight, with the start that its replay timed; None where it did not build."""
    started = found.replay.start_seconds if found.replay is not None else None
    return found.weight if started is None or found.weight is None else replace(found.weight, start_seconds=started)


def _row(name: str, cells: list[Piece]) -> Markup:
    return tag("tr", tag("th", name, scope="row"), *(tag("td", cell, class_="n") for cell in cells))


def proof(ledger: Ledger) -> Markup:
    """What holds and what was not looked at, as labelled sentences."""
    return tag("dl", lines(NOTHING, *map(_fact, facts(ledger)), NOTHING))


def warnings(ledger: Ledger) -> Markup:
    """What a reader must know before the numbers."""
    return joined(*(tag("p", fact.text, class_="warning bad") for fact in facts(ledger) if fact.good is False))


def _fact(fact: Fact) -> Markup:
    style = {True: "good", False: "bad", None: None}[fact.good]
    details = tag("ul", *(tag("li", each) for each in fact.details)) if fact.details else NOTHING
    return tag("dt", fact.label, class_=style) + tag("dd", tag("p", fact.text), details)


def checks(ledger: Ledger) -> Markup:
    """The contract, check by check, with what the last replay said of each."""
    document = ledger_to_json(ledger)["contract"]
    if document is None or not document["checks"]:
        return NOTHING
    head = tag("tr", *(tag("th", name, scope="col") for name in ("kind", "what", "strength", "held")))
    evidence = _evidence(ledger)
    rows = [_check(check, evidence.get((check["kind"], check["what"]), "")) for check in document["checks"]]
    table = tag("table", lines(NOTHING, tag("thead", head), tag("tbody", lines(*rows)), NOTHING), class_="checks")
    count = len(rows)
    summary = tag("summary", f"the {count} {plural(count, 'check')} of the contract")
    return tag("details", summary, table, open="" if count <= 12 else None)


def _evidence(ledger: Ledger) -> dict[tuple[str, str], str]:
    found = ledger.verification
    if found is None or found.replay is None:
        return {}
    return {each.check.key: each.evidence for each in found.replay.outcomes if not each.ok}


def _check(check: dict[str, Piece], evidence: str) -> Markup:
    strength = Strength(check["strength"])  # type: ignore[arg-type]
    word = {True: "yes", False: "no", None: "not known"}[check["ok"]]  # type: ignore[index]
    style = {True: "good", False: "bad", None: "warn"}[check["ok"]]  # type: ignore[index]
    if not check["decides"]:
        word, style = f"{word}, does not decide", "rule"
    why = tag("p", evidence, class_="said") if evidence else NOTHING
    cells = [check["kind"], tag("code", check["what"]) + why, f"{strength.value} {strength.name.lower()}"]
    return tag("tr", *(tag("td", cell) for cell in cells), tag("td", word, class_=style))


def noise_paths(ledger: Ledger) -> Markup:
    """The paths that two builds of v0 do not agree about."""
    paths = [f"/{show_path(path)}" for path in sorted(ledger.noise.paths)]
    if not paths:
        return NOTHING
    shown = [tag("li", tag("code", path)) for path in paths[:_MOST_PATHS]]
    if len(paths) > _MOST_PATHS:
        shown.append(tag("li", f"and {len(paths) - _MOST_PATHS} more, which the JSON document lists"))
    summary = tag("summary", f"{len(paths)} {plural(len(paths), 'path')} that changed by themselves")
    return tag("details", summary, tag("ul", *shown))
