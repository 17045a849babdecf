"""Buildah: builds and runs without a daemon.

Called with `--layers --format docker --isolation chroot`: without the first two it makes one layer of everything
and drops HEALTHCHECK and SHELL. Under chroot isolation the network is the host's while building; containers that
we run get namespaces of their own (buildah_sandbox).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.core.errors import EngineError
from jettison.core.reference import Reference, Transport
from jettison.engine import buildah_output, leftovers
from jettison.engine.buildah_sandbox import BuildahSandbox, can_isolate
from jettison.engine.model import PREFIX, BuildRequest, Built, Capabilities, RunOptions, Sandbox
from jettison.engine.process import run

CAPABILITIES = Capabilities(
    ports_published=False,
    private_network=True,
    signals_seen=False,
    healthchecks=False,
    limits=False,
    secrets=True,
    heredocs=False,
    copy_link=False,
    empty_run_is_layer=True,
    ignore_files=(".containerignore", ".dockerignore"),
)


@dataclass(frozen=True)
class Buildah:
    """The engine as found here."""

    version: str
    graph_root: Path
    capabilities: Capabilities = CAPABILITIES
    name: str = "buildah"

    @classmethod
    def find(cls) -> Buildah:
        """The buildah of this machine. Raises EngineError where it is absent or cannot be used."""
        if shutil.which("buildah") is None:
            raise EngineError(
                "buildah is not installed", hint="apt-get install buildah (as root), or name another --engine"
            )
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
        version = re.search(r"version (\S+)", "\n".join(run(["buildah", "--version"], timeout=60).lines))
        capabilities = (
            CAPABILITIES if can_isolate() else Capabilities(**{**vars(CAPABILITIES), "private_network": False})
        )
        return cls(version[1] if version else "unknown", Path(store["GraphRoot"]), capabilities)

    def build(self, request: BuildRequest, progress: Callable[[str], None] | None = None) -> Built:
        """Build. Raises BuildFailed, EngineError, DiskError, UsageError (unknown target)."""
        secrets = [value for value in request.build_args.values() if value]
        before = leftovers.seen()

        def line(text: str) -> None:
            if progress is not None:
                progress(_hide(text, secrets))

        try:
            ended = run(self._command(request), on_line=line)
        except OSError as error:
            raise EngineError(f"cannot start buildah: {error.strerror}", hint="see `jettison engines`") from error
        finally:
            leftovers.remove_new(before)
        lines = tuple(_hide(text, secrets) for text in ended.lines)
        if ended.code != 0:
            raise buildah_output.failure(ended.code, lines)
        return Built(
            reference=Reference(Transport.CONTAINERS_STORAGE, request.tag),
            image_id=_image_id(lines),
            seconds=ended.seconds,
            cold=not request.use_cache,
            instructions=buildah_output.instructions(lines),
        )

    def _command(self, request: BuildRequest) -> list[str]:
        command = [
            "buildah",
            "bud",
            "--layers",
            "--format",
            "docker",
            "--isolation",
            "chroot",
            "--network",
            "host",
            "--pull=false",
        ]
        command += ["-t", request.tag, "-f", str(request.dockerfile)]
        if not request.use_cache:
            command.append("--no-cache")
        if request.target is not None:
            command += ["--target", request.target]
        for key, value in request.build_args.items():
            command += ["--build-arg", f"{key}={value}"]
        for secret in request.secrets:
            command += ["--secret", secret]
        for key, value in request.labels.items():
            command += ["--label", f"{key}={value}"]
        return [*command, *request.arguments, str(request.context)]

    def image_exists(self, name: str) -> bool:
        return read_json(["buildah", "inspect", "--type", "image", name]) is not None

    def start(self, image_id: str, options: RunOptions) -> Sandbox:
        """A container of the image. Raises EngineError where it cannot even be made."""
        inspected = read_json(["buildah", "inspect", "--type", "image", image_id])
        if inspected is None:
            raise EngineError(f"the image {image_id} is gone", hint="run again")
        return BuildahSandbox(image_id, inspected["Docker"]["config"], options, self)

    def remove_images(self, names: Sequence[str]) -> None:
        ours = [name for name in names if name.startswith(f"{PREFIX}/") and self.image_exists(name)]
        for name in ours:
            run(["buildah", "rmi", "--force", name], timeout=600)

    def sweep(self, prefix: str, *, images: bool = True) -> tuple[str, ...]:
        """Containers and images whose name starts with `prefix`, removed; nothing else is touched."""
        if not prefix.startswith(f"{PREFIX}/"):
            raise ValueError(f"not ours: {prefix}")
        run_id = prefix.removeprefix(f"{PREFIX}/").partition(":")[0]
        removed = []
        for container in read_json(["buildah", "containers", "--all", "--json"]) or []:
            name = container["containername"]
            if name.startswith(f"jettison-{run_id}-"):
                leftovers.kill_processes_of(name)
                run(["buildah", "rm", container["id"]], timeout=120)
                removed.append(name)
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


def read_json(command: Sequence[str]) -> Any:
    """The JSON that a command prints on stdout; None where it fails."""
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
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


def _hide(text: str, secrets: Sequence[str]) -> str:
    """Build arguments may be secrets: their values are not repeated."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "***")
    return text
