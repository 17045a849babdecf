"""An entry point freed from npm, from a shell and from a base's own script: the same program, named directly.

What each of them does before the program starts is taken from their documentation (docker-node's
`docker-entrypoint.sh`; npm-run-script, scripts; dash's environment), and where that could matter nothing is freed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jettison.closure.command import health, locate
from jettison.closure.lost import Reach
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, newline
from jettison.dockerfile.model import Edit, Instruction
from jettison.image.model import Image
from jettison.subject import Subject
from jettison.synthesis import npm_script
from jettison.synthesis.config_upon import config_upon, last
from jettison.synthesis.programs import Programs
from jettison.synthesis.simple_command import simple_command

_SHELLS = {"sh", "bash", "ash", "dash"}
_STEPS = 6  # entry script, shell, npm, shell ...
_RUNNER = re.compile(rb"usr/(?:local/)?lib/node_modules/(?:npm|pnpm|yarn|corepack)/")
_KEYS = ("Entrypoint", "Cmd", "Healthcheck")


@dataclass(frozen=True)
class Freed:
    """What is edited, the config that comes of it, the keys of it that changed, and from what it was freed."""

    config: Mapping[str, Any]
    edits: tuple[Edit, ...] = ()
    declares: tuple[str, ...] = ()
    what: tuple[str, ...] = ()
    note: str = ""  # what then is different


@dataclass(frozen=True)
class _Command:
    """The words of the program at last, and what stood before it."""

    words: tuple[str, ...]
    freed_from: tuple[str, ...]


@dataclass(frozen=True)
class _Entry:
    subject: Subject
    candidate: Image

    @cached_property
    def config(self) -> dict[str, Any]:
        return config_upon(self.subject, self.candidate)

    @property
    def was(self) -> Mapping[str, Any]:
        return self.subject.image.runtime

    def followed(self, argv: Sequence[str]) -> _Command:
        """The program that these words lead to, as it is called on the candidate. Raises CannotEdit."""
        words, freed_from = tuple(argv), list[str]()
        for _ in range(_STEPS):
            step = self._step(words)
            if step is None:
                break
            words, what = step
            freed_from.append(what)
        _check_sources(self.subject, words, freed_from)
        return _Command((self._name(words[0]), *words[1:]), tuple(dict.fromkeys(freed_from)))

    def _step(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], str] | None:
        """The words without their first carrier, and its name; None where the first word is the program."""
        tree = self.subject.tree
        real = locate(tree, words[0], self.was)
        if real is None:
            raise CannotEdit(f"{words[0]} is no executable of the image")
        name = words[0].rpartition("/")[2]
        if name == "docker-entrypoint.sh" and self._is_of_base(real):
            return _behind_entry_script(self.subject, real, words[1:]), "docker-entrypoint.sh"
        if name in _SHELLS and words[1:2] == ("-c",):
            if len(words) != 3:
                raise CannotEdit("a shell with arguments of its own stands before the program")
            return simple_command(words[2]), "a shell"
        if name in npm_script.RUNNERS and (self._is_of_base(real) or _RUNNER.match(real)):
            return npm_script.command(tree, self.was, words), " ".join(words)
        return None

    def _is_of_base(self, path: bytes) -> bool:
        return self.subject.tree.layer_of(path) < self.subject.alignment.base_layers

    def _name(self, word: str) -> str:
        """How the program is called on the candidate."""
        real = locate(self.subject.tree, word, self.was)
        if real is None:
            raise CannotEdit(f"{word} is no executable of the image")
        if not self._is_of_base(real) or locate(self.candidate.tree, word, self.config):
            return word
        name = word.rpartition("/")[2]
        brings = next(iter(self.candidate.runtime.get("Entrypoint") or []), "")
        if brings.rpartition("/")[2] == name or (name == "python" and brings.endswith("/python3")):
            return str(brings)
        raise CannotEdit(f"{name} is not there")


def free(subject: Subject, candidate: Image) -> Freed:
    """Entry point and health check as they can be started upon a base that has the program and nothing else.

    Raises CannotEdit with the reason where the program cannot be named directly, or would see a difference.
    """
    entry = _Entry(subject, candidate)
    argv = [str(word) for key in _KEYS[:2] for word in entry.was.get(key) or []]
    if not argv or (last(subject, "ENTRYPOINT") is None and last(subject, "CMD") is None):
        raise CannotEdit("the Dockerfile names no program to run")
    command = entry.followed(argv)
    edits, config = _written(entry, command.words)
    what = list(command.freed_from)
    checked = last(subject, "HEALTHCHECK")
    test = health(entry.was)
    if checked is not None and test:
        healthy = entry.followed(test)
        if healthy.words != test:
            edits.append(_rewrite(checked, f"CMD {_json(healthy.words)}"))
            config["Healthcheck"] = {**(entry.was.get("Healthcheck") or {}), "Test": ["CMD", *healthy.words]}
            what += [each for each in healthy.freed_from if each not in what]
    declares = tuple(key for key in _KEYS if (config.get(key) or None) != (entry.was.get(key) or None))
    return Freed(config, tuple(edits), declares, tuple(what), _note(subject, config, command.freed_from))


def _note(subject: Subject, config: Mapping[str, Any], freed_from: Sequence[str]) -> str:
    """npm hands signals on, and ends; a process 1 without a handler ignores them (signal(7), pid_namespaces(7))."""
    if not any(each.partition(" ")[0] in npm_script.RUNNERS for each in freed_from):
        return ""
    if any("SIGTERM" in text for _, text in _programs(subject, config).sources()):
        return ""
    return "the program is process 1 now and handles no SIGTERM: without `docker run --init` a stop takes ten seconds"


def _programs(subject: Subject, config: Mapping[str, Any]) -> Programs:
    """What the changed commands start, in the image as it is."""
    told = {**subject.image.runtime, **{key: config.get(key) for key in _KEYS}}
    return Programs(Reach(subject.tree, told), subject.alignment.base_layers)


def _behind_entry_script(subject: Subject, path: bytes, words: tuple[str, ...]) -> tuple[str, ...]:
    """What the entry script of the official node image hands over to.

    It puts `node` before an option, before what is no command, and before a file that cannot be executed.
    """
    text = subject.tree.read(path, 65536)
    if b'set -- node "$@"' not in text or b'exec "$@"' not in text or not words:
        raise CannotEdit("docker-entrypoint.sh is not the one that is known")
    if words[0].startswith("-") or locate(subject.tree, words[0], subject.image.runtime) is None:
        return ("node", *words)
    return words


def _written(entry: _Entry, words: tuple[str, ...]) -> tuple[list[Edit], dict[str, Any]]:
    """The instructions that make a container run these words, and the config; untouched where they do already."""
    entrypoint, cmd = last(entry.subject, "ENTRYPOINT"), last(entry.subject, "CMD")
    config = dict(entry.config)
    brought = list(entry.candidate.runtime.get("Entrypoint") or [])
    arguments = [str(word) for word in (entry.was.get("Cmd") or [])] if cmd is not None else []
    if entrypoint is None and not brought:
        first, rest = [], list(words)
    elif entrypoint is not None and arguments and list(words[-len(arguments) :]) == arguments != list(words):
        first, rest = list(words[: -len(arguments)]), arguments
    elif entrypoint is not None and cmd is None:
        first, rest = list(words), []
    else:
        first, rest = [words[0]], list(words[1:])
    edits = _edits(entry, (entrypoint, first), (cmd, rest))
    config |= {"Entrypoint": first or None, "Cmd": rest or None}
    return edits, config


def _edits(
    entry: _Entry, entrypoint: tuple[Instruction | None, list[str]], cmd: tuple[Instruction | None, list[str]]
) -> list[Edit]:
    end = newline(entry.subject.dockerfile)
    found = []
    (first, first_words), (second, rest) = entrypoint, cmd
    if first is not None and list(first.exec_form or ()) != first_words:
        found.append(_rewrite(first, _json(first_words)))
    if second is None:
        return found
    before = f"ENTRYPOINT {_json(first_words)}" if first is None and first_words else ""
    if not rest:  # a CMD that a shell form ENTRYPOINT ignored would become its arguments
        found.append(Edit(second.span, before or "CMD []"))
    elif list(second.exec_form or ()) != rest or before:
        if before:
            found.append(Edit(Span(second.span.start, second.span.start), before + end))
        if list(second.exec_form or ()) != rest:
            found.append(_rewrite(second, _json(rest)))
    return found


def _rewrite(instruction: Instruction, text: str) -> Edit:
    """What follows the keyword and its flags, replaced; blanks before it stay."""
    start = instruction.words[0].span.start if instruction.words else instruction.body.start
    return Edit(Span(start, instruction.span.end), text)


def _json(words: Sequence[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)


def _check_sources(subject: Subject, words: tuple[str, ...], freed_from: Sequence[str]) -> None:
    """Refuse where a script reads what npm or a shell would have set for it. Raises CannotEdit."""
    if not freed_from:
        return
    programs = _programs(subject, {"Cmd": list(words)})
    by_npm = any(each.partition(" ")[0] in npm_script.RUNNERS for each in freed_from)
    for path, text in programs.sources():
        read = npm_script.reads(text, npm=by_npm)
        if read:
            raise CannotEdit(f"/{path.decode('utf-8', 'replace')} reads {read}, which {freed_from[-1]} sets")
