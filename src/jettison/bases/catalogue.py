"""Which bases may stand in the place of an official image: names, and what is known of each without fetching it.

Source: the tag lists of docker-library/official-images (slim and alpine variants, the Debian release that a bare tag
stands on) and the READMEs of GoogleContainerTools/distroless (nodejs, python3, base, cc, static), as of 2026-11-21.
Whether a tag exists, what it holds and what it weighs is asked when it is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from jettison.bases.names import DEBIAN, Name, official
from jettison.core.values import Applicability

_DEBIAN_SLIM = "manual pages, documentation and translations"
_LANGUAGE_SLIM = "compilers, headers, git, curl and the other tools that only building needs"
_ALPINE = "glibc, bash, GNU tools and apt: its C library is musl, its shell and tools are BusyBox, its packages apk's"
_DISTROLESS = "a shell, a package manager and any tool"
_SLIM = {"debian": _DEBIAN_SLIM} | dict.fromkeys(("node", "python", "ruby", "perl", "rust", "openjdk"), _LANGUAGE_SLIM)
_HAS_ALPINE = {"node", "python", "golang", "ruby", "rust", "openjdk", "eclipse-temurin"}
_DATA = "gcr.io/distroless/static-debian12"  # certificates, time zones, accounts, /tmp: the same for every release
_RUNS_COMPILED = {"debian", "ubuntu", "buildpack-deps", "golang", "rust", "gcc", "alpine"}
_NODE_DISTROLESS = {  # the program is the same build of nodejs.org; the system is Debian's
    8: "gcr.io/distroless/nodejs:8",
    10: "gcr.io/distroless/nodejs:10",
    12: "gcr.io/distroless/nodejs:12",
    14: "gcr.io/distroless/nodejs:14",
    16: "gcr.io/distroless/nodejs16-debian11",
    18: "gcr.io/distroless/nodejs18-debian12",
    20: "gcr.io/distroless/nodejs20-debian12",
    22: "gcr.io/distroless/nodejs22-debian12",
    24: "gcr.io/distroless/nodejs24-debian12",
}
_PYTHON_DISTROLESS = {(3, 9): "python3-debian11", (3, 11): "python3-debian12", (3, 13): "python3-debian13"}
_STANDS_ON = {  # the Debian release behind a tag that names none, by the first number(s) of the version
    "node": {8: "stretch", 10: "buster", 12: "buster", 14: "buster", 16: "bookworm", 18: "bookworm", 20: "bookworm",
             22: "bookworm", 24: "bookworm"},
    "debian": {number: name for name, number in DEBIAN.items()},
}  # fmt: skip
_STANDS_ON_BY_DEFAULT = {"python": "bookworm", "golang": "bookworm", "rust": "bookworm", "ruby": "bookworm",
                         "perl": "bookworm"}  # fmt: skip


class Family(StrEnum):
    """What kind of base a candidate is."""

    SLIM = "slim"
    ALPINE = "alpine"
    DISTROLESS = "distroless"
    SCRATCH = "scratch"


@dataclass(frozen=True)
class Candidate:
    """A base that may do, and what it leaves out, as a sentence's end."""

    name: str
    family: Family
    libc: str  # glibc, musl, none
    shell: bool
    without: str
    runs: str = ""  # the only kind of program that it runs: node, python, compiled; empty for any
    applicability: Applicability = Applicability.TESTED
    why_proposed: str = ""
    carries: bool = False  # the interpreter and its libraries come along from the old base (synthesis/base_parts)


def candidates(name: str) -> tuple[Candidate, ...]:
    """What may replace an official image, nearest relative first; empty for a foreign one and for `name@sha256:...`."""
    read = official(name)
    return tuple(_candidates(read)) if read is not None and not read.kind and not read.system else ()


