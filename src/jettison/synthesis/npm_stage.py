"""What npm installs and what it builds, in a stage of its own: the application's folder ships."""

from __future__ import annotations

from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.stages import Plan, Ship
from jettison.synthesis.work import application_folder, owner_of, work_below

_INSTALLS = {"install", "ci", "i", "clean-install"}


def plan(subject: Subject) -> Plan | None:
    """The working directory ships; None where npm installs nothing. Raises CannotEdit where that is not enough."""
    if not any(installs(subject, run) for run in own_runs(subject)):
        return None
    folder = application_folder(subject)
    shown = "/" + folder.decode("utf-8", "surrogateescape")
    work = work_below(subject, (folder,))
    return Plan(subject, work, (Ship((shown,), shown, owner_of(subject, (folder,))),), what=shown)


def installs(subject: Subject, run: Instruction) -> bool:
    """Whether a RUN calls `npm install` or `npm ci`."""
    found = script(subject.dockerfile, run)
    return any(
        command.name == "npm" and any(value in _INSTALLS for value in command.values)
        for command in (found.commands if found else ())
    )
