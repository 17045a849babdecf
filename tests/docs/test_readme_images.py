"""Each command for images that the README names is run, on a small image in a file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from stacked_image import docker_archive, file, gone, layer

ROOT = Path(__file__).parents[2]
_LINE = re.compile(r"^    (jettison (?:inspect|why|diff|ls|cat|export|cache)\b[^#\n]*)", re.MULTILINE)
COMMANDS = _LINE.findall((ROOT / "README.md").read_text())
ENDS_WITH_1 = {"jettison diff OLD NEW": 1}  # they are not the same


def test_there_is_one_of_each():
    assert {"inspect", "why", "diff", "ls", "cat", "export", "cache"} == {each.split()[1] for each in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_does_what_it_says(command, tmp_path):
    base = [layer(file("usr/bin/tool", b"t" * 2000)), *(layer(file(f"usr/share/{n}", b"x")) for n in range(4))]
    base.append(layer(file("root/.npmrc", b"token=1")))
    old = docker_archive(tmp_path / "old.tar", *base)
    new = docker_archive(tmp_path / "new.tar", *base, layer(gone("root/.npmrc")))
    (tmp_path / "Dockerfile").write_text("FROM base\nCOPY .npmrc /root/.npmrc\nRUN rm /root/.npmrc\n")
    (tmp_path / "out").mkdir()
    told = {"IMAGE": new, "OLD": old, "NEW": new, "DIRECTORY": "out"}
    text = re.sub(r"\b(IMAGE|OLD|NEW|DIRECTORY)\b", lambda match: str(told[match[1]]), command)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path),
                   "JETTISON_STATE": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache")}  # fmt: skip
    ended = subprocess.run(text, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (ENDS_WITH_1.get(command.strip(), 0), "") == (ended.returncode, ended.stderr)
    shown = ended.stdout
    match command.split()[1]:
        case "cat":
            assert "token=1" == shown
        case "why":
            assert "/root/.npmrc is gone" in shown
        case "export" if "--to" in command:
            assert (tmp_path / "out" / "index.json").is_file()
        case "export":
            assert b"t" * 2000 == (tmp_path / "out" / "usr/bin/tool").read_bytes()
        case "diff":
            assert "/root/.npmrc" in shown
        case "ls":
            assert "bin" in shown
        case _:
            assert shown.strip()
