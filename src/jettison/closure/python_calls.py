"""What Python sources start and load beyond Python: programs by their names, libraries of the C world.

Read by parsing, never executed; names that are computed are not seen.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.closure.known_texts import once_a_text
from jettison.closure.shell import commands

_SHELL = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}
_STARTS = {("subprocess", name) for name in ("run", "Popen", "call", "check_call", "check_output")} | {
    ("asyncio", "create_subprocess_exec"), ("asyncio", "create_subprocess_shell"), ("os", "execvp"), ("os", "execlp"),
}  # fmt: skip
_LOADS = {"find_library", "CDLL", "LoadLibrary", "cdll"}


@dataclass(frozen=True)
class Calls:
    """Names of programs as written, and of libraries: `magic` (as find_library takes it) or `libmagic.so.1`."""

    programs: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


@once_a_text
def calls(source: str) -> Calls:
    """What one source starts and loads, in the order of the text; nothing where it cannot be parsed."""
    starts = any(module in source and name in source for module, name in _STARTS | _SHELL)
    if not starts and not any(name in source for name in _LOADS):
        return Calls()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Calls()
    nodes = list(ast.walk(tree))
    names = _imported(nodes)
    programs: dict[str, None] = {}
    libraries: dict[str, None] = {}
    for node in nodes:
        if isinstance(node, ast.Call):
            programs.update(dict.fromkeys(_programs(node, names)))
            libraries.update(dict.fromkeys(_libraries(node)))
    return Calls(tuple(programs), tuple(libraries))


def _imported(nodes: Iterable[ast.AST]) -> dict[str, tuple[str, str]]:
    """What a bare name is short for: `from subprocess import run as go` -> {"go": ("subprocess", "run")}."""
    found: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update({each.asname or each.name: (node.module, each.name) for each in node.names})
        elif isinstance(node, ast.Import):
            found.update({each.asname: (each.name, "") for each in node.names if each.asname})
    return found


def _programs(call: ast.Call, names: dict[str, tuple[str, str]]) -> Iterator[str]:
    called = _called(call.func, names)
    if called not in _STARTS | _SHELL or not call.args:
        return
    first = call.args[0]
    if isinstance(first, ast.List | ast.Tuple) and first.elts:
        first = first.elts[0]
        if (text := _constant(first)) is not None:
            yield text
        return
    text = _constant(first)
    if text is None:
        return
    shell = called in _SHELL or called[1].endswith("_shell") or any(
        each.arg == "shell" and not (isinstance(each.value, ast.Constant) and not each.value.value)
        for each in call.keywords
    )  # fmt: skip
    yield from (words[0] for words in commands(text)) if shell else (text,)


def _called(function: ast.expr, names: dict[str, tuple[str, str]]) -> tuple[str, str]:
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        module = function.value.id
        return (names[module][0] if names.get(module, ("", "x"))[1] == "" else module, function.attr)
    return names.get(function.id, ("", "")) if isinstance(function, ast.Name) else ("", "")


def _libraries(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    text = _constant(call.args[0]) if call.args and name in _LOADS else None
    if text and (name == "find_library" or ".so" in text):
        yield text


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
