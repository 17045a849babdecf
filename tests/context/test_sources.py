"""Which file people change: a source of the application, no test, no tool's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.context.sources import source_file
from jettison.context.walk import walk


def chosen(root: Path, *names: str) -> str | None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    context = walk(root)
    return source_file(context, frozenset(names))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("src/util.ts", "src/index.ts", "test/a.ts", "jest.config.js"), "src/index.ts"),
        (("deep/er/app.py", "app.py", "setup.py"), "app.py"),
        (("main_test.go", "main.go"), "main.go"),
        (("b.py", "a.py"), "a.py"),
        ((".hidden/main.py", "z.py"), "z.py"),
        (("node_modules/x/index.js", "dist/index.js", "types.d.ts", "conftest.py"), None),
        (("README.md", "package.json"), None),
    ],
)
def test_the_likeliest_source_is_chosen(tmp_path: Path, names: tuple[str, ...], expected: str | None) -> None:
    assert expected == chosen(tmp_path, *names)


def test_only_what_is_asked_about_is_chosen(tmp_path: Path) -> None:
    chosen(tmp_path, "a.py", "b.py")
    assert "b.py" == source_file(walk(tmp_path), frozenset({"b.py", "gone.py"}))


def test_what_a_program_wrote_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "bundle.js").write_text("x" * 1_000_001)
    assert None is source_file(walk(tmp_path), frozenset({"bundle.js"}))
