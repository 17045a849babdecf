"""The imports of one Python source."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from jettison.closure.known_texts import once_a_text


@once_a_text
def imports(source: str, *, guarded: bool, package: str = "") -> tuple[str, ...]:
    """Absolute names of the modules that a source imports, parents first, in functions too.

    Those in a `try` that has handlers, and those of a module that is run as a script, count only where `guarded`;
    those for type checkers never do.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    computed = "import_module" in source or "__import__" in source
    found: dict[str, None] = {}
    stack: list[ast.AST] = [tree]
    while stack:
        each = stack.pop()
        if isinstance(each, ast.Try) and not guarded and each.handlers:
            stack += [*each.orelse, *each.finalbody]
            continue
        if isinstance(each, ast.If) and (_only_for_checkers(each.test) or (not guarded and _only_as_script(each.test))):
            stack += each.orelse
            continue
        for name in _names(each, package):
            parts = name.split(".")
            found.update(dict.fromkeys(".".join(parts[:length]) for length in range(1, len(parts) + 1)))
        stack += ast.iter_child_nodes(each) if computed else _statements(each)
    return tuple(found)


def _statements(each: ast.AST) -> Iterator[ast.AST]:
    """Statements within a statement: imports are nowhere else, and expressions are most of a tree."""
    for block in ("body", "orelse", "handlers", "finalbody", "cases"):
        inside = getattr(each, block, None)
        if isinstance(inside, list):
            yield from inside


def _names(each: ast.AST, package: str) -> Iterator[str]:
    if isinstance(each, ast.Import):
        yield from (alias.name for alias in each.names)
    elif isinstance(each, ast.ImportFrom):
        yield from _from(each, package)
    elif isinstance(each, ast.Call) and _called(each.func) in ("import_module", "__import__") and each.args:
        first = each.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value[:1] not in (".", ""):
            yield first.value


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _only_for_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _only_as_script(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _from(statement: ast.ImportFrom, package: str) -> Iterator[str]:
    base = statement.module or ""
    if statement.level:
        parts = package.split(".") if package else []
        if statement.level > len(parts):
            return
        base = ".".join([*parts[: len(parts) - statement.level + 1], *([base] if base else [])])
    if base:
        yield base
        yield from (f"{base}.{alias.name}" for alias in statement.names if alias.name != "*")
