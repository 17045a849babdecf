"""Keys and passwords that a command wrote into a layer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from jettison.commands.files import path_of
from jettison.commands.model import Run
from jettison.context.sensitive import VARIABLES, suggested, whys
from jettison.core.errors import UsageError
from jettison.core.escape import show_path
from jettison.core.values import Severity
from jettison.dockerfile.model import Instruction
from jettison.image.model import Kind
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import SHOWN
from jettison.synthesis.removals import Removals

NAME = "secrets-left-in-a-layer"
_LARGEST = 64 * 1024  # bytes of a file that is looked into
_PUBLIC = re.compile(
    rb"usr/(?:local/)?(?:share|lib|include|go)/|etc/ssl/certs/|(?:.*/)?(?:tests?|testdata|fixtures|examples?|go/pkg/mod)/"
)
_NAMED = re.compile(rb"(?i)[\w.]*(?:secret|token|passw|credential|api_?key|private_?key)[\w.]*[ \t]*=[ \t]*[^\s#$]")
_REASON = "give it to the RUN that needs it with --mount=type=secret, and change it where the image left this machine"


@rule("JT615", severity=Severity.ERROR)
def secrets_left_in_a_layer(subject: Subject) -> Iterator[Finding]:
    """A layer holds a key, a token or a password that a command wrote there, or that came from another stage.

    **What it costs.** No bytes worth speaking of: whoever has the image has what is in any of its layers, also where a
    later one deletes it.

    **The fix** is yours: `--mount=type=secret` shows a file to one RUN and to no layer. Host keys of SSH are made when
    the container starts first, not when the image is built.

    **Safety.** Told, never applied, and never printed. Known by its name, and where a name says too little by what the
    file holds; of variables those that are called a secret. What packages bring, examples and test data are left alone.
    What a COPY takes of the context, in whichever stage, is told by secrets-copied-in.

    This rule's example needs the files of an image: it is tested on layers
    (tests/rules/test_accounts_and_secrets.py).
    """
    for layer, instruction in sorted(subject.alignment.instruction_of.items(), key=lambda each: each[0]):
        if _is_of_the_context(subject, instruction):
            continue
        found = [each for each in _found(subject, layer) if not _is_sent(subject, each[0], layer)]
        if found:
            told = [f"/{show_path(path)} ({why}{_since(subject, path)})" for path, why in found[:SHOWN]]
            more = f" and {len(found) - SHOWN} more" if found[SHOWN:] else ""
            message = f"line {instruction.line} leaves {', '.join(told)}{more} in its layer"
            paths = tuple(path for path, _ in found[:SHOWN])
            yield Finding(NAME, message, instruction, 0, refusal=_REASON, paths=paths)


@seen_in_text(secrets_left_in_a_layer)
def written_from_a_mount(text: Text) -> Iterator[Finding]:
    """A RUN that ships copies a secret that it was shown, or writes it to a file: `cp`, or `cat` with a `>`."""
    for run in text.shipped:
        shown = set(_shown(run)) if run.mounts else set()
        held = [mount.target for mount in run.mounts if mount.target]
        gone = Removals(run) if shown else None
        for call in run.calls if shown else ():
            if call.name not in ("cp", "install", "cat") or not call.certain:
                continue
            paths = [path_of(call, word) for word in call.words]
            to = paths[-1] if call.name != "cat" else next((path_of(call, word) for word in call.outputs), None)
            source = next((path for path in paths if path in shown), None)
            if source is None or to is None or to in shown or any(f"{to}/".startswith(f"{each}/") for each in held):
                continue
            if to.startswith("/dev/") or (gone is not None and gone.may_take(to, call)):
                continue
            message = f"line {run.instruction.line} writes the secret in {source} to {to}, which stays in its layer"
            yield Finding(
                NAME, message, run.instruction, 0, refusal="read it where it is mounted, or mount it there: target="
            )


def _shown(run: Run) -> Iterator[str]:
    """Where the secrets lie that a RUN is shown."""
    for flag in run.instruction.flags:
        parts = dict(each.partition("=")[::2] for each in (flag.value or "").split(",")) if flag.name == "mount" else {}
        if parts.get("type") == "secret" and "env" not in parts:
            yield parts.get("target") or parts.get("dst") or f"/run/secrets/{parts.get('id', '')}"


def _is_of_the_context(subject: Subject, instruction: Instruction) -> bool:
    """Whether another rule looks at what it takes."""
    return instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None and subject.context.is_dir()


def _is_sent(subject: Subject, path: bytes, layer: int) -> bool:
    """Whether a file of this name and size is in the context: it came from there, through whichever stage."""
    try:
        sent = subject.sent.by_path.values() if subject.context.is_dir() else ()
    except UsageError:  # an ignore file that the builder refuses: it says so itself
        return False
    columns = subject.image.layers[layer].columns
    name, size = path.rpartition(b"/")[2], columns.sizes[columns.paths.index(path)]
    base = name.decode("utf-8", "surrogateescape")
    return any((each.path.rpartition("/")[2], each.size) == (base, size) for each in sent)


def _since(subject: Subject, path: bytes) -> str:
    return "" if path in subject.tree else "; a later layer deletes it, and it is there all the same"


def _found(subject: Subject, layer: int) -> Iterator[tuple[bytes, str]]:
    """(path, what it is) of each sensitive file of a layer."""
    columns = subject.image.layers[layer].columns
    for index, path in enumerate(columns.paths):
        if columns.kinds[index] != Kind.FILE or not columns.sizes[index] or _PUBLIC.match(path):
            continue
        text = path.decode("utf-8", "replace")
        if suggested(text):
            head = partial(_head, subject, layer, index)
            why = next(whys(text, head), "")
            if why and (why != VARIABLES or _NAMED.search(head())):
                yield path, why


def _head(subject: Subject, layer: int, index: int) -> bytes:
    """The content of a small file of a layer; nothing of a large one, which is no key."""
    whole = subject.image.layers[layer]
    return whole.read(whole.columns[index]) if whole.columns.sizes[index] <= _LARGEST else b""
