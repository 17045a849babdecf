"""Keys, passwords and repositories that a COPY bakes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from jettison.context.reads import source_words
from jettison.context.sensitive import Sensitive, sensitive
from jettison.context.walk import Context
from jettison.core.errors import UsageError
from jettison.core.escape import terminal
from jettison.core.values import Applicability, Severity
from jettison.dockerfile.graph import needed, stage_chain
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import IGNORE_FILE, Subject, Text
from jettison.synthesis.kept_out import kept_out

NAME = "secrets-copied-in"
_SHOWN = 5
_KEPT_OUT = "keep it out with {}, or give it to the RUN that needs it with --mount=type=secret"


@rule("JT502", severity=Severity.ERROR)
def secrets_copied_in(subject: Subject) -> Iterator[Finding]:
    """A COPY bakes a key, a password or a repository into the image.

    **What it costs.** No bytes worth speaking of: whoever has the image has what is in it, also where a later
    instruction deletes the file.

    **The fix** is not jettison's to make: a program may need the file, and then it has to be given at run time, or to
    the one RUN that needs it with `--mount=type=secret`. Otherwise a line in `.dockerignore` keeps it out. What has
    been in an image that left this machine should be changed. Where nothing needs any of them, as with `.git`, and a
    `.dockerignore` for it saves too few bytes to be tried for these, `--select secrets-copied-in` writes it.

    **Safety.** Told, applied only where it is named; a proposal where the program's own sources name the file. Looked
    for by name, and where a name says too little by content; public keys, examples, templates and what installed
    packages bring are none.

    This rule's example needs a build context, which a listing of layers does not hold: it is tested on handmade
    projects (tests/rules/test_context_files.py).
    """
    yield from _findings(subject.text, lambda context, path: _arrives(subject, context, path))


@seen_in_text(secrets_copied_in)
def copied_where_it_ships(text: Text) -> Iterator[Finding]:
    """The stages that ship alone: what of another one arrives there, only an image tells."""
    yield from _findings(text, lambda context, path: False)


def _findings(text: Text, arrives: Callable[[Context, str], bool]) -> Iterator[Finding]:
    """`arrives` says of a path that a stage for building takes whether it ships."""
    for view in text.views:
        yield from _of_a_view(view, arrives)


def _of_a_view(text: Text, arrives: Callable[[Context, str], bool]) -> Iterator[Finding]:
    try:
        found = list(_copied(text, arrives))
    except UsageError:
        return  # no context, or an ignore file that the builder refuses: it says so itself
    for instruction, secrets in found:
        if not secrets or instruction.keyword == "RUN":
            continue
        told = [f"{terminal(each.path)} ({each.why})" for each in secrets[:_SHOWN]]
        more = f" and {len(secrets) - _SHOWN} more" if secrets[_SHOWN:] else ""
        message = f"line {instruction.line} bakes in {', '.join(told)}{more}"
        bare = Finding(NAME, message, instruction, 0)
        if _named(text.sent, secrets):
            yield replace(
                bare, proposal="the program names it: give it at run time, mounted, and keep it out of the image"
            )
        else:
            yield _kept_out(text, bare, secrets)


def _kept_out(text: Text, bare: Finding, secrets: Sequence[Sensitive]) -> Finding:
    """With the ignore file that leaves all of them out, where nothing needs them; a proposal: it is about no bytes."""
    found = None if text.named else kept_out(text).sure
    if found is None or found.overruled or not found.gone.issuperset(each.path for each in secrets):
        return replace(bare, refusal=_KEPT_OUT.format(text.ignore.name if text.named else IGNORE_FILE))
    told = f"nothing needs {'them' if secrets[1:] else 'it'}"
    return replace(bare, fix=Fix(found.title, Applicability.PROPOSED, files=found.files), proposal=told)


def _named(context: Context, secrets: Sequence[Sensitive]) -> bool:
    """Whether the sources name all of them, so that leaving one out would break the program."""
    sources = source_words(context).values()
    return all(any(each.words.name(one.path) for each in sources) for one in secrets)


def _copied(text: Text, arrives: Callable[[Context, str], bool]) -> Iterator[tuple[Instruction, tuple[Sensitive, ...]]]:
    """What each instruction takes of sensitive files, those left out that do not ship."""
    context = text.sent
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    shipped = {each.span.start for stage in chain for each in stage.instructions}
    for each in text.taken(needed(text.dockerfile, text.stage, text.build_args)):
        secrets = sensitive(context, each.paths)
        if each.instruction.span.start not in shipped:
            secrets = tuple(one for one in secrets if arrives(context, one.path))
        yield each.instruction, secrets


def _arrives(subject: Subject, context: Context, path: str) -> bool:
    """Whether what a build stage copied is in the image that ships: a file of this name and size."""
    entry, name = context.by_path[path], path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    named = (each for each in subject.tree if each.rpartition(b"/")[2] == name)
    return any((found := subject.tree.get(each)) is not None and found.size == entry.size for each in named)