def stands_on(name: str) -> str:
    """The Debian release of an official image, such as `bookworm`; empty where that is not known, or not Debian."""
    read = official(name)
    if read is None or read.variant.startswith("alpine"):
        return ""
    if read.release or not read.numbers:
        return read.release
    return _STANDS_ON.get(read.image, {}).get(read.numbers[0], "") or _STANDS_ON_BY_DEFAULT.get(read.image, "")


def _candidates(name: Name) -> Iterator[Candidate]:
    if name.is_full and name.image in _SLIM:
        yield Candidate(_slim_name(name), Family.SLIM, "glibc", True, _SLIM[name.image])
    if name.image == "node" and not name.variant.startswith("alpine") and len(name.numbers) == 1:
        found = _NODE_DISTROLESS.get(name.numbers[0], "")
        if _same_release(name, found):
            yield _distroless(found, "glibc", "node")
    if name.image == "python" and not name.variant.startswith("alpine") and len(name.numbers) == 2:
        found = _PYTHON_DISTROLESS.get((name.numbers[0], name.numbers[1]), "")
        if _same_release(name, found):
            yield _python(found)
    if name.image in ("node", "python") and name.variant == "slim":
        yield Candidate(_DATA, Family.DISTROLESS, "glibc", False, _DISTROLESS, name.image, carries=True)
    if name.image in _HAS_ALPINE and not name.variant.startswith("alpine") and not name.release:
        yield Candidate(_alpine_name(name), Family.ALPINE, "musl", True, _ALPINE)
    if name.image in ("debian", "ubuntu") and name.version:
        yield Candidate("alpine:3.23", Family.ALPINE, "musl", True, _ALPINE, "compiled")
    if name.image in _RUNS_COMPILED:
        release = DEBIAN.get(stands_on(f"{name.path}:{name.version}") if name.version else "", 12)
        release = max(DEBIAN.get(name.release, release), 11)
        yield _distroless(f"gcr.io/distroless/cc-debian{release}", "glibc", "compiled")
        yield _distroless(f"gcr.io/distroless/base-debian{release}", "glibc", "compiled")
        yield _distroless(f"gcr.io/distroless/static-debian{release}", "none", "compiled")
        yield Candidate("scratch", Family.SCRATCH, "none", False, "anything at all", "compiled")


def _same_release(name: Name, found: str) -> bool:
    """Whether there is such an image, and it stands on the Debian release that the tag names, where it names one."""
    return bool(found) and (not name.release or found.endswith(f"-debian{DEBIAN[name.release]}"))


def _slim_name(name: Name) -> str:
    """`node:20-bookworm-slim`, `python:3.12-slim-bookworm`, `debian:bookworm-20240110-slim`."""
    if name.image == "debian":
        version = f"{name.version}{f'-{name.date}' if name.date else ''}"
        return f"{name.path}:{version}-slim" if version and version != "latest" else f"{name.path}:stable-slim"
    version = "" if name.version in ("", "latest") else name.version
    order = (version, name.release, "slim") if name.image == "node" else (version, "slim", name.release)
    return f"{name.path}:{'-'.join(part for part in order if part)}"


def _alpine_name(name: Name) -> str:
    version = "" if name.version in ("", "latest") else name.version
    return f"{name.path}:{'-'.join(part for part in (version, name.edition, 'alpine') if part)}"


def _distroless(name: str, libc: str, runs: str) -> Candidate:
    return Candidate(name, Family.DISTROLESS, libc, False, _DISTROLESS, runs)


def _python(tag: str) -> Candidate:
    """Debian's own CPython: the same version and another build, other paths, other patches."""
    why = "its interpreter is another build, Debian's own"
    without = f"{_DISTROLESS}, pip among them"
    name = f"gcr.io/distroless/{tag}"
    return Candidate(name, Family.DISTROLESS, "glibc", False, without, "python", Applicability.PROPOSED, why)


def libc_of(name: str) -> str:
    """The C library of an official image: musl for alpine and what stands on it, else glibc."""
    read = official(name)
    musl = read is not None and (read.image == "alpine" or read.variant.startswith("alpine"))
    return "musl" if musl else "glibc"
