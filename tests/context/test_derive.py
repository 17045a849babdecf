"""An ignore file from need: what is needless goes, what anything reads stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jettison.context.derive import Build, Proposal, derive
from jettison.context.ignore import Ignore
from jettison.context.walk import walk
from jettison.dockerfile.graph import needed, resolve_target
from jettison.dockerfile.parse import parse

NODE = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nCMD ["node", "dist/index.js"]\n'
PYTHON = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD ["app"]\n'
PACKAGE = {
    "name": "x",
    "main": "dist/index.js",
    "scripts": {"build": "tsc -p .", "test": "jest tests", "lint": "x docs"},
}
NODE_FILES = {
    "package.json": json.dumps(PACKAGE),
    "package-lock.json": "{}",
    "tsconfig.json": '{"compilerOptions": {"outDir": "./dist"}}',
    "src/index.ts": 'import x from "./x";\n',
    ".git/HEAD": "x" * 500,
    "node_modules/a/index.js": "x" * 3000,
    "node_modules/.bin/tsc": "x",
    "dist/index.js": "x" * 40,
    "coverage/lcov.info": "x" * 30,
    "docs/guide.md": "x" * 20,
    "tests/a.test.ts": 'import "../docs/guide.md"',
    "README.md": "x" * 10,
    "LICENSE": "x",
    "debug.log": "x" * 9,
    "src/.DS_Store": "x",
    "Dockerfile": "FROM",
    "docker-compose.yml": "x",
    ".dockerignore": "",
    ".vscode/settings.json": "x",
    ".gitignore": "x",
    ".env.example": "x",
}  # fmt: skip
PYTHON_FILES = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "x"\nreadme = "README.md"\n'
    'license-files = ["LICENSE"]\n[project.urls]\nDocs = "https://x.org/docs"\n[tool.pytest.ini_options]\n'
    'testpaths = ["tests"]\n',
    "src/x/__init__.py": "import os\n",
    "src/x/__pycache__/__init__.cpython-312.pyc": "x" * 50,
    "old.py": "x",
    "old.pyc": "x" * 5,
    ".venv/pyvenv.cfg": "x",
    ".venv/lib/a.py": "x" * 1000,
    "README.md": "x",
    "docs/a.md": "x" * 7,
    "tests/test_x.py": "x" * 8,
    ".git/HEAD": "x" * 60,
}


def proposal(root: Path, dockerfile: str, files: dict[str, str], existing: str = "") -> Proposal:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    parsed = parse(dockerfile)
    stages = needed(parsed, resolve_target(parsed, None))
    return derive(walk(root, Ignore.parse(existing)), Build(parsed, stages, existing=existing))


def patterns(found: Proposal) -> set[str]:
    return {line.pattern for line in found.lines}


def why(found: Proposal, path: str) -> str:
    return next((each.why for each in found.kept if each.path == path), "not kept")


def test_a_node_project_sends_its_sources_and_no_more(tmp_path: Path) -> None:
    found = proposal(tmp_path, NODE, NODE_FILES)
    assert {
        ".git", "node_modules", "dist", "coverage", "docs", "tests", "README.md", "*.log", "**/.DS_Store", "Dockerfile",
        "docker-compose*.yml", ".dockerignore", ".vscode",
    } == {"README.md" if each == "README*" else each for each in patterns(found)}  # fmt: skip
    left = walk(tmp_path, Ignore.parse(found.text))
    assert {
        "package.json", "package-lock.json", "tsconfig.json", "src/index.ts", "LICENSE", ".gitignore", ".env.example",
    } == {each.path for each in left.entries if each.kind == "file"}  # fmt: skip


def test_each_line_says_what_it_keeps_out(tmp_path: Path) -> None:
    found = proposal(tmp_path, NODE, NODE_FILES)
    lines = {line.pattern: (line.files, line.bytes) for line in found.lines}
    assert (2, 3001) == lines["node_modules"]
    assert (1, 500) == lines[".git"]
    before, after = walk(tmp_path), walk(tmp_path, Ignore.parse(found.text))
    assert before.totals.bytes - after.totals.bytes == found.bytes
    assert [line.bytes for line in found.lines] == sorted((line.bytes for line in found.lines), reverse=True)
    assert "# installed anew by the Dockerfile: 3.0 kB\nnode_modules\n" in found.text


def test_a_python_project_keeps_what_its_metadata_reads(tmp_path: Path) -> None:
    found = proposal(tmp_path, PYTHON, PYTHON_FILES)
    assert {".venv", ".git", "**/__pycache__", "*.pyc", "tests", "docs"} == patterns(found)
    assert "a manifest names it" == why(found, "README.md")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "[metadata]\nlong_description = file: README.md\n"),
        ("setup.py", "setup(long_description=open('README.md').read())\n"),
        ("MANIFEST.in", "include *.md\n"),
        ("pyproject.toml", '[tool.poetry]\nreadme = "README.md"\n'),
        ("pyproject.toml", '[tool.setuptools.dynamic]\nreadme = {file = ["README.md"]}\n'),
        ("pyproject.toml", '[tool.hatch.build]\ninclude = ["./README.md"]\n'),
        ("pyproject.toml", "broken [ README.md"),
        ("Cargo.toml", 'readme = "README.md"\n'),
        ("package.json", '{"files": ["README.md"]}'),
        ("package.json", "broken README.md"),
        ("x.gemspec", "s.files = %w[README.md]"),
        ("src/main.rs", '#![doc = include_str!("../README.md")]'),
        ("main.go", "//go:embed README.md\nvar text string\n"),
        ("app.py", "open('README.md')\n"),
        ("scripts/build.sh", "cp README.md /out\n"),
        ("views/page.ejs", '<a href="/README.md">'),
        ("config.yml", "page: ./README.md\n"),
    ],
)
def test_a_readme_that_anything_reads_stays(name: str, text: str, tmp_path: Path) -> None:
    dockerfile = "FROM a\nCOPY . /app\nRUN make\n"
    assert {"README*"} == patterns(proposal(tmp_path, dockerfile, {"README.md": "x", "src/other.py": "pass"}))
    assert set() == patterns(proposal(tmp_path, dockerfile, {name: text}))


@pytest.mark.parametrize(
    ("run", "files"),
    [
        ("npm run build", {"package.json": '{"scripts": {"build": "docusaurus build"}}'}),
        ("mkdocs build", {"mkdocs.yml": "site_name: x\n"}),
        ("pip install sphinx && sphinx-build . /out", {}),
        ("hugo --minify", {"hugo.toml": "title = 'x'\n"}),
    ],
)
def test_documentation_of_which_pages_are_made_stays(run: str, files: dict[str, str], tmp_path: Path) -> None:
    """Each of them has a folder that it reads where nothing names one."""
    dockerfile = f"FROM a\nCOPY . /app\nRUN {run}\n"
    assert set() == patterns(proposal(tmp_path, dockerfile, {**files, "docs/intro.md": "x"}))
    assert {"docs"} == patterns(proposal(tmp_path, "FROM a\nCOPY . /app\nRUN make\n", {"docs/intro.md": "x"}))


def test_what_is_said_of_other_tools_and_addresses_does_not_count(tmp_path: Path) -> None:
    package = {"homepage": "https://x.org/docs", "devDependencies": {"docs": "1"}, "jest": {"roots": ["docs"]}}
    files = {"package.json": json.dumps(package | {"scripts": {"doc": "x docs"}}), "docs/a.md": "x"}
    assert {"docs"} == patterns(proposal(tmp_path, "FROM a\nCOPY . /app\n", files))
    assert set() == patterns(proposal(tmp_path, "FROM a\nCOPY . /app\nRUN npm run doc\n", files))


@pytest.mark.parametrize(
    ("name", "text"),
    [("config.yml", "see: https://example.org/docs/a\nname: docs\n"), (".github/ci.yml", "run: make ./docs\n"),
     ("package-lock.json", '"node_modules/docs"'), ("jest.config.json", '{"roots": ["./docs"]}')],
)  # fmt: skip
def test_settings_of_tools_addresses_and_bare_words_name_nothing(name: str, text: str, tmp_path: Path) -> None:
    found = proposal(tmp_path, "FROM a\nCOPY . /app\n", {name: text, "docs/a.md": "x"})
    assert "docs" in patterns(found)


@pytest.mark.parametrize(("base", "goes"), [("nginx:1.27", False), ("php:8-apache", False), ("node:20", True)])
def test_what_a_web_server_hands_out_stays(base: str, goes: bool, tmp_path: Path) -> None:
    files = {"index.html": "x", "docs/a.html": "x", "README.md": "x"}
    found = proposal(tmp_path, f"FROM {base}\nCOPY . /site\n", files)
    assert ({"README*", "docs"} if goes else set()) == patterns(found)
    assert goes or why(found, "docs") == "a web server hands out what is copied"


@pytest.mark.parametrize(("name", "goes"), [("lcov.info", True), ("sorter.js", True), ("rates.py", False),
                                            ("index.js", False)])  # fmt: skip
def test_a_folder_of_reports_that_holds_sources_is_another(name: str, goes: bool, tmp_path: Path) -> None:
    found = proposal(tmp_path, "FROM a\nCOPY . /app\n", {f"coverage/{name}": "x"})
    assert ({"coverage"} if goes else set()) == patterns(found)


def test_what_the_builder_reads_stays_where_a_source_names_it(tmp_path: Path) -> None:
    files = {"main.py": "open('Dockerfile.template')\n", "Dockerfile.template": "x", "compose.yml": "x"}
    assert {"compose.yml"} == patterns(proposal(tmp_path, "FROM a\nCOPY . /app\n", files))


@pytest.mark.parametrize(
    "instruction",
    ["COPY README.md docs /x/", "COPY *.md docs/a.md /x/", "RUN cat README.md && ls docs",
     'CMD ["show", "/app/README.md", "docs/"]', "ENV PAGES=/app/docs TEXT=README.md",
     "WORKDIR /docs\nVOLUME /README.md",
     "RUN <<EOF\ncat ./README.md\ntar c docs\nEOF", "RUN --mount=type=bind,source=docs,target=/d cp README.md /x"],
)  # fmt: skip
def test_what_an_instruction_names_stays(instruction: str, tmp_path: Path) -> None:
    found = proposal(tmp_path, f"FROM a\nCOPY . /app\n{instruction}\n", {"README.md": "x", "docs/a.md": "x"})
    assert set() == patterns(found)


def test_what_is_removed_inside_is_not_needed(tmp_path: Path) -> None:
    found = proposal(tmp_path, "FROM a\nCOPY . /app\nRUN rm -rf docs .git\n", {".git/HEAD": "x", "docs/a.md": "x"})
    assert {".git", "docs"} == patterns(found)


@pytest.mark.parametrize(
    ("files", "run"),
    [
        ({}, "RUN git describe --tags > version"),
        ({}, 'RUN go build -ldflags "-X main.v=$(git rev-parse HEAD)"'),
        ({"pyproject.toml": '[build-system]\nrequires = ["setuptools-scm"]\n'}, "RUN pip install ."),
        ({"pyproject.toml": '[build-system]\nrequires = ["hatch-vcs"]\n'}, "RUN pip install ."),
        ({"setup.py": "import versioneer\n"}, "RUN pip install ."),
        ({"package.json": '{"scripts": {"build": "git rev-parse HEAD > v"}}'}, "RUN npm run build"),
        ({"scripts/version.sh": "git log -1\n"}, "RUN sh scripts/version.sh"),
        ({"Makefile": "all:\n\tgit describe\n"}, "RUN make"),
        ({"build.rs": "vergen::EmitBuilder\n"}, "RUN cargo build"),
    ],
)
def test_a_repository_that_the_build_asks_stays_and_so_does_what_is_committed(
    files: dict[str, str], run: str, tmp_path: Path
) -> None:
    more = {".git/HEAD": "x", "docker-compose.yml": "x", "docs/a.md": "x", "a.py": "x", "a.pyc": "x"}
    found = proposal(tmp_path, f"FROM a\nCOPY . /app\n{run}\n", files | more)
    assert {"*.pyc"} == patterns(found)
    assert "the build may read the repository" in why(found, ".git")
    assert "would call the tree dirty" in why(found, "docs")


def test_a_repository_that_nothing_asks_goes(tmp_path: Path) -> None:
    text = "FROM a\nRUN apt-get install -y git && git clone https://example.org/x /x\nCOPY . /app\n"
    assert {".git"} == patterns(proposal(tmp_path, text, {".git/HEAD": "x"}))


def test_dependencies_go_only_where_the_stage_installs_its_own(tmp_path: Path) -> None:
    files = {"node_modules/a.js": "x", ".venv/pyvenv.cfg": "x", "package.json": "{}"}
    bare = "FROM a\nCOPY . /app\nCMD node index.js\n"
    assert set() == patterns(proposal(tmp_path, bare, files))
    assert "does not install its own" in why(proposal(tmp_path, bare, files), "node_modules")
    for command in (
        "npm install",
        "npm --silent ci",
        "yarn",
        "yarn install --frozen-lockfile",
        "pnpm i",
        "bun install",
    ):
        assert {"node_modules"} == patterns(proposal(tmp_path, f"FROM a\nCOPY . /app\nRUN {command}\n", files))
    for command in ("pip install -r x", "uv sync", "python3 -m venv .v", "poetry install"):
        assert {".venv"} == patterns(proposal(tmp_path, f"FROM a\nCOPY . /app\nRUN {command}\n", files))
    for command in ("npm run build", "yarn build", "pip --version"):
        assert set() == patterns(proposal(tmp_path, f"FROM a\nCOPY . /app\nRUN {command}\n", files))


def test_dependencies_that_another_stage_gives_go(tmp_path: Path) -> None:
    deps = "FROM a AS deps\nCOPY package.json /app/\nRUN npm ci\n"
    good = f"{deps}FROM a\nCOPY --from=deps /app/node_modules ./node_modules\nCOPY . .\n"
    bad = f"{deps}FROM a\nCOPY --from=deps /app/package.json .\nCOPY . .\n"
    files = {"node_modules/a.js": "x", "package.json": "{}"}
    assert {"node_modules"} == patterns(proposal(tmp_path, good, files))
    assert set() == patterns(proposal(tmp_path, bad, files))


def test_vendored_and_prebuilt_code_stays(tmp_path: Path) -> None:
    files = {"vendor/x/a.go": "x", "dist/app.js": "x", "build/app.js": "x", "lib/a.js": "x", "target/x": "x"}
    assert set() == patterns(proposal(tmp_path, "FROM a\nCOPY . .\nRUN go build -mod=vendor\n", files))


def test_a_named_directory_stays_and_the_junk_in_it_goes(tmp_path: Path) -> None:
    files = {"dist/a.js": "x", "dist/.DS_Store": "x", "node_modules/b.js": "x"}
    text = "FROM a\nCOPY dist /app\nCOPY node_modules /app/node_modules\nRUN npm ci && npx tsc --outDir dist\n"
    found = proposal(tmp_path, text, files)
    assert {"**/.DS_Store"} == patterns(found)
    assert "an instruction names it" == why(found, "node_modules")


def test_what_no_instruction_takes_is_not_proposed(tmp_path: Path) -> None:
    files = {"src/a.py": "x", ".git/HEAD": "x", "debug.log": "x", "src/__pycache__/a.pyc": "x"}
    assert {"**/__pycache__"} == patterns(proposal(tmp_path, "FROM a\nCOPY src /app\n", files))


def test_tests_stay_where_the_build_runs_them(tmp_path: Path) -> None:
    files = {"tests/a.py": "x", "package.json": '{"scripts": {"test": "jest"}}'}
    assert {"tests"} == patterns(proposal(tmp_path, "FROM a\nCOPY . .\nRUN npm ci\n", files))
    for command in ("pytest", "npm test", "npm run test", "go test ./...", "python -m pytest"):
        assert set() == patterns(proposal(tmp_path, f"FROM a\nCOPY . .\nRUN {command}\n", files))
    assert set() == patterns(proposal(tmp_path, "FROM a\nCOPY . .\n", {"app.py": "from tests.factories import x\n"}))


def test_where_one_of_a_name_has_to_stay_the_others_are_named_by_path(tmp_path: Path) -> None:
    files = {"a/node_modules/x.js": "x", "b/node_modules/y.js": "x", "package.json": "{}"}
    found = proposal(tmp_path, "FROM a\nCOPY . .\nCOPY a/node_modules /n\nRUN npm ci\n", files)
    assert {"b/node_modules"} == patterns(found)


def test_the_existing_file_is_kept_and_its_exceptions_hold(tmp_path: Path) -> None:
    existing = "*.log\n!important.log\nnode_modules"
    files = {"a.log": "x", "important.log": "x", "lib/b.log": "x", "node_modules/a.js": "x", ".git/HEAD": "x"}
    found = proposal(tmp_path, "FROM a\nCOPY . .\nRUN npm ci\n", files, existing)
    assert found.text.startswith(existing + "\n# ")
    assert {".git", "lib/b.log"} == patterns(found)
    assert "the ignore file brings it back" == why(found, "important.log")
    assert not Ignore.parse(found.text).excludes("important.log")


def test_a_second_proposal_finds_nothing(tmp_path: Path) -> None:
    first = proposal(tmp_path, NODE, NODE_FILES)
    second = proposal(tmp_path, NODE, {}, first.text)
    assert ((), first.text) == (second.lines, second.text)


def test_a_source_that_is_not_known_forbids_everything(tmp_path: Path) -> None:
    found = proposal(tmp_path, "FROM a\nCOPY . .\nCOPY $WHAT /x\n", {".git/HEAD": "x"})
    assert ((), "") == (found.lines, found.text)
    assert "what $WHAT in line 3 means is not known" in found.kept[0].why


def test_odd_names_are_written_so_that_only_they_match(tmp_path: Path) -> None:
    files = {"env[1]/pyvenv.cfg": "x", "env1/pyvenv.txt": "x"}
    found = proposal(tmp_path, "FROM a\nCOPY . .\nRUN pip install x\n", files)
    assert {"env\\[1\\]"} == patterns(found)
    assert ["env1", "env1/pyvenv.txt"] == [each.path for each in walk(tmp_path, Ignore.parse(found.text)).entries]
