"""The page: nothing from outside becomes markup, nothing is loaded, and the numbers are the ledger's."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from made_up_ledger import HOSTILE, LEDGER, UNCHANGED

from jettison.core.units import show_bytes
from jettison.report.ledger_html import ledger_html

VOID = {"meta", "br", "hr", "img", "col"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "h3", "p"),
    *("span", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "code", "ul", "li"),
    *("dl", "dt", "dd", "div", "svg", "rect", "text", "data", "i", "b", "ins", "del", "figure", "figcaption"),
}
EVIL = "\"><script>alert(1)</script><img src=x onerror=y>' \u202e\x1b[2J &amp;"


class Reader(HTMLParser):
    """Checks nesting, and keeps what it saw."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, attributes))

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data


def read(ledger) -> Reader:
    reader = Reader()
    reader.feed(ledger_html(ledger))
    reader.close()
    assert [] == reader.open
    return reader


def hostile():
    steps = tuple(
        replace(step, title=EVIL, reason=EVIL, rules=(EVIL,), diff=f"--- a\n+++ b\n+{EVIL}\n") for step in LEDGER.steps
    )
    return replace(
        LEDGER, project=EVIL, dockerfile=EVIL, engine=(EVIL, EVIL), platform=EVIL, steps=steps, notes=(EVIL, HOSTILE),
        text_after=EVIL, diff=f"--- a\n+++ b\n-{EVIL}\n", files={EVIL: EVIL}, reference=EVIL,
    )  # fmt: skip


@pytest.mark.parametrize("ledger", [LEDGER, UNCHANGED, hostile()], ids=["made up", "unchanged", "hostile"])
def test_nothing_from_outside_becomes_markup_and_nothing_is_loaded(ledger):
    reader = read(ledger)
    assert set() == {tag for tag, _ in reader.seen} - ALLOWED
    for _, attributes in reader.seen:
        for name, value in attributes:
            assert not name.startswith("on")
            assert name not in ("src", "href", "srcset", "action", "formaction", "data")
            assert not re.search(r"https?:|javascript:|url\(", value or "", re.IGNORECASE) or name == "xmlns"


def test_hostile_text_is_shown_as_text():
    text = read(hostile()).text
    assert "<script>alert(1)</script>" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_policy_forbids_whatever_would_be_loaded_or_run():
    policies = [dict(attributes) for tag, attributes in read(LEDGER).seen if tag == "meta"]
    (policy,) = [each["content"] for each in policies if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_the_style_is_the_one_that_the_policy_allows():
    page = ledger_html(LEDGER)
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"sha256-{digest}" in page or "&#x27;unsafe-inline&#x27;" in page


def test_sizes_and_verdicts_are_the_ledgers():
    text = read(LEDGER).text
    for size in (LEDGER.before.sizes.unpacked, LEDGER.after.sizes.unpacked):
        assert show_bytes(size) in text
    for step in LEDGER.steps:
        assert step.title in text
        assert step.verdict.value in text
    assert LEDGER.text_after.splitlines()[0] in text


def test_headings_go_down_one_at_a_time_and_tables_have_scopes():
    seen = read(LEDGER).seen
    levels = [int(tag[1]) for tag, _ in seen if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [] == [attributes for tag, attributes in seen if tag == "th" and "scope" not in dict(attributes)]
    assert ("html", [("lang", "en")]) in seen


def test_the_page_is_the_same_each_time():
    assert ledger_html(LEDGER) == ledger_html(LEDGER)
