"""Every console example of the documents is run; `...` stands for any text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)


def examples():
    """(document, command, expected output) of every console block."""
    for document in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        for block in _BLOCK.findall(document.read_text()):
            parts = _COMMAND.split(block)
            yield from ((document.name, *pair) for pair in zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("document", "command", "expected"), list(examples()))
def test_the_example_prints_what_the_document_says(document, command, expected, tmp_path):
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "JETTISON_STATE": str(tmp_path),
        "COLUMNS": "120",
    }
    ended = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    assert re.fullmatch(pattern, ended.stdout.strip(), re.DOTALL), ended.stdout


def test_the_readme_has_examples():
    assert {"README.md"} <= {document for document, _, _ in examples()}


def test_every_link_to_a_file_leads_somewhere():
    missing = [
        f"{document.name}: {target}"
        for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert [] == missing


def test_every_flag_in_the_readme_exists():
    calls = (
        [sys.executable, "-m", "jettison", *each.split(), "--help"]
        for each in ("optimize", "check", "inspect", "ls", "why", "diff", "ignore write")
    )
    shown = "".join(subprocess.run(call, capture_output=True, text=True, check=True).stdout for call in calls)
    named = set(re.findall(r"(?<![-|])(--[a-z][a-z-]*)", (ROOT / "README.md").read_text()))
    others = {"--from", "--fast", "--all", "--network", "--omit"}
    assert set() == {flag for flag in named - others if flag not in shown}
