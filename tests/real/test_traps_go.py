"""Go projects that a careless second stage would break, each beside a twin, one line different, that needs less."""

from __future__ import annotations

import pytest
from trap_project import held, optimized, steps

pytestmark = [pytest.mark.real, pytest.mark.engine]
SPLIT, DEBUG = "single-stage-build", "debug-info-shipped"
DISTROLESS = ("gcr.io/distroless/base-debian12", "gcr.io/distroless/cc-debian12")
CALLS_C, FROM_DISK, STARTS = "go-calls-c", "go-page-from-disk", "go-starts-another"


def test_a_program_that_calls_c_is_built_as_it_was_and_stands_on_its_c_library(tmp_path):
    """With CGO_ENABLED=0 it would build, start, and answer another number."""
    ledger = optimized(CALLS_C, tmp_path, SPLIT, DEBUG, more_bases=DISTROLESS)
    text = ledger["result"]["dockerfile"]
    assert {"kept"} == {verdict for _, verdict in steps(ledger)}
    assert "\nFROM gcr.io/distroless/base-debian12\n" in text
    assert "CGO_ENABLED=0" not in text
    assert held(ledger)


def test_one_that_is_linked_with_libc_for_names_alone_needs_none(tmp_path):
    line = ("Dockerfile", "RUN go build -o answer .", "RUN go build -tags pure -o answer .")
    ledger = optimized(CALLS_C, tmp_path, SPLIT, line=line, more_bases=DISTROLESS)
    assert [(SPLIT, "kept")] == steps(ledger)
    assert "RUN CGO_ENABLED=0 go build -tags pure -o answer .\n\nFROM scratch\n" in ledger["result"]["dockerfile"]
    assert held(ledger)


def test_a_page_that_is_embedded_and_read_from_the_disk_ships(tmp_path):
    ledger = optimized(FROM_DISK, tmp_path, SPLIT)
    assert [(SPLIT, "kept")] == steps(ledger)
    assert "\nFROM scratch\n" in ledger["result"]["dockerfile"]
    assert "COPY --from=build /app/pages /app/pages\n" in ledger["result"]["dockerfile"]
    assert held(ledger)


def test_one_that_is_embedded_and_read_from_the_program_stays_behind(tmp_path):
    old = '\tpage, err := os.ReadFile("pages/index.txt")'
    ledger = optimized(FROM_DISK, tmp_path, SPLIT, line=("main.go", old, old.replace("os.", "files.")))
    assert [(SPLIT, "kept")] == steps(ledger)
    assert "/app/pages" not in ledger["result"]["dockerfile"]
    assert held(ledger)


def test_a_program_whose_file_has_a_name_that_is_put_together_is_found_by_the_contract(tmp_path):
    old = '\tpage, err := os.ReadFile("pages/index.txt")'
    line = ("main.go", old, '\tpage, err := os.ReadFile("pa" + "ges/index.txt")')
    ledger = optimized(FROM_DISK, tmp_path, SPLIT, line=line)
    assert [(SPLIT, "broke-contract")] == steps(ledger)
    assert not ledger["result"]["changed"]


def test_a_program_that_starts_another_is_left_where_that_is(tmp_path):
    ledger = optimized(STARTS, tmp_path, SPLIT)
    assert [] == steps(ledger)
    assert "can start other programs (os/exec is linked in)" in " ".join(ledger["notes"])


def test_one_that_starts_none_needs_nothing(tmp_path):
    line = (
        "Dockerfile",
        "RUN CGO_ENABLED=0 go build -o starter .",
        "RUN CGO_ENABLED=0 go build -tags alone -o starter .",
    )
    ledger = optimized(STARTS, tmp_path, SPLIT, line=line)
    assert [(SPLIT, "kept")] == steps(ledger)
    assert "\nFROM scratch\n" in ledger["result"]["dockerfile"]
    assert held(ledger)
