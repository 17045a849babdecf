"""Podman: its builds, kept in the same store as Buildah's; what they make is looked at and run by Buildah.

`podman run` wants a container runtime that may set limits and use the cgroups as they are mounted here, which is not
given in a container or on an older machine; entering the image with chroot isolation works wherever Buildah builds.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

from jettison.core.errors import EngineError
from jettison.engine.buildah import CACHE_MOUNTS, Buildah, is_from, syntax
from jettison.engine.model import CONTEXT_FLAG
from jettison.engine.process import has_flag, run


def find() -> Buildah:
    """Podman's builds with Buildah's containers. Raises EngineError where either is absent or cannot be used."""
    if shutil.which("podman") is None:
        raise EngineError("podman is not installed", hint="apt-get install podman buildah, or name another --engine")
    if shutil.which("buildah") is None:
        raise EngineError(
            "podman is here, and buildah is not: jettison builds with the one and runs with the other",
            hint="apt-get install buildah (as root); they share one store",
        )
    ended = run(["podman", "--version"], timeout=60)
    version = re.search(r"version (\S+)", "\n".join(ended.lines))
    if ended.code != 0 or version is None:
        last = ended.lines[-1] if ended.lines else f"exit code {ended.code}"
        raise EngineError(f"podman does not work here: {last}", hint="see `podman info`")
    found, command = Buildah.find(), ("podman", "build")
    heredocs, copy_link = syntax(command, found.graph_root)
    contexts = has_flag(command, CONTEXT_FLAG)
    mounts = is_from("podman", version[1], CACHE_MOUNTS)
    capabilities = replace(
        found.capabilities, heredocs=heredocs, copy_link=copy_link, build_contexts=contexts, cache_mounts=mounts
    )
    return replace(found, name="podman", version=version[1], command=command, capabilities=capabilities)
