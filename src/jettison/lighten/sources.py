"""What a version is built from: the Dockerfile's text, and files that stand in for the user's in the build context.

So far one file can: `.dockerignore` at the root of the context, for an engine that takes an ignore file from elsewhere.
The user's own is read once a run, and never touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jettison.context.ignore import Dialect, find_ignore_file
from jettison.core.diff import unified
from jettison.core.errors import UsageError
from jettison.engine.model import Capabilities, Engine
from jettison.lighten.recipe import Recipe
from jettison.rule import Fix
from jettison.subject import IGNORE_FILE, IgnoreFile

_GIVEN = "--ignorefile"  # buildah's own flag, behind our `--`


@dataclass(frozen=True)
class Sources:
    """`files` are those that differ from the user's: by their path in the context, with their whole text."""

    text: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Equal for what builds the same; the text itself where no file goes with it."""
        return json.dumps([self.text, meaning(self.files)]) if self.files else self.text


def meaning(files: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """What files come to: the patterns of an ignore file in any order, unless an exception makes the order count."""
    found = []
    for path, text in sorted(files.items()):
        lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
        found.append((path, lines if any(line.startswith("!") for line in lines) else sorted(lines)))
    return found


def untriable(fix: Fix, capabilities: Capabilities) -> str:
    """Why a fix cannot be built without touching the user's files; empty where it can."""
    for path, _ in fix.files:
        if path != IGNORE_FILE:
            return f"it writes {path}, and only {IGNORE_FILE} can be tried without touching the project"
    if fix.files and not capabilities.ignore_file_apart:
        return f"this builder takes {IGNORE_FILE} from the project alone; buildah and BuildKit (docker buildx) do not"
    return ""


def ignore_file(recipe: Recipe, engine: Engine) -> IgnoreFile:
    """The ignore file that counts for the user's own build, and its text. Raises UsageError where it cannot be read."""
    dialect = Dialect(engine.builder)
    arguments = list(recipe.engine_arguments)
    for number, each in enumerate(arguments):
        if each == _GIVEN or each.startswith(f"{_GIVEN}="):
            value = each.partition("=")[2] or "".join(arguments[number + 1 : number + 2])
            return IgnoreFile(value, _read(Path(value)), dialect, given=True)
    found = find_ignore_file(recipe.project, recipe.dockerfile, engine.capabilities.ignore_files)
    if found is None:
        return IgnoreFile(dialect=dialect)
    beside = found.name.startswith(f"{recipe.dockerfile.name}.")
    return IgnoreFile(found.name, _read(found), dialect, beside=beside)


def _read(path: Path) -> str:
    try:
        return decode_file(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"cannot read the ignore file {path}: {error.strerror}", hint="check its permissions"
        ) from error


def decode_file(data: bytes) -> str:
    """The text of any file; `encode_file` makes the same bytes of it."""
    return data.decode("utf-8", "surrogateescape")


def encode_file(text: str) -> bytes:
    """The bytes that `decode_file` took."""
    return text.encode("utf-8", "surrogateescape")


def difference(old: Sources, new: Sources, name: str, own: IgnoreFile) -> str:
    """A diff for `git apply` and `patch -p1`, a file after the other; `name` is the Dockerfile's, `own` the user's."""
    texts = [unified(old.text, new.text, name)]
    for path in sorted(new.files):
        before = old.files.get(path, own.text if path == own.name else None)
        found = unified(before or "", new.files[path], path)
        texts.append(found if before is not None else found.replace(f"--- a/{path}", "--- /dev/null", 1))
    return "".join(texts)
