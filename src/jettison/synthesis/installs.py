"""What a command that installs dependencies reads of the build context; told from manifests, nothing is executed.

An answer is given only where those files are all that it can read: a package's own scripts, local paths, patches and
settings of the project are reasons to refuse. Sources: npm documentation ("scripts", "package.json", "npmrc"), Yarn
and pnpm documentation ("install"), pip ("Requirements File Format"), go.dev/ref/mod ("go mod download", "replace"),
Bundler ("Gemfile"), Composer ("install").
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jettison.context.reads import LIFECYCLE
from jettison.core.dataclass import dataclass
from jettison.dockerfile.shell import Command
from jettison.synthesis.pip import pip_call

_LARGEST = 20_000_000  # bytes of a manifest
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides",
                 "resolutions", "pnpm")  # fmt: skip
_LOCAL = re.compile(r"(?:file|link|portal|workspace|patch|exec):|\.{1,2}/|/|~")
_SETTINGS = {
    "npm": (".npmrc",),
    "yarn": (".npmrc", ".yarnrc", ".yarnrc.yml", ".pnp.cjs"),
    "pnpm": (".npmrc", ".pnpmfile.cjs", "pnpm-workspace.yaml"),
}
_LOCKS = {"npm": ("package-lock.json", "npm-shrinkwrap.json"), "yarn": ("yarn.lock",), "pnpm": ("pnpm-lock.yaml",)}
_READ_PROJECT = ("prisma", "@prisma/client")  # packages whose own install script looks into the project
_VALUED = {"--omit", "--include", "--only", "--loglevel", "--registry", "--network-timeout", "--cache", "--mutex",
           "--fetch-timeout", "--fetch-retries", "--jobs", "-j", "--retry", "--without"}  # fmt: skip
_ELSEWHERE = {"--prefix", "-C", "--cwd", "--dir", "--gemfile", "--working-dir", "-d", "--workspace", "-w", "-ws"}
_RUBY = re.compile(r"\b(?:path|gemspec|eval_gemfile|require_relative|read|open|glob|file):?\b|\b(?:File|Dir|IO)\b")


@dataclass(frozen=True)
class Copied:
    """What stands in an image of the context before an instruction, whose working directory is `folder`."""

    root: Path  # the context
    files: Mapping[str, str]  # absolute path in the image -> path in the context
    folder: str

    def at(self, name: str) -> str:
        """The absolute path that a name in the working directory means."""
        return posixpath.normpath(posixpath.join(self.folder, name))

    def has(self, name: str) -> bool:
        return self.at(name) in self.files

    def holds(self, name: str) -> bool:
        """Whether something lies in that folder."""
        top = self.at(name).rstrip("/") + "/"
        return any(path.startswith(top) for path in self.files)

    def text(self, name: str) -> str:
        """Empty where there is no such file, or it cannot be read."""
        path = self.files.get(self.at(name))
        try:
            found = self.root / path if path is not None else None
            small = found is not None and found.is_file() and found.stat().st_size <= _LARGEST
            return found.read_text("utf-8", "replace") if found is not None and small else ""
        except OSError:
            return ""


@dataclass(frozen=True)
class Reads:
    """What an install reads, by names in its working directory; `writes` is the folder there that it fills."""

    files: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    refusal: str = ""  # why these are not all


def reads(command: Command, copied: Copied) -> Reads | None:
    """What one command reads; None where it does not install what a manifest asks for."""
    name = posixpath.basename(command.name or "")
    values = [value for value in command.values if value is not None]
    if name in _LOCKS:
        return _node(name, values, len(values) == len(command.values), copied)
    call = pip_call(command)
    if call is not None and call.verb == "install":
        options = list(call.options)
        constraints = [options[at + 1] for at, each in enumerate(options[:-1]) if each in ("-c", "--constraint")]
        constraints += [each.partition("=")[2] for each in options if each.startswith("--constraint=")]
        local = next((each for each in call.names if _is_path(each)), "")
        if call.unknown or local or any(re.match(r"-e|--editable|-f|--find-links", each) for each in options):
            return Reads(refusal=f"it installs {local or 'what the command line alone does not tell'}")
        return _pip([*(each.path for each in call.files), *constraints], copied)
    if len(values) != len(command.values) or any(value.partition("=")[0] in _ELSEWHERE for value in values):
        return None
    if name == "go" and values[:2] == ["mod", "download"]:
        return go_modules(copied)
    if name == "bundle" and values[:1] == ["install"]:
        return _bundle(copied)
    if name == "composer" and "install" in values:
        return _composer(values, copied)
    return None


def _is_path(word: str) -> bool:
    return (
        "/" in word.partition("@")[0].partition("[")[0]
        or word.startswith(".")
        or word.endswith((".whl", ".gz", ".zip"))
    )


def _words(values: list[str]) -> list[str]:
    """Without options and their values."""
    found, skip = [], False
    for value in values:
        if not skip and not value.startswith("-"):
            found.append(value)
        skip = not skip and value in _VALUED
    return found


def _node(tool: str, values: list[str], known: bool, copied: Copied) -> Reads | None:
    words = _words(values)
    verbs = {"npm": ("ci", "install", "i", "clean-install"), "yarn": ("install",), "pnpm": ("install", "i")}[tool]
    everywhere = any(each in ("-g", "--global", "--location=global") for each in values) or words[:1] == ["global"]
    if everywhere or (words and words[0] not in verbs) or (not words and tool != "yarn"):
        return None
    if not copied.has("package.json"):
        return None
    named = next((each for each in values if each.partition("=")[0] in _ELSEWHERE), "") or "".join(words[1:2])
    if not known or named:
        return Reads(refusal=f"{tool} is given {named or 'what the shell computes'}")
    try:
        package = json.loads(copied.text("package.json"))
    except (ValueError, RecursionError):
        package = None
    if not isinstance(package, dict):
        return Reads(refusal="package.json cannot be read")
    why = "".join(list(_reads_more(tool, package, copied, scripts="--ignore-scripts" not in values))[:1])
    locks = [each for each in _LOCKS[tool] if copied.has(each)]
    return Reads(("package.json", *locks), ("node_modules",), why)


def _reads_more(tool: str, package: Mapping[str, Any], copied: Copied, *, scripts: bool) -> Iterator[str]:
    """What else an install in this package reads."""
    own = _table(package, "scripts") if scripts else {}
    for each in LIFECYCLE:
        if each in own:
            yield f"the package's own {each} script runs while {tool} installs, and may read the sources"
    if scripts and copied.has("binding.gyp"):
        yield "binding.gyp makes npm compile the sources"
    if "workspaces" in package or "patchedDependencies" in json.dumps(package.get("pnpm", "")):
        yield "package.json names workspaces or patches, which lie among the sources"
    for each in _DEPENDENCIES:
        for value in _leaves(package.get(each)):
            if _LOCAL.match(value):
                yield f"package.json asks for {value}, which lies among the sources"
    for each in _READ_PROJECT if scripts else ():
        if each in {**_table(package, "dependencies"), **_table(package, "devDependencies")}:
            yield f"{each} looks into the project while it is installed"
    for each in _SETTINGS[tool]:
        if copied.has(each):
            yield f"{tool} reads {each}"
    if copied.holds("patches"):
        yield "there are patches, which an install may apply"


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)


def _table(package: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = package.get(name)
    return found if isinstance(found, dict) else {}


def _pip(names: list[str], copied: Copied) -> Reads:
    """Requirements files with all that they include."""
    found: list[str] = []
    waiting = [posixpath.normpath(each) for each in names]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        if not copied.has(name):
            return Reads(refusal=f"{name} is not copied from the context by a name of its own")
        found.append(name)
        for line in re.sub(r"\\\r?\n", "", copied.text(name)).splitlines():
            line = re.sub(r"(?:^|\s)#.*", "", line).strip()
            include = re.match(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)$", line)
            if include:
                waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), include[1])))
            elif re.match(r"(?:-e|--editable|-f|--find-links)\b", line) or _is_local(line):
                return Reads(refusal=f"{name} asks for {line}, which may lie among the sources")
    return Reads(tuple(found), (".venv", "venv", "env"))


def _is_local(line: str) -> bool:
    """Whether a requirement is a path or a file: URL (PEP 508: `name @ URL`)."""
    target = line.partition("@")[2].strip() if re.match(r"[\w.\[\],-]+\s*@", line) else line
    if line.startswith("-") or re.match(r"(?:https?|git\+(?:https?|ssh))://", target):
        return False
    return bool(re.match(r"(?:file:|[./~])", target)) or _is_path(re.split(r"[;\s]", target)[0])


def go_modules(copied: Copied) -> Reads | None:
    """What `go mod download` reads."""
    if not copied.has("go.mod"):
        return None
    files = ("go.mod", *(("go.sum",) if copied.has("go.sum") else ()))
    if copied.has("go.work") or copied.holds("vendor"):
        return Reads(files, refusal="a go.work or a vendor folder says where modules are")
    local = re.search(r"=>\s*(\.{0,2}/\S*)", copied.text("go.mod"))
    return Reads(files, refusal=f"go.mod takes a module from {local[1]}" if local else "")


def _bundle(copied: Copied) -> Reads | None:
    if not copied.has("Gemfile"):
        return None
    lines = [line for line in copied.text("Gemfile").splitlines() if not line.lstrip().startswith("#")]
    asks = next((line.strip() for line in lines if _RUBY.search(line)), "")
    refusal = f"the Gemfile says `{asks}`, which may read the sources" if asks else ""
    if copied.holds(".bundle"):
        refusal = "bundler reads .bundle/config"
    files = ("Gemfile", *(("Gemfile.lock",) if copied.has("Gemfile.lock") else ()))
    return Reads(files, ("vendor", ".bundle"), refusal)


def _composer(values: list[str], copied: Copied) -> Reads | None:
    if not copied.has("composer.json"):
        return None
    files = ("composer.json", *(("composer.lock",) if copied.has("composer.lock") else ()))
    refusal = ""
    if not {"--no-scripts", "--no-autoloader"} <= set(values):
        refusal = "composer writes its autoloader from the sources, unless --no-scripts and --no-autoloader are given"
    elif '"path"' in copied.text("composer.json"):
        refusal = "composer.json takes a package from a path"
    return Reads(files, ("vendor",), refusal)
