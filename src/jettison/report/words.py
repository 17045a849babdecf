"""What a ledger says, as raw sentences: each face escapes and lays them out in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jettison.contract.model import Contract
from jettison.core.units import show_bytes, show_seconds
from jettison.documents.ledger import imbalance
from jettison.lighten.ledger import Ledger, Proposal, Rebuild, Step, Verdict, Weight
from jettison.report.counts import maybe_bytes as maybe_bytes
from jettison.report.counts import plural as plural


@dataclass(frozen=True)
class Fact:
    """A labelled sentence below the table, with its details; `good` None where it is neither."""

    label: str
    text: str
    details: tuple[str, ...] = ()
    good: bool | None = None


def place(ledger: Ledger) -> str:
    """The Dockerfile that this is about."""
    return f"{ledger.project.rstrip('/')}/{ledger.dockerfile}"


def ends(ledger: Ledger) -> str:
    """First and last size: `1.43 GB → 170.2 MB`."""
    return f"{show_bytes(ledger.before.sizes.unpacked)} → {show_bytes(ledger.after.sizes.unpacked)}"


def factor(ledger: Ledger) -> str:
    """What that makes: saved bytes, share, and how many times smaller from two on."""
    before, after = ledger.before.sizes.unpacked, ledger.after.sizes.unpacked
    if not ledger.changed:
        return "nothing was changed"
    saved = before - after
    words = f"{show_bytes(abs(saved))} {'saved' if saved >= 0 else 'more'}"
    if before > 0:
        words += f", {abs(saved) / before * 100:.1f} %"
    if 0 < after * 2 <= before:
        words += f", {before / after:.1f} times smaller"
    return words


def build_words(weight: Weight | None) -> str:
    """`17.2 s cold`; only cold may be compared with cold, so the word is always there; a dash without a build."""
    return "-" if weight is None else f"{show_seconds(weight.build_seconds)} {'cold' if weight.cold else 'cached'}"


def undone(step: Step) -> str:
    """Why a step was not kept, or what is to be said of a kept one; empty where there is nothing."""
    if step.verdict.kept:
        return "; ".join(part for part in (seconds_words(step), step.reason) if part)
    word = "not tried" if step.verdict is Verdict.SKIPPED and step.weight is None else "undone"
    if step.rebuild is not None:
        return f"{word}: {seconds_words(step)}" + (f"; {step.reason}" if step.reason else "")
    return f"{word}: {step.reason}" if step.reason else word


def seconds_words(step: Step) -> str:
    """What a change that is about seconds came to: `after a source change: 21.3 s → 2.1 s`; empty for others."""
    if step.rebuild is None:
        return ""
    told = f"; {show_seconds(step.predicted_seconds)} less predicted" if step.predicted_seconds is not None else ""
    return rebuild_words(step.rebuild) + told


def rebuild_words(found: Rebuild) -> str:
    """`after a source change (src/app.ts): 21.3 s → 2.1 s`."""
    return f"after a source change ({found.changed}): {show_seconds(found.before)} → {show_seconds(found.after)}"


def facts(ledger: Ledger) -> Iterator[Fact]:
    """What stands below the table: contract, proof, noise, notes, and whether the books balance."""
    yield _contract(ledger)
    if ledger.verification is not None:
        yield _verification(ledger)
    elif not ledger.complete:
        yield Fact("stopped", "this is the best so far; it was not yet built cold and checked once more", (), False)
    yield _noise(ledger)
    gap = imbalance(ledger)
    if gap:
        yield Fact("books", f"the steps and both ends do not balance: {show_bytes(gap)} are not explained", (), False)
    if ledger.notes:
        first, *rest = ledger.notes
        yield Fact("note", first, tuple(rest))
    if ledger.proposals:
        first, *rest = map(_proposal, ledger.proposals)
        yield Fact("propose", first, tuple(rest))


def _proposal(found: Proposal) -> str:
    how = f"; --select {found.rule} does it: {found.fix}" if found.fix else ""
    return f"{found.text}{how} [{found.rule}]"


def _contract(ledger: Ledger) -> Fact:
    contract = ledger.contract
    if contract is None:
        return Fact("works", "nothing was run (--build-only): only changes that leave the tree equal were kept")
    count = len(contract.deciding)
    answers = f"{contract.exercised} distinct {plural(contract.exercised, 'answer')}"
    where = "by v0" if not ledger.changed else "by every kept version" if _each_kept_held(ledger) else ""
    text = f"{count} {plural(count, 'check')}{f' held {where}' if where else ''}, {answers} exercised"
    failed = ledger.verification is not None and not ledger.verification.held
    return Fact("works", text, tuple(_contract_details(contract)), None if failed else True)


def _each_kept_held(ledger: Ledger) -> bool:
    """A kept step is one whose replay held; the cold build must have held as well before this is said of all."""
    return ledger.verification is None or ledger.verification.held


def _contract_details(contract: Contract) -> Iterator[str]:
    for what in contract.not_exercised:
        yield f"not exercised: {what}"
    for skipped in contract.skipped:
        yield f"not checked: {skipped.what}: {skipped.reason}"
    yield from contract.notes


def _verification(ledger: Ledger) -> Fact:
    found = ledger.verification
    assert found is not None
    if not found.held:
        return Fact("proof", f"the result did not hold when built cold: {found.reason}", (), False)
    assert found.weight is not None
    text = f"built cold once more: {show_bytes(found.weight.sizes.unpacked)}"
    text += f", {_drift(found.drift)}" if found.drift else ", the same to the byte"
    if found.replay is not None:
        deciding = [outcome for outcome in found.replay.outcomes if outcome.check.decides]
        text += f"; {sum(outcome.ok for outcome in deciding)} of {len(deciding)} checks held"
    return Fact("proof", text, tuple(_seconds(ledger)), True)


def _drift(drift: int) -> str:
    return f"{show_bytes(abs(drift))} {'more' if drift > 0 else 'less'} than the last version"


def _seconds(ledger: Ledger) -> Iterator[str]:
    """Cold against cold, before and after."""
    found = ledger.verification
    if found is None or found.weight is None:
        return
    if ledger.before.cold and found.weight.cold:
        yield f"cold build {show_seconds(ledger.before.build_seconds)} → {show_seconds(found.weight.build_seconds)}"
    if ledger.rebuild is not None:
        yield rebuild_words(ledger.rebuild)
    start = found.replay.start_seconds if found.replay is not None else None
    if ledger.before.start_seconds is not None and start is not None:
        yield f"start {show_seconds(ledger.before.start_seconds)} → {show_seconds(start)}"


def _noise(ledger: Ledger) -> Fact:
    size, paths = ledger.noise.size, len(ledger.noise.paths)
    if not size and not paths:
        return Fact("noise", "none: two cold builds of v0 are equal")
    differ = f"{paths} {plural(paths, 'path')} changed"
    if not size:
        return Fact("noise", f"two cold builds of v0 weigh the same; {differ}")
    text = f"two cold builds of v0 differ by {show_bytes(size)}, and a smaller saving counts as none"
    return Fact("noise", f"{text}; {differ}")


def next_steps(ledger: Ledger, *, written: bool = False) -> Iterator[tuple[str, str]]:
    """What to do now, as (flag, what it does)."""
    if ledger.verification is not None and not ledger.verification.held:
        return  # nothing was written, and the error that follows says what to look for
    if not ledger.changed:
        yield "--min-saving", "try what saves less, for example --min-saving 100kB"
        return
    if not written:
        smaller = [f"the smaller {ledger.dockerfile}"] if ledger.text_after != ledger.text_before else []
        yield "--write", f"put {' and '.join([*smaller, *sorted(ledger.files)])} in place"
    yield "--diff", "show what was changed"
