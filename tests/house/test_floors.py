"""The house of ARCHITECTURE.md: imports point down, only the command line speaks, files stay small."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import jettison

PACKAGE = Path(jettison.__file__).parent
ROOT = Path(__file__).resolve().parents[2]

FLOORS = (
    {"core"},
    {"image", "dockerfile", "engine", "registry"},
    {"context", "packages", "closure", "align", "waste", "commands"},
    {"subject"},
    {"rule", "rules", "traps", "synthesis", "bases", "evidence"},
    {"contract", "compare", "gate", "lighten", "review", "slim", "fleet", "reclaim", "audit"},
    {"documents"},
    {"report", "tui", "lsp"},
    {"cli"},
    {"__main__"},
)
# the only ways from one room to another of its floor
ALONG = {
    "image": {"registry"},  # docker:// is a transport like the others; the registry room knows nothing of images
    "lighten": {"compare", "contract"},
    "waste": {"packages"},
    "commands": {"packages"},  # how a Python requirement is written
    "rules": {"bases", "rule", "synthesis", "traps"},
    "synthesis": {"bases", "rule", "traps"},
}
SPEAKERS = {"cli", "__main__"}
PROGRAMS = {
    "engine/enter.py",  # a program of its own, run beside a container's process
    "image/walking_processes.py",  # a forked worker must not come back into what it was forked from
}
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 70  # lines, docstring and all
MOST_ARGUMENTS = 6  # five, and self
NO_NAMES = re.compile(r"Manager|Handler|Helper|Util|Processor")
# put together here, so that this file does not hold what it looks for
NOWHERE = [
    re.compile(r"(?<![\w.])" + each)
    for each in ("/wo" + r"rk\b", "/tm" + r"p/(exp|bash_jobs)\b", r"/ro" + r"ot/\.pyenv")
]
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")

SOURCES = sorted(PACKAGE.rglob("*.py"))
ALL_PYTHON = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "scripts").rglob("*.py"))]


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    """The first part of a module's name below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports anywhere in it, and the line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} imports relatively"
            if node.module == "jettison":
                yield from ((f"jettison.{alias.name}", node.lineno) for alias in node.names)
            elif node.module:
                yield node.module, node.lineno


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def wrong_ways(path: Path) -> list[str]:
    """Imports of a file that point up, or sideways where no edge is listed."""
    here, found = room(path), []
    for module, line in imports(path):
        parts = module.split(".")
        if parts[0] != "jettison" or len(parts) == 1 or parts[1] in (here, "__version__"):
            continue
        there = parts[1]
        if floor(there) > floor(here) or (floor(there) == floor(here) and there not in ALONG.get(here, ())):
            found.append(f"{name_of(path)}:{line} {here} -> {there}")
    return found


def test_every_room_has_its_floor() -> None:
    rooms = {room(path) for path in SOURCES} - {"__init__"}
    assert set() == rooms - set().union(*FLOORS)


def test_imports_point_down() -> None:
    assert [] == [way for path in SOURCES if room(path) != "__init__" for way in wrong_ways(path)]


def test_every_listed_way_along_a_floor_is_used() -> None:
    used = {
        (room(path), module.split(".")[1])
        for path in SOURCES
        for module, _ in imports(path)
        if module.startswith("jettison.")
    }
    assert set() == {(here, there) for here, those in ALONG.items() for there in those} - used


def test_the_drawing_names_every_room_that_is_there() -> None:
    drawing = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {room(path) for path in SOURCES} - {"__init__", "__main__"}
    assert set() == {each for each in rooms if not re.search(rf"\b{each}\b", drawing)}


def test_what_the_drawing_names_is_there_or_has_a_star() -> None:
    drawing = (ROOT / "ARCHITECTURE.md").read_text().partition("## The drawing")[2].partition("## The core types")[0]
    rooms = {room(path) for path in SOURCES}
    planned = set().union(*FLOORS) - rooms
    assert planned == {each for each in set().union(*FLOORS) if re.search(rf"\b{each}\*", drawing)}
    assert [] == [each for each in planned if re.search(rf"\b{each}\b(?!\*)", drawing)]
    named = re.findall(r"^  (\w+)/ ", drawing, re.MULTILINE)
    assert named
    assert [] == [each for each in named if each not in rooms]


