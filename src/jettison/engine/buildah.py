"""Buildah: builds and runs without a daemon.

Called with `--layers --format docker --isolation chroot`: without the first two it makes one layer of everything
and drops HEALTHCHECK and SHELL. Under chroot isolation the network is the host's while building; containers that
we run get namespaces of their own (buildah_sandbox).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from jettison.core.errors import EngineError
from jettison.core.reference import Reference, Transport
from jettison.engine import buildah_output, cgroups, leftovers
from jettison.engine.buildah_sandbox import BuildahSandbox, can_isolate
from jettison.engine.model import (
    CONTEXT_FLAG,
    IGNORE_FILES,
    PREFIX,
    BuildRequest,
    Built,
    Capabilities,
    InstructionRun,
    RunOptions,
    Sandbox,
    too_long,
)
from jettison.engine.process import BUILD_LINES, has_flag, run

_ASKS = "asks"  # what the folders of builds are called that only find out what a builder takes
ANSWER_SECONDS = 120.0  # that a question to the store may take
CAPABILITIES = Capabilities(
    ports_published=False,
    private_network=True,
    signals_seen=True,
    healthchecks=False,
    limits=False,
    secrets=True,
    cache_mounts=True,
    heredocs=False,
    copy_link=False,
    empty_run_is_layer=True,
    ignore_files=IGNORE_FILES["buildah"],
    ignore_file_apart=True,
)


class Since(NamedTuple):
    """The versions that something came with, as their changelogs say."""

    buildah: tuple[int, int]
    podman: tuple[int, int]


_AGES = Since((1, 28), (4, 3))  # --cache-ttl: without, the oldest layer of equal text is taken, whatever came since
CACHE_MOUNTS = Since((1, 24), (4, 0))
_CACHES = "buildah-cache"  # where it keeps them, in its temporary directory; later versions add "-UID"


@dataclass(frozen=True)
class Buildah:
    """The engine as found here."""

    version: str
    graph_root: Path
    capabilities: Capabilities = CAPABILITIES
    name: str = "buildah"
    builder: str = "buildah"
    command: tuple[str, ...] = ("buildah", "bud")  # what builds

    @property
    def storage(self) -> str:
        return f"overlay in {self.graph_root}"

    @classmethod
    def find(cls) -> Buildah:
        """The buildah of this machine. Raises EngineError where it is absent or cannot be used."""
        if shutil.which("buildah") is None:
            raise EngineError(
                "buildah is not installed", hint="apt-get install buildah (as root), or name another --engine"
            )
        if os.geteuid() != 0:
            raise EngineError("buildah needs root to run containers apart from this host", hint="run jettison as root")
        information = read_json(["buildah", "info"])
        if information is None:
            ended = run(["buildah", "info"], timeout=60)
            last = ended.lines[-1] if ended.lines else f"exit code {ended.code}"
            raise EngineError(f"buildah does not work here: {last}", hint="run jettison as root; see `buildah info`")
        store = information["store"]
        if store["GraphDriverName"] != "overlay":
            raise EngineError(
                f"buildah stores images with the driver '{store['GraphDriverName']}', which copies every layer whole",
                hint='set driver = "overlay" in /etc/containers/storage.conf',
            )
        told = re.search(r"version (\S+)", "\n".join(run(["buildah", "--version"], timeout=60).lines))
        version = told[1] if told else "unknown"
        limited = cgroups.hierarchy()
        by = f"cgroup v{limited.version}" if limited else "rlimits: data of each process; their number is not limited"
        graph_root = Path(store["GraphRoot"])
        heredocs, copy_link = syntax(cls.command, graph_root)
        capabilities = replace(
            CAPABILITIES,
            private_network=can_isolate(),
            limits=limited is not None,
            limits_by=by,
            heredocs=heredocs,
            copy_link=copy_link,
            cache_mounts=is_from("buildah", version, CACHE_MOUNTS),
            build_contexts=has_flag(cls.command, CONTEXT_FLAG),
        )
        return cls(version, graph_root, capabilities)

    def build(self, request: BuildRequest, progress: Callable[[str], None] | None = None) -> Built:
        """Build. Raises BuildFailed, EngineError, DiskError, UsageError (unknown target)."""
        run_id = leftovers.run_of(request.tag)

        times: deque[float] = deque(maxlen=BUILD_LINES)

        def line(text: str) -> None:
            times.append(time.monotonic())
            if progress is not None:
                progress(request.masked(text))

        try:
            with leftovers.temporary_folder(leftovers.build_folder(run_id)) as folder:
                environment = {**os.environ, "TMPDIR": str(folder)}
                if request.caches is not None:
                    _keep_caches(folder, request.caches)
                build = partial(run, self._command(request), on_line=line, tail=BUILD_LINES, timeout=request.seconds)
                ended = build(environment=environment)
                first: tuple[InstructionRun, ...] = ()
                if ended.code and buildah_output.failed_by_itself(ended.lines):
                    masked = tuple(map(request.masked, ended.lines))
                    first = buildah_output.instructions(masked, (*times, time.monotonic()))
                    times.clear()
                    ended = build(environment=environment)
        except OSError as error:
            raise EngineError(f"cannot start {self.name}: {error.strerror}", hint="see `jettison engines`") from error
        finally:
            leftovers.remove_builds(self.graph_root, run_id)
        lines = tuple(map(request.masked, ended.lines))
        if ended.timed_out:
            raise too_long(request)
        if ended.code != 0:
            raise buildah_output.failure(ended.code, lines)
        again = buildah_output.instructions(lines, (*times, time.monotonic()))
        ran = buildah_output.in_two_tries(first, again)
        return Built(
            reference=Reference(Transport.CONTAINERS_STORAGE, request.tag),
            image_id=_image_id(lines),
            seconds=ended.seconds + sum(run.seconds or 0.0 for run, now in zip(ran, again, strict=True) if run != now),
            cold=not request.use_cache,
            instructions=ran,
        )

    def _command(self, request: BuildRequest) -> list[str]:
        command = [
            *self.command,
            "--layers",
            "--format",
            "docker",
            "--isolation",
            "chroot",
            "--network",
            "host",
            "--pull=false",
            "--cgroup-parent",
            leftovers.mark_of(leftovers.run_of(request.tag)),
        ]
        if request.ignore_file is not None:
            command += ["--ignorefile", str(request.ignore_file)]
        if request.use_cache and request.cache_seconds is not None and is_from(self.name, self.version, _AGES):
            command += ["--cache-ttl", f"{request.cache_seconds:.0f}s"]
        return [*command, *request.flags()]

    def image_exists(self, name: str) -> bool:
        return read_json(["buildah", "inspect", "--type", "image", name]) is not None

    def fetch(self, name: str) -> Reference | None:
        """The image of that name; pulled where it is not in the store, and left there as any base is."""
        if not self.image_exists(name) and run(["buildah", "pull", "--quiet", name], timeout=1800).code != 0:
            return None
        return Reference(Transport.CONTAINERS_STORAGE, name)

    def start(self, image_id: str, options: RunOptions) -> Sandbox:
        """A container of the image. Raises EngineError where it cannot even be made."""
        inspected = read_json(["buildah", "inspect", "--type", "image", image_id])
        if inspected is None:
            raise EngineError(f"the image {image_id} is gone", hint="run again")
        if not self.capabilities.private_network:
            raise EngineError(
                "containers cannot be kept apart from this host: `unshare` and `ip` are needed, and namespaces allowed",
                hint="apt-get install util-linux iproute2, as root; or --build-only, which starts nothing",
            )
        return BuildahSandbox(image_id, inspected["Docker"]["config"], options, self)

    def remove_images(self, names: Sequence[str]) -> None:
        ours = [name for name in names if name.startswith(f"{PREFIX}/") and self.image_exists(name)]
        for name in ours:
            run(["buildah", "rmi", name], timeout=600)  # no --force: that removes containers as well

    def sweep(self, prefix: str, *, images: bool = True) -> tuple[str, ...]:
        """What the run that `prefix` names has left: containers, killed builds, temporary folders, images."""
        if not re.fullmatch(re.escape(PREFIX) + "/[^:]+:.*", prefix):
            raise ValueError(f"no run of ours: {prefix}")
        run_id = leftovers.run_of(prefix)
        removed = []
        for container in leftovers.working_containers(self.graph_root):
            if re.fullmatch(rf"jettison-{re.escape(run_id)}-[0-9a-f]{{8}}", container.name):
                leftovers.kill_processes_of(container.name)
                run(["buildah", "rm", container.id], timeout=120)
                removed.append(container.name)
        removed += leftovers.remove_builds(self.graph_root, run_id) + leftovers.remove_folders(run_id)
        removed += cgroups.remove_left(f"jettison-{run_id}-")
        if images:
            listed = read_json(["buildah", "images", "--json"]) or []
            names = [name for image in listed for name in image.get("names") or [] if name.startswith(prefix)]
            self.remove_images(names)
            removed += names
        return tuple(removed)

    def usage(self) -> int | None:
        """Bytes of tar that the store's layers had, by their own record; cached layers included."""
        try:
            layers = json.loads((self.graph_root / "overlay-layers" / "layers.json").read_bytes())
        except (OSError, ValueError):
            return None
        return sum(int(layer.get("diff-size", 0)) for layer in layers)


