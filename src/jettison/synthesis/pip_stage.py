"""What pip compiles, in a stage of its own: compilers stay behind, the installed packages ship.

Where no smaller base can carry the stage as it is (a package was compiled here or fetched with git, or apt brought
compilers and headers for it), or where the smallest base that can has no shell to call pip in. pip then installs into a
virtual environment on the base's own interpreter, which sees what the base brings (so nothing is there twice, and
`import pkg_resources` finds what it found), and the second stage, on the slim variant of the same tag, copies it to the
same path. Packages that already are in a place of their own (a virtual environment, `--user`) are copied as they stand.
Source: Python documentation, "venv"; pip documentation, "--python".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

from jettison.bases.catalogue import Family, candidates, libc_of
from jettison.bases.policy import Policy, allows
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, newline, start_with_comments
from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.shell import script
from jettison.image.model import Image, Kind
from jettison.packages.python import Distribution, distributions
from jettison.subject import Subject
from jettison.synthesis.apt import apt_calls
from jettison.synthesis.left import own_runs
from jettison.synthesis.pip import PipCall, pip_calls
from jettison.synthesis.pip_packages import BuildPackages, build_packages
from jettison.synthesis.pip_runtime import Runtime
from jettison.synthesis.stages import BUILD, Plan, Ship
from jettison.synthesis.work import CACHES, owner_of

VENV = "opt/venv"
_PREFIX = b"usr/local"
_TYPES = b"etc/mime.types"  # Python's mimetypes answers by it, and Debian's text/javascript is not Python's own word
_OF_DEBIAN = b"usr/lib/python3/dist-packages"
_REFUSED = re.compile(r"(?:-t|--target|--prefix|--root|--python)(?:=.*)?$")
_CLEANING = {"rm", "true", "echo", "set", "apt", "apt-get", "find", "printf", ":"}
_WRITING = {"echo", "printf"}  # where their output goes to a file
_SYSTEM = {*_CLEANING, "useradd", "groupadd", "adduser", "addgroup", "mkdir", "chown", "chmod"}  # need no package
_VARIABLES = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON", "PYTHONUSERBASE", "PYTHONHOME"}
_LEFTOVERS = re.compile(rb"(?:.*/)?(?:build|[^/]+\.egg-info|__pycache__|\.eggs)(?:/|$)")
_BYTECODE = re.compile(rb".*/__pycache__/[^/]+\.pyc$")


def plan(subject: Subject) -> Plan | None:
    """What ships on which base; None where pip installs nothing here or no stage of its own helps.

    Raises CannotEdit with the reason where one is needed for a slim base and not known to be right.
    """
    installing = tuple(run for run in own_runs(subject) if _installs(subject, run))
    found = Installed(subject, installing)
    if not installing or not found.own:
        return None
    tools = build_packages(subject)
    if not found.built and not tools.names:
        return _bare(found, tools)
    name = _slim(subject)
    base = subject.base(name) if name else None
    if base is None and not tools.names:
        return None
    found.check()
    return _plan(found, tools, subject.stage.base if base is None else name, base)


def _bare(found: Installed, tools: BuildPackages) -> Plan | None:
    """What pip installed in a stage of its own, for a base that has no shell to call pip in; None where unsure."""
    subject = found.subject
    if not any(each.carries for each in candidates(subject.stage.base)):
        return None
    try:
        found.check()
        return replace(_plan(found, tools, subject.stage.base, None), base="", bare=True)
    except CannotEdit:
        return None


def _slim(subject: Subject) -> str:
    """The slim variant of the base, where the policy lets it in; empty for none."""
    name = subject.stage.base
    policy, libc = Policy(subject.policy), libc_of(name)
    slim = (each for each in candidates(name) if each.family is Family.SLIM and allows(policy, each, libc))
    return next((each.name for each in slim), "")


def _installs(subject: Subject, run: Instruction) -> bool:
    return any(call.verb == "install" for call in pip_calls(subject.dockerfile, run))


@dataclass(frozen=True)
class Installed:
    """What pip installed in the only stage, and the RUNs that did it."""

    subject: Subject
    runs: tuple[Instruction, ...]

    @cached_property
    def own(self) -> tuple[Distribution, ...]:
        """What is not the base's, nor Debian's own (`apt-get install python3-pip`), which another interpreter reads."""
        bottom, tree = self.subject.alignment.base_layers, self.subject.tree
        every = (each for each in distributions(tree) if tree.layer_of(each.record) >= bottom)
        return tuple(each for each in every if each.top != _OF_DEBIAN)

    @cached_property
    def built(self) -> tuple[Distribution, ...]:
        """What needed more than Python to be installed: a compiler, or git."""
        return tuple(each for each in self.own if each.compiled_here or "vcs_info" in each.source)

    @cached_property
    def prefix(self) -> bytes:
        """The one place that all is installed below. Raises CannotEdit."""
        found = {each.prefix for each in self.own}
        if len(found) != 1 or None in found:
            shown = sorted(f"/{each.top.decode('utf-8', 'replace')}" for each in self.own)
            raise CannotEdit(f"packages are installed in several places: {', '.join(dict.fromkeys(shown))}")
        return next(each for each in found if each is not None)

    @property
    def moved(self) -> bool:
        """Whether they are among the system's own files, and need a virtual environment to be copied."""
        return self.prefix == _PREFIX

    @cached_property
    def files(self) -> frozenset[bytes]:
        """Every file of what is installed."""
        return frozenset(path for each in self.own for path in each.files)

    @property
    def now(self) -> tuple[bytes, ...]:
        """The paths of the image at hand that ship."""
        return tuple(sorted(self.files)) if self.moved else (self.prefix,)

    def size(self) -> int:
        """Bytes that the copy will hold: each name its own file."""
        tree = self.subject.tree
        paths = self.files if self.moved else frozenset(tree.under(self.prefix))
        entries = (tree.get(path) for path in paths)
        return sum(entry.size for entry in entries if entry is not None and entry.kind is Kind.FILE)

    def check(self) -> None:
        """Raises CannotEdit where what pip did is not known well enough to be done elsewhere."""
        editable = next((each for each in self.own if each.editable), None)
        if editable is not None:
            raise CannotEdit(f"{editable.name} is installed as a pointer to its sources (pip install -e)")
        layers = {number for run in self.runs for number in self.subject.alignment.layers_of(run)}
        for each in self.own:
            if self.subject.tree.layer_of(each.record) not in layers:
                raise CannotEdit(f"{each.name} was installed by something else than a RUN that calls pip")
        for run in self.runs:
            self._check_run(run)
        if self.moved:
            self._check_interpreter()
            self._check_names()

    def _check_run(self, run: Instruction) -> None:
        found = script(self.subject.dockerfile, run)
        for command in found.commands if found else ():
            name = (command.name or "").rpartition("/")[2]
            if name in _CLEANING and not (name in _WRITING and command.redirected):
                continue
            if not any(call.command is command or call.command == command for call in self._calls(run)):
                raise CannotEdit(f"line {run.line} does more than install packages: {command.name or 'a variable'}")
        for call in self._calls(run):
            refused = next((each for each in call.options if _REFUSED.match(each)), None)
            if refused is not None or call.verb not in ("install", "cache", "config", "check", "list", "freeze"):
                raise CannotEdit(f"line {run.line} calls pip {refused or call.verb}")
        if not any(True for _ in apt_calls(self.subject, run)):
            self._check_written(run)

    def _calls(self, run: Instruction) -> tuple[PipCall, ...]:
        return tuple(pip_calls(self.subject.dockerfile, run))

    def _check_written(self, run: Instruction) -> None:
        """Whether the layers of a RUN that only calls pip hold what no package's record tells of."""
        inside = () if self.moved else (self.prefix + b"/",)
        for number in self.subject.alignment.layers_of(run):
            columns = self.subject.image.layers[number].columns
            for index, path in enumerate(columns.paths):
                kind = columns.kinds[index]
                known = kind == Kind.DIRECTORY or kind >= Kind.WHITEOUT or path in self.files or path.startswith(inside)
                if known or CACHES.match(path) or _BYTECODE.match(path) or _LEFTOVERS.match(path):
                    continue
                if path in self.subject.tree:
                    raise CannotEdit(
                        f"line {run.line} writes /{path.decode('utf-8', 'replace')}, which no package names"
                    )

    def _check_interpreter(self) -> None:
        tree, bottom = self.subject.tree, self.subject.alignment.base_layers
        version = re.search(rb"lib/(python3\.\d+)/site-packages$", self.own[0].top)
        real = tree.resolve(_PREFIX + b"/bin/" + version[1]) if version else None
        if real is None or tree.layer_of(real) >= bottom:
            raise CannotEdit("the interpreter that the packages are installed for is not the base's own")
        pip = next(
            (each for each in distributions(self.subject.below) if each.name == "pip" and each.prefix == _PREFIX), None
        )
        numbers = tuple(int(each) for each in re.findall(r"\d+", pip.version)[:2]) if pip else ()
        if numbers < (22, 3):
            raise CannotEdit("its pip cannot install into another environment, which takes 22.3 or later")
        owner = owner_of(self.subject, tuple(self.files))
        if owner:
            raise CannotEdit(f"the packages belong to {owner}, not to root")

    def _check_names(self) -> None:
        """Whether something names an installed file where it is now, and would not find it in another folder."""
        told = {str(pair).partition("=")[0] for pair in self.subject.image.runtime.get("Env") or []}
        if (variable := next(iter(sorted(told & _VARIABLES)), None)) is not None:
            raise CannotEdit(f"{variable} tells pip where to install")
        library = b"/" + self.own[0].top
        programs = {b"/" + each for each in self.files if each.startswith(_PREFIX + b"/bin/")}
        outside = {b"/" + each for each in self.files if not each.startswith((_PREFIX + b"/bin/", self.own[0].top))}
        moved = b"|".join(re.escape(each) for each in sorted({library, *programs, *outside}))
        wanted = re.compile(rb"(?:(/usr/local/bin/python[\d.]*)|" + moved + rb")(?![\w.-])")  # the base's sees no other
        for line, text in self._texts():
            match = wanted.search(text)
            if match is not None:
                what = "which would lie elsewhere" if match[1] is None else "whose packages would lie elsewhere"
                raise CannotEdit(f"{line} names {match[0].decode('utf-8', 'replace')}, {what}")

    def _texts(self) -> list[tuple[str, bytes]]:
        """What may name a path: instructions, and the application's own small files."""
        source, tree, bottom = self.subject.dockerfile.text, self.subject.tree, self.subject.alignment.base_layers
        found = [(f"line {each.line}", each.span.of(source).encode()) for each in self.subject.stage.instructions]
        copied = {number for each in self.subject.stage.instructions if each.keyword in ("COPY", "ADD")
                  for number in self.subject.alignment.layers_of(each)}  # fmt: skip
        for path in tree:
            entry = tree.get(path)
            small = entry is not None and entry.kind is Kind.FILE and 0 < entry.size < 2**18
            if small and (number := tree.layer_of(path)) >= bottom and number in copied:
                found.append((f"/{path.decode('utf-8', 'replace')}", tree.read(path)))
        return found


