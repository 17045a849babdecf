"""What of its base an application runs on, taken along to a base that is nothing but data.

The interpreter, every shared library that it or anything that ships is linked with, and the records of the packages
that these are of: scanners find them in `status.d`, as they do in distroless images. Libraries that programs load by
name while they run (`dlopen`) are known for the C library and OpenSSL alone; so only slim variants are taken apart,
which hold little else. Source: ld.so(8), nsswitch.conf(5), pthread_cancel(3); OpenSSL `OSSL_PROVIDER(3)`, `config(5)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from jettison.closure import elf
from jettison.closure.lost import Reach
from jettison.closure.python_calls import calls
from jettison.dockerfile.edit import CannotEdit
from jettison.image.model import Entry, Image, Kind
from jettison.image.tree import Tree
from jettison.packages.dpkg import owners, paragraphs, read_status
from jettison.subject import Subject
from jettison.synthesis.config_upon import left_behind
from jettison.synthesis.gathered import with_copied
from jettison.synthesis.interpreter_files import Interpreter, interpreter_of
from jettison.synthesis.pip_runtime import loadable

FOLDER = "runtime"  # of the stage that gathers, and its name
# A rule that has its turn before Python goes along: what packages for development ask of it stays behind with them.
BEFORE_PARTS = "development-requirements-installed"
_RECORDS = "var/lib/dpkg/status.d"
_LATER = {  # library -> libraries that it loads by name
    b"libc.so.6": (b"libgcc_s.so.1", b"libnss_dns.so.2", b"libnss_files.so.2", b"libresolv.so.2"),
}
_BESIDE = {  # library -> folders and files that it reads by name; * is the directory of the library
    b"libcrypto.so.3": (b"*/ossl-modules", b"usr/lib/ssl", b"etc/ssl/openssl.cnf"),
    b"libcrypto.so.1.1": (b"*/engines-1.1", b"usr/lib/ssl", b"etc/ssl/openssl.cnf"),
}
_SOURCE = 2**20  # bytes read of a module
_LOADING = re.compile("find_library|CDLL|LoadLibrary|cdll")
_LIST = "/libraries"
_LISTED = r"sed -nE 's,^\s+(\S+\s=>\s)?(/\S+)\s.*,\2,p'"  # `libm.so.6 => /lib/.../libm.so.6 (0x...)`, and the loader
_CACHE = b"etc/ld.so.cache"
_SEARCHED = re.compile(rb"(?:usr/)?lib(?:64)?/(?:[^/]+-linux-gnu[^/]*/)?[^/]+$")  # without any cache
_TRIPLET = re.compile(r"(?<=lib/)[a-z0-9_]+-linux-gnu[a-z0-9]*(?=/)")
_IS_LOADED = re.compile(rb"ld-(?:linux|musl)[^/]*")  # as a library: the program's own interpreter is that already
_LOADER = re.compile(r"lib(?:32|64)?/ld-linux[\w.-]*")


@dataclass(frozen=True)
class Parts:
    """What goes along. Paths are those of the image at hand, without leading slash.

    `libraries` are copied with their links followed, under the names that the linker looks for; `beside` as it is.
    """

    tree: Tree  # of the base
    interpreter: Interpreter
    libraries: tuple[bytes, ...]
    more: tuple[bytes, ...]  # those of them that the interpreter is not linked with
    beside: tuple[bytes, ...]
    packages: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]  # that the base sets for the application, and the new one does not

    @property
    def what(self) -> str:
        """For people: `node and 7 libraries`."""
        count = len(self.libraries)
        return f"{self.interpreter.name} and {count} {'library' if count == 1 else 'libraries'}"

    def upon(self, base: Image) -> Image:
        """The new base with all this on it, as the stage that ships will find it."""
        runtime = dict(base.runtime)
        runtime["Env"] = [*(runtime.get("Env") or []), *(f"{name}={value}" for name, value in self.variables)]
        configured = replace(base, config={**base.config, "config": runtime})
        return with_copied(configured, FOLDER, self.tree, self._entries())

    def _entries(self) -> Iterator[tuple[Entry, bytes]]:
        """(entry, content where it is not a file of the base)."""
        for path in (*self.interpreter.files, *self.beside):
            entry = self.tree.get(path)
            if entry is not None:
                yield entry, b""
        for path in self.libraries:
            entry = self.tree.get(self.tree.resolve(path) or path)
            if entry is not None:
                yield entry._replace(path=path), b""
        for name, text in sorted(self._records.items()):
            path = f"{_RECORDS}/{name}".encode()
            yield Entry(path, Kind.FILE, 0o644, 0, 0, 0, len(text), b"", 0, (0, 0), ()), text

    @cached_property
    def _records(self) -> dict[str, bytes]:
        told = paragraphs(self.tree)
        return {name: told[name].encode("utf-8", "surrogateescape") for name in self.packages}

    def commands(self) -> tuple[str, ...]:
        """The shell commands that gather all this but the interpreter's `whole` below FOLDER, for a RUN upon the base.

        What the interpreter is linked with is asked of ldd when it is built, so that a newer base brings what it has.
        """
        interpreter = self.interpreter
        found = [f"mkdir -p /{FOLDER}/{_RECORDS}"]
        found += [f"cp -a --parents {_words(interpreter.copied)} /{FOLDER}"] if interpreter.copied else []
        if interpreter.without:
            found += [f"(cd {_word(interpreter.whole)} && rm -r {' '.join(interpreter.without)})"]
        found += [f"cp -a --parents {_words(self._beside_whole)} /{FOLDER}"] if self.beside else []
        found += [f"ldd {interpreter.linked} | {_LISTED} | xargs realpath -s | sort -u > {_LIST}"]
        found += [f"ls {_words(self.more)} >> {_LIST}"] if self.more else []
        found += [f"xargs -a {_LIST} cp -aL --parents -t /{FOLDER}"]
        if self.packages:
            record = f"dpkg-query -s $package > /{FOLDER}/{_RECORDS}/$package"
            asked = f"sed 's,.*/,*/,' {_LIST} | xargs dpkg-query -S 2>/dev/null | cut -d: -f1 | sort -u"
            found += [f"{asked} | while read -r package; do {record}; done"]
        return tuple(found)

    @property
    def _beside_whole(self) -> tuple[bytes, ...]:
        """Folders that are copied with all below, once."""
        tops = [path for path in self.beside if not any(path.startswith(each + b"/") for each in self.beside)]
        return tuple(tops)


def parts_of(subject: Subject, runs: str, shipped: Iterable[bytes], base: Image) -> Parts:
    """What an application of these paths needs of its base (folders with all below), run by `runs`: node or python.

    Raises CannotEdit with the reason where the base is not known well enough to be taken apart.
    """
    before, tree = subject.below, subject.tree
    files = {below for path in shipped for below in tree.under(path.strip(b"/"))}
    interpreter = interpreter_of(before, tree, runs, files)
    _check(subject, files)
    linked = _Linked(subject, before, frozenset(files), frozenset(interpreter.files))
    libraries = linked.libraries(_named(subject, files))
    without = _Linked(subject, before, frozenset(), frozenset(interpreter.files), later=False).libraries()
    status = read_status(before)
    if not status:
        raise CannotEdit("its base has no dpkg database, which the records of its packages are taken from")
    by_path = owners(before, status)
    real = {before.resolve(path) or path for path in libraries}
    packages = {by_path[path] for path in real if path in by_path}
    return Parts(
        before,
        interpreter,
        libraries,
        tuple(path for path in libraries if path not in without),
        linked.beside(libraries),
        tuple(sorted(packages)),
        tuple(left_behind(subject, base.runtime)),
    )


@dataclass(frozen=True)
class _Linked:
    """The shared libraries of the base that files which ship, or the interpreter's, are linked with."""

    subject: Subject
    before: Tree
    shipped: frozenset[bytes]
    taken: frozenset[bytes]
    later: bool = True  # what libraries load by name counts, too

    def libraries(self, named: Iterable[bytes] = ()) -> tuple[bytes, ...]:
        """Paths as the linker looks for them, those `named` and what they need among them.

        Raises CannotEdit where one is neither the base's nor ships.
        """
        tree = self.subject.tree
        links = elf.linker(tree, self.subject.image.runtime)
        found = dict.fromkeys(named)
        waiting = [path for path in elf.objects(tree) if path in self.shipped or path in self.taken]
        waiting += found
        while waiting:
            path = waiting.pop()
            parsed = elf.read(tree, path)
            own = elf.own_directories(parsed, path) if parsed is not None else ()
            asked = [*(parsed.needs if parsed is not None else ())]
            asked += [each for name in asked for each in _LATER.get(name, ()) if self.later]
            for name in asked:
                place = links.place(name, own) if not _IS_LOADED.fullmatch(name) else None
                if place is None or place in found or place in self.shipped or place in self.taken:
                    continue
                if (self.before.resolve(place) or b"") not in self.before:
                    shown = place.decode("utf-8", "replace")
                    raise CannotEdit(f"/{shown}, which is neither the base's nor ships")
                found[place] = None
                waiting.append(place)
        return tuple(sorted(found))

    def beside(self, libraries: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """What libraries read by name, with all below, and the linker's cache where it is needed to find one."""
        found = set[bytes]()
        for path in libraries:
            for told in _BESIDE.get(path.rpartition(b"/")[2], ()):
                found |= set(self.before.under(told.replace(b"*", path.rpartition(b"/")[0])))
        if _CACHE in self.before and not all(_SEARCHED.match(path) for path in libraries):
            found.add(_CACHE)
        return tuple(sorted(found))


def _check(subject: Subject, shipped: set[bytes]) -> None:
    """Raise CannotEdit where a stage that is counted would have another number, or where tables would be missing.

    `iconv` of the C library reads a file for each pair of character sets.
    """
    stages = subject.dockerfile.stages
    at = stages.index(subject.stage)
    for each in (instruction for stage in stages[at:] for instruction in stage.instructions):
        number = each.flag("from") or ""
        if number.isdecimal() and int(number) >= at:
            raise CannotEdit(f"line {each.line} counts the stages, of which there would be one more")
    for path in elf.objects(subject.tree):
        if (
            path in shipped
            and elf.read(subject.tree, path) is not None
            and _mentions(subject.tree, path, b"iconv_open")
        ):
            shown = path.decode("utf-8", "replace")
            raise CannotEdit(f"gconv: /{shown} converts character sets with what the C library keeps there")


def _mentions(tree: Tree, path: bytes, word: bytes) -> bool:
    with tree.open(path) as stream:
        rest = b""
        while piece := stream.read(2**20):
            if word in rest + piece:
                return True
            rest = piece[-len(word) :]
    return False


def _named(subject: Subject, shipped: set[bytes]) -> tuple[bytes, ...]:
    """Libraries of the base that Python modules which ship load by file name.

    Raises CannotEdit for one that is looked for without: `ctypes.util.find_library` asks ldconfig and compilers.
    """
    tree, bottom = subject.tree, subject.alignment.base_layers
    links = elf.linker(tree, subject.image.runtime)
    found: dict[bytes, None] = {}
    loading = {path for path in shipped if path.endswith(b".py") and _LOADING.search(_source(tree, path))}
    if not loading:  # following every import of an application takes seconds
        return ()
    for path in {each.found for each in Reach(tree, subject.image.runtime).modules.imports} & loading:
        for library in calls(_source(tree, path)).libraries:
            name = library.encode()
            place = links.place(name, ()) if b".so" in name else loadable(tree, b"lib" + name + b".so")
            if place is None or tree.layer_of(tree.resolve(place) or place) >= bottom:
                continue
            if b".so" not in name:
                raise CannotEdit(
                    f"ldconfig: /{path.decode('utf-8', 'replace')} looks for the library {library} with it"
                )
            found[place] = None
    return tuple(found)


def _source(tree: Tree, path: bytes) -> str:
    entry = tree.get(path)
    is_file = entry is not None and entry.kind is Kind.FILE
    return tree.read(path, _SOURCE).decode("utf-8", "replace") if is_file else ""


def _words(paths: Iterable[bytes]) -> str:
    return " ".join(map(_word, paths))


def _word(path: bytes) -> str:
    """A path for a shell, the architecture's own directory and loader as patterns. Raises CannotEdit."""
    text = path.decode("utf-8", "surrogateescape")
    if not re.fullmatch(r"[\w./+-]+", text):
        raise CannotEdit(f"/{text} is no name that a shell takes as it is")
    if _LOADER.fullmatch(text):
        return "/lib*/ld-linux*.so.*"
    return "/" + _TRIPLET.sub("*-linux-gnu*", text)
