"""Keys, passwords and repositories that a COPY bakes in."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.context.copies import copies
from jettison.context.sensitive import sensitive
from jettison.context.walk import Context
from jettison.core.errors import UsageError
from jettison.core.escape import terminal
from jettison.dockerfile.graph import needed, stage_chain
from jettison.rule import Finding, rule
from jettison.subject import Subject

NAME = "secrets-copied-in"
_SHOWN = 5


@rule("JT502")
def secrets_copied_in(subject: Subject) -> Iterator[Finding]:
    """A COPY bakes a key, a password or a repository into the image.

    **What it costs.** No bytes worth speaking of: whoever has the image has what is in it, also where a later
    instruction deletes the file.

    **The fix** is not jettison's to make: a program may need the file, and then it has to be given at run time, or to
    the one RUN that needs it with `--mount=type=secret`. Otherwise a line in `.dockerignore` keeps it out. What has
    been in an image that left this machine should be changed.

    **Safety.** Told, never applied. Looked for by name, and where a name says too little by content; public keys,
    examples, templates and what installed packages bring are none.

    This rule's example needs a build context, which a listing of layers does not hold: it is tested on handmade
    projects (tests/rules/test_context_files.py).
    """
    try:
        context = subject.sent
        chain = stage_chain(subject.dockerfile, subject.stage)
        every = copies(subject.dockerfile, needed(subject.dockerfile, subject.stage), context, subject.build_args)
        shipped = {each for stage in chain for each in stage.instructions}
        found = [(each.instruction, sensitive(context, each.paths)) for each in every]
        found = [
            (
                each,
                secrets if each in shipped else tuple(one for one in secrets if _arrives(subject, context, one.path)),
            )
            for each, secrets in found
        ]
    except UsageError:
        return  # no context, or an ignore file that the builder refuses: it says so itself
    for instruction, secrets in found:
        if not secrets or instruction.keyword == "RUN":
            continue
        told = [f"{terminal(each.path)} ({each.why})" for each in secrets[:_SHOWN]]
        more = f" and {len(secrets) - _SHOWN} more" if secrets[_SHOWN:] else ""
        message = f"line {instruction.line} bakes in {', '.join(told)}{more}"
        yield Finding(
            NAME,
            message,
            instruction,
            0,
            refusal="keep it out with .dockerignore, or give it to the RUN that needs it with --mount=type=secret",
        )


def _arrives(subject: Subject, context: Context, path: str) -> bool:
    """Whether what a build stage copied is in the image that ships: a file of this name and size."""
    entry, name = context.by_path[path], path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    named = (each for each in subject.tree if each.rpartition(b"/")[2] == name)
    return any((found := subject.tree.get(each)) is not None and found.size == entry.size for each in named)