def _plan(found: Installed, tools: BuildPackages, name: str, base: Image | None) -> Plan:
    subject = found.subject
    position = {id(each): at for at, each in enumerate(subject.stage.instructions)}
    work = {position[id(run)] for run in found.runs} | {position[id(run)] for run in tools.runs}
    _check_between(subject, min(position[id(run)] for run in found.runs), work)
    runtime = Runtime(subject, base, found.now, tools, frozenset(work))
    runtime.check(name)
    missing = runtime.packages()
    instead, left = tools.instead(missing, {id(run) for run in found.runs})
    folder = VENV if found.moved else found.prefix.decode("utf-8", "surrogateescape")
    target = f"/{folder}"
    lines = [_apt(left)] if left else []
    types = subject.below.get(_TYPES)
    carries = types is not None and base is not None and _TYPES not in base.tree and _TYPES not in runtime.carried
    lines += [f"COPY --from={BUILD} /etc/mime.types /etc/mime.types"] if carries else []
    lines += [f"ENV PATH=/{VENV}/bin:$PATH"] if found.moved else []
    edits = (_environment(subject, found.runs[0]),) if found.moved else ()
    owner = "" if found.moved else owner_of(subject, (found.prefix,))
    ship = Ship((target,), target, owner, found.size(), found.now)
    return Plan(
        subject, frozenset(work), (ship,), edits, tuple(lines), target,
        instead={position[key]: text for key, text in instead.items()}, base=name,
        added=runtime.added(missing) + (types.size if carries and types is not None else 0),
    )  # fmt: skip


def _check_between(subject: Subject, first: int, work: set[int]) -> None:
    """Raises CannotEdit for a RUN that may need what was installed, and would run before it is copied."""
    for at, each in enumerate(subject.stage.instructions[first : max(work)], first):
        if each.keyword != "RUN" or at in work:
            continue
        found = script(subject.dockerfile, each)
        if found is None or any((command.name or "").rpartition("/")[2] not in _SYSTEM for command in found.commands):
            raise CannotEdit(f"line {each.line} stands between RUNs that install, and may need what they installed")


def _apt(packages: tuple[str, ...]) -> str:
    names = " ".join(packages)
    return f"RUN apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*"


def _environment(subject: Subject, first: Instruction) -> Edit:
    """The virtual environment made before the first call of pip."""
    end = newline(subject.dockerfile)
    lines = (
        f"RUN python -m venv --without-pip --system-site-packages /{VENV}",
        f"ENV PATH=/{VENV}/bin:$PATH PIP_PYTHON=/{VENV}/bin/python",
    )
    at = start_with_comments(subject.dockerfile, first)
    return Edit(Span(at, at), "".join(line + end for line in lines))
