"""Trap: an image for Kubernetes upon musl, whose resolver treats search domains and long answers otherwise.

A cluster gives each container several search domains and `ndots:5`. musl asks all name servers at once and stops at
the first answer; before 1.2.4 (Alpine 3.18) it could not ask by TCP what does not fit into a datagram. Names then
resolve in Docker and fail in the cluster, sometimes. Source: wiki.musl-libc.org, "Functional differences from glibc";
kubernetes.io, "DNS for Services and Pods".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_DEPTH = 4  # folders
_MOST = 20_000  # names that are looked at
_SIZE = 200_000
_NOT_ENTERED = {"node_modules", ".git", ".venv", "venv", "vendor", "target", "dist", "build", "tests", "test"}
_WORKLOAD = re.compile(
    rb"^kind:[ \t]*[\"']?(?:Deployment|StatefulSet|DaemonSet|Pod|CronJob|Job|Rollout|ReplicaSet)\b", re.MULTILINE
)
_VERSION = re.compile(rb"^apiVersion:", re.MULTILINE)


def found(context: Path) -> str:
    """The first file beside the Dockerfile that runs containers in Kubernetes, relative; empty where none does."""
    for path in _candidates(context):
        try:
            if path.stat().st_size > _SIZE or not path.is_file():
                continue
            content = path.read_bytes()
        except OSError:
            continue
        if path.name == "Chart.yaml" or (_VERSION.search(content) and _WORKLOAD.search(content)):
            return path.relative_to(context).as_posix()
    return ""


def _candidates(context: Path) -> Iterator[Path]:
    looked = 0
    for folder, folders, names in os.walk(context):
        below = Path(folder).relative_to(context)
        folders[:] = sorted(set(folders) - _NOT_ENTERED) if len(below.parts) < _DEPTH else []
        looked += len(names)
        if looked > _MOST:
            return
        yield from (Path(folder, name) for name in sorted(names) if name.endswith((".yaml", ".yml")))
