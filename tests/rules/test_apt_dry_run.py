"""The build that asks apt, and what apt answers: recorded of `apt-get install -s -y curl git`, by version."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from layer_listing import subject_of

from jettison.dockerfile.parse import parse
from jettison.subject import Answer, Question
from jettison.synthesis.apt import apt_calls
from jettison.synthesis.lean_install import dry_run, left_out

RECORDED = Path(__file__).parent / "apt"
ASKED = Question("", "", ("/written", "/lean"))
SINCE_BULLSEYE = {
    "ca-certificates", "less", "libbsd0", "libedit2", "libfido2-1", "libldap-common", "libsasl2-modules", "libx11-6",
    "libx11-data", "libxau6", "libxcb1", "libxdmcp6", "libxext6", "libxmuu1", "netbase", "openssh-client", "openssl",
    "patch", "publicsuffix", "xauth",
}  # fmt: skip
OTHERS = {
    "2.2.4": {"libcbor0", "libmd0"},
    "2.6.1": {"krb5-locales", "libcbor0.8"},
    "3.0.3": {
        "adduser", "bash-completion", "krb5-locales", "libcbor0.10", "libsemanage-common", "libsemanage2", "libsepol2",
        "login.defs", "passwd", "sensible-utils",
    },
}  # fmt: skip


def question(text: str, keep: tuple[str, ...] = ()) -> Question | None:
    """What is asked of the first RUN with an install."""
    subject = subject_of(text, "")
    for instruction in subject.stage.instructions:
        calls = [call for call in apt_calls(subject, instruction) if call.verb == "install"]
        if calls:
            return dry_run(subject, instruction, calls, keep)
    raise AssertionError("no install")


@pytest.mark.parametrize("version", OTHERS)
def test_what_apt_of_that_version_leaves_out(version: str) -> None:
    files = [(RECORDED / f"{version}-{name}.txt").read_bytes() for name in ("as-written", "lean")]
    answer = Answer(dict(zip(ASKED.paths, files, strict=True)))
    assert SINCE_BULLSEYE | OTHERS[version] == left_out(ASKED, answer)


@pytest.mark.parametrize("version", OTHERS)
def test_as_many_packages_are_read_as_apt_counts(version: str) -> None:
    """Against the sentence that apt itself ends its list with."""
    written = (RECORDED / f"{version}-as-written.txt").read_bytes()
    counted = re.search(rb"(\d+) newly installed", written)
    assert counted is not None
    answer = Answer({"/written": written, "/lean": b""})
    assert int(counted[1]) == len(left_out(ASKED, answer))


def test_upgrades_other_architectures_and_broken_marks_are_read() -> None:
    """As apt 2.6 and 3.0 print them; the summary of `apt install` 3.0 begins with the same letters."""
    written = (
        b"Installing:\n  curl\n\nInstalling dependencies:\n  zlib1g\n"
        b"Inst libssl3 [3.0.11-1~deb12u1] (3.0.22-1~deb12u2 Debian-Security:12/oldstable-security [amd64])\n"
        b"Inst libgcc-s1:i386 (14.2.0-19 Debian:13.7/stable [i386]) []\n"
        b"Inst zlib1g:i386 (1:1.3.dfsg+really1.3.1-1+b1 Debian:13.7/stable [i386])\n"
        b"Remv wget [1.21.3]\nConf libgcc-s1:i386 (14.2.0-19 Debian:13.7/stable [i386])\n"
    )
    lean = b"Inst zlib1g (1:1.3 Debian:13.7/stable [amd64])\n"
    assert {"libssl3", "libgcc-s1"} == left_out(ASKED, Answer({"/written": written, "/lean": lean}))


def test_the_dockerfile_ends_with_the_install_tried_dry_and_hands_both_files_out() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nFROM golang AS build\nRUN go build\n\nFROM debian\nRUN apt-get update && \\\n"
        '    # what we need\n    apt-get install -y curl \\\n    git && rm -rf /var/lib/apt/lists/*\nCMD ["git"]\n'
        "FROM debian\n"
    )
    subject = subject_of(text, "")
    stage = subject.dockerfile.stages[1]
    calls = [call for call in apt_calls(subject, stage.instructions[1]) if call.verb == "install"]
    found = dry_run(replace(subject, stage=stage), stage.instructions[1], calls, ["openssl"])
    assert found is not None
    expected = (
        "# syntax=docker/dockerfile:1\nFROM golang AS build\nRUN go build\n\nFROM debian\nRUN apt-get update && \\\n"
        "    # what we need\n    { apt-get install -s -y curl \\\n    git >>/jettison-as-written && "
        "apt-get install -s --no-install-recommends -y curl \\\n    git openssl >>/jettison-lean; exit; } "
        "&& rm -rf /var/lib/apt/lists/*\n"
        "FROM scratch\nCOPY --from=1 /jettison-as-written /jettison-lean /\n"
    )
    assert expected == found.text
    assert ("/jettison-as-written", "/jettison-lean") == found.paths


def test_a_heredoc_is_kept_to_its_end() -> None:
    found = question("FROM debian\nRUN <<END\napt-get update\napt-get install -y curl\nEND\nCMD curl\n")
    assert found is not None
    assert "apt-get update\n{ apt-get install -s -y curl >>" in found.text
    assert [("FROM", ""), ("RUN", "END"), ("FROM", ""), ("COPY", "")] == [
        (each.keyword, "".join(heredoc.name for heredoc in each.heredocs)) for each in parse(found.text).instructions
    ]


def test_line_endings_stay_as_they_are() -> None:
    found = question("FROM debian\r\nRUN apt-get install -y curl\r\n")
    assert found is not None
    assert [] == [line for line in found.text.split("\n")[:-1] if not line.endswith("\r")]


@pytest.mark.parametrize(
    "run",
    [
        "RUN for each in curl git; do apt-get install -y $each; done",
        "RUN if true; then apt-get install -y curl; fi",
        "RUN apt-get install -y curl | tee /log",
        "RUN (apt-get install -y curl)",
        "RUN fetch() { apt-get install -y curl; }; fetch",
        "RUN aptitude install -y curl",
    ],
)
def test_an_install_that_cannot_end_its_run_is_not_tried_dry(run: str) -> None:
    assert question(f"FROM debian\n{run}\n") is None


APT = """#!/bin/sh
echo "$*" >>apt.log
"""


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("apt-get update && apt-get install -y a; false", ["update", "install -s -y a", "install -s LEAN -y a k"]),
        (
            "set -ex; apt-get install -y a; apt-get install b; exit 3",
            ["install -s -y a", "install -s LEAN -y a", "install LEAN -y a", "install -s b", "install -s LEAN b k"],
        ),
        ("DEBIAN_FRONTEND=x apt-get -q install -y a >/dev/null 2>&1 && false",
         ["-q install -s -y a", "-q install -s LEAN -y a k"]),
        ("apt-get install -y a || exit 9", ["install -s -y a", "install -s LEAN -y a k"]),
    ],
)  # fmt: skip
def test_a_shell_runs_what_stands_before_tries_both_and_ends_well(
    shell: str, run: str, expected: list[str], tmp_path: Path
) -> None:
    """The very text that the builder would run, in a shell of this machine, with an apt-get that only takes notes."""
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    found = question(f"FROM debian\nRUN {run}\n", ("k",))
    assert found is not None
    script = parse(found.text).stages[0].instructions[-1].value.replace(">>/", ">>./")
    (tmp_path / "apt-get").write_text(APT)
    (tmp_path / "apt-get").chmod(0o755)
    ended = subprocess.run([shell, "-c", script], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    told = (tmp_path / "apt.log").read_text().replace("--no-install-recommends", "LEAN").splitlines()
    assert (0, expected) == (ended.returncode, told)
    assert ["apt-get", "apt.log", "jettison-as-written", "jettison-lean"] == sorted(
        each.name for each in tmp_path.iterdir()
    )


def test_a_dry_run_that_fails_fails_the_build(tmp_path: Path) -> None:
    found = question("FROM debian\nRUN apt-get install -y a || true\n")
    assert found is not None
    script = parse(found.text).stages[0].instructions[-1].value.replace(">>/", ">>./")
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 100\n")
    (tmp_path / "apt-get").chmod(0o755)
    ended = subprocess.run(["sh", "-c", script], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    assert 100 == ended.returncode
