"""The ledger as one page: a static file that loads nothing, runs nothing and says everything that was measured."""

from __future__ import annotations

from collections.abc import Iterator

from jettison import __version__
from jettison.lighten.ledger import Ledger
from jettison.report.html_bars import shares
from jettison.report.html_markup import NOTHING, Markup, joined, lines, opened, tag
from jettison.report.html_proof import both_ends, checks, noise_paths, proof, warnings
from jettison.report.html_source import diff_source, source
from jettison.report.html_style import STYLE, policy
from jettison.report.html_table import size, versions
from jettison.report.words import ends, factor, place

_LEGEND = """\
Sizes are in decimal units: 1 MB is 1,000,000 bytes. Unpacked is the sum of all file contents in all layers, effective \
what of it can still be seen in the image, waste the difference. Transfer is what a registry sends, compressed.
Saved was measured on the rebuilt image, against the version before it; predicted was written down before that build \
began. A cold build used no cache, a cached one all that was there. What was undone is in no sum."""


def ledger_html(ledger: Ledger) -> str:
    """The whole page, HTML without script and without any resource but its own style; the same for equal ledgers."""
    body = lines(NOTHING, _header(ledger), tag("main", lines(NOTHING, *_sections(ledger), NOTHING)), _footer(), NOTHING)
    page = tag("html", lines(NOTHING, _head(ledger), tag("body", body), NOTHING), lang="en")
    return f"<!DOCTYPE html>\n{page.text}\n"


def _head(ledger: Ledger) -> Markup:
    return tag(
        "head",
        lines(
            NOTHING,
            opened("meta", charset="utf-8"),
            opened("meta", http_equiv="Content-Security-Policy", content=policy()),
            opened("meta", name="viewport", content="width=device-width, initial-scale=1"),
            opened("meta", name="color-scheme", content="light dark"),
            opened("meta", name="referrer", content="no-referrer"),
            opened("meta", name="generator", content=f"jettison {__version__}"),
            tag("title", f"{place(ledger)}: {ends(ledger)}"),
            tag("style", Markup(STYLE)),
            NOTHING,
        ),
    )


def _header(ledger: Ledger) -> Markup:
    engine = f"{ledger.platform}, {' '.join(ledger.engine)}".strip()
    arrow = tag("span", " → ", aria_hidden="true") + tag("span", " to ", class_="away")
    before = tag("span", size(ledger.before.sizes.unpacked), class_="from")
    after = tag("span", size(ledger.after.sizes.unpacked), class_="to")
    return tag(
        "header",
        lines(
            NOTHING,
            tag("p", tag("span", "jettison ledger"), tag("span", engine), class_="line soft"),
            tag("h1", place(ledger)),
            tag("p", before, tag("span", arrow, class_="from"), after, class_="sizes"),
            tag("p", factor(ledger), class_="factor"),
            warnings(ledger),
            tag("figure", shares(ledger), _caption()) if ledger.changed else NOTHING,
            NOTHING,
        ),
    )


def _caption() -> Markup:
    return tag("figcaption", "What is left, and what each kept version took away, the last one first.")


def _sections(ledger: Ledger) -> Iterator[Markup]:
    yield _section("versions", "Every change that was tried", versions(ledger))
    yield _section("ends", "Before and after", both_ends(ledger), _reference(ledger))
    yield _section("proof", "Why to believe it", proof(ledger), checks(ledger), noise_paths(ledger))
    yield _section("result", f"The final {ledger.dockerfile}", source(ledger.text_after), *_files(ledger))
    if ledger.diff:
        yield _section("diff", "The whole diff", diff_source(ledger.diff))


def _section(name: str, title: str, *content: Markup) -> Markup:
    pieces = [piece for piece in content if piece != NOTHING]
    return tag("section", lines(NOTHING, tag("h2", title, id=name), *pieces, NOTHING), aria_labelledby=name)


def _reference(ledger: Ledger) -> Markup:
    return tag("p", "Image: ", tag("code", ledger.reference), class_="soft") if ledger.reference else NOTHING


def _files(ledger: Ledger) -> Iterator[Markup]:
    """What else the result needs beside its Dockerfile."""
    for path in sorted(ledger.files):
        yield joined(tag("h3", path), source(ledger.files[path]))


def _footer() -> Markup:
    said = (*_LEGEND.split("\n"), f"Written by jettison {__version__}.")
    return tag("footer", *(tag("p", sentence) for sentence in said))
