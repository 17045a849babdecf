"""copy-of-an-ignored-file: a build that fails, told before it is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from looked_at import look_at

from jettison.review.model import Settings

ONLY = Settings(select=frozenset({"copy-of-an-ignored-file"}))


def told(folder: Path, ignore: str | None, body: str) -> list[str]:
    (folder / "dist").mkdir(exist_ok=True)
    (folder / "dist" / "a.js").write_text("x")
    (folder / "README.md").write_text("x")
    if ignore is not None:
        (folder / ".dockerignore").write_text(ignore)
    found = look_at(folder, f"FROM node:22.1.0\n{body}\n", ONLY).remarks
    assert {"error"} >= {each.severity.value for each in found}
    return [each.message for each in found]


@pytest.mark.parametrize(
    ("ignore", "body", "expected"),
    [
        ("dist\n", "COPY dist /app", "line 2 copies dist, which line 1 of .dockerignore leaves out"),
        ("dist\n!dist\n", "COPY dist /app", ""),
        ("# old\ndist/*.js\n", "COPY dist/a.js /app", "line 2 copies dist/a.js, which line 2 of .dockerignore leaves"),
        ("dist/*.js\n", "COPY dist /app", ""),
        ("*.md\n", "COPY ./README.md /", "line 2 copies README.md, which line 1 of .dockerignore leaves out"),
        ("*.md\n!README.md\n", "COPY README.md /", ""),
        ("*.md\n", "COPY *.md /", ""),
        ("*.md\n", "COPY . /", ""),
        ("*.md\n", "COPY CHANGES.md /", ""),
        ("*.md\n", "COPY --from=alpine README.md /", ""),
        ("*.md\n", "ARG F=README.md\nCOPY $F /", "line 3 copies README.md, which line 1 of .dockerignore leaves out"),
        ("*.md\n", "ARG F\nCOPY $F /", ""),
        ("*.md\n", "RUN --mount=type=bind,source=README.md,target=/r cat /r", "line 2 copies README.md"),
        (None, "COPY dist /app", ""),
        ("", "COPY dist /app", ""),
    ],
)  # fmt: skip
def test_what_is_there_and_ignored_is_an_error(tmp_path: Path, ignore: str | None, body: str, expected: str) -> None:
    found = told(tmp_path, ignore, body)
    assert bool(expected) == bool(found), found
    assert all(each.startswith(expected) for each in found)


def test_a_stage_that_is_not_built_fails_nothing(tmp_path: Path) -> None:
    assert [] == told(tmp_path, "dist\n", "COPY dist /app\nFROM node:22.1.0\nRUN true")
