"""Debian packages as the image's own database tells them, read from its tree and never executed.

Source: dpkg(1), deb-control(5), Debian Policy 7 (relationships); distroless keeps `status.d`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jettison.image.model import Kind
from jettison.image.tree import Tree

STATUS = b"var/lib/dpkg/status"
STATUS_D = b"var/lib/dpkg/status.d"
_RELATION = re.compile(r"^\s*([a-z0-9][a-z0-9+.-]*)")

Alternatives = tuple[str, ...]  # a | b | c


@dataclass(frozen=True)
class Package:
    """An installed package. Relations are package names only; versions were satisfied when it was installed."""

    name: str
    version: str
    architecture: str
    essential: bool
    depends: tuple[Alternatives, ...] = ()  # Pre-Depends included
    recommends: tuple[Alternatives, ...] = ()
    provides: tuple[str, ...] = field(default=())


def read_status(tree: Tree) -> dict[str, Package]:
    """Installed packages by name, of a second architecture by `name:architecture`; empty without such a database."""
    texts = []
    if STATUS in tree:
        texts.append(_read(tree, STATUS))
    texts += [_read(tree, path) for path in tree.children(STATUS_D) if not path.endswith(b".md5sums")]
    found: dict[str, Package] = {}
    for package in (each for text in texts for each in parse_status(text)):
        known = found.get(package.name)
        other = known is not None and known.architecture != package.architecture
        found[f"{package.name}:{package.architecture}" if other else package.name] = package
    return found


def _read(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path).decode("utf-8", "replace")
    except KeyError:
        return ""


def parse_status(text: str) -> Iterator[Package]:
    """The installed packages of a status file."""
    for paragraph in text.split("\n\n"):
        fields = _fields(paragraph)
        if not fields.get("Package") or " installed" not in " " + fields.get("Status", "install ok installed"):
            continue
        if "Status" in fields and not fields["Status"].endswith(" installed"):
            continue
        depends = _relations(fields.get("Pre-Depends", "")) + _relations(fields.get("Depends", ""))
        yield Package(
            name=fields["Package"],
            version=fields.get("Version", ""),
            architecture=fields.get("Architecture", ""),
            essential=fields.get("Essential") == "yes",
            depends=depends,
            recommends=_relations(fields.get("Recommends", "")),
            provides=tuple(name for group in _relations(fields.get("Provides", "")) for name in group),
        )


def _fields(paragraph: str) -> dict[str, str]:
    found: dict[str, str] = {}
    last = ""
    for line in paragraph.splitlines():
        if line[:1] in (" ", "\t"):
            found[last] = found.get(last, "") + "\n" + line.strip()
        else:
            last, _, value = line.partition(":")
            found[last] = value.strip()
    return found


def _relations(text: str) -> tuple[Alternatives, ...]:
    groups = []
    for group in text.split(","):
        names = tuple(match[1] for part in group.split("|") if (match := _RELATION.match(part)))
        if names:
            groups.append(names)
    return tuple(groups)


def closure(packages: Mapping[str, Package], roots: set[str], *, recommends: bool = False) -> set[str]:
    """Everything among `packages` that the roots need, by Depends (and Recommends where asked).

    Of alternatives the first that is installed counts, a provider as well as the package itself: what apt chose
    is what is there.
    """
    providers: dict[str, list[str]] = {}
    for package in packages.values():
        for name in package.provides:
            providers.setdefault(name, []).append(package.name)
    found: set[str] = set()
    waiting = [name for name in roots if name in packages]
    waiting += [provider for name in roots if name not in packages for provider in providers.get(name, [])]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        groups = packages[name].depends + (packages[name].recommends if recommends else ())
        for group in groups:
            for one in group:
                chosen = [one] if one in packages else providers.get(one, [])
                if chosen:
                    waiting += chosen
                    break
    return found


def paragraphs(tree: Tree) -> dict[str, str]:
    """What `dpkg-query -s` prints of each package, by name; empty where the image has no such database."""
    found = {}
    for paragraph in _read(tree, STATUS).split("\n\n") if STATUS in tree else ():
        name = _fields(paragraph).get("Package")
        if name:
            found[name] = paragraph.strip("\n") + "\n"
    return found


def owners(tree: Tree, packages: Mapping[str, Package]) -> dict[bytes, str]:
    """Each file that one of these packages owns -> the package's name."""
    return {
        path: name for name, package in sorted(packages.items()) for path in files_of(tree, name, package.architecture)
    }


def files_of(tree: Tree, name: str, architecture: str) -> set[bytes]:
    """Paths that a package owns, its own records in dpkg's database included; directories left out."""
    found: set[bytes] = set()
    for stem in (name.encode(), f"{name}:{architecture}".encode()):
        listing = b"var/lib/dpkg/info/" + stem + b".list"
        if listing not in tree:
            continue
        lines = [line.strip(b"/") for line in tree.read(listing).splitlines()]
        folders = {line.rpartition(b"/")[0] for line in lines}  # /bin, say, which may be a link to usr/bin
        for path in lines:
            if path in folders:
                continue
            entry = tree.get(path)
            if entry is None and path:
                real = tree.resolve(path.rpartition(b"/")[0])
                path = (real + b"/" if real else b"") + path.rpartition(b"/")[2]
                entry = tree.get(path)
            if entry is not None and entry.kind is not Kind.DIRECTORY:
                found.add(path)
        prefix = b"var/lib/dpkg/info/" + stem + b"."
        found |= {path for path in tree.children(b"var/lib/dpkg/info") if path.startswith(prefix)}
    return found
