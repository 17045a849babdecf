"""An engine without containers: a little Dockerfile language, real OCI layouts, an application that is a script.

    FROM scratch
    COPY SOURCE /PATH                         a file, or a directory without what the ignore file keeps back
    RUN write /PATH SIZE && rm /PATH ...      see COMMANDS
    CMD ["/app/main"]

An application's file holds `need /PATH`, `say WORDS`, `tell VARIABLE`, one a line; it ends with 0, or with 1 at the
first path that is not there. Nothing here depends on time: `created` grows by a second for each instruction run, by
more with `sleep N`. Everything lies below one directory, so that another process finds it again.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripted_sandbox import ScriptedSandbox

from jettison.context.ignore import Dialect, find_ignore_file, read_ignore
from jettison.context.walk import walk
from jettison.core.errors import BuildFailed
from jettison.core.reference import Reference, Transport
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.parse import decode, parse
from jettison.engine.model import (
    PREFIX,
    BuildRequest,
    Built,
    Capabilities,
    InstructionRun,
    RunOptions,
)

STEADY = 1_700_000_000  # the mtime of what is not made anew by each build
SINCE = 1000.0  # seconds between the build that filled the cache and one that uses it
IGNORE_FILES = ("{dockerfile}.dockerignore", ".dockerignore")
CAPABILITIES = Capabilities(False, True, False, False, False, True, False, False, True, IGNORE_FILES, True)


@dataclass(frozen=True)
class File:
    """A regular file of the image being built."""

    data: bytes
    mtime: int = STEADY
    mode: int = 0o644


Files = dict[str, File]


@dataclass
class Shell:
    """One RUN being run: the files so far, the build's number, whether it is cold, what it printed."""

    files: Files
    number: int
    cold: bool
    arguments: Mapping[str, str]
    secrets: Mapping[str, bytes]
    seconds: float = 1.0
    printed: list[str] = field(default_factory=list)

    def write(self, path: str, size: str) -> None:
        """Bytes that follow from the path alone."""
        self.files[path] = File((hashlib.sha256(path.encode()).digest() * (int(size) // 32 + 1))[: int(size)])

    def rm(self, path: str, *more: str) -> None:
        for each in (path, *more):
            for name in [name for name in self.files if name == each or name.startswith(each + "/")]:
                del self.files[name]

    def touch(self, path: str, size: str) -> None:
        """As write, with a time of its own in each build."""
        self.write(path, size)
        self.files[path] = File(self.files[path].data, STEADY + self.number)

    def stamp(self, path: str) -> None:
        """Other bytes in each build."""
        self.files[path] = File(f"build {self.number:04}".encode())

    def swell(self, path: str, size: str) -> None:
        """A little larger in each build."""
        self.write(path, str(int(size) + self.number))

    def chmod(self, mode: str, path: str) -> None:
        self.files[path] = File(self.files[path].data, self.files[path].mtime, int(mode, 8))

    def when_cold(self, verb: str, *words: str) -> None:
        """Only in a cold build."""
        if self.cold:
            self.do([verb, *words])

    def sleep(self, seconds: str) -> None:
        self.seconds += float(seconds)

    def echo(self, *words: str) -> None:
        """Prints, with `$NAME` of build arguments filled in."""
        self.printed.append(" ".join(self.arguments.get(w[1:], "") if w.startswith("$") else w for w in words))

    def secret(self, name: str) -> None:
        self.printed.append(self.secrets[name].decode())

    def fail(self, *words: str) -> None:
        self.echo(*words)
        raise BuildFailed("the build failed", hint="it must build", log="\n".join(self.printed))

    def do(self, words: Sequence[str]) -> None:
        verb = {"rm": self.rm, "when-cold": self.when_cold}.get(words[0]) or getattr(self, words[0])
        verb(*(word for word in words[1:] if not word.startswith("-")))


@dataclass
class ScriptedEngine:
    """Builds into `directory`. `before_build` sees each request before anything is done."""

    directory: Path
    before_build: Callable[[BuildRequest], None] = lambda request: None
    before_start: Callable[[str], None] = lambda image_id: None
    name: str = "scripted"
    builder: str = "buildah"
    version: str = "1"
    capabilities: Capabilities = CAPABILITIES
    requests: list[BuildRequest] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)  # images that lost their name to another: nobody removes them

    def build(self, request: BuildRequest, progress: Callable[[str], None] | None = None) -> Built:
        self.requests.append(request)
        self.before_build(request)
        number = self._count()
        built = _Build(self.directory / "cache", request, number)
        for line in built.run(request.dockerfile.read_bytes()):
            if progress is not None:
                progress(line)
        where = self._place(request.tag)
        old = (where / "id").read_text() if where.exists() else ""
        shutil.rmtree(where, ignore_errors=True)
        image_id = _write_layout(where, built)
        if old not in ("", image_id):
            self.nameless.append(old)
        seconds = sum(run.seconds or 0.0 for run in built.ran if not run.cached)
        return Built(Reference(Transport.OCI, str(where)), image_id, seconds, not request.use_cache, tuple(built.ran))

    def _count(self) -> int:
        """The number of this build, over all processes."""
        counter = self.directory / "builds"
        number = 1 + (int(counter.read_text()) if counter.exists() else 0)
        self.directory.mkdir(parents=True, exist_ok=True)
        counter.write_text(str(number))
        return number

    def _place(self, tag: str) -> Path:
        return self.directory / "images" / tag.replace("/", "+").replace(":", "@")

    def images(self) -> list[str]:
        """The names of all images, in order."""
        found = [path.name for path in (self.directory / "images").glob("*")]
        return sorted(name.replace("+", "/").replace("@", ":") for name in found)

    def image_exists(self, name: str) -> bool:
        return self._place(name).exists()

    def start(self, image_id: str, options: RunOptions) -> ScriptedSandbox:
        self.before_start(image_id)
        self.started.append(image_id)
        place = next(p for p in (self.directory / "images").iterdir() if (p / "id").read_text() == image_id)
        config = json.loads((place / "runtime").read_bytes())
        files = {path: file.data for path, file in _unpack(place / "files").items()}
        return ScriptedSandbox(files, config, options)

    def remove_images(self, names: Sequence[str]) -> None:
        for name in names:
            assert name.startswith(f"{PREFIX}/")
            shutil.rmtree(self._place(name), ignore_errors=True)

    def sweep(self, prefix: str, *, images: bool = True) -> tuple[str, ...]:
        names = [name for name in self.images() if name.startswith(prefix)] if images else []
        self.remove_images(names)
        return tuple(names)

    def fetch(self, name: str) -> Reference | None:
        return None

    def usage(self) -> int | None:
        return sum(path.stat().st_size for path in self.directory.rglob("*") if path.is_file())


class _Build:
    """One build going on: layers as tars, history rows, the config."""

    def __init__(self, cache: Path, request: BuildRequest, number: int) -> None:
        self.cache, self.request, self.number = cache, request, number
        self.files: Files = {}
        self.chain = ""
        self.time, self.from_cache = float(STEADY), False
        self.made = number  # the build that made the last layer: part of the image's ID
        self.layers: list[bytes] = []
        self.history: list[dict[str, Any]] = []
        self.config: dict[str, Any] = {}
        self.ran: list[InstructionRun] = []

    def run(self, data: bytes) -> Iterator[str]:
        """Lines as an engine prints them. Raises BuildFailed."""
        dockerfile = parse(decode(data))
        for instruction in dockerfile.stages[-1].instructions:
            yield f"STEP {instruction.keyword} {instruction.value}"
            if instruction.keyword not in ("FROM", "ARG"):
                yield from self._one(instruction)
            elif instruction.keyword == "ARG":
                self._metadata(instruction)

    def _one(self, instruction: Instruction) -> Iterator[str]:
        if instruction.keyword not in ("RUN", "COPY"):
            self._metadata(instruction)
            return
        before = dict(self.files)
        asked = json.dumps([self.chain, instruction.keyword, instruction.value, dict(self.request.build_args)])
        copied = self._copied(instruction) if instruction.keyword == "COPY" else {}
        asked += str(sorted((name, file.data) for name, file in copied.items()))
        self.chain = hashlib.sha256(asked.encode()).hexdigest()
        stored = self.cache / self.chain
        cached = self.request.use_cache and stored.exists()
        if cached:
            self.files = _unpack(stored)
            self.time, self.made = json.loads((self.cache / f"{self.chain}.time").read_text())
        else:
            if self.from_cache:
                self.time += SINCE
            yield from self._work(instruction, copied)
            _pack(self.files, stored)
            self.made = self.number
            (self.cache / f"{self.chain}.time").write_text(json.dumps([self.time, self.made]))
        self.from_cache = cached
        self.layers.append(_layer(before, self.files))
        text = (
            instruction.value
            if instruction.keyword == "RUN"
            else f"#(nop) COPY file:abc in {instruction.words[-1].text}"
        )
        self._row(f"/bin/sh -c {text}", empty=False)
        seconds = None if cached else self.seconds
        self.ran.append(InstructionRun(f"{instruction.keyword} {instruction.value}", cached, seconds))

    def _work(self, instruction: Instruction, copied: Files) -> Iterator[str]:
        secrets = {}
        for spec in self.request.secrets:
            fields = dict(part.partition("=")[::2] for part in spec.split(","))
            secrets[fields["id"]] = Path(fields["src"]).read_bytes()
        arguments = self.request.build_args
        shell = Shell({**self.files, **copied}, self.number, not self.request.use_cache, arguments, secrets)
        if instruction.keyword == "RUN":
            for command in instruction.value.split("&&"):
                shell.do(command.split())
                while shell.printed:
                    yield shell.printed.pop(0)
        self.files, self.seconds = shell.files, shell.seconds
        self.time += shell.seconds

    def _copied(self, instruction: Instruction) -> Files:
        source, target = (word.text for word in instruction.words)
        request = self.request
        at = request.ignore_file or find_ignore_file(request.context, request.dockerfile, IGNORE_FILES)
        context = walk(request.context, read_ignore(at, Dialect.BUILDAH) if at else None)
        source = "" if source == "." else source.rstrip("/")
        if source in context.by_path and context.by_path[source].kind == "file":
            return {target: File((request.context / source).read_bytes(), mode=0o755)}
        below = [each.path for each in context.below(source) if each.kind == "file"]
        if not below:
            raise BuildFailed("the build failed", hint="look", log=f"COPY {source}: No such file or directory")
        skip = len(source) + 1 if source else 0
        found = {path[skip:]: (request.context / path).read_bytes() for path in below}
        return {f"{target.rstrip('/')}/{path}": File(data, mode=0o755) for path, data in found.items()}

    def _metadata(self, instruction: Instruction) -> None:
        if instruction.keyword in ("CMD", "ENTRYPOINT"):
            self.config[instruction.keyword.capitalize()] = list(instruction.exec_form or ())
        elif instruction.keyword == "ENV":
            self.config.setdefault("Env", []).append(instruction.value)
        elif instruction.keyword == "LABEL":
            self.config.setdefault("Labels", {}).update([instruction.value.split("=")])
        elif instruction.keyword == "USER":
            self.config["User"] = instruction.value
        self._row(f"/bin/sh -c #(nop) {instruction.keyword} {instruction.value}", empty=True)
        self.ran.append(InstructionRun(f"{instruction.keyword} {instruction.value}", False, 0.0))

    def _row(self, text: str, *, empty: bool) -> None:
        created = datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        self.history.append({"created": created, "created_by": text, "empty_layer": empty})


def _tar(members: Mapping[str, File]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, file in sorted(members.items()):
            info = tarfile.TarInfo(name.lstrip("/"))
            info.size, info.mtime, info.mode = len(file.data), file.mtime, file.mode
            archive.addfile(info, io.BytesIO(file.data))
    return out.getvalue()


def _layer(before: Files, after: Files) -> bytes:
    gone = {f"{path.rpartition('/')[0]}/.wh.{path.rpartition('/')[2]}": File(b"") for path in before.keys() - after}
    return _tar(gone | {path: file for path, file in after.items() if before.get(path) != file})


def _pack(files: Files, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_tar(files))


def _unpack(path: Path) -> Files:
    with tarfile.open(path) as archive:
        return {f"/{m.name}": File(archive.extractfile(m).read(), int(m.mtime), m.mode) for m in archive}  # type: ignore[union-attr]


def _write_layout(where: Path, built: _Build) -> str:
    """The OCI layout; the image's ID. Beside it what `start` needs."""
    blobs = where / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    layers = [put(layer, "layer.v1.tar") for layer in built.layers]
    rootfs = {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": built.config,
        "rootfs": rootfs,
        "history": built.history,
    }
    config_at = put(json.dumps(config | {"made": f"{built.made:06}"}).encode(), "config.v1+json")
    manifest = {"schemaVersion": 2, "config": config_at, "layers": layers}
    manifest_at = put(json.dumps(manifest).encode(), "manifest.v1+json")
    (where / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest_at]}))
    (where / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (where / "id").write_text(config_at["digest"])
    (where / "runtime").write_text(json.dumps(built.config))
    _pack(built.files, where / "files")
    return str(config_at["digest"])