def speech(path: Path) -> list[str]:
    """Calls that print or end the process."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and re.fullmatch(
            r"print|exit|quit|(sys|os)\._?exit|click\.(echo|secho|style)|sys\.std(out|err)\.write",
            ast.unparse(node.func),
        ):
            found.append(f"{name_of(path)}:{node.lineno} {ast.unparse(node.func)}")
        if isinstance(node, ast.Raise) and node.exc is not None and "SystemExit" in ast.unparse(node.exc):
            found.append(f"{name_of(path)}:{node.lineno} SystemExit")
    return found


def test_only_the_command_line_prints_and_exits() -> None:
    silent = [path for path in SOURCES if room(path) not in SPEAKERS and name_of(path) not in PROGRAMS]
    assert [] == [each for path in silent for each in speech(path)]


def test_only_the_command_line_knows_click() -> None:
    assert {"cli"} == {room(path) for path in SOURCES for module, _ in imports(path) if module.split(".")[0] == "click"}


def test_what_is_caught_broadly_is_raised_again() -> None:
    kept = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            broad = isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            )
            if broad and room(path) not in SPEAKERS and not isinstance(node.body[-1], ast.Raise):  # type: ignore[attr-defined]
                kept.append(f"{name_of(path)}:{node.lineno}")  # type: ignore[attr-defined]
    assert [] == kept


def test_no_file_is_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in ALL_PYTHON}
    assert {} == {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}


def test_a_function_fits_a_screen_and_takes_few_arguments() -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = len(node.args.args) + len(node.args.posonlyargs) + len(node.args.kwonlyargs)
                lines = (node.end_lineno or 0) - node.lineno + 1
                is_command = room(path) == "cli" and any("command" in ast.unparse(each) for each in node.decorator_list)
                if lines > LONGEST_FUNCTION or (arguments > MOST_ARGUMENTS and not is_command):
                    found.append(f"{name_of(path)}:{node.lineno} {node.name}: {lines} lines, {arguments} arguments")
    assert [] == [each for each in found if "rules/" not in each]  # a rule's docstring is its page


def test_no_class_is_named_after_nothing() -> None:
    names = {
        node.name: name_of(path) for path in SOURCES for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }  # fmt: skip
    assert {} == {name: path for name, path in names.items() if NO_NAMES.search(name)}


def test_every_folder_of_the_package_says_what_it_is() -> None:
    folders = {path.parent for path in SOURCES}
    assert [] == [name_of(folder) for folder in folders if not (folder / "__init__.py").is_file()]
    bare = [
        folder
        for folder in folders
        if len(ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or "") < 20
    ]
    assert [] == [name_of(folder) for folder in bare]


def committed() -> Iterator[tuple[str, str]]:
    """The text files that people get."""
    folders = ("src", "tests", "docs", "examples", "scripts", "benchmarks", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.glob("*") if path.suffix in (".md", ".toml")]
    for path in files:
        if not {"__pycache__", "node_modules", ".venv"} & set(path.parts):
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text()
            except UnicodeDecodeError:
                continue


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    assert [] == [name for name, text in committed() if any(each.search(text) for each in NOWHERE)]


def test_nothing_is_left_unfinished() -> None:
    assert [] == [name for name, text in committed() if UNFINISHED.search(text)]


def test_the_dependencies_are_what_the_sources_import() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=!~\[; ]", each)[0].replace("-", "_") for each in declared}
    names = {{"pyyaml": "yaml"}.get(each, each) for each in names}  # imported by another name than it is installed by
    imported = {module.split(".")[0] for path in SOURCES for module, _ in imports(path)}
    assert names == imported - {"jettison", "_typeshed"} - set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("core/a.py", "from jettison.image import tar", ["core/a.py:1 core -> image"]),
        ("rules/a.py", "import jettison.lighten.loop", ["rules/a.py:1 rules -> lighten"]),
        ("image/a.py", "def f():\n    from jettison import dockerfile", ["image/a.py:2 image -> dockerfile"]),
        ("rules/a.py", "from jettison.traps import user_exists", []),
        ("report/a.py", "from jettison.core import units\nfrom jettison.lighten.ledger import Ledger", []),
    ],
)
def test_a_wrong_way_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, found: list[str]
) -> None:
    monkeypatch.setattr("test_floors.PACKAGE", tmp_path)
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(text)
    assert found == wrong_ways(tmp_path / file)


@pytest.mark.parametrize("text", ["print(1)", "import sys\nsys.exit(1)", "raise SystemExit", "import os\nos._exit(0)"])
def test_speech_would_be_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("test_floors.PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text(text)
    assert 1 == len(speech(tmp_path / "a.py"))
