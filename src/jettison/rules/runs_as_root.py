"""An application that runs as root."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from jettison.rule import Finding, rule
from jettison.subject import Subject

NAME = "runs-as-root"
_ROOT = re.compile(r"(?:root|0)?(?::.*)?")
_CHANGES = re.compile(rb"\b(?:su-exec|gosu|setpriv|runuser|chroot --userspec|su)\b")
_SCRIPT = 100_000  # bytes that are looked at
_NOBODY = 65_534


@rule("JT601")
def runs_as_root(subject: Subject) -> Iterator[Finding]:
    """No USER stands in the stage that ships.

    **What it costs.** No bytes: whoever breaks into the application is root in the container, may change all that is
    in it, and stands one hole in the kernel or one careless mount away from the host.

    **The fix** is not jettison's to make. A port below 1024 may be refused outside Docker (Kubernetes), volumes that
    exist belong to root, and a program may write where only root can: what is known of these is named.

    **Safety.** Told, never applied. Nothing is said where the entry point changes the user itself (gosu, su-exec,
    setpriv).

    This rule's example needs no layers and saves no bytes: it is tested on texts (tests/rules/test_proposals.py).
    """
    config = subject.image.runtime
    if not _ROOT.fullmatch(str(config.get("User") or "")) or _changes_user(subject):
        return
    needs = []
    ports = sorted(
        {int(port) for port in re.findall(r"\b(\d{1,5})(?:/tcp)?\b", " ".join(config.get("ExposedPorts") or {}))}
    )
    low = [str(port) for port in ports if port < 1024]
    if low:
        needs.append(f"port {' and '.join(low)} becomes one above 1023")
    volumes = sorted(config.get("Volumes") or {})
    needs.append(f"{' and '.join(volumes) if volumes else 'what it writes to'} has to belong to that user")
    name = _somebody(subject)
    proposal = f"{f'USER {name}' if name else 'a USER of its own'} would bound the harm; {', and '.join(needs)}"
    yield Finding(NAME, "the application runs as root", subject.stage.instructions[0], 0, proposal=proposal)


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
