"""Docker: BuildKit or the classic builder, and containers on a network that leads nowhere.

Which of the two builds is asked by a build, not by version numbers: a command line without buildx falls back to the
classic builder, and with DOCKER_BUILDKIT=1 it fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jettison.core.errors import EngineError
from jettison.core.reference import Reference, Transport
from jettison.engine import docker_output
from jettison.engine.docker_api import DockerApi, endpoint
from jettison.engine.docker_sandbox import LABEL, DockerSandbox
from jettison.engine.model import (
    CONTEXT_FLAG,
    IGNORE_FILES,
    PREFIX,
    BuildRequest,
    Built,
    Capabilities,
    RunOptions,
    Sandbox,
    too_long,
)
from jettison.engine.process import BUILD_LINES, has_flag, run

_BUILD = ("docker", "build")
_NOTHING = "FROM scratch\nLABEL asked.by=jettison\n"
_NEWEST = "FROM scratch\nCOPY --link <<END /asked.by\njettison\nEND\n"


@dataclass(frozen=True)
class Docker:
    """The daemon as found, with the builder that its command line here can use."""

    version: str
    api: DockerApi
    builder: str  # buildkit, classic
    capabilities: Capabilities
    name: str = "docker"
    storage: str = ""
    here: bool = True  # its containers are processes of this machine: not in a virtual machine, not elsewhere

    @classmethod
    def find(cls) -> Docker:
        """The Docker of this machine. Raises EngineError where it is absent or cannot be used."""
        if shutil.which("docker") is None:
            raise EngineError("docker is not installed", hint="install Docker, or name another --engine")
        api = DockerApi(endpoint())
        version = api.must("GET", "/version") or {}
        information = api.must("GET", "/info") or {}
        here = _is_here(api, information)
        builder, capabilities = _ask(api, information)
        storage = f"{information.get('Driver', 'unknown')} in {information.get('DockerRootDir', 'an unknown place')}"
        return cls(str(version.get("Version", "unknown")), api, builder, capabilities, storage=storage, here=here)

    def build(self, request: BuildRequest, progress: Callable[[str], None] | None = None) -> Built:
        """Build. Raises BuildFailed, EngineError, DiskError, UsageError (unknown target, secrets without BuildKit).

        There is no flag for another ignore file: BuildKit looks for one beside the Dockerfile, wherever that lies,
        before it looks into the context (moby/buildkit `frontend/dockerui/config.go`); the classic builder does not.
        """
        if request.secrets and not self.capabilities.secrets:
            raise EngineError("the classic builder has no build secrets", hint="install docker buildx")
        beside = request.dockerfile.with_name(f"{request.dockerfile.name}.dockerignore")
        if request.ignore_file is not None and not (self.builder == "buildkit" and request.ignore_file == beside):
            raise EngineError(
                "docker takes an ignore file from the context alone, or with BuildKit from beside the Dockerfile",
                hint="install docker buildx",
            )

        self.api.call("GET", "/_ping")
        times: deque[float] = deque(maxlen=BUILD_LINES)

        def take(line: str) -> None:
            times.append(time.monotonic())
            if progress is not None:
                progress(request.masked(line))

        with tempfile.TemporaryDirectory(prefix="jettison-") as folder:
            identity = Path(folder) / "image"
            try:
                ended = run(
                    self._command(request, identity),
                    on_line=take,
                    environment=_environment(self.api.host, self.builder),
                    tail=BUILD_LINES,
                    timeout=request.seconds,
                )
            except OSError as error:
                raise EngineError(f"cannot start docker: {error.strerror}", hint="see `jettison engines`") from error
            lines = tuple(map(request.masked, ended.lines))
            if ended.timed_out:
                raise too_long(request)
            if ended.code != 0 or not identity.exists():
                self._still_there()
                raise docker_output.failure(ended.code, lines)
            image_id = identity.read_text().strip()
        if not self.image_exists(image_id):
            raise EngineError(
                "docker built, and the daemon does not have the image: the builder that is chosen keeps it to itself",
                hint="unset BUILDX_BUILDER, or add `-- --load`",
            )
        return Built(
            reference=Reference(Transport.DOCKER_DAEMON, image_id),
            image_id=image_id,
            seconds=ended.seconds,
            cold=not request.use_cache,
            instructions=docker_output.instructions(lines, (*times, time.monotonic())),
        )

    def _still_there(self) -> None:
        """Raises EngineError where the daemon has gone: command lines tell that in many ways."""
        try:
            self.api.call("GET", "/_ping")
        except EngineError as gone:
            raise EngineError(
                f"the Docker daemon went away while building: {gone.message}",
                hint="start it again; --resume goes on from here",
            ) from gone

    def _command(self, request: BuildRequest, identity: Path) -> list[str]:
        command = ["docker", "build", "--iidfile", str(identity)]
        command += ["--progress", "plain"] if self.builder == "buildkit" else ["--force-rm"]
        return [*command, *request.flags()]

    def image_exists(self, name: str) -> bool:
        """Whether the daemon has an image of that name."""
        return self.api.get(f"/images/{name}/json") is not None

    def fetch(self, name: str) -> Reference | None:
        """The image of that name; pulled where the daemon does not have it, and left there as any base is."""
        if self.image_exists(name):
            return Reference(Transport.DOCKER_DAEMON, name)
        pull = ["docker", "pull", "--quiet", name]
        if run(pull, timeout=1800, environment=_environment(self.api.host, self.builder)).code != 0:
            return None
        return Reference(Transport.DOCKER_DAEMON, name)

    def start(self, image_id: str, options: RunOptions) -> Sandbox:
        """A container of the image. Raises EngineError where it cannot even be made."""
        facts = self.api.get(f"/images/{image_id}/json")
        if facts is None:
            raise EngineError(f"the image {image_id} is gone", hint="run again")
        if not self.api.is_near:
            raise EngineError(
                f"the Docker daemon is elsewhere, at {self.api.host}: its containers cannot be reached from here",
                hint="run jettison there; or --build-only, which starts nothing",
            )
        return DockerSandbox(self.api, image_id, facts.get("Config") or {}, options, here=self.here)

    def remove_images(self, names: Sequence[str]) -> None:
        """Remove names under our prefix; the layers stay in the build cache where BuildKit made them."""
        for name in names:
            if name.startswith(f"{PREFIX}/"):
                self.api.call("DELETE", f"/images/{name}", query={"force": "true"})

    def sweep(self, prefix: str, *, images: bool = True) -> tuple[str, ...]:
        """Containers, networks and images of the runs that `prefix` names, removed; nothing else is touched."""
        if not prefix.startswith(f"{PREFIX}/"):
            raise ValueError(f"not ours: {prefix}")
        run_id = prefix.removeprefix(f"{PREFIX}/").partition(":")[0]
        wanted = f'{{"label":["{LABEL}={run_id}"]}}' if run_id else f'{{"label":["{LABEL}"]}}'
        removed = []
        for container in self.api.get("/containers/json", all="true", filters=wanted) or []:
            self.api.call("DELETE", f"/containers/{container['Id']}", query={"force": "true", "v": "true"})
            removed.append(container["Names"][0].strip("/"))
        for network in self.api.get("/networks", filters=wanted) or []:
            self.api.call("DELETE", f"/networks/{network['Id']}")
            removed.append(network["Name"])
        if images:
            listed = self.api.get("/images/json") or []
            names = [name for image in listed for name in image.get("RepoTags") or [] if name.startswith(prefix)]
            self.remove_images(names)
            removed += names
        return tuple(removed)

    def usage(self) -> int | None:
        """Bytes of layers and build cache that the daemon holds; None where counting them takes too long."""
        try:
            found = self.api.get("/system/df") or {}
        except EngineError:
            return None
        return int(found.get("LayersSize") or 0) + sum(
            int(one.get("Size") or 0) for one in found.get("BuildCache") or []
        )


def _environment(host: str, builder: str) -> dict[str, str]:
    """Ours, with the daemon that we speak to named outright: no context may lead the command line elsewhere."""
    told = {key: value for key, value in os.environ.items() if key != "DOCKER_CONTEXT"}
    return {**told, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0"}


def _is_here(api: DockerApi, information: Mapping[str, Any]) -> bool:
    """Whether the daemon's host is this machine, as it names itself; one in a virtual machine has another name."""
    ours = os.uname()
    return api.is_local and (information.get("Name"), information.get("KernelVersion")) == (ours.nodename, ours.release)


