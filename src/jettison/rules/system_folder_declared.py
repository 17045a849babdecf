"""WORKDIR or VOLUME upon a folder of the kernel, or of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.escape import terminal
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "system-folder-declared"
_KERNEL = re.compile(r"/(?:proc|sys(?!/fs/cgroup)|dev(?!/shm))(?:/.*)?")
_MACHINE = re.compile(r"/(?:boot|initrd|lost\+found)(?:/.*)?")


@text_rule("JT608")
def system_folder_declared(text: Text) -> Iterator[Finding]:
    """A WORKDIR or VOLUME names a folder of the kernel (/proc, /sys, /dev), or one that machines boot from (/boot).

    **What it costs.** Upon the kernel's the runtime mounts its own: what the image holds below it is never seen, a
    volume there hides devices that programs need, and a working directory below /proc has been a way out of containers
    (CVE-2024-21626 began with one). What is in /boot, /initrd and /lost+found is there for a machine, and a container
    is none.

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
            words = each.exec_form or ((each.value,) if each.keyword == "WORKDIR" else each.value.split())
            folders = [(word, why) for word in words if (why := _why_not(word.strip("\"'")))]
            for folder, why in folders[:1]:
                message = f"line {each.line} names {terminal(folder)}, {why}"
                yield Finding(NAME, message, each, 0, refusal="name a folder of the application's own")


def _why_not(folder: str) -> str:
    """Why a folder is not the application's; empty where it may be."""
    if _KERNEL.fullmatch(folder):
        return "which is the kernel's: a runtime mounts its own"
    return "which is there for machines that boot" if _MACHINE.fullmatch(folder) else ""
