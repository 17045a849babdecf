"""WORKDIR or VOLUME upon a folder of the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.escape import terminal
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "system-folder-declared"
_SYSTEM = re.compile(r"/(?:proc|sys(?!/fs/cgroup)|dev(?!/shm)|boot|initrd|lost\+found)(?:/.*)?")


@text_rule("JT608")
def system_folder_declared(text: Text) -> Iterator[Finding]:
    """A WORKDIR or VOLUME names a folder that is the kernel's: /proc, /sys, /dev, /boot.

    **What it costs.** The runtime mounts its own there: what the image holds below it is never seen, a volume there
    hides devices that programs need, and a working directory below /proc has been a way out of containers
    (CVE-2024-21626 began with one).

    **The fix** is yours: a folder of the application's own.

    **Safety.** Told, never applied. /dev/shm is left alone, and so is /sys/fs/cgroup, which systemd needs. Only the
    stage that ships is looked at.

    ```dockerfile bad
    FROM debian:bookworm
    VOLUME /dev
    ```
    ```dockerfile good
    FROM debian:bookworm
    VOLUME /data
    ```
    """
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            if each.keyword not in ("WORKDIR", "VOLUME"):
                continue
            words = each.exec_form or (each.value,) if each.keyword == "WORKDIR" else _words(each.value, each.exec_form)
            folder = next((word for word in words if _SYSTEM.fullmatch(word.strip("\"'"))), None)
            if folder:
                message = f"line {each.line} names {terminal(folder)}, which is the kernel's: a runtime mounts its own"
                yield Finding(NAME, message, each, 0, refusal="name a folder of the application's own")


def _words(value: str, exec_form: tuple[str, ...] | None) -> tuple[str, ...]:
    return exec_form or tuple(value.split())
