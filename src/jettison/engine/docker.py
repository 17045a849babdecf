"""Docker: BuildKit or the classic builder, and containers on a network that leads nowhere.

Which of the two builds is asked by a build, not by version numbers: a command line without buildx falls back to the
classic builder, and with DOCKER_BUILDKIT=1 it fails.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jettison.core.errors import EngineError
from jettison.core.reference import Reference, Transport
from jettison.engine import docker_output
from jettison.engine.docker_api import DockerApi, endpoint
from jettison.engine.docker_sandbox import LABEL, DockerSandbox
from jettison.engine.model import PREFIX, BuildRequest, Built, Capabilities, RunOptions, Sandbox
from jettison.engine.process import BUILD_LINES, run


@dataclass(frozen=True)
class Docker:
    """The daemon as found, with the builder that its command line here can use."""

    version: str
    api: DockerApi
    builder: str  # buildkit, classic
    capabilities: Capabilities
    name: str = "docker"

    @classmethod
    def find(cls) -> Docker:
        """The Docker of this machine. Raises EngineError where it is absent or cannot be used."""
        if shutil.which("docker") is None:
            raise EngineError("docker is not installed", hint="install Docker, or name another --engine")
        api = DockerApi(endpoint())
        version = api.must("GET", "/version") or {}
        builder = "buildkit" if _has_buildkit(api.host) else "classic"
        capabilities = Capabilities(
            ports_published=False,
            private_network=True,
            signals_seen=True,
            healthchecks=True,
            limits=True,
            secrets=builder == "buildkit",
            heredocs=False,
            copy_link=False,
            empty_run_is_layer=builder == "buildkit",
            ignore_files=("{dockerfile}.dockerignore", ".dockerignore")
            if builder == "buildkit"
            else (".dockerignore",),
            ignore_file_apart=builder == "buildkit",
        )
        return cls(str(version.get("Version", "unknown")), api, builder, capabilities)

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
        secrets = [value for value in request.build_args.values() if len(value) > 3]

        def hidden(text: str) -> str:
            for secret in secrets:
                text = text.replace(secret, "***")
            return text

        with tempfile.TemporaryDirectory(prefix="jettison-") as folder:
            identity = Path(folder) / "image"
            try:
                ended = run(
                    self._command(request, identity),
                    on_line=(lambda line: progress(hidden(line))) if progress is not None else None,
                    environment={**os.environ, "DOCKER_BUILDKIT": "1" if self.builder == "buildkit" else "0"},
                    tail=BUILD_LINES,
                )
            except OSError as error:
                raise EngineError(f"cannot start docker: {error.strerror}", hint="see `jettison engines`") from error
            lines = tuple(hidden(text) for text in ended.lines)
            if ended.code != 0 or not identity.exists():
                raise docker_output.failure(ended.code, lines)
            image_id = identity.read_text().strip()
        return Built(
            reference=Reference(Transport.DOCKER_DAEMON, image_id),
            image_id=image_id,
            seconds=ended.seconds,
            cold=not request.use_cache,
            instructions=docker_output.instructions(lines),
        )

    def _command(self, request: BuildRequest, identity: Path) -> list[str]:
        command = ["docker", "build", "--iidfile", str(identity)]
        command += ["--progress", "plain"] if self.builder == "buildkit" else ["--force-rm"]
        return [*command, *request.flags()]

    def image_exists(self, name: str) -> bool:
        """Whether the daemon has an image of that name."""
        return self.api.get(f"/images/{name}/json") is not None

    def fetch(self, name: str) -> Reference | None:
        """The image of that name; pulled where the daemon does not have it, and left there as any base is."""
        if not self.image_exists(name) and run(["docker", "pull", "--quiet", name], timeout=1800).code != 0:
            return None
        return Reference(Transport.DOCKER_DAEMON, name)

    def start(self, image_id: str, options: RunOptions) -> Sandbox:
        """A container of the image. Raises EngineError where it cannot even be made."""
        facts = self.api.get(f"/images/{image_id}/json")
        if facts is None:
            raise EngineError(f"the image {image_id} is gone", hint="run again")
        return DockerSandbox(self.api, image_id, facts.get("Config") or {}, options)

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
        """Bytes of layers and build cache that the daemon holds."""
        found = self.api.get("/system/df") or {}
        return int(found.get("LayersSize") or 0) + sum(
            int(one.get("Size") or 0) for one in found.get("BuildCache") or []
        )


@cache
def _has_buildkit(host: str) -> bool:
    """Whether a build with DOCKER_BUILDKIT=1 works here: a build of nothing, which needs no base."""
    with tempfile.TemporaryDirectory(prefix="jettison-") as folder:
        (Path(folder) / "Dockerfile").write_text("FROM scratch\nLABEL asked.by=jettison\n")
        ended = run(
            ["docker", "build", "--progress", "plain", folder],
            environment={**os.environ, "DOCKER_BUILDKIT": "1"},
            timeout=60,
        )
    if ended.code != 0:
        return False
    for line in ended.lines:
        made = re.search(r"writing image (sha256:[0-9a-f]{64})", line)
        if made:
            DockerApi(host).call("DELETE", f"/images/{made[1]}")
    return True
