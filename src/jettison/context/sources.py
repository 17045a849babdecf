"""Source files: what people change between two builds."""

from __future__ import annotations

import posixpath

from jettison.context.walk import Context

_SUFFIXES = (".ts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".py", ".go", ".rb", ".php", ".java", ".kt", ".rs", ".cs")
_ASIDE = frozenset({"test", "tests", "__tests__", "spec", "docs", "doc", "examples", "scripts", "tools", "node_modules",
                    "vendor", "venv", ".venv", "dist", "build", "site-packages"})  # fmt: skip
_FIRST = ("main", "index", "app", "server", "__main__")
_LARGEST = 1_000_000  # bytes; what is longer was written by a program


def source_file(context: Context, among: frozenset[str]) -> str | None:
    """The file of these that a change of the application would most likely touch; None where none is a source.

    One in which no tool minds a further comment: no manifest, no test, no configuration of a tool.
    """
    found = [path for path in among if _is_source(context, path)]
    return min(found, key=_rank, default=None)


def _is_source(context: Context, path: str) -> bool:
    entry = context.by_path.get(path)
    if entry is None or entry.kind != "file" or entry.size > _LARGEST or not path.endswith(_SUFFIXES):
        return False
    folders, name = path.split("/")[:-1], posixpath.basename(path)
    if not _ASIDE.isdisjoint(folders):
        return False
    told_apart = (".config.", ".test.", ".spec.", ".d.ts", "_test.go", ".min.js")
    return name not in ("setup.py", "conftest.py") and not any(each in name for each in told_apart)


def _rank(path: str) -> tuple[int, bool, int, str]:
    name = posixpath.basename(path)
    stem = name.partition(".")[0]
    hidden = any(part.startswith(".") for part in path.split("/"))
    return (hidden, stem not in _FIRST, path.count("/"), path)
