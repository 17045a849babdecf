import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.core.escape import annotation, annotation_property, html, markdown, show_path, terminal

NASTY = "\x1b[2J\x9b1m\u202egnp.exe\n::error::pwned\r</script><b>`|`%0A[x](y)\u2028\udcff\x00"
ANY_TEXT = st.text(alphabet=st.characters())  # surrogates included
OUTPUTS = [terminal, html, markdown, annotation, annotation_property]


@pytest.mark.parametrize("escape", OUTPUTS)
def test_nothing_that_moves_a_cursor_or_reorders_comes_through(escape):
    shown = escape(NASTY)
    assert [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}] == []
    assert shown == shown.encode("utf-8").decode("utf-8")


@pytest.mark.parametrize("escape", OUTPUTS)
@given(text=ANY_TEXT)
def test_every_escape_is_total_and_gives_one_encodable_line(escape, text):
    shown = escape(text)
    assert [shown] == (shown.splitlines() or [""])
    shown.encode("utf-8")


def test_the_terminal_spells_out_what_it_hides():
    assert terminal(NASTY)[:53].rstrip("<") == "\\e[2J\\u009b1m\\u202egnp.exe\\n::error::pwned\\r</script>"
    assert terminal(NASTY)[-6:] == "\\xff\\0"


def test_plain_text_of_any_language_is_left_alone():
    for text in ("", "apt-get install -y curl", "naïve 日本語 ελληνικά 😀", "a\\b"):
        assert text == terminal(text)


def test_html_carries_no_tag_and_closes_no_attribute():
    shown = html(NASTY + "\"'")
    assert None is re.search(r"[<>\"']", shown)
    assert "&lt;/script&gt;" in shown


def test_a_markdown_cell_stays_one_cell():
    shown = markdown(NASTY)
    assert None is re.search(r"[|<>`]", shown)
    assert "\\[x\\](y)" in shown
    assert markdown("a|b") == "a&#124;b"


def test_an_annotation_is_one_command():
    shown = annotation(NASTY)
    assert len(shown.splitlines()) == 1
    assert "%250A" in shown  # a percent escape in the name does not become a line end
    assert annotation_property("a:b,c%") == "a%3Ab%2Cc%25"


def test_two_names_never_look_the_same():
    names = [b"a\\x1b", b"a\x1b", b"a\n", b"a\\n", b"\xff", b"\\xff", "é".encode(), b"\xc3", b"\x9b", b"\xc2\x9b"]
    assert len(names) == len({show_path(name) for name in names})
    assert [show_path(names[i]) for i in (0, 1, 4, 6)] == ["a\\\\x1b", "a\\e", "\\xff", "é"]


@given(st.binary())
def test_any_name_can_be_shown(name):
    show_path(name).encode("utf-8")


@given(st.binary(), st.binary())
def test_two_different_names_are_shown_differently(one, other):
    assert (one == other) == (show_path(one) == show_path(other))
