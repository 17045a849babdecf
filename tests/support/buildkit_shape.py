"""What we read of a Dockerfile, in the shape of what tests/support/buildkit_oracle says that BuildKit reads."""

from __future__ import annotations

import re
from typing import Any

from jettison.core.errors import DockerfileError
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.parse import KEYWORDS, canonical, parse

_WHOLE = {"CMD", "ENTRYPOINT", "MAINTAINER", "RUN", "SHELL", "STOPSIGNAL", "USER", "WORKDIR"}


def shape(text: str) -> dict[str, Any]:
    """Instructions, stages and directives; {"error", "line"} where the text is refused."""
    try:
        dockerfile = parse(text)
    except DockerfileError as error:
        return {"error": str(error), "line": error.line}
    return {
        "escape": dockerfile.escape,
        "directives": [list(each) for each in dockerfile.directives],
        "instructions": [_instruction(dockerfile, each) for each in dockerfile.instructions],
        "stages": [
            {"name": each.name or "", "base": each.base, "platform": each.platform or ""} for each in dockerfile.stages
        ],
        "args_before_from": len(dockerfile.global_args),
    }


def _instruction(dockerfile: Dockerfile, each: Instruction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "keyword": each.keyword,
        "flags": [f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}") for flag in each.flags],
        "json": each.exec_form is not None,
        "line": each.line,
        "end_line": each.end_line,
        "heredocs": [
            {"name": one.name, "expand": one.expand, "chomp": one.chomp, "content": one.body.of(dockerfile.text)}
            for one in each.heredocs
        ],
    }
    if each.trigger is not None:
        inner = _instruction(dockerfile, each.trigger)
        if each.trigger.keyword not in KEYWORDS:
            inner["args"] = [""]  # all that is kept of what no builder knows
        return {**found, "args": [], "trigger": {**inner, "line": 0, "end_line": 0, "heredocs": []}}
    return {**found, "args": _arguments(each, dockerfile.escape), "trigger": None}


def _arguments(each: Instruction, escape: str) -> list[str]:
    words = [word.text for word in each.words]
    if each.keyword == "HEALTHCHECK":
        kind, *rest = re.split(r"[\t\n\v\f\r ]+", each.value, maxsplit=1)
        return [kind, *(each.exec_form if each.exec_form is not None else rest)]
    if each.exec_form is not None:
        return list(each.exec_form)
    if each.keyword in _WHOLE:
        return [each.value] if each.value else []
    if each.keyword in ("ENV", "LABEL") and words and "=" not in words[0]:
        return [*re.split(r"[\t\v\f\r ]+", each.value, maxsplit=1), ""]
    if each.keyword in ("ARG", "ENV", "LABEL"):
        words = [word for each in words if (word := without_last_escape(each, escape))]
    if each.keyword in ("ENV", "LABEL"):
        return [part for word in words for part in (*word.split("=", 1), "=")]
    return words


def without_last_escape(word: str, escape: str) -> str:
    """A word as the builder keeps it: a last escape character that escapes nothing is dropped."""
    trailing = len(word) - len(word.rstrip(escape))
    return word[:-1] if trailing % 2 else word


def theirs(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the oracle with all keys present and the keywords in capitals."""
    if "error" in answer:
        return {"error": answer["error"], "line": answer.get("line", 0)}
    return {
        "escape": answer["escape"],
        "directives": answer.get("directives", []),
        "instructions": [_completed(each) for each in answer["instructions"]],
        "stages": answer["stages"],
        "args_before_from": answer.get("args_before_from", 0),
    }


def _completed(each: dict[str, Any]) -> dict[str, Any]:
    trigger = each.get("trigger")
    return {
        "keyword": canonical(each["keyword"]),
        "flags": each.get("flags", []),
        "json": each.get("json", False),
        "line": each["line"],
        "end_line": each["end_line"],
        "heredocs": each.get("heredocs", []),
        "args": each.get("args", []),
        "trigger": trigger and _completed(trigger),
    }
