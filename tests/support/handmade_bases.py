"""Handmade official bases, and a subject upon one of them: what a rule about bases is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handmade_tree import Files, directory, executable, image, symlink

from jettison.align import Alignment
from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.image.model import Image
from jettison.rule import Finding
from jettison.rules.larger_base_than_needed import larger_base_than_needed
from jettison.subject import Subject

ENTRY_SCRIPT = 'if [ -z "$(command -v "$1")" ]; then\n  set -- node "$@"\nfi\nexec "$@"\n'
DEBIAN: Files = {
    "usr/bin/dash": executable("ELF"),
    "bin": symlink("usr/bin"),
    "usr/bin/sh": symlink("dash"),
    "usr/bin/env": executable("ELF"),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n",
    "etc/group": "root:x:0:\nnode:x:1000:\n",
    "usr/share/zoneinfo/Europe/Oslo": "TZif",
    "tmp": directory(0o1777),
    "usr/share/base": "b" * 9_000_000,
}
SLIM: Files = {
    **DEBIAN,
    "usr/local/bin/node": executable("n" * 500_000),
    "usr/local/bin/npm": executable("#!/usr/bin/env node\n"),
    "usr/local/bin/yarn": executable("#!/usr/bin/env node\n"),
    "usr/local/bin/docker-entrypoint.sh": executable("#!/bin/sh\n" + ENTRY_SCRIPT),
    "usr/bin/git": executable("ELF"),
}
FULL: Files = {**SLIM, "usr/bin/gcc": executable("g" * 30_000_000)}
DISTROLESS: Files = {
    "nodejs/bin/node": executable("n" * 500_000),
    "etc/passwd": "root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n",
    "etc/group": "root:x:0:\nnonroot:x:65532:\n",
    "etc/ssl/certs/ca-certificates.crt": "PEM",
    "usr/share/zoneinfo/Europe/Oslo": "TZif",
    "tmp": directory(0o1777),
}
ALPINE: Files = {
    "bin/busybox": executable("ELF"),
    "bin/sh": symlink("busybox"),
    "usr/bin/env": executable("ELF"),
    "usr/local/bin/node": executable("n" * 500_000),
    "usr/local/bin/npm": executable("#!/usr/bin/env node\n"),
    "usr/local/bin/yarn": executable("#!/usr/bin/env node\n"),
    "usr/local/bin/docker-entrypoint.sh": executable("#!/bin/sh\n" + ENTRY_SCRIPT),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n",
    "etc/group": "root:x:0:\nnode:x:1000:\n",
    "lib/apk/db/installed": "P:musl\n\nP:busybox\n",
    "tmp": directory(0o1777),
}
PATH = "PATH=/usr/local/bin:/usr/bin:/bin"
NODE_CONFIG = {"Env": [PATH, "NODE_VERSION=20.1"], "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["node"]}
DISTROLESS_CONFIG = {"Env": ["PATH=/usr/bin:/bin"], "Entrypoint": ["/nodejs/bin/node"], "WorkingDir": "/"}
BASES: Mapping[str, tuple[Files, Mapping[str, Any]]] = {
    "node:20": (FULL, NODE_CONFIG),
    "node:20-slim": (SLIM, NODE_CONFIG),
    "node:20-alpine": (ALPINE, NODE_CONFIG),
    "gcr.io/distroless/nodejs20-debian12": (DISTROLESS, DISTROLESS_CONFIG),
}


@dataclass
class Stage:
    """A Dockerfile whose last stage is upon a handmade base, and what its COPYs and RUNs brought."""

    text: str
    layers: tuple[Files, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    policy: str = "same-libc"
    bases: Mapping[str, tuple[Files, Mapping[str, Any]]] = field(default_factory=lambda: BASES)
    asked: list[str] = field(default_factory=list)

    def base(self, name: str) -> Image | None:
        self.asked.append(name)
        found = self.bases.get(name)
        return image(found[0], config=found[1]) if found is not None else None

    @property
    def subject(self) -> Subject:
        dockerfile = parse(self.text)
        stage = dockerfile.stages[-1]
        files, config = self.bases[stage.base]
        made = {**config, **self.config, "Env": [*config.get("Env", []), *self.config.get("Env", [])]}
        makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")][: len(self.layers)]
        alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
        whole = image(files, *self.layers, config=made)
        return Subject(dockerfile, Path(), whole, alignment, stage, base=self.base, policy=self.policy)

    @property
    def findings(self) -> list[Finding]:
        return list(larger_base_than_needed(self.subject))

    def finding(self, name: str) -> Finding:
        """The one that speaks of a base."""
        (found,) = [each for each in self.findings if f"; {name} " in each.message]
        return found

    def upon(self, name: str) -> str:
        """The Dockerfile that the fix makes, asserting that there is one."""
        found = self.finding(name)
        assert found.fix is not None, found.refusal
        assert found.fix.applicability in (Applicability.TESTED, Applicability.PROPOSED)
        return apply(self.text, found.fix.edits)

    def refused(self, name: str) -> str:
        """Why there is no fix."""
        found = self.finding(name)
        assert found.fix is None
        return found.refusal.removeprefix(f"{name} lacks what is needed: ")
