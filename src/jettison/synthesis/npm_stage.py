"""What npm, yarn or pnpm installs and what is built of it, in a stage of its own: the application's folder ships."""

from __future__ import annotations

from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.npm_run import installs_with_any
from jettison.synthesis.stages import Plan, Ship
from jettison.synthesis.work import application_folder, check_folder, owner_of, work_below


def plan(subject: Subject) -> Plan | None:
    """The working directory ships; None where none of them installs. Raises CannotEdit where that is not enough.

    All of the folder: what of it only building reads is a few files of text, and an application may read any of them.
    """
    if not any(installs_with_any(subject, run) for run in own_runs(subject)):
        return None
    folder = application_folder(subject)
    shown = "/" + folder.decode("utf-8", "surrogateescape")
    work = work_below(subject, (folder,))
    check_folder(subject, folder)
    return Plan(subject, work, (Ship((shown,), shown, owner_of(subject, (folder,))),), what=shown)
