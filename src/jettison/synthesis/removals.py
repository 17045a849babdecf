"""What a later RUN removes of what an earlier instruction surely made, as far as the text tells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from jettison.commands.files import removal
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Instruction, Stage
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import Command, script
from jettison.subject import Text
from jettison.synthesis.caches import APK, APT_LISTS, GO, NPM, PIP, YARN, emptied_later, fillings, shipped_runs

Pair = tuple[Instruction, Instruction]  # what made, what removes
_CACHES = (APT_LISTS, APK, PIP, NPM, YARN, GO)
_PACKAGES = {"node_modules", "site-packages", "dist-packages", ".venv", "venv", "vendor"}
_NOTHING = {"true", ":", "echo", "printf"}


def removed_caches(text: Text) -> Iterator[Pair]:
    """A cache that one RUN fills and another, behind it, empties."""
    for cache in _CACHES:
        for each in fillings(text, cache):
            later = emptied_later(text, each, cache)
            if later is not None:
                yield each.instruction, later


def removed_copies(text: Text) -> Iterator[Pair]:
    """A file or folder that a COPY or ADD of a stage that ships puts in place, and a RUN behind it removes by name."""
    placed: dict[str, Instruction] = {}
    for stage in stage_chain(text.dockerfile, text.stage):
        for each in stage.instructions:
            if each.keyword in ("COPY", "ADD"):
                placed |= dict.fromkeys(_places(text, stage, each), each)
            elif each.keyword == "RUN" and placed and "rm" in each.value:
                for path in _removed(text, each):
                    if path in placed:
                        yield placed.pop(path), each


def removed_parts(text: Text) -> Iterator[Pair]:
    """A folder of packages that a COPY --from brings, and a RUN that does nothing but remove by patterns in it."""
    chain = stage_chain(text.dockerfile, text.stage)
    runs = {run.instruction.span: run for run in text.runs}
    placed: dict[str, Instruction] = {}
    for stage in chain:
        for each in stage.instructions:
            if each.keyword == "COPY" and each.flag("from"):
                here = (path for path in _places(text, stage, each) if posixpath.basename(path) in _PACKAGES)
                placed |= dict.fromkeys(here, each)
            run = runs.get(each.span) if each.keyword == "RUN" and placed else None
            if run is None or not run.readable:
                continue
            gone = [(call, removal(call)) for call in run.calls if call.name not in _NOTHING]
            if all(found is not None for _, found in gone):
                patterns = [pattern for _, found in gone if found is not None for pattern in found.patterns]
                for path in [path for path in placed if any(_in_folder(each, path) for each in patterns)]:
                    yield placed.pop(path), each


def _in_folder(pattern: str, folder: str) -> bool:
    return pattern == folder or pattern.startswith(f"{folder}/")


def _places(text: Text, stage: Stage, copy: Instruction) -> Iterator[str]:
    """The absolute paths that it makes, as far as no variable, wildcard or unknown folder is in them."""
    words = list(copy.exec_form or (word.text for word in copy.words))
    if len(words) < 2 or copy.heredocs or any(set(word) & set("*?[$") for word in words):
        return
    *sources, target = (expand(word, {}, text.dockerfile.escape)[0] for word in words)
    folder = state_at(text.dockerfile, stage, copy, text.build_args).workdir
    if not target.startswith("/"):
        if folder is None:
            return
        target = f"{folder}/{target}" + ("/" if target in (".", "..") else "")
    inside = target.endswith("/") or len(sources) > 1
    for source in sources:
        name = posixpath.basename(source.rstrip("/"))
        if inside and ("." in name.strip(".") and "://" not in source) and copy.keyword == "COPY":
            yield posixpath.normpath(f"{target}/{name}")  # a name with a dot in it is taken for a file's
        elif not inside and copy.keyword == "COPY":
            yield posixpath.normpath(target)


def _removed(text: Text, run: Instruction) -> Iterator[str]:
    """Absolute paths that a RUN removes for sure."""
    found = script(text.dockerfile, run)
    for command in found.commands if found is not None else ():
        if _is_removal(command):
            yield from (posixpath.normpath(value) for value in command.values if value and value.startswith("/"))


def _is_removal(command: Command) -> bool:
    return command.name == "rm" and not command.nested and command.joined != "||"


def only_removes(text: Text, run: Instruction) -> bool:
    """Whether a RUN does nothing but remove constant paths and empty caches."""
    found = script(text.dockerfile, run)
    return found is not None and found.plain and all(
        not each.redirected and not each.assignments and (
            (each.name == "rm" and all(value is not None or ("$" not in word.text and "`" not in word.text)
                                       for value, word in zip(each.values, each.arguments, strict=True)))
            or (each.name == "apt-get" and each.values in (("clean",), ("-y", "clean"), ("clean", "-y")))
        )
        for each in found.commands
    )  # fmt: skip


def follows(text: Text, one: Instruction, other: Instruction) -> bool:
    """Whether a RUN stands right behind another one of its stage."""
    runs = [run for run, _ in shipped_runs(text)]
    instructions = text.stage.instructions
    return one in runs and one in instructions and instructions.index(other) == instructions.index(one) + 1
