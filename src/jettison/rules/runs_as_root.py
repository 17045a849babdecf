"""An application that runs as root."""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Iterator, Sequence

from jettison.bases.names import official
from jettison.core.errors import DockerfileError, UsageError
from jettison.core.values import Severity
from jettison.dockerfile.graph import expand_from, find_stage, stage_chain
from jettison.dockerfile.model import Stage
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text

NAME = "runs-as-root"
_ROOT = re.compile(r"(?:root|0)?(?::.*)?")
_CHANGES = re.compile(rb"\b(?:su-exec|gosu|setpriv|runuser|chroot --userspec|su)\b")
_INIT = re.compile(r"/s?bin/init\b|\bsystemd\b")  # of a whole system, which begins as root and goes on as others
_SCRIPT = 100_000  # bytes that are looked at
_NOBODY = 65_534
_STAY_ROOT = {
    "node",
    "python",
    "golang",
    "debian",
    "ubuntu",
    "alpine",
    "ruby",
    "rust",
    "openjdk",
    "eclipse-temurin",
    "php",
    "busybox",
    "buildpack-deps",
    "gcc",
    "perl",
}  # official images that change no user
_ENTRIES = {"CMD", "ENTRYPOINT"}


@rule("JT601", severity=Severity.NOTE)
def runs_as_root(subject: Subject) -> Iterator[Finding]:
    """No USER stands in the stage that ships.

    **What it costs.** No bytes: whoever breaks into the application is root in the container, may change all that is
    in it, and stands one hole in the kernel or one careless mount away from the host.

    **The fix** is not jettison's to make. A port below 1024 may be refused outside Docker (Kubernetes), volumes that
    exist belong to root, and a program may write where only root can: what is known of these is named.

    **Safety.** Told, never applied. Nothing is said where the entry point changes the user itself (gosu, su-exec,
    setpriv), or is a system's own init.

    This rule's example needs no layers and saves no bytes: it is tested on texts (tests/rules/test_proposals.py).
    """
    config = subject.image.runtime
    if not _ROOT.fullmatch(str(config.get("User") or "")) or _changes_user(subject):
        return
    ports = re.findall(r"\b(\d{1,5})(?:/tcp)?\b", " ".join(config.get("ExposedPorts") or {}))
    yield _finding(subject.stage, ports, sorted(config.get("Volumes") or {}), _somebody(subject))


@seen_in_text(runs_as_root)
def nobody_else_named(text: Text) -> Iterator[Finding]:
    """The same where no USER stands in the stages that ship, and the base is one whose user is known to be root.

    Nothing where the entry point may change the user: one that the base brings, a script that cannot be read.
    """
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    every = [each for stage in chain for each in stage.instructions]
    if not _ROOT.fullmatch(_user(chain)) or not _starts_as_root(text, chain[0]):
        return
    entries = [each for each in every if each.keyword in _ENTRIES]
    if not entries or any(_changes(text, each.value) or _INIT.search(each.value) for each in entries):
        return
    ports = [port for each in every if each.keyword == "EXPOSE" for port in re.findall(r"\b\d{1,5}\b", each.value)]
    volumes = [path for each in every if each.keyword == "VOLUME" for path in arguments(each)]
    yield _finding(text.stage, ports, sorted(set(volumes)), "")


def _finding(stage: Stage, exposed: Sequence[str], volumes: Sequence[str], name: str) -> Finding:
    needs = []
    low = [str(port) for port in sorted(set(map(int, exposed))) if port < 1024]
    if low:
        needs.append(f"port {low[0]} becomes one" if len(low) == 1 else f"ports {_listed(low)} become ones")
        needs[-1] += " above 1023"
    have = "have" if len(volumes) > 1 else "has"
    needs.append(f"{_listed(volumes) if volumes else 'what it writes to'} {have} to belong to that user")
    proposal = f"{f'USER {name}' if name else 'a USER of its own'} would bound the harm; {', and '.join(needs)}"
    where = next((each for each in reversed(stage.instructions) if each.keyword == "USER"), stage.instructions[0])
    return Finding(NAME, "the application runs as root", where, 0, proposal=proposal)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _user(chain: Sequence[Stage]) -> str:
    """The user that the last USER names; empty where there is none, a word that is no name where it is not known."""
    users = [each.value for stage in chain for each in stage.instructions if each.keyword == "USER"]
    return "" if not users else "?" if "$" in users[-1] else users[-1].strip("'\"")


def _starts_as_root(text: Text, lowest: Stage) -> bool:
    """Whether the base is nothing, or an official image that leaves the user as it is."""
    if find_stage(text.dockerfile, lowest.base, lowest.index, text.build_args) is not None:
        return False
    try:
        name = expand_from(text.dockerfile, lowest, text.build_args)
    except DockerfileError:
        return False
    read = official(name.partition("@")[0])
    return name == "scratch" or (read is not None and read.image in _STAY_ROOT)


def _changes(text: Text, command: str) -> bool:
    """Whether a command, or a script of the context that it names, calls a tool that changes the user."""
    if _CHANGES.search(command.encode("utf-8", "surrogateescape")):
        return True
    for name in re.findall(r"[\w./-]+\.sh\b|[\w./-]*entrypoint[\w.-]*", command):
        found = _of_context(text, posixpath.basename(name))
        if found is None or _CHANGES.search(found):
            return True
    return False


def _of_context(text: Text, name: str) -> bytes | None:
    """The beginning of the one file of that name in the context; None where there is not one, or it cannot be read."""
    try:
        paths = [each.path for each in text.sent.entries if each.path.rpartition("/")[2] == name]
        path = text.context / paths[0] if len(paths) == 1 else None
        if path is None or not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as stream:
            return stream.read(_SCRIPT)
    except (OSError, UsageError):
        return None


def _changes_user(subject: Subject) -> bool:
    """Whether the entry point, or the script that it is, calls a tool that changes the user."""
    config = subject.image.runtime
    words = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    if _CHANGES.search(" ".join(words).encode("utf-8", "surrogateescape")):
        return True
    folder = str(config.get("WorkingDir") or "/")
    places = [posixpath.join(folder, word) for word in words[:2]] + [f"/usr/local/bin/{word}" for word in words[:2]]
    return any(_CHANGES.search(_content(subject, posixpath.normpath(place))) for place in places)


def _content(subject: Subject, path: str) -> bytes:
    """A small file's content; empty where there is none."""
    try:
        return subject.tree.read(path.lstrip("/").encode("utf-8", "surrogateescape"), _SCRIPT)
    except KeyError:
        return b""


def _somebody(subject: Subject) -> str:
    """A user that the image has for people and programs; empty where there is none."""
    for line in _content(subject, "/etc/passwd").decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdigit() and 1000 <= int(fields[2]) < _NOBODY:
            return fields[0]
    return ""
