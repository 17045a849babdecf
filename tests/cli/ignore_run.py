"""`jettison ignore`, called as the command line calls it."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jettison.cli.main import main
from jettison.documents.schemas import schema


def plant(root: Path, files: dict[str, str | bytes]) -> Path:
    """Files with these contents."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        code = main(["ignore", *map(str, arguments)])
    return code, out.getvalue(), err.getvalue()


def document(name: str, *arguments: str | Path) -> dict[str, Any]:
    """What a subcommand says in JSON, valid by its schema."""
    code, out, err = run(*arguments, "--format", "json")
    assert code in (0, 1), err
    found: dict[str, Any] = json.loads(out)
    Draft202012Validator(schema(name)).validate(found)
    return found
