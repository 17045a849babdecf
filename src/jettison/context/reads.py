"""What a build, or the program that it makes, reads of the context: named by an instruction, a manifest or the sources.

Words that look like paths are taken for reads, not the other way round: a path that is called read and is not costs a
few bytes, the opposite breaks a build (`readme = "README.md"` of a Python project is the classic). Manifests are read,
never executed; of package.json only those scripts that the build runs, of pyproject.toml not the tables of test and
lint tools.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jettison.context import globs, junk
from jettison.context.walk import Context, Entry

_LARGEST = 512 * 1024  # bytes of a source that is looked into
_MOST = 32 * 1024 * 1024  # bytes of all of them
_MANIFESTS = {
    "package.json", "pyproject.toml", "setup.cfg", "setup.py", "manifest.in", "cargo.toml", "build.rs", "composer.json",
    "makefile", "gnumakefile", "justfile", "taskfile.yml", "meson.build", "cmakelists.txt", "pom.xml", "build.gradle",
    "build.gradle.kts", "hatch_build.py", "nest-cli.json", "angular.json", "tsconfig.json", "tsconfig.build.json",
    "go.mod", "mix.exs", "gemfile", "mkdocs.yml", "vite.config.js", "vite.config.ts", "webpack.config.js",
    "pnpm-workspace.yaml", "go.work", "settings.gradle", "settings.gradle.kts", "rakefile", "hatch.toml",
    "pdm_build.py", "build.bazel", "module.bazel", "stack.yaml", "package.yaml", "dune-project", "package.swift",
    "pubspec.yaml", "rebar.config", "shard.yml", "configure.ac", "makefile.am", "build.sbt", "directory.build.props",
}  # fmt: skip
_MANIFEST_ENDS = (
    ".gemspec", ".csproj", ".fsproj", ".vbproj", ".sln", ".slnx", ".props", ".targets", ".cabal", ".opam", ".cmake",
    ".sh", ".mk",
)  # fmt: skip
_REQUIREMENTS = re.compile(r"(?:^|[-_/])(?:requirements|constraints)[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.txt$")
_CODE = (
    ".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".go", ".rs", ".rb", ".php", ".java", ".kt", ".scala", ".cs",
    ".ex", ".exs", ".pl", ".sh", ".c", ".cc", ".cpp", ".h", ".vue", ".svelte", ".astro",
    ".html", ".htm", ".xhtml", ".ejs", ".erb", ".hbs", ".j2", ".jinja", ".jinja2", ".liquid", ".pug", ".tmpl", ".twig",
)  # fmt: skip
_SETTINGS = (".yml", ".yaml", ".toml", ".json", ".ini", ".conf", ".cfg", ".properties", ".xml", ".env")
_OF_TOOLS = re.compile(  # settings that only tools read which no image needs, and lists of packages
    r"(?:^|/)(?:\.[^/]*|[^/]*(?:lock|compose|pipelines)[^/]*|(?:package|jest|cypress|tsconfig|tox|pytest|mypy|codecov|lerna"
    r"|nx|turbo|renovate|phpunit|sonar|netlify|vercel|fly|mkdocs|biome|deno|appveyor)\b[^/]*)$|(?:^|/)\.[^/]+/"
)
_SMALL = 64 * 1024  # bytes of a file of settings
_OTHER_TOOLS = re.compile(
    r"pytest|ruff|mypy|coverage|black|isort|pylint|flake8|pyright|tox|bandit|commitizen|codespell"
)
_OTHER_KEYS = {
    "ava", "bugs", "devDependencies", "eslintConfig", "homepage", "husky", "jest", "keywords", "lint-staged", "mocha",
    "nyc", "prettier", "repository",
}  # fmt: skip
LIFECYCLE = (
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "dependencies",
    "pnpm:devPreinstall",
)  # scripts that an install runs
_WORD = re.compile(r"[\w@.+*/?-]*[\w*]")
_AROUND = re.compile(r"^(?:\.{0,2}/)+|/+$")
_QUOTED = re.compile(r"""["'`]([^"'`\n]{1,300})["'`]""")
_PLAIN = re.compile(r"[\w@.+*/ -]{1,200}")
_ADDRESS = re.compile(r"\w+://\S+")
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)", re.MULTILINE)
_EMBED = re.compile(r"//go:embed\s+(.+)")


@dataclass(frozen=True)
class Words:
    """Path-like words of one origin, normalised: no `./`, `../` or `/` in front."""

    words: frozenset[str]

    @cached_property
    def _tails(self) -> frozenset[str]:
        """Every tail of every word: of a/b/c also b/c and c; with `a/b/*` also what leads to it."""
        found = set()
        for word in self.words:
            parts = word.split("/")
            found |= {"/".join(parts[first:last]) for last in range(1, len(parts) + 1) for first in range(last)}
        return frozenset(found)

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        last = {word.rpartition("/")[2] for word in self.words if "*" in word}
        return tuple(each for each in last if each.strip("*.?"))

    def name(self, path: str) -> bool:
        """Whether a word names the path, something in it, or (the last parts of a longer path) may name it."""
        parts = path.split("/")
        tails = ("/".join(parts[at:]) for at in range(len(parts)))
        if any(each in self._tails for each in tails):
            return True
        return any(globs.matches(each, parts[-1]) for each in self._patterns)


def words_of(texts: Iterable[str]) -> Words:
    """The words of plain texts: commands, manifests."""
    return Words(frozenset(filter(None, (_bare(word) for text in texts for word in _WORD.findall(text)))))


def _bare(word: str) -> str:
    return _AROUND.sub("", word.strip()).removeprefix("-")


def manifest_texts(context: Context, scripts: frozenset[str]) -> Iterator[str]:
    """What manifests say, those of installed packages aside; `scripts`: of package.json those that are run."""
    for entry in context.entries:
        name = entry.path.rpartition("/")[2].lower()
        if (name in _MANIFESTS or name.endswith(_MANIFEST_ENDS)) and not _installed(entry.path):
            text = read_text(context.root, entry)
            if name == "package.json":
                yield from _package_json(text, scripts)
            elif name == "pyproject.toml":
                yield from _pyproject(text)
            else:
                yield text
        elif _REQUIREMENTS.search(name) and not _installed(entry.path):
            lines = read_text(context.root, entry).splitlines()
            yield from (line for line in lines if line.lstrip().startswith(("-", ".", "/")) or "file:" in line)


def read_text(root: Path, entry: Entry) -> str:
    """The text of a regular file; empty for others, for large ones and for what cannot be read."""
    if entry.kind != "file" or entry.size > _LARGEST:
        return ""
    try:
        return (root / entry.path).read_text("utf-8", "replace")
    except OSError:
        return ""


def _installed(path: str) -> bool:
    return re.search(r"(?:^|/)(?:node_modules|site-packages|\.venv|vendor|\.git)/", path) is not None


def package_scripts(context: Context) -> dict[str, str]:
    """The scripts of the package.json at the root; empty without one."""
    entry = context.by_path.get("package.json")
    try:
        found = json.loads(read_text(context.root, entry)) if entry else {}
    except (ValueError, RecursionError):
        found = {}
    scripts = found.get("scripts") if isinstance(found, dict) else None
    return {key: value for key, value in scripts.items() if isinstance(value, str)} if isinstance(scripts, dict) else {}


def _package_json(text: str, scripts: frozenset[str]) -> Iterator[str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        yield text
        return
    for key, value in data.items():
        if key == "scripts" and isinstance(value, dict):
            run = scripts.union(LIFECYCLE)
            value = [line for name, line in value.items() if name in run or name.removeprefix("pre") in run]
        if key not in _OTHER_KEYS:
            yield from _strings(value)


def _pyproject(text: str) -> Iterator[str]:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError):
        yield text
        return
    tools = data.pop("tool", {})
    if isinstance(data.get("project"), dict):
        data["project"].pop("urls", None)
    yield from _strings(data)
    if isinstance(tools, dict):
        yield from _strings({key: value for key, value in tools.items() if not _OTHER_TOOLS.match(key)})


def _strings(value: Any) -> Iterator[str]:
    """Every string in it, keys too, however nested."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one


@dataclass(frozen=True)
class Source:
    """What one source of the program says: words that look like paths, and what else speaks for keeping files."""

    words: Words
    git: str = ""  # how it asks the repository, empty where it does not
    hands_out: bool = False  # it serves all that lies beside it


def source_words(context: Context) -> dict[str, Source]:
    """Quoted words, imports and embeds of each of the program's own sources; at most 32 MB of them are read."""
    found: dict[str, Source] = {}
    left = _MOST
    for entry in context.entries:
        if entry.path.endswith(_CODE) and not _installed(entry.path) and left > 0:
            text = read_text(context.root, entry)
            left -= len(text)
            words = {_bare(word) for quoted in _QUOTED.findall(text) for word in _quoted(quoted)}
            embedded = [word.strip('"`') for line in _EMBED.findall(text) for word in line.split()]
            words |= {_bare(word.removeprefix("all:")) for word in embedded}
            if entry.path.endswith(".py"):
                words |= {word.replace(".", "/") for word in _IMPORT.findall(text)}
            found[entry.path] = Source(Words(frozenset(words - {""})), _git_call(text), _hands_out(text))
    return found


def _git_call(text: str) -> str:
    """How a source asks the repository; empty where it does not."""
    low = text.lower()
    if not any(word in low for word in ("git", "vcs.", "readbuildinfo", "showlastupdate", "vergen", "dulwich")):
        return ""
    found = junk.CALLS_GIT.search(text)
    return found[0] if found else ""


def _hands_out(text: str) -> bool:
    """Whether a source serves all that lies beside it."""
    return any(word in text for word in ("static", "Static", "http", "HTTP", "serve", "-S")) and (
        junk.HANDS_OUT.search(text) is not None
    )


def _quoted(text: str) -> Iterator[str]:
    """The paths that a quoted text may be: itself, or what has a slash or an ending beside `{here}`, `$DIR` and `:`."""
    if _PLAIN.fullmatch(text):
        yield text
        return
    for word in _WORD.findall(_ADDRESS.sub("", text)):
        if "/" in word.strip("/") or word.startswith("/") or re.search(r"\w\.\w+$", word):
            yield word


def setting_words(context: Context) -> dict[str, Words]:
    """Words with a slash of each small file of settings, addresses left out: a word alone may mean anything there."""
    found: dict[str, Words] = {}
    for entry in context.entries:
        if not entry.path.endswith(_SETTINGS) or entry.size > _SMALL or entry.path.rpartition("/")[2] in _MANIFESTS:
            continue
        if _installed(entry.path) or _OF_TOOLS.search(entry.path):
            continue
        text = _ADDRESS.sub("", read_text(context.root, entry))
        words = frozenset(_bare(word) for word in _WORD.findall(text) if "/" in word) - {""}
        if words:
            found[entry.path] = Words(words)
    return found
