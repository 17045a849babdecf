"""The ledger for a terminal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_ledger import BROKE, CHECKS, CONTRACT, KEPT, LEDGER, UNCHANGED, V1, VERIFICATION

from jettison.contract.model import Outcome, Replay
from jettison.core.values import Skipped
from jettison.lighten.ledger import Ledger, Noise
from jettison.report.layout import columns
from jettison.report.ledger_text import ledger_table

SGR = re.compile(r"\x1b\[[0-9]+m")
GOLDEN = Path(__file__).parent / "ledger_80_columns.txt"


def shown(ledger: Ledger = LEDGER, width: int = 200) -> str:
    return ledger_table(ledger, width=width, colour=False)


def squeezed(text: str) -> str:
    """Without line breaks and indents, so that a sentence is found however it was wrapped."""
    return " ".join(text.split())


def test_the_table_reads_as_it_was_drawn() -> None:
    assert GOLDEN.read_text() == shown(width=80)


@pytest.mark.parametrize("width", [40, 60, 72, 80, 100, 120, 200])
@pytest.mark.parametrize("ledger", [LEDGER, UNCHANGED], ids=["changed", "unchanged"])
def test_every_line_fits(ledger: Ledger, width: int) -> None:
    assert [] == [line for line in shown(ledger, width).splitlines() if columns(line) > width]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_number_is_lost_where_there_is_little_room(width: int) -> None:
    text = squeezed(shown(width=width))
    numbers = "1.43 GB,512.3 MB,17.2 s cold,1.37 GB,490.1 MB,15.3 s cached,60.0 MB,59.7 MB,-2.1 kB,12.0 MB,9.1 s cached"
    numbers += ",208.9 MB,210.0 MB,33.0 MB,170.2 MB,60.4 MB,6.7 s cached,1.20 GB"
    assert [] == [number for number in numbers.split(",") if number not in text]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_without_colour_there_is_no_escape_byte(width: int) -> None:
    assert [] == [c for c in shown(width=width) if c != "\n" and not c.isprintable()]


def test_colour_changes_no_letter() -> None:
    coloured = ledger_table(LEDGER, width=80, colour=True)
    assert "\x1b" in coloured
    assert shown(width=80) == SGR.sub("", coloured)


def test_every_colour_that_begins_ends_on_its_line() -> None:
    for line in ledger_table(LEDGER, width=80, colour=True).splitlines():
        codes = SGR.findall(line)
        assert ["\x1b[0m"] * (len(codes) // 2) == codes[1::2]


@given(st.text(max_size=300), st.sampled_from([40, 80, 120]))
def test_whatever_a_log_line_says_it_moves_nothing(text: str, width: int) -> None:
    hostile = replace(BROKE, reason=text, title=text, rules=(text,))
    ledger = replace(LEDGER, steps=(hostile,), notes=(text,), project=text, engine=(text, text))
    table = shown(ledger, width)
    moving = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert [] == [c for c in table if c != "\n" and unicodedata.category(c) in moving]
    assert [] == [line for line in table.split("\n") if columns(line) > width]


def test_a_step_that_was_undone_shows_its_log_line() -> None:
    text = squeezed(shown())
    assert "undone: http://localhost:8080/: status 500, was 200: Error: \\e[2Jcannot load \\u202egnp.elif" in text
    assert "undone: RUN pip install --no-cache-dir . failed: no matching distribution" in text


def test_a_claim_that_was_corrected_is_told() -> None:
    assert "claimed to leave the tree equal, and did not: /var/log/dpkg.log (content)" in shown()


def test_only_kept_versions_have_a_bar() -> None:
    assert 3 == sum("█" in line for line in shown().splitlines())


def test_bars_are_as_long_as_their_sizes() -> None:
    lengths = [line.count("█") for line in shown().splitlines() if "█" in line]
    assert [32, 32 * 1370 // 1430, 32 * 1702 // 14300] == lengths


def test_the_first_line_names_project_platform_and_engine() -> None:
    assert "/srv/shop/Dockerfile  linux/amd64, buildah 1.28.2" == shown().splitlines()[0]


def test_the_factor_is_told_from_two_on() -> None:
    assert "1.43 GB → 170.2 MB   1.26 GB saved, 88.1 %, 8.4 times smaller" in shown()
    little = replace(LEDGER, steps=(KEPT,), after=V1)
    assert "1.43 GB → 1.37 GB   60.0 MB saved, 4.2 %\n" in shown(little)


def test_nothing_changed_is_said_and_what_to_try_then() -> None:
    text = shown(UNCHANGED)
    assert "1.43 GB → 1.43 GB   nothing was changed" in text
    assert "2 checks held by v0, 1 distinct answer exercised" in text
    assert "--min-saving  try what saves less, for example --min-saving 100kB" == text.splitlines()[-1].strip()


def test_what_to_do_next_comes_last() -> None:
    assert ["--write", "--diff"] == [line.split()[0] for line in shown().splitlines()[-2:]]
    assert "--write" not in ledger_table(LEDGER, width=80, colour=False, written=True)


def test_what_was_not_exercised_is_told() -> None:
    text = shown(replace(LEDGER, contract=replace(CONTRACT, skipped=(Skipped("websockets", "no client for them"),))))
    assert "not exercised: POST, PUT and DELETE\n" in text
    assert "not exercised: the pages behind /login\n" in text
    assert "not checked: websockets: no client for them\n" in text


def test_a_run_without_a_contract_says_so() -> None:
    text = shown(replace(LEDGER, contract=None))
    assert "nothing was run (--build-only): only changes that leave the tree equal were kept" in text
    assert "exercised" not in text


def test_a_result_that_did_not_hold_is_not_called_proven() -> None:
    replay = Replay((Outcome(CHECKS[1], False, "status 502"),), 1.0)
    failed = replace(VERIFICATION, held=False, reason="http://localhost:8080/: status 502", replay=replay)
    text = shown(replace(LEDGER, verification=failed))
    assert "the result did not hold when built cold: http://localhost:8080/: status 502" in text
    assert "held by" not in text
    assert "--write" not in text


def test_the_cold_build_is_compared_with_the_cold_build_only() -> None:
    assert "cold build 17.2 s → 8.4 s" in shown()
    assert "cold build 17.2" not in shown(replace(LEDGER, before=replace(LEDGER.before, cold=False)))


def test_a_drift_is_told_to_the_byte() -> None:
    assert "built cold once more: 170.2 MB, 512 B more than the last version; 2 of 2 checks held" in shown()
    equal = replace(LEDGER, verification=replace(VERIFICATION, drift=0))
    assert "170.2 MB, the same to the byte" in shown(equal)
    less = replace(LEDGER, verification=replace(VERIFICATION, drift=-7))
    assert "170.2 MB, 7 B less than the last version" in shown(less)


def test_an_interrupted_run_is_not_called_proven() -> None:
    text = shown(replace(LEDGER, verification=None, complete=False))
    assert "this is the best so far; it was not yet built cold and checked once more" in text


def test_noise_is_told_with_what_it_means() -> None:
    first = "two cold builds of v0 differ by 2.0 kB, and a smaller saving counts as none; 2 paths changed"
    assert first in shown()
    assert "two cold builds of v0 are equal" in shown(replace(LEDGER, noise=Noise(0, frozenset())))
    weightless = shown(replace(LEDGER, noise=Noise(0, frozenset({b"a"}))))
    assert "two cold builds of v0 weigh the same; 1 path changed" in weightless


def test_books_that_do_not_balance_say_so_themselves() -> None:
    wrong = replace(LEDGER, steps=(replace(KEPT, measured=59_000_000), *LEDGER.steps[1:]))
    assert "the steps and both ends do not balance: 1.0 MB are not explained" in shown(wrong)
    assert "balance" not in shown()


def test_a_long_path_loses_its_front_only() -> None:
    text = shown(replace(LEDGER, project="/srv/" + "x" * 90), width=60)
    assert text.splitlines()[0].startswith("…x")
    assert text.splitlines()[0].endswith("x/Dockerfile")
