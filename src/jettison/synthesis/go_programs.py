"""The Go programs of an image that its own project builds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.errors import UsageError
from jettison.dockerfile.graph import needed
from jettison.image.model import Kind
from jettison.packages.go import Program, programs
from jettison.subject import Subject
from jettison.synthesis.go_build import go_calls

CACHES = re.compile(rb"(?:root|home/[^/]+)/\.cache/go-build/|go/pkg/(?:mod|sumdb)/")
SETTINGS = re.compile(rb"(?:root|home/[^/]+)/\.config/go/")  # `go env -w`, and the counters of its telemetry
_MODULE = re.compile(r"^\s*module\s+[\"`]?([^\s\"`]+)", re.MULTILINE)
_MANIFEST = 2**20  # bytes read of a go.mod


def own_programs(subject: Subject) -> tuple[Program, ...]:
    """Programs above the base that are of a module of the project, or that a `go install MODULE@VERSION` names.

    Where no go.mod can be seen, every Go program above the base counts.
    """
    modules = tuple(_modules(subject))
    installed = tuple(_installed(subject))
    found = programs(subject.tree, _above_base(subject))
    return tuple(each for each in found if not modules or _is_of(each, (*modules, *installed)))


def _is_of(program: Program, modules: tuple[str, ...]) -> bool:
    package = program.info.package
    if package == "command-line-arguments":  # `go build main.go`
        return program.info.main is None or program.info.main.path in modules
    return any(package == each or package.startswith(each + "/") for each in modules)


def _above_base(subject: Subject) -> Iterator[bytes]:
    """Executable files of the merged tree that own layers brought, caches left out, in byte order."""
    tree, bottom = subject.tree, subject.alignment.base_layers
    found: set[bytes] = set()
    for layer in subject.image.layers[bottom:]:
        columns = layer.columns
        found.update(
            path
            for index, path in enumerate(columns.paths)
            if columns.kinds[index] in (Kind.FILE, Kind.HARDLINK) and columns.modes[index] & 0o111
        )
    seen = set()
    for path in sorted(path for path in found if path in tree and not CACHES.match(path)):
        place = tree.payload(path)
        if place[0] >= bottom and place not in seen:
            seen.add(place)
            yield path


def _modules(subject: Subject) -> Iterator[str]:
    """The modules whose go.mod the build is sent."""
    try:
        entries = subject.sent.entries
    except UsageError:
        return
    for each in entries:
        if each.kind == "file" and each.path.rpartition("/")[2] == "go.mod" and "vendor/" not in each.path:
            try:
                with (subject.context / each.path).open("rb") as stream:
                    text = stream.read(_MANIFEST).decode("utf-8", "replace")
            except OSError:
                continue
            if match := _MODULE.search(text):
                yield match[1]


def _installed(subject: Subject) -> Iterator[str]:
    """`PACKAGE` of each `go install PACKAGE@VERSION`."""
    for stage in needed(subject.dockerfile, subject.stage, subject.build_args):
        for call in go_calls(subject.dockerfile, stage):
            for value in call.command.values:
                if value is not None and "@" in value and not value.startswith("-"):
                    yield value.partition("@")[0]
