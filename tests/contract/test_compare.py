from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.contract.compare import difference, is_text, learn
from jettison.contract.normalise import log_lines, normalise

PAGE = "<html><body><h1>Shop</h1><p>hello</p><form>{}</form><ul><li>one</li><li>two</li></ul></body></html>"


def page(token: str) -> bytes:
    return PAGE.format(f'<input name="csrf" value="{token}">').encode()


def test_equal_bodies_are_compared_exactly() -> None:
    learnt = learn([b"hello world"] * 4)
    assert "exact" == learnt["compare"]
    assert "" == difference(learnt, b"hello world")
    assert "line 1 is 'hello moon', was 'hello world'" == difference(learnt, b"hello moon")


@pytest.mark.parametrize(
    ("one", "other", "mask"),
    [
        ("2024-01-02T03:04:05Z", "2025-11-12T13:14:15.678+01:00", "<date>"),
        ("2024-01-02 03:04", "2025-11-12 13:14", "<date>"),
        ("Tue, 02 Jan 2024 03:04:05 GMT", "Wed, 12 Nov 2025 13:14:15 GMT", "<date>"),
        ("02/Jan/2024:03:04:05 +0000", "12/Nov/2025:13:14:15 +0000", "<date>"),
        ("Tue Jan  2 03:04:05 2024", "Wed Nov 12 13:14:15 UTC 2025", "<date>"),
        ("0b8e1a52-9d3e-4f3a-8a8e-1d2c3b4a5f60", "ffffffff-9d3e-4f3a-8a8e-000000000000", "<uuid>"),
        ("0x7f061d45ea00", "0x1", "<address>"),
        ("deadbeef0123", "0123456789abcdef0123456789abcdef", "<hex>"),
        ("172.17.0.2", "10.0.0.255", "<ip>"),
    ],
)
def test_what_is_volatile_by_its_form_is_masked(one: str, other: str, mask: str) -> None:
    assert f"at {mask}." == normalise(f"at {one}.") == normalise(f"at {other}.")
    learnt = learn([f"at {one}.".encode()] * 4)
    assert "" == difference(learnt, f"at {other}.".encode())
    assert "" != difference(learnt, b"at last.")


def test_plain_numbers_versions_and_words_of_hex_letters_are_content() -> None:
    for text in ("price 19.99", "1.2.3", "42 items", "facade", "deadbeefcafe", "version 18.20.8", "1.2.3.4.5"):
        assert text == normalise(text)


def test_colours_of_terminals_vanish() -> None:
    assert "INFO ready" == normalise("\x1b[32mINFO\x1b[0m ready")


def test_lines_of_a_log_are_the_same_whatever_numbers_they_have() -> None:
    found = log_lines(b"17 listening on 8000\n18 listening on 9\n\n", b"done\n")
    assert {"# listening on #": "17 listening on 8000", "done": "done"} == found


def test_dates_that_differ_between_samples_are_normalised_away() -> None:
    learnt = learn([b"now 2024-01-02T03:04:05Z", b"now 2024-01-02T03:04:06Z"])
    assert "normalised" == learnt["compare"]
    assert "" == difference(learnt, b"now 2030-01-02T03:04:05Z")
    assert "" != difference(learnt, b"then 2030-01-02T03:04:05Z")


def test_a_token_that_moves_is_masked_and_the_rest_is_compared() -> None:
    learnt = learn([page(token) for token in ("qZk1", "Pw_9x", "abc", "Hh-7")])
    assert "mask" == learnt["compare"]
    assert "" == difference(learnt, page("whatever"))
    assert "" != difference(learnt, page("abc").replace(b"two", b"three"))
    assert "" != difference(learnt, page("abc").replace(b"Shop", b"Error"))
    assert "" != difference(learnt, b"")


def test_a_part_that_comes_and_goes_is_masked() -> None:
    with_banner = PAGE.format("<b>your cookie was set</b>").encode()
    learnt = learn([PAGE.format("").encode(), with_banner, with_banner, with_banner])
    for body in (with_banner, PAGE.format("").encode()):
        assert "" == difference(learnt, body)
    assert "" != difference(learnt, with_banner.replace(b"Shop", b""))


def test_a_body_of_which_more_than_thirty_percent_moves_is_not_compared() -> None:
    random.seed(1)
    words = [" ".join(random.sample("abcdefghijklmnop", 16)).encode() for _ in range(4)]
    learnt = learn(words)
    assert {"compare": "none"} == learnt
    assert "" == difference(learnt, b"anything at all")


def test_a_body_of_random_length_is_not_compared() -> None:
    assert {"compare": "none"} == learn([b"x y z " * count for count in (10, 40, 25, 90)])


def test_a_shuffled_list_does_not_fail_when_shuffled_again() -> None:
    random.seed(2)
    items = [f"<li>item number {n} costs {n}.50</li>" for n in range(12)]
    samples = [page("x") + "".join(random.sample(items, 12)).encode() for _ in range(4)]
    learnt = learn(samples)
    for _ in range(20):
        assert "" == difference(learnt, page("x") + "".join(random.sample(items, 12)).encode())


def test_binary_bodies_are_exact_or_have_a_size_or_nothing() -> None:
    same = learn([b"\x89PNG" * 9] * 2, text=False)
    assert "the content differs (4 bytes)" == difference(same, b"\x89PNG")
    sized = learn([b"abcd", b"abce"], text=False)
    assert {"compare": "size", "size": 4} == sized
    assert ("", "3 bytes, were 4") == (difference(sized, b"wxyz"), difference(sized, b"abc"))
    assert {"compare": "none"} == learn([b"a", b"ab"], text=False)


def test_a_long_text_is_compared_without_being_kept() -> None:
    learnt = learn([b"word " * 10_000] * 2)
    assert "text" not in learnt
    assert "the text differs (4 characters)" == difference(learnt, b"word")
    assert "" == difference(learnt, b"word " * 10_000)


def test_more_tokens_than_can_be_aligned_are_not_compared() -> None:
    assert {"compare": "none"} == learn([f"{n} {'a b ' * 20_000}".encode() for n in range(4)])


def test_text_is_known_by_its_type_and_without_one_by_its_bytes() -> None:
    assert [True, True, True, False, True, False] == [
        is_text("text/html", b""),
        is_text("application/problem+json", b""),
        is_text("image/svg+xml", b""),
        is_text("image/png", b"text"),
        is_text("", b"text"),
        is_text("", b"\0"),
    ]


def test_what_a_file_says_a_body_contains_is_looked_for() -> None:
    expected = {"compare": "contains", "text": "hello"}
    assert ("", "does not contain 'hello'") == (difference(expected, b"oh hello"), difference(expected, b"bye"))


@given(st.lists(st.text(st.sampled_from("ab <>1.\n"), max_size=60), min_size=1, max_size=4))
def test_every_sample_holds_what_was_learnt_from_it(samples: list[str]) -> None:
    learnt = learn([sample.encode() for sample in samples])
    assert [""] * len(samples) == [difference(learnt, sample.encode()) for sample in samples]


@given(st.text(max_size=200), st.integers(0, 2**32))
def test_a_new_uuid_in_an_equal_page_never_fails(text: str, seed: int) -> None:
    ids = [str(uuid.UUID(int=random.Random(seed + n).getrandbits(128), version=4)) for n in range(5)]
    learnt = learn([f"<p>{text}</p> {each} end".encode() for each in ids[:4]])
    assert "" == difference(learnt, f"<p>{text}</p> {ids[4]} end".encode())