def _ask(api: DockerApi, information: Mapping[str, Any]) -> tuple[str, Capabilities]:
    """The builder, and what it and the daemon can do: tried by builds of nothing, told by the daemon."""
    refused = os.environ.get("DOCKER_BUILDKIT") == "0"  # as the docker command has it
    newest = not refused and _builds(api.host, _NEWEST)  # heredocs and COPY --link came with the same front end, 1.4
    buildkit = newest or (not refused and _builds(api.host, _NOTHING))
    limits = bool(information.get("MemoryLimit")) and bool(information.get("PidsLimit"))
    groups = f"cgroup v{information.get('CgroupVersion') or 1}"
    return "buildkit" if buildkit else "classic", Capabilities(
        ports_published=True,
        private_network=api.is_near,
        signals_seen=True,
        healthchecks=True,
        limits=limits,
        secrets=buildkit,
        heredocs=newest,
        copy_link=newest,
        empty_run_is_layer=buildkit,
        ignore_files=IGNORE_FILES["buildkit" if buildkit else "classic"],
        ignore_file_apart=buildkit,
        build_networks=True,
        build_contexts=buildkit and has_flag(_BUILD, CONTEXT_FLAG, _environment(api.host, "buildkit")),
        cache_mounts=buildkit,
        limits_by=f"{groups}, by the daemon" if limits else f"{groups}: the daemon says that it cannot limit",
    )


@cache
def _builds(host: str, text: str) -> bool:
    """Whether BuildKit builds this Dockerfile, which needs no base; the image is not kept.

    By a build and not by version numbers: a command line without buildx has no BuildKit, whatever the daemon has.
    """
    with tempfile.TemporaryDirectory(prefix="jettison-") as folder:
        (Path(folder) / "Dockerfile").write_text(text)
        identity = Path(folder) / "image"
        command = [*_BUILD, "--progress", "plain", "--iidfile", str(identity), folder]
        ended = run(command, environment=_environment(host, "buildkit"), timeout=60)
        if ended.code != 0 or not identity.exists():
            return False
        DockerApi(host).call("DELETE", f"/images/{identity.read_text().strip()}")
    return True