@cache
def is_from(name: str, version: str, since: Since) -> bool:
    """Whether this version of this program has what came with the versions `since`."""
    found = re.match(r"(\d+)\.(\d+)", version)
    wanted = since.podman if name == "podman" else since.buildah
    return found is not None and (int(found[1]), int(found[2])) >= wanted


def _keep_caches(temporary: Path, caches: Path) -> None:
    """Let this build find in its cache mounts what those before it left in `caches`. Raises OSError."""
    caches.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (_CACHES, f"{_CACHES}-{os.geteuid()}"):
        (temporary / name).symlink_to(caches)


def syntax(command: tuple[str, ...], graph_root: Path) -> tuple[bool, bool]:
    """Whether this builder takes heredocs, and COPY --link; asked by builds of nothing, whose images are not kept.

    What processes left that were killed while they asked is taken away first.
    """
    leftovers.remove_abandoned(graph_root, _ASKS)
    return _builds(command, "COPY <<END /x\nx\nEND\n"), _builds(command, "COPY --link x /x\n")


def _builds(command: tuple[str, ...], text: str) -> bool:
    with leftovers.temporary_folder(_ASKS) as folder:
        mark = ("--cgroup-parent", leftovers.mark_of(folder.name))
        (folder / "Dockerfile").write_text(f"FROM scratch\n{text}")
        (folder / "x").write_text("x\n")
        told = ("--layers=false", *mark, "--iidfile", str(folder / "image"), str(folder))
        ended = run([*command, *told], timeout=60)
        made = folder / "image"
        if ended.code != 0 or not made.exists():
            return False
        run(["buildah", "rmi", made.read_text().strip()], timeout=60)
    return True


def read_json(command: Sequence[str]) -> Any:
    """The JSON that a command prints on stdout; None where it fails. Raises EngineError where it cannot be waited for.

    A store that is busy or very large answers late: that is not the same as an image that is not there.
    """
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"`{' '.join(command)}` did not end within {ANSWER_SECONDS:g} s",
            hint="look whether another build holds the store, then run again; --resume goes on from here",
        ) from None
    except OSError as error:
        raise EngineError(f"cannot start {command[0]}: {error.strerror}", hint="see `jettison engines`") from error
    try:
        return json.loads(ended.stdout) if ended.returncode == 0 else None
    except ValueError:
        return None


def _image_id(lines: Sequence[str]) -> str:
    """The last line of a build is the image's id."""
    for line in reversed(lines):
        if re.fullmatch(r"[0-9a-f]{64}", line.strip()):
            return line.strip()
    raise EngineError("buildah built, and did not say what", hint="see `jettison engines` for the version found")
