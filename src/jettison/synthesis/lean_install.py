"""An `apt-get install` without recommended packages: how it is written, and tried dry in a build of its own.

The build is the Dockerfile up to the RUN, whose installs simulate themselves and end it: whatever comes before them in
that RUN (`apt-get update`, a repository that is added) runs as it does for the user, and what the shell computes is
computed. Two files hold what apt said of the command as it is written and of the same without recommended packages.

Source: apt-get(8), `--simulate`; its lines begin with `Inst`, in every language (apt `apt-pkg/algorithms.cc`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jettison.core.values import Span
from jettison.dockerfile import edit
from jettison.dockerfile.model import Edit, Instruction
from jettison.subject import Answer, Question, Subject
from jettison.synthesis.apt import AptCall

_WRITTEN, _LEAN = "/jettison-as-written", "/jettison-lean"
_INSTALLED = re.compile(rb"^Inst ([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)? ", re.MULTILINE)
_OPTION = {"aptitude": "--without-recommends"}
_OFF = re.compile(
    r"--no-install-recommends|--without-recommends"
    r"|(?:-o|--option=)?APT::Install-Recommends=\"?(?:0|no|false|without|off|disable)\"?",  # apt `StringToBool`
    re.IGNORECASE,
)


def is_lean(call: AptCall) -> bool:
    """Whether the call leaves recommended packages out as it is written."""
    short = call.program == "aptitude" and any(re.fullmatch(r"-\w*R\w*", option) for option in call.options)
    return short or any(_OFF.fullmatch(option) for option in call.options)


def lean(call: AptCall, keep: Sequence[str]) -> tuple[Edit, ...]:
    """The edits that make it leave them out, and bring those of `keep` by name."""
    option = insert_option(call, _OPTION.get(call.program, "--no-install-recommends"))
    names = [name for name in keep if name not in call.asked]
    return (option, edit.insert_after(call.command.arguments[-1].span, " ".join(names))) if names else (option,)


def insert_option(call: AptCall, option: str) -> Edit:
    """The option right behind the verb."""
    return edit.insert_after(call.verb_argument.span, option)


def dry_run(
    subject: Subject, instruction: Instruction, calls: Sequence[AptCall], keep: Sequence[str]
) -> Question | None:
    """The build that asks apt about the installs of one RUN, of which the last brings `keep`.

    None where they cannot be tried dry: aptitude says it otherwise, and in a loop, a condition, a pipeline or a
    function the first of them would end the RUN too early or not at all.
    """
    if any(call.program == "aptitude" or call.command.nested or call.command.subshell for call in calls):
        return None
    text = subject.dockerfile.text
    edits = [Edit(call.command.span, _tried(text, call)) for call in calls[:-1]]
    edits.append(Edit(calls[-1].command.span, _tried(text, calls[-1], keep, last=True)))
    tail = ("", "FROM scratch", f"COPY --from={subject.stage.index} {_WRITTEN} {_LEAN} /", "")
    asked = edit.apply(text[: instruction.span.end], edits) + edit.newline(subject.dockerfile).join(tail)
    return Question(f"what apt would leave out of line {instruction.line}, in a dry run", asked, (_WRITTEN, _LEAN))


def _tried(text: str, call: AptCall, keep: Sequence[str] = (), *, last: bool = False) -> str:
    """The call tried dry in both ways; what comes behind it finds it done, unless it is the last."""
    dry, done = insert_option(call, "-s"), lean(call, keep)
    written = _edited(text, call.command.span, (dry,))
    without = _edited(text, call.command.span, (dry, *done))
    then = "; exit" if last else f" && {_edited(text, call.command.span, done)}"
    return f"{{ {written} >>{_WRITTEN} && {without} >>{_LEAN}{then}; }}"


def _edited(text: str, span: Span, edits: Sequence[Edit]) -> str:
    """A part of the text with edits made that lie in it."""
    inside = [Edit(Span(each.span.start - span.start, each.span.end - span.start), each.text) for each in edits]
    return edit.apply(span.of(text), inside)


def left_out(question: Question, answer: Answer) -> frozenset[str]:
    """Names of the packages that the command brings as it is written, and that it leaves out without recommendations.

    A package of another architecture than its namesake's that stays is not told apart from it, and counts as staying.
    """
    written, without = (frozenset(_INSTALLED.findall(answer.files[path])) for path in question.paths)
    return frozenset(name.decode("ascii") for name in written - without)
