"""A stage that ships a compiled program, or a Python one: which bases carry it, and what it is known to need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from handmade_bases import DEBIAN, PATH, Stage
from handmade_tree import Files, directory, executable

from jettison.core.values import Applicability
from jettison.synthesis.base_swap import stage_lacks

SLIM = "debian:bookworm-slim"
CC, BASE, STATIC = (f"gcr.io/distroless/{kind}-debian12" for kind in ("cc", "base", "static"))
PLAIN = executable(b"\x7fELF" + bytes(100))
FULL: Files = {
    **DEBIAN,
    "etc/ssl/certs/ca-certificates.crt": "PEM",
    "lib64/ld-linux-x86-64.so.2": executable(b"\x7fELF" + bytes(100)),
    "usr/lib/x86_64-linux-gnu/libc.so.6": executable(b"\x7fELF" + bytes(100)),
    "usr/share/doc/x": "d" * 5_000_000,
}
SMALL: Files = {path: piece for path, piece in FULL.items() if "doc" not in path}
NOTHING: Files = {
    "tmp": directory(0o1777),
    "etc/passwd": "root:x:0:0::/root:/sbin/nologin\n",
    "etc/ssl/certs/ca-certificates.crt": "PEM",
    "usr/share/zoneinfo/Europe/Oslo": "TZif",
}
GLIBC: Files = {
    **NOTHING,
    "lib64/ld-linux-x86-64.so.2": executable(b"\x7fELF" + bytes(100)),
    "usr/lib/x86_64-linux-gnu/libc.so.6": executable(b"\x7fELF" + bytes(100)),
}
ENV: dict[str, Any] = {"Env": [PATH]}
BASES = {
    "debian:bookworm": (FULL, ENV),
    SLIM: (SMALL, ENV),
    CC: (GLIBC, ENV),
    BASE: (GLIBC, ENV),
    STATIC: (NOTHING, ENV),
}


def stage(program: Any = PLAIN, *, head: str = "", files: Files | None = None, **config: Any) -> Stage:
    text = (
        f'FROM golang:1.22 AS build\nFROM debian:bookworm\nCOPY --from=build /server /server\n{head}CMD ["/server"]\n'
    )
    policy = config.pop("policy", "same-libc")
    return Stage(text, ({"server": program, **(files or {})},), {"Cmd": ["/server"], **config}, policy, BASES)


def marked(*marks: bytes) -> Any:
    """A static program with these names among its functions."""
    return executable(b"\x7fELF" + bytes(100) + b"\0".join([b"", *marks, b""]))


def names(found: Stage) -> list[str]:
    return [each.message.partition("; ")[2].partition(" ")[0] for each in found.findings if each.fix]


def test_a_static_program_needs_no_system_and_the_empty_base_has_no_tmp() -> None:
    found = stage()
    assert [STATIC, SLIM] == names(found)
    assert "/tmp, where programs put temporary files" == found.refused("scratch").partition(" and ")[0]
    assert found.upon(STATIC) == found.text.replace("debian:bookworm", STATIC)
    assert () == found.finding(STATIC).fix.declares  # type: ignore[union-attr]


def test_of_bases_that_hold_one_another_no_more_are_fetched_than_needed() -> None:
    found = stage()
    assert found.findings
    assert [SLIM, STATIC] == found.asked


def test_a_program_that_never_needed_tmp_stands_on_nothing() -> None:
    found = stage()
    found.bases = {**BASES, "debian:bookworm": ({k: v for k, v in FULL.items() if k != "tmp"}, ENV)}
    assert ["scratch", SLIM] == names(found)


def test_a_dynamic_program_stands_where_its_libraries_are() -> None:
    true = executable(Path("/bin/true").read_bytes())
    found = stage(true)
    assert [BASE, SLIM] == names(found)
    assert STATIC not in found.asked


def test_a_symbol_version_that_an_older_library_lacks_is_a_reason() -> None:
    true = Path("/bin/true").read_bytes()
    libc = next(Path("/").glob("lib/*-linux-gnu/libc.so.6")).read_bytes()
    place = "usr/lib/x86_64-linux-gnu/libc.so.6"
    new = {**FULL, place: executable(libc)}
    old = {**GLIBC, place: executable(libc.replace(b"GLIBC_2.34\0", b"GLIBC_9.99\0"))}
    found = stage(executable(true))
    found.bases = {**BASES, "debian:bookworm": (new, ENV), BASE: (old, ENV), CC: (old, ENV)}
    assert "GLIBC_2.34 of libc.so.6, which /server was linked against" == found.refused(BASE)
    found.bases = {**found.bases, BASE: ({**GLIBC, place: executable(libc)}, ENV)}
    assert found.upon(BASE)


@pytest.mark.parametrize(
    ("mark", "gone", "reason"),
    [
        (b"time.LoadLocation", "usr/share", "/usr/share/zoneinfo, which the program looks time zones up in"),
        (b"os/exec.(*Cmd).Start", "", "a shell: /server starts other programs"),
        (b"os/exec.(*Cmd).String", "", ""),
        (b"time.LoadLocationFromTZData", "usr/share", ""),
        (b"crypto/x509.(*Certificate).Verify", "etc/ssl", ""),
    ],
)
def test_what_the_names_of_its_functions_tell(mark: bytes, gone: str, reason: str) -> None:
    found = stage(marked(mark))
    left = {path: piece for path, piece in NOTHING.items() if not gone or not path.startswith(gone)}
    found.bases = {**BASES, STATIC: (left, ENV)}
    assert reason == (found.refused(STATIC) if reason else "")
    assert reason or found.upon(STATIC)


def test_certificates_that_it_reads_are_taken_along_where_the_base_has_none() -> None:
    found = stage(marked(b"/etc/ssl/certs"))
    assert "COPY --from=debian" not in found.upon(STATIC)
    found.bases = {**BASES, STATIC: ({k: v for k, v in NOTHING.items() if not k.startswith("etc/ssl")}, ENV)}
    assert f"FROM {STATIC}\nCOPY --from=debian:bookworm /etc/ssl/certs /etc/ssl/certs\n" in found.upon(STATIC)


def test_time_zones_inside_the_program_need_none_outside() -> None:
    found = stage(marked(b"time.LoadLocation", b"time/tzdata.init"))
    found.bases = {**BASES, STATIC: ({k: v for k, v in NOTHING.items() if "zone" not in k}, ENV)}
    assert found.upon(STATIC)


def test_an_interpreter_of_the_base_is_no_compiled_program() -> None:
    found = Stage(
        "FROM debian:bookworm\nCOPY a.sh /a.sh\nCMD sh /a.sh\n",
        ({"a.sh": "echo"},),
        {"Cmd": ["/bin/sh", "-c", "sh /a.sh"]},
        bases=BASES,
    )
    assert ([SLIM], [SLIM]) == (names(found), found.asked)


def test_a_script_in_front_of_the_program_keeps_its_shell() -> None:
    files = {"start": executable("#!/bin/sh\nexec /server\n")}
    found = stage(files=files)
    found.text = found.text.replace('["/server"]', '["/start"]')
    found.config = {"Cmd": ["/start"]}
    assert "/start is run by /bin/sh, which is gone" in found.refused(STATIC)


PYTHON = {
    **DEBIAN,
    "usr/local/bin/python3.11": executable(b"\x7fELF" + bytes(2_000_000)),
    "usr/local/bin/python": executable("#!/usr/local/bin/python3.11\n"),
    "usr/local/lib/python3.11/json/__init__.py": "",
}
DEBIANS_PYTHON = {**NOTHING, "usr/bin/python3": executable(b"\x7fELF"), "usr/lib/python3.11/json/__init__.py": ""}
PYTHON_BASES: Any = {
    "python:3.11": (PYTHON, {"Env": [PATH], "Cmd": ["python3"]}),
    "gcr.io/distroless/python3-debian12": (DEBIANS_PYTHON, {"Env": [PATH], "Entrypoint": ["/usr/bin/python3"]}),
}


def python(files: Files) -> Stage:
    text = 'FROM python:3.11\nCOPY . /app\nCMD ["python", "/app/main.py"]\n'
    return Stage(text, (files,), {"Cmd": ["python", "/app/main.py"]}, bases=PYTHON_BASES)


def test_debians_python_is_proposed_and_never_more() -> None:
    found = python({"app/main.py": "import json\n"})
    made = found.upon("gcr.io/distroless/python3-debian12")
    assert made.endswith('ENTRYPOINT ["/usr/bin/python3"]\nCMD ["/app/main.py"]\n')
    fix = found.finding("gcr.io/distroless/python3-debian12").fix
    assert fix is not None
    assert Applicability.PROPOSED is fix.applicability
    assert "its interpreter is another build, Debian's own" in fix.title


@pytest.mark.parametrize("path", ["usr/local/lib/python3.11/site-packages/flask/__init__.py", "opt/venv/pyvenv.cfg"])
def test_what_lies_in_the_old_interpreters_path_would_not_be_found(path: str) -> None:
    found = python({"app/main.py": "import json\n", path: ""})
    assert f"the interpreter that /{path} belongs to" in found.refused("gcr.io/distroless/python3-debian12")


def lacks(*paths: bytes, config: Any = None, files: Files | None = None) -> tuple[str, ...]:
    """What a planned stage with these paths lacks upon the smallest base."""
    found = stage(marked(b"/etc/ssl/certs"), files=files)
    image = found.base(STATIC)
    assert image is not None
    return stage_lacks(found.subject, paths, {**found.subject.image.runtime, **(config or {})}, image)


def test_a_planned_stage_lacks_what_is_not_shipped_and_not_in_the_base() -> None:
    assert () == lacks(b"server")
    assert ("what the entry point calls: /server is gone",) == lacks(b"etc/os-release")


def test_folders_of_a_planned_stage_count_with_all_below() -> None:
    files = {"srv/app/server": PLAIN}
    assert () == lacks(b"srv", config={"Cmd": ["/srv/app/server"]}, files=files)
    assert () != lacks(b"srv/other", config={"Cmd": ["/srv/app/server"]}, files=files)


def test_a_planned_stage_lacks_its_user_and_its_shell() -> None:
    assert ("the user node",) == lacks(b"server", config={"User": "node"})
    assert () == lacks(b"server", config={"User": "1000"})
    (told,) = lacks(b"server", config={"Cmd": ["/bin/sh", "-c", "/server"]})
    assert "what the entry point calls: /bin/sh is gone" == told


@pytest.mark.parametrize(
    ("value", "place", "reason"),
    [
        ("nb_NO.UTF-8", "usr/lib/locale/nb_NO.utf8/LC_CTYPE", "the locale nb_NO.UTF-8, which LANG names"),
        ("nb_NO.UTF-8", "usr/share/x", ""),  # it was not there either
        ("C.UTF-8", "usr/lib/locale/C.utf8/LC_CTYPE", ""),  # in the C library itself
    ],
)
def test_a_locale_that_was_there_must_be_there(value: str, place: str, reason: str) -> None:
    found = stage(head=f"ENV LANG={value}\n", Env=[f"LANG={value}"])
    found.bases = {**BASES, "debian:bookworm": ({**FULL, place: "locale"}, ENV)}
    assert reason == (found.refused(STATIC) if reason else "")
    assert reason or found.upon(STATIC)


def test_the_fewest_packages_may_be_more_bytes() -> None:
    def packages(*names: str) -> str:
        return "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1\n\n" for name in names)

    found = stage(policy="fewest-packages")
    many = {**NOTHING, "var/lib/dpkg/status": packages("a", "b", "c")}
    few = {**SMALL, "var/lib/dpkg/status": packages("a")}
    found.bases = {**BASES, STATIC: (many, ENV), SLIM: (few, ENV)}
    assert [SLIM] == names(found)
    found.policy = "same-libc"
    assert [STATIC, SLIM] == names(found)


def test_a_base_that_other_stages_stand_on_stays_a_whole_one() -> None:
    found = stage()
    found.text = (
        "FROM golang:1.22 AS build\nFROM debian:bookworm AS base\nFROM base\nCOPY --from=build /server /server\n"
        'CMD ["/server"]\n'
    )
    found.bases = {**BASES, "base": BASES["debian:bookworm"]}
    assert [SLIM] == names(found)
