"""What npm, yarn or pnpm installs and what is built of it, in a stage of its own: the application's folder ships."""

from __future__ import annotations

from jettison.dockerfile.edit import CannotEdit
from jettison.image.model import Kind
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.npm_exact import exact
from jettison.synthesis.npm_run import installs_with_any
from jettison.synthesis.npm_tools import with_tools
from jettison.synthesis.stages import Plan, Ship
from jettison.synthesis.work import application_folder, check_folder, owner_of, work_below

EXACT = "`npm ci` for `npm install`: the lock file says what was installed"


def plan(subject: Subject) -> Plan | None:
    """The working directory ships; None where none of them installs. Raises CannotEdit where that is not enough.

    All of the folder: what of it only building reads is a few files of text, and an application may read any of them.
    """
    if not any(installs_with_any(subject, run) for run in own_runs(subject)):
        return None
    folder = application_folder(subject)
    shown = "/" + folder.decode("utf-8", "surrogateescape")
    work, lean = _work(subject, folder)
    check_folder(subject, folder, work)
    _check_links(subject, folder, lean or work)
    ship = Ship((shown,), shown, owner_of(subject, (folder,)))
    more = exact(subject, folder)
    return Plan(subject, work, (ship,), what=shown, more=more, also=EXACT if more else "", lean=lean)


def _work(subject: Subject, folder: bytes) -> tuple[frozenset[int], frozenset[int] | None]:
    """What is work, and what is where package managers and compilers that npm brings count as caches do.

    The same twice where one RUN brings such a tool and installs. Raises CannotEdit where nothing can stay behind.
    """
    tools = with_tools(subject)
    if tools is None:
        return work_below(subject, (folder,)), None
    lean = work_below(subject, (folder,), tools)
    try:
        work = work_below(subject, (folder,))
    except CannotEdit:
        return lean, lean
    try:
        check_folder(subject, folder, lean)
    except CannotEdit:  # the RUN that brings the tool makes the folder, too
        return work, None
    return work, lean


def _check_links(subject: Subject, folder: bytes, work: frozenset[int]) -> None:
    """Raises CannotEdit where the application runs packages out of a cache that stays behind.

    Yarn's Plug'n'Play does, by `.pnp.cjs`; pnpm may, by links into its store.
    """
    tree, instructions = subject.tree, subject.stage.instructions
    behind = {number for at in work for number in subject.alignment.layers_of(instructions[at])}
    inside = folder + b"/"
    if inside + b".pnp.cjs" in tree and inside + b".yarn/cache" not in tree:
        raise CannotEdit("Yarn runs packages out of its cache (.pnp.cjs), which is not below the WORKDIR")
    for path in tree.under(folder):
        entry = tree.get(path)
        real = tree.resolve(path) if entry is not None and entry.kind is Kind.SYMLINK else None
        if real and not (real + b"/").startswith(inside) and tree.layer_of(real) in behind:
            shown, target = (each.decode("utf-8", "replace") for each in (path, real))
            raise CannotEdit(f"/{shown} leads to /{target}, which stays behind")
