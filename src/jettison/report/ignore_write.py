"""A proposal for an ignore file, for a terminal: secrets first, then each line with what it saves and why."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.documents.ignore_write import Proposed
from jettison.report.counts import plural
from jettison.report.ignore_show import NARROWEST, secret_rows
from jettison.report.layout import columns, cut, pad, paint, wrap

_SIZE, _FILES, _WIDEST = 9, 7, 28  # columns
_MOST = 12  # of what stays


def proposal_text(found: Proposed, project: str, *, width: int, colour: bool) -> str:
    """The report in lines of at most `width` columns; `project` is how the user calls the directory."""
    width = max(width, NARROWEST)
    lines = [paint(line, "bold", colour=colour) for line in wrap(_head(found), width)]
    if copied := [each for each in found.secrets if each.copied_by]:
        lines += ["", paint("looks like a secret, and stays", "bold", colour=colour)]
        lines += secret_rows(copied, width, colour)
        advice = "The program may read it: give it at run time or to the one RUN with --mount=type=secret, and add "
        lines += [f"  {line}" for line in wrap(advice + "its name to the ignore file.", width - 2)]
    if found.left_out:
        lines += ["", paint("looks like a secret, and is left out", "bold", colour=colour)]
        lines += secret_rows(found.left_out, width, colour)
    if found.proposal.lines:
        lines += ["", *_rows(found, width)]
    lines += _kept(found, width, colour)
    for note in (*found.proposal.notes, *_heard(found)):
        lines += ["", *wrap(note, width)]
    lines += ["", *_proof(found, project, width, colour)]
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _head(found: Proposed) -> str:
    lines = found.proposal.lines
    name = terminal(found.name)
    if not lines:
        return f"{name}: nothing to add"
    files = sum(each.files for each in lines)
    text = f"{name}: {len(lines)} {plural(len(lines), 'line')} {'added' if found.written else 'to add'}, for "
    return text + f"{show_bytes(found.proposal.bytes)} in {files:,} {plural(files, 'file')} that nothing reads"


def _rows(found: Proposed, width: int) -> Iterator[str]:
    widest = min(_WIDEST, max(columns(terminal(each.pattern)) for each in found.proposal.lines))
    for each in found.proposal.lines:
        head = f"  {pad(show_bytes(each.bytes), _SIZE, right=True)}  {pad(f'{each.files:,}', _FILES, right=True)}  "
        head += pad(cut(terminal(each.pattern), widest), widest) + "  "
        yield head + cut(each.reason, width - columns(head))


def _kept(found: Proposed, width: int, colour: bool) -> Iterator[str]:
    kept = found.proposal.kept
    if not kept:
        return
    yield ""
    yield paint("looks needless, and stays", "bold", colour=colour)
    for each in kept[:_MOST]:
        for number, line in enumerate(wrap(f"{terminal(each.path)}: {terminal(each.why)}", width - 4)):
            yield ("  " if number == 0 else "    ") + line
    if len(kept) > _MOST:
        yield f"  and {len(kept) - _MOST} more; --format json lists all"


def _heard(found: Proposed) -> Iterator[str]:
    if found.others:
        names = ", ".join(map(terminal, found.others[:4])) + (" and others" if len(found.others) > 4 else "")
        yield f"the same file counts for {names}: what is needed there stays, too"
    for each in found.skipped[:4]:
        yield f"not looked at: {terminal(each.what)} {terminal(each.reason)}"
    if len(found.skipped) > 4:
        yield f"nor {len(found.skipped) - 4} more"


def _proof(found: Proposed, project: str, width: int, colour: bool) -> Iterator[str]:
    proof = found.proof
    if proof is not None:
        noise = f"; {proof.noise:,} {plural(proof.noise, 'path')} differ by themselves" if proof.noise else ""
        if proof.held:
            text = f"proven: built with {proof.engine}, {show_bytes(proof.before)} → {show_bytes(proof.after)}; "
            text += f"{proof.gone:,} {plural(proof.gone, 'path')} gone, and nothing else differs{noise}"
        else:
            text = f"not proven: built with {proof.engine}, there differs as well: {terminal(proof.reason)}{noise}"
        yield from (paint(line, "green" if proof.held else "red", colour=colour) for line in wrap(text, width))
        return
    if found.proposal.lines:
        yield "not proven yet: nothing was built. Either of these does it:"
        yield f"  jettison ignore write --prove --context {project}"
        yield f"  jettison optimize {project} --select context-files-never-read"
