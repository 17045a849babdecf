"""debug-info-shipped, on programs made by hand: what it predicts, which command it edits, and when it holds back."""

from __future__ import annotations

from pathlib import Path

import pytest
from go_program import go_program
from handmade_tree import image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.debug_info_shipped import debug_info_shipped
from jettison.subject import Subject

TABLES = {".debug_info": 2_000_000, ".zdebug_line": 500_000, ".symtab": 400_000, ".strtab": 100_000}
NAMES = len("".join(f"{name}\0" for name in TABLES))
TEXT = "FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN {}\nCMD {}\n"
NOWHERE = Path("/nonexistent")


def findings(command, program=None, *, run='["./server"]', context=NOWHERE, text=TEXT, base=None):
    text = text.format(command, run)
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    layer = {"app/server": program or go_program(debug=TABLES)}
    whole = image(base or {"etc/os-release": "x"}, layer, config={"Cmd": run.strip('[]"').split('", "')})
    maker = next(each for each in reversed(stage.instructions) if each.keyword in ("RUN", "COPY"))
    subject = Subject(dockerfile, context, whole, Alignment(True, 1, {1: maker}), stage)
    found = list(debug_info_shipped(subject))
    return [apply(text, each.fix.edits) if each.fix else each.refusal for each in found], found


def test_what_is_predicted_are_the_sections_as_they_are_stored():
    _, (found,) = findings("go build -o server .")
    assert 3_000_000 + NAMES == found.predicted
    assert (b"app/server",) == found.paths


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("go build -o server .", 'go build -ldflags="-s -w" -o server .'),
        ("CGO_ENABLED=0 go build", 'CGO_ENABLED=0 go build -ldflags="-s -w"'),
        ("go vet ./... && go install ./...", 'go vet ./... && go install -ldflags="-s -w" ./...'),
        ('go build -ldflags="-X main.v=1" .', 'go build -ldflags="-s -w -X main.v=1" .'),
        ("go build -ldflags '-X main.v=1' .", "go build -ldflags '-s -w -X main.v=1' ."),
        ('go build -ldflags="-X main.v=$V" .', 'go build -ldflags="-s -w -X main.v=$V" .'),
        ("go build -ldflags=-X=main.v=1 .", 'go build -ldflags="-s -w -X=main.v=1" .'),
        ("""go build -ldflags '-extldflags "-static"' .""", """go build -ldflags '-s -w -extldflags "-static"' ."""),
        ('go build --ldflags="" .', 'go build --ldflags="-s -w" .'),
        ("/usr/local/go/bin/go build .", '/usr/local/go/bin/go build -ldflags="-s -w" .'),
        ("go build -v \\\n    -o server .", 'go build -ldflags="-s -w" -v \\\n    -o server .'),
        (
            "go build ./cmd/a && go build ./cmd/b",
            'go build -ldflags="-s -w" ./cmd/a && go build -ldflags="-s -w" ./cmd/b',
        ),
    ],
)
def test_the_linker_is_told_ahead_of_the_flags_that_are_there(before, after):
    ((text,), _) = findings(before)
    assert TEXT.format(after, '["./server"]') == text


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("go build -gcflags='all=-N -l' .", "meant for a debugger"),
        ("GOFLAGS=-ldflags=-X=a.b=c go build .", "GOFLAGS"),
        ("go build -ldflags='-w=0 -s' .", "says itself"),
        ("go build -ldflags=all=-X=a.b=c .", "to some packages alone"),
        ("go build -ldflags=$FLAGS .", "cannot be read"),
        ("go build -ldflags=-X=a.b=$C .", "cannot be read"),
    ],
)
def test_it_holds_back_where_the_command_speaks_of_the_linker_itself(command, reason):
    ((text,), (found,)) = findings(command)
    assert found.fix is None
    assert reason in text


def test_flags_of_the_environment_would_be_replaced_and_are_left_alone():
    text = TEXT.replace("RUN", "ENV GOFLAGS=-ldflags=-X=a.b=c\nRUN")
    ((reason,), _) = findings("go build .", text=text)
    assert "GOFLAGS" in reason


@pytest.mark.parametrize(
    ("program", "expected"),
    [("debug/elf.(*File).Symbols", "debug/elf is linked in"), ("debug/elf.NewFileX", 'go build -ldflags="-s -w"')],
    ids=["trap", "twin"],
)
def test_a_program_that_can_read_symbol_tables_keeps_its_own(program, expected):
    ((text,), _) = findings("go build .", go_program(debug=TABLES, functions=[program]))
    assert expected in text


@pytest.mark.parametrize(
    ("run", "expected"),
    [('["dlv", "exec", "./server"]', "dlv, a debugger"), ('["./server", "exec"]', "-s -w")],
    ids=["trap", "twin"],
)
def test_a_program_that_a_debugger_starts_keeps_its_tables(run, expected):
    ((text,), _) = findings("go build .", run=run)
    assert expected in text


def test_the_command_may_stand_in_a_stage_that_does_not_ship():
    text = "FROM golang:1.22 AS b\nRUN {}\nFROM alpine:3.20\nCOPY --from=b /app/server /app/server\nCMD {}\n"
    ((found,), _) = findings("go build .", text=text)
    assert 'RUN go build -ldflags="-s -w" .\nFROM alpine' in found


def test_a_stage_that_nothing_is_taken_from_is_not_edited():
    text = "FROM golang:1.22 AS other\nRUN go build .\nFROM golang:1.22\nRUN {}\nCMD {}\n"
    ((found,), _) = findings("go build -o server .", text=text)
    assert "AS other\nRUN go build .\n" in found


def test_a_program_without_tables_is_left_alone():
    assert ([], []) == findings("go build .", go_program())


def test_a_program_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "go.mod").write_text("module example.org/other\n")
    assert ([], []) == findings("go build .", context=tmp_path)
    (tmp_path / "go.mod").write_text("// ours\nmodule example.org/app\n")
    assert 1 == len(findings("go build .", context=tmp_path)[1])


def test_a_program_that_is_installed_by_its_version_is_one_that_is_built_here(tmp_path):
    (tmp_path / "go.mod").write_text("module example.org/other\n")
    assert 1 == len(findings("go install example.org/app@v1.0.0", context=tmp_path)[1])


def test_what_the_base_brings_is_left_alone():
    base = {"app/server": go_program(debug=TABLES)}
    assert ([], []) == findings("go build .", go_program(), base=base)


def test_where_nothing_calls_go_nothing_is_said():
    assert ([], []) == findings("make")
