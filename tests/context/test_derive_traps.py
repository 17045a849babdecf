"""Ignore files that broke people's builds (READMEs, `.git`, patterns that match too much): pairs that differ by what
the build reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jettison.context.derive import Build, Proposal, derive
from jettison.context.facts import Sources
from jettison.context.git_index import tracked_files
from jettison.context.ignore import Ignore
from jettison.context.walk import excluded, walk
from jettison.dockerfile.parse import parse

COPY = "FROM a\nCOPY . /app\nRUN make\n"


def proposal(root: Path, text: str, files: dict[str, str], others: dict[str, str] | None = None) -> Proposal:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    builds = {}
    for name, one in {"": text, **(others or {})}.items():
        parsed = parse(one)
        builds[name] = Build(parsed, parsed.stages)
    return derive(walk(root), builds.pop(""), builds)


def patterns(found: Proposal) -> set[str]:
    return {line.pattern for line in found.lines}


def why(found: Proposal, path: str) -> str:
    return next((each.why for each in found.kept if each.path == path), "not kept")


# READMEs and documentation that a manifest, or a source, reads: (file, its text, its text without the reading)
README = [
    ("pyproject.toml", '[project]\nname = "x"\nreadme = "README.md"\n', '[project]\nname = "x"\n'),
    ("pyproject.toml", '[project]\nreadme = {file = "README.md"}\n', '[project]\nname = "x"\n'),
    ("pyproject.toml", '[project]\nlicense-files = ["README*"]\n', '[project]\nlicense-files = ["LICENSE"]\n'),
    ("pyproject.toml", '[tool.poetry]\nreadme = ["README.md", "CHANGES"]\n', '[tool.ruff]\nexclude = ["README.md"]\n'),
    ("setup.cfg", "[metadata]\nlong_description = file: README.md\n", "[metadata]\nname = x\n"),
    ("setup.py", 'open(os.path.join(here, "README.md"))\n', 'open("VERSION")\n'),
    ("setup.py", 'open(f"{here}/README.md")\n', 'open(f"{here}/VERSION")\n'),
    ("MANIFEST.in", "include README.md\n", "include LICENSE\n"),
    ("hatch.toml", '[build]\ninclude = ["/README.md"]\n', '[build]\ninclude = ["/src"]\n'),
    ("package.json", '{"files": ["README.md"]}', '{"files": ["dist"]}'),
    ("Cargo.toml", '[package]\nreadme = "README.md"\n', '[package]\nname = "x"\n'),
    ("Cargo.toml", '[package]\ninclude = ["/README.md"]\n', '[package]\ninclude = ["/src"]\n'),
    ("src/lib.rs", '#![doc = include_str!("../README.md")]\n', '#![doc = "x"]\n'),
    ("src/lib.rs", 'include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))\n', 'env!("CARGO_MANIFEST_DIR")\n'),
    ("build.rs", 'println!("cargo:rerun-if-changed=README.md");\n', 'println!("cargo:rerun-if-changed=a.c");\n'),
    ("main.go", '//go:embed "README.md"\nvar page string\n', "var page string\n"),
    ("x.gemspec", 's.extra_rdoc_files = ["README.md"]\n', 's.name = "x"\n'),
    ("composer.json", '{"extra": {"page": "README.md"}}', '{"extra": {}}'),
    ("App.csproj", '<None Include="README.md" Pack="true"/>', "<None/>"),
    ("build.gradle.kts", 'file("README.md")', 'file("VERSION")'),
    ("server.js", "fs.readFile(`${__dirname}/README.md`)\n", "fs.readFile(`${__dirname}/index.html`)\n"),
    ("server.js", "app.use(express.static(__dirname))\n", "app.use(express.static('public'))\n"),
    ("server.go", 'http.FileServer(http.Dir("."))\n', 'http.FileServer(http.Dir("./public"))\n'),
]  # fmt: skip
FOLDERS = [
    ("main.go", "//go:embed all:docs\nvar pages embed.FS\n", "var pages embed.FS\n"),
    ("lib.rs", 'include_dir!("$CARGO_MANIFEST_DIR/docs")\n', 'include_dir!("$CARGO_MANIFEST_DIR/pages")\n'),
    ("pnpm-workspace.yaml", "packages:\n  - docs\n", "packages:\n  - web\n"),
    ("go.work", "use (\n\t./docs\n)\n", "use ./web\n"),
    ("settings.gradle", "include ':docs'\n", "include ':web'\n"),
    ("App.sln", 'Project("{X}") = "D", "docs\\D.csproj"\n', 'Project("{X}") = "D", "src\\D.csproj"\n'),
    ("requirements.txt", "flask\n-r docs/requirements.txt\n", "flask\ndocs-theme\n"),
    ("requirements.txt", "./docs\n", "docs\n"),
    ("CMakeLists.txt", "add_subdirectory(docs)\n", "add_subdirectory(src)\n"),
    ("Cargo.toml", '[workspace]\nmembers = ["docs"]\n', '[workspace]\nmembers = ["web"]\n'),
    ("composer.json", '{"autoload": {"files": ["docs/a.php"]}}', '{"autoload": {"files": ["src/a.php"]}}'),
    ("app.py", 'base = f"{ROOT}/docs/{name}"\n', 'base = f"https://x.org/docs/{name}"\n'),
    ("server.js", "app.get(`/x`, (_, r) => r.sendFile(`${here}/docs/a.md`))\n", "see(`https://x.org/docs/a`)\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reads", "without"), README)
def test_a_readme_that_is_read_stays_and_goes_where_nothing_reads_it(
    name: str, reads: str, without: str, tmp_path: Path
) -> None:
    assert set() == patterns(proposal(tmp_path, COPY, {"README.md": "x", name: reads}))
    assert {"README*"} == patterns(proposal(tmp_path, COPY, {"README.md": "x", name: without}))


@pytest.mark.parametrize(("name", "reads", "without"), FOLDERS)
def test_a_folder_that_is_read_stays_and_goes_where_nothing_reads_it(
    name: str, reads: str, without: str, tmp_path: Path
) -> None:
    assert set() == patterns(proposal(tmp_path, COPY, {"docs/a.md": "x", name: reads}))
    assert {"docs"} == patterns(proposal(tmp_path, COPY, {"docs/a.md": "x", name: without}))


# repositories that something asks, and the same where it asks something else
GIT = [
    ("pyproject.toml", 'requires = ["setuptools_scm>=8"]\n', 'requires = ["setuptools"]\n'),
    ("pyproject.toml", '[build-system]\nrequires = ["hatch-vcs"]\n', '[build-system]\nrequires = ["hatchling"]\n'),
    ("pyproject.toml", '[build-system]\nrequires = ["uv-dynamic-versioning"]\n', "[tool.uv]\n"),
    ("x.gemspec", "s.files = `git ls-files -z`.split\n", "s.files = Dir['lib/**/*']\n"),
    ("x.gemspec", "s.files = IO.popen(%w[git ls-files -z])\n", "s.files = %w[a]\n"),
    ("x.gemspec", 's.files = IO.popen(["git", "ls-files"])\n', 's.files = ["a"]\n'),
    ("Makefile", "V = $(shell git describe --tags)\n", "V = $(shell cat VERSION)\n"),
    ("build.rs", 'Command::new("git").args(&["rev-parse", "HEAD"])\n', 'Command::new("cc").args(&["-v"])\n'),
    ("build.rs", "vergen::EmitBuilder::builder()\n", "fn main() {}\n"),
    ("mix.exs", 'System.cmd("git", ["describe"])\n', 'System.cmd("date", [])\n'),
    ("App.csproj", '<PackageReference Include="Nerdbank.GitVersioning"/>', "<PackageReference/>"),
    ("build.gradle", "id 'com.palantir.git-version'\n", "id 'java'\n"),
    ("next.config.js", "execSync('git rev-parse HEAD')\n", "execSync('date') // see git log\n"),
    ("version.py", 'run(["git", "describe", "--tags"])\n', 'run(["git", "clone", url])\n'),
    ("main.go", 'if s.Key == "vcs.revision" {\n', 'if s.Key == "GOOS" {\n'),
    ("main.go", "info, ok := debug.ReadBuildInfo()\n", "info, ok := debug.Stack()\n"),
    ("main.go", 'exec.Command("git", "describe")\n', 'exec.Command("git", "clone")\n'),
    ("package.json", '{"scripts": {"postinstall": "git rev-parse HEAD > v"}}', '{"description": "a git helper"}'),
    ("CMakeLists.txt", "execute_process(COMMAND ${GIT_EXECUTABLE} describe)\n", "project(x)\n"),
    ("meson.build", "vcs_tag(input: 'a')\n", "project('x')\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "asks", "without"), GIT)
def test_a_repository_that_is_asked_stays_and_goes_where_nothing_asks_it(
    name: str, asks: str, without: str, tmp_path: Path
) -> None:
    files = {".git/HEAD": "x", ".vscode/settings.json": "x"}
    found = proposal(tmp_path, COPY, {**files, name: asks})
    assert set() == patterns(found)
    assert "the build may read the repository" in why(found, ".git")
    assert "would call the tree dirty" in why(found, ".vscode")
    assert {".git", ".vscode"} == patterns(proposal(tmp_path, COPY, {**files, name: without}))


def test_a_source_that_only_the_tests_run_does_not_count(tmp_path: Path) -> None:
    files = {".git/HEAD": "x", "tests/a.py": 'run(["git", "log"])\n'}
    assert {".git", "tests"} == patterns(proposal(tmp_path, COPY, files))
    assert set() == patterns(proposal(tmp_path, COPY + "RUN pytest\n", files))


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=root, check=True)


@pytest.mark.parametrize("version", ["2", "4"])
def test_what_git_tracks_stays_where_a_version_is_computed_from_it(tmp_path: Path, version: str) -> None:
    files = {
        "setup.py": "import setuptools_scm\n",
        "notes.log": "x",
        "other.log": "x",
        "node_modules/a.js": "x",
        "package.json": "{}",
        ".vscode/x": "x",
        "caf\u00e9/deep/a.log": "x",
    }
    proposal(tmp_path, COPY, files)
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "index.version", version)
    git(tmp_path, "add", "-f", "setup.py", "notes.log", "node_modules", "caf\u00e9")
    assert {"setup.py", "notes.log", "node_modules/a.js", "caf\u00e9/deep/a.log"} == tracked_files(tmp_path)
    found = proposal(tmp_path, "FROM a\nCOPY . /app\nRUN npm ci && pip install .\n", {})
    assert {"other.log", ".vscode"} == patterns(found)
    assert "would call the tree dirty" in why(found, "node_modules")
    assert "would call the tree dirty" in why(found, "notes.log")


def test_an_ignore_file_that_is_tracked_has_to_be_committed(tmp_path: Path) -> None:
    files = {"setup.py": "import setuptools_scm\n", ".dockerignore": "", "x.log": "x", "pip": "x"}
    proposal(tmp_path, COPY, files)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "setup.py", ".dockerignore")
    assert ("commit .dockerignore: with a changed one a version computed from git is called dirty",) == (
        proposal(tmp_path, COPY, {}).notes
    )
    assert () == proposal(tmp_path, COPY, {"setup.py": "x"}).notes


@pytest.mark.parametrize(
    "data", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\xff" + b"x" * 70, b"DIRC\0\0\0\4\0\0\0\1" + b"\xff" * 99]
)
def test_an_index_that_is_none_is_not_known(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("")
    (tmp_path / ".git/index").write_bytes(data)
    assert None is tracked_files(tmp_path)
    assert None is Sources(walk(tmp_path)).tracked


# patterns that would match too much
@pytest.mark.parametrize(
    ("text", "files", "stays"),
    [
        ("COPY . .\nRUN npm ci && npx tsc --outDir dist", {"dist/a.js": "x", "pkg/dist/b.js": "x"}, "pkg/dist/b.js"),
        ("COPY . .\nRUN npx vite build", {"dist/a.js": "x", "vendor/dist/b.js": "x"}, "vendor/dist/b.js"),
        ("COPY . .", {"tests/a.py": "x", "app/tests/b.py": "x"}, "app/tests/b.py"),
        ("COPY . .", {"docs/a.md": "x", "app/docs/b.md": "x"}, "app/docs/b.md"),
        ("COPY . .", {"README.md": "x", "app/README.md": "x", "prompt.md": "x"}, "prompt.md"),
        ("COPY . .\nCOPY .env.example /", {".env.example": "x", "a.log": "x"}, ".env.example"),
        ("COPY . .\nCOPY logs/*.log /l/", {"logs/a.log": "x", "b.log": "x"}, "logs/a.log"),
        ("COPY . .\nRUN --mount=type=bind,source=docs,target=/d x", {"docs/a": "x", "a.log": "x"}, "docs/a"),
        ("COPY . .", {"lib/a.js": "x", "build/a.js": "x", "a.log": "x"}, "build/a.js"),
        ("COPY . .", {"requirements.txt": "x", "a.log": "x"}, "requirements.txt"),
    ],
)
def test_what_another_thing_of_the_same_name_needs_stays(
    text: str, files: dict[str, str], stays: str, tmp_path: Path
) -> None:
    found = proposal(tmp_path, f"FROM a\n{text}\n", {"package.json": "{}", **files})
    gone = excluded(walk(tmp_path), Ignore.parse(found.text))
    assert (True, False) == (bool(found.lines), stays in gone)


def test_each_file_that_disappears_is_one_that_a_line_names(tmp_path: Path) -> None:
    files = {"a.log": "x", "b/a.log": "x", "keep/x.py": "x", "node_modules/q.js": "x", "package.json": "{}"}
    found = proposal(tmp_path, "FROM a\nCOPY . .\nRUN npm ci\n", files)
    gone = excluded(walk(tmp_path), Ignore.parse(found.text))
    assert {"a.log", "b/a.log", "node_modules", "node_modules/q.js"} == gone
    assert 3 == sum(line.files for line in found.lines)


def test_another_dockerfile_that_the_same_file_counts_for_is_heard(tmp_path: Path) -> None:
    files = {"node_modules/a.js": "x", "package.json": "{}", "a.log": "x"}
    installs = "FROM a\nCOPY . .\nRUN npm ci\n"
    copies = {"Dockerfile.dev": "FROM a\nCOPY . .\nCMD node server.js\n"}
    assert {"node_modules", "*.log"} == patterns(proposal(tmp_path, installs, files))
    found = proposal(tmp_path, installs, files, copies)
    assert {"*.log"} == patterns(found)
    assert "Dockerfile.dev, which the same file counts for, takes it and may need it" == why(found, "node_modules")
    names = {"Dockerfile.dev": "FROM a\nCOPY a.log /\n"}
    assert {"node_modules"} == patterns(proposal(tmp_path, installs, files, names))
    unknown = proposal(tmp_path, installs, files, {"Dockerfile.dev": "FROM a\nCOPY $X /\n"})
    assert ((), "Dockerfile.dev: what $X in line 2 means is not known: it may be anything") == (
        unknown.lines,
        why(unknown, "."),
    )


def test_bytecode_without_its_source_stays(tmp_path: Path) -> None:
    assert set() == patterns(proposal(tmp_path, COPY, {"licensed.pyc": "x"}))
    found = proposal(tmp_path, COPY, {"a.py": "x", "a.pyc": "x"})
    assert ({"a.pyc"}, "there is no source beside it") == (patterns(found), why(found, "licensed.pyc"))


@pytest.mark.parametrize("name", ["#env", "!env", " env", "env ", "e*v", "e[n]v", "e\\v", "w\nenv", "\u00a0env", "en?"])
def test_odd_names_are_written_so_that_they_match_and_nothing_else_does(name: str, tmp_path: Path) -> None:
    files = {f"{name}/pyvenv.cfg": "x", "xenv/a": "x", "env/keep": "x", "main.py": "x"}
    found = proposal(tmp_path, "FROM a\nCOPY . .\nRUN pip install x\n", files)
    gone = excluded(walk(tmp_path), Ignore.parse(found.text))
    assert {name, f"{name}/pyvenv.cfg"} == gone, found.text


def test_line_ends_are_those_of_the_file(tmp_path: Path) -> None:
    parsed = parse("FROM a\nCOPY . .\n")
    (tmp_path / "a.log").write_text("x")
    found = derive(walk(tmp_path), Build(parsed, parsed.stages, existing="x\r\n"))
    assert "x\r\n# logs: 1 B\r\n*.log\r\n" == found.text
