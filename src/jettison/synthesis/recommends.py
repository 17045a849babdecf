"""Which packages the installs of a RUN brought by recommendation alone, and what packages weigh in one layer."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from jettison.dockerfile.model import Instruction
from jettison.image.model import Kind
from jettison.image.tree import Tree, merge
from jettison.packages.dpkg import STATUS, Package, closure, files_of, read_status
from jettison.subject import Question, Subject
from jettison.synthesis.apt import AptCall, apt_calls
from jettison.synthesis.lean_install import dry_run, left_out
from jettison.traps import recommended_and_needed

_ARCHIVES = b"var/cache/apt/archives"


@dataclass(frozen=True)
class Install:
    """The installs of one RUN that take recommended packages along, and the layer that they made."""

    subject: Subject
    instruction: Instruction
    calls: tuple[AptCall, ...]
    layer: int

    @cached_property
    def tree(self) -> Tree:
        """The tree behind it."""
        return merge(self.subject.image.layers[: self.layer + 1])

    @cached_property
    def below(self) -> frozenset[str]:
        """Names of the packages before it."""
        return frozenset(read_status(merge(self.subject.image.layers[: self.layer])))

    @cached_property
    def packages(self) -> dict[str, Package]:
        """The packages behind it, by name."""
        return read_status(self.tree)

    @property
    def brought(self) -> frozenset[str]:
        """Names of those that came with it."""
        return frozenset(self.packages) - self.below

    @property
    def unclear(self) -> bool:
        """Whether the text does not tell which packages were asked for."""
        return any(call.unclear for call in self.calls)

    def used(self, names: Set[str]) -> frozenset[str]:
        """Those of these packages of which the application was seen to open or execute a file."""
        seen = self.subject.observed.opened | self.subject.observed.executed
        if not seen:
            return frozenset()
        paths = {path.lstrip("/").encode("utf-8", "surrogateescape") for path in seen}
        found = ((name, files_of(self.tree, name, self.packages[name].architecture)) for name in names)
        return frozenset(name for name, files in found if files & paths)


@dataclass(frozen=True)
class Recommended:
    """Packages that nothing asked for but a recommendation.

    `packages` would be left out; `kept` would be named, because they are known to be missed or were seen in use.
    `solved` says that apt itself told; until then `question` is what it is still to be asked, None where it cannot be.
    """

    packages: frozenset[str]
    kept: frozenset[str]
    solved: bool = False
    question: Question | None = None

    @property
    def told(self) -> str:
        """Who told, for people."""
        return "apt says so, in a dry run" if self.solved else "the package database says so"


def recommended(install: Install) -> Recommended:
    """What apt has answered of a dry run; until then, and where it cannot, what the package database tells."""
    guessed = _by_database(install)
    kept = frozenset() if install.unclear else guessed.kept
    while True:
        question = dry_run(install.subject, install.instruction, install.calls, sorted(kept))
        answer = install.subject.answers.get(question) if question is not None else None
        if question is None or answer is None:
            return replace(guessed, question=question)
        if not answer.files:
            return guessed
        packages = install.brought & left_out(question, answer)
        more = _to_keep(install, packages) - kept
        if not more:
            return Recommended(packages, kept, solved=True)
        kept |= more


def _by_database(install: Install) -> Recommended:
    """By what depends on what among the packages that are there, as if versions and choices did not matter."""
    calls = [call for call in apt_calls(install.subject, install.instruction) if call.verb == "install"]
    named = {name for call in calls for name in call.asked}
    stay = closure(install.packages, named | install.below)
    kept: frozenset[str] = frozenset()
    while True:
        packages = install.brought - stay - closure(install.packages, set(kept))
        more = _to_keep(install, packages) - kept
        if not more:
            return Recommended(packages, kept)
        kept |= more


def _to_keep(install: Install, packages: frozenset[str]) -> frozenset[str]:
    """Those of the packages that would go which are to be named."""
    stay = frozenset(install.packages) - packages
    return recommended_and_needed.found(install.packages, stay) | install.used(packages)


def weigh_packages(tree: Tree, packages: Sequence[Package], layer: int) -> tuple[int, tuple[bytes, ...]]:
    """Bytes that these packages put into `layer`, and the largest few paths.

    Counted are the files that they own, bytecode that was compiled from them, dpkg's records, their downloaded
    archives where these are still there, and their paragraphs in dpkg's status and its backup.
    """
    paths: set[bytes] = set()
    for package in packages:
        paths |= files_of(tree, package.name, package.architecture)
    names = tuple(f"{package.name}_".encode() for package in packages)
    paths |= {p for p in tree.children(_ARCHIVES) if p.rpartition(b"/")[2].startswith(names)}
    paths |= _bytecode(tree, paths)
    sized: dict[tuple[int, int], tuple[int, bytes]] = {}
    for path in paths:
        entry = tree.get(path)
        place = tree.payload(path)
        if entry is not None and entry.kind is Kind.FILE and place[0] == layer:
            sized[place] = (entry.size, path)
    largest = sorted(sized.values(), reverse=True)
    return sum(size for size, _ in largest) + _status(tree, packages), tuple(path for _, path in largest[:5])


def _bytecode(tree: Tree, paths: set[bytes]) -> set[bytes]:
    """`__pycache__/NAME.*.pyc` of each NAME.py: compiled when the package was configured, owned by nobody."""
    found = set()
    sources = {path for path in paths if path.endswith(b".py")}
    for folder in {path.rpartition(b"/")[0] for path in sources}:
        for compiled in tree.children(folder + b"/__pycache__"):
            stem = compiled.rpartition(b"/")[2].partition(b".")[0]
            if folder + b"/" + stem + b".py" in sources:
                found.add(compiled)
    return found


def _status(tree: Tree, packages: Sequence[Package]) -> int:
    """Bytes of the packages' paragraphs in the database; the backup file holds nearly the same."""
    try:
        text = tree.read(STATUS)
    except KeyError:
        return 0
    names = {f"Package: {package.name}".encode() for package in packages}
    total = sum(len(part) + 2 for part in text.split(b"\n\n") if part.split(b"\n", 1)[0] in names)
    return total * (2 if STATUS + b"-old" in tree else 1)
