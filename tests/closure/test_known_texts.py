"""Answers about texts are given once."""

from __future__ import annotations

from jettison.closure import known_texts
from jettison.closure.known_texts import once_a_text


def counting():
    asked = []

    @once_a_text
    def words(source, *, upper=False):
        asked.append(source)
        return tuple((source.upper() if upper else source).split())

    return words, asked


def test_a_text_is_read_once_for_the_same_arguments():
    words, asked = counting()
    assert [("a", "b")] * 2 + [("A", "B")] * 2 == [
        words("a b"),
        words("a b"),
        words("a b", upper=True),
        words("a b", upper=True),
    ]
    assert 2 == len(asked)


def test_texts_that_no_encoding_takes_are_told_apart():
    words, asked = counting()
    assert [("\ud800",), ("\udfff",)] == [words("\ud800"), words("\udfff")]
    assert 2 == len(asked)


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(known_texts, "_MOST", 2)
    words, asked = counting()
    for text in ("a", "b", "c", "a"):
        words(text)
    assert ["a", "b", "c", "a"] == asked
