"""Compiled files that go from one C library to another."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from jettison.bases.names import official
from jettison.commands.read import runs
from jettison.core.errors import UsageError
from jettison.dockerfile.graph import source_stage, stage_chain
from jettison.dockerfile.model import Instruction, Stage
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.foundation import image_below, libc_below

NAME = "built-for-another-libc"
_INSTALLED = re.compile(r"(?:^|/)(?:node_modules|site-packages|\.?venv|env|\.local|bundle|gems)(?:/|$)")
_INSTALLERS = {"npm": "npm", "yarn": "npm", "pnpm": "npm", "pip": "pip", "pip3": "pip", "uv": "pip", "poetry": "pip",
               "bundle": "bundle", "go": "go", "cargo": "cargo"}  # fmt: skip
_ADVICE = "install it in a stage upon the base that ships, or ship upon the same C library"
_LARGEST = 64 * 2**20
_C_COMPILER = re.compile(r"\b(?:gcc|g\+\+|clang|build-base|musl-dev|zig|tcc)\b|CGO_ENABLED=1")


@text_rule("JT411")
def built_for_another_libc(text: Text) -> Iterator[Finding]:
    """What one stage compiled or installed upon glibc is copied to a stage upon musl, or the other way round.

    **What it costs.** The application: a compiled addon, a wheel or a program is linked with the C library of the stage
    that made it, and does not load upon the other. What is plain JavaScript, Python or Ruby, or linked statically,
    runs upon both, and the image may well start and fail at the first use of the one addon.

    **The fix** is yours: install in a stage upon the base that ships. Where the project's lock file says that a package
    brings compiled files (`hasInstallScript`, `cpu`, `libc`), it is named and this is a warning; where it says that
    none does, nothing is said; else it is a note. Nor is anything said of Rust's programs made upon Alpine, which hold
    musl, and of Go's where the image has no C compiler: cgo is off there.

    **Safety.** Told, never applied. Which library an image has is known from its name; of images that are not official
    nothing is said.

    This rule's example needs no layers and saves no bytes: it is tested on texts (tests/rules/test_other_libc.py).
    """
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        here = libc_below(text, stage)
        for copy in stage.instructions if here else ():
            source = source_stage(text.dockerfile, copy.flag("from") or "") if copy.keyword == "COPY" else None
            there = libc_below(text, source) if source is not None else ""
            if source is not None and there and there != here:
                yield from _finding(text, copy, source, (f"{here} ({image_below(text, stage)})", there))


def _finding(text: Text, copy: Instruction, source: Stage, names: tuple[str, str]) -> Iterator[Finding]:
    here, there = names
    tools = _tools(text, source, copy)
    if not tools:
        return
    message = f"line {copy.line} copies what {' and '.join(sorted(tools))} made upon {there} to {here}"
    compiled = _compiled(text) if tools == {"npm"} else ""
    if compiled is None:
        return
    if compiled:
        yield Finding(NAME, f"{message}: {compiled} is compiled", copy, 0, refusal=_ADVICE)
    else:
        yield Finding(NAME, message, copy, 0, proposal=f"what of it is compiled does not load there: {_ADVICE}")


def _tools(text: Text, source: Stage, copy: Instruction) -> set[str]:
    """What installed or compiled in the other stage what this copies, as far as the text tells."""
    paths = [word.text for word in copy.words[:-1]]
    alone = _linked_alone(text, source)
    named = any(_INSTALLED.search(path) for path in paths)
    found: set[str] = set()
    for stage in stage_chain(text.dockerfile, source, text.build_args):
        for run in runs(text.dockerfile, stage, text.build_args):
            for call in run.calls:
                tool = _INSTALLERS.get(posixpath.basename(call.name or ""), "")
                whole = call.folder is not None and any(_holds(path, call.folder) for path in paths)
                if tool in ("go", "cargo"):
                    verb = "build" in call.values or "install" in call.values
                    static = tool == "go" and call.setting("CGO_ENABLED") != ""
                    static |= tool in alone
                    static |= any("-extldflags" in (each or "") or "musl" in (each or "") for each in call.values)
                    if verb and not static and not named:
                        found.add(tool)
                elif tool and _installs(call.values) and (named or whole):
                    found.add(tool)
    return found


def _linked_alone(text: Text, source: Stage) -> set[str]:
    """Compilers whose programs need no C library there: Rust's upon Alpine, and Go's where there is no C compiler."""
    read = official(image_below(text, source))
    if read is None or not read.variant.startswith("alpine"):
        return set()
    said = " ".join(
        each.value for stage in stage_chain(text.dockerfile, source, text.build_args) for each in stage.instructions
    )
    found = {"cargo"} if read.image == "rust" and "crt-static" not in said else set()
    return found | ({"go"} if read.image == "golang" and not _C_COMPILER.search(said) else set())


def _installs(values: tuple[str | None, ...]) -> bool:
    return bool({"install", "ci", "i", "add", "sync"} & set(values)) or not [each for each in values if each]


def _holds(path: str, folder: str) -> bool:
    """Whether a copied path is the folder in which something was installed."""
    return path.startswith("/") and posixpath.normpath(path) == posixpath.normpath(folder) != "/"


def _compiled(text: Text) -> str | None:
    """A package of the lock file that brings compiled files; empty where that is not known, None where none does."""
    try:
        locks = [each.path for each in text.sent.entries if each.path.rpartition("/")[2] == "package-lock.json"]
        locks = [each for each in locks if "node_modules/" not in each]
        packages = _packages(text.context / locks[0]) if len(locks) == 1 else None
    except (OSError, UsageError, ValueError, RecursionError):
        return ""
    if packages is None:
        return ""
    for path, each in sorted(packages.items()):
        told = isinstance(each, dict) and not each.get("dev") and {"hasInstallScript", "cpu", "libc"} & set(each)
        if path and told:
            return str(path.rpartition("node_modules/")[2])
    return None


def _packages(path: Path) -> dict[str, object] | None:
    """The packages of a lock file of npm 7 or later; None of an earlier one."""
    if path.stat().st_size > _LARGEST:
        return None
    document = json.loads(path.read_bytes())
    found = document.get("packages") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else None
