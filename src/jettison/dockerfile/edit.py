"""Edits: pure data first, text last. A line that no edit touches stays byte-identical."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jettison.core.values import Span
from jettison.dockerfile.lines import continues, is_blank_or_comment
from jettison.dockerfile.model import Dockerfile, Edit, Instruction
from jettison.dockerfile.shell import Command, Script, script

# VOLUME is not among them: some builders throw away what a RUN writes below a volume that stands before it
_METADATA = {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL"}
_SHOULD_NOT_CROSS = {"ENV", "ARG"}


class CannotEdit(Exception):
    """This edit would change more than it says; `reason` is for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def apply(text: str, edits: Sequence[Edit]) -> str:
    """`text` with all edits made. Raises ValueError where two overlap."""
    result, at = [], 0
    for change in sorted(edits, key=lambda each: each.span):
        if change.span.start < at:
            raise ValueError(f"edits overlap at {change.span.start}")
        result += [text[at : change.span.start], change.text]
        at = change.span.end
    return "".join([*result, text[at:]])


def newline(dockerfile: Dockerfile) -> str:
    """The line ending that the file uses first."""
    first = dockerfile.text.find("\n")
    return "\r\n" if first > 0 and dockerfile.text[first - 1] == "\r" else "\n"


def indentation(dockerfile: Dockerfile, instruction: Instruction) -> str:
    """The blanks that begin this instruction's own continuation lines; four where it has none."""
    for line in instruction.span.of(dockerfile.text).split("\n")[1:]:
        if not is_blank_or_comment(line):
            return line[: len(line) - len(line.lstrip(" \t"))] or "    "
    return "    "


def add_flag(instruction: Instruction, flag: str) -> Edit:
    """`--chown=1:1` put right behind the keyword."""
    return Edit(Span(instruction.keyword_end, instruction.keyword_end), f" {flag}")


def delete_instruction(dockerfile: Dockerfile, instruction: Instruction) -> Edit:
    """The instruction's lines removed, and the comment lines directly above it, which speak of it.

    Of two blank lines that would meet, one goes too.
    """
    return delete_instructions(dockerfile, [instruction])[0]


def delete_instructions(dockerfile: Dockerfile, instructions: Sequence[Instruction]) -> list[Edit]:
    """The same for several, in the order of the text; one edit for those that stand right below one another."""
    text = dockerfile.text
    found: list[Edit] = []
    for instruction in instructions:
        start = start_with_comments(dockerfile, instruction)
        if found and found[-1].span.end == start:
            start = found.pop().span.start
        end = text.find("\n", instruction.span.end)
        end = len(text) if end < 0 else end + 1
        found.append(Edit(Span(start, _past_blank(text, end) if _is_blank_above(text, start) else end), ""))
    return found


def start_with_comments(dockerfile: Dockerfile, instruction: Instruction) -> int:
    """Where the line of an instruction begins, or the comment lines directly above it, which speak of it."""
    text = dockerfile.text
    start = text.rfind("\n", 0, instruction.span.start) + 1
    at = dockerfile.numbers[instruction.span.start]
    floor = dockerfile.instructions[at - 1].span.end if at else 0
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        line = text[above : start - 1].strip()
        if above < floor or not line.startswith("#") or re.match(r"#\s*(syntax|escape|check)\s*=", line):
            break
        start = above
    return start


def _is_blank_above(text: str, start: int) -> bool:
    """Whether the line that ends at `start` is blank."""
    return start > 0 and not text[text.rfind("\n", 0, start - 1) + 1 : start].strip()


def _past_blank(text: str, end: int) -> int:
    """The end of the line that begins at `end` where it is blank: two blank lines would be left where one was."""
    after = text.find("\n", end)
    return after + 1 if after >= 0 and not text[end:after].strip() else end


def append_command(dockerfile: Dockerfile, instruction: Instruction, command: str) -> Edit:
    """`&& command` on a line of its own at the end of a shell-form RUN.

    Right for any list: `a; b && c` and `a || b && c` run c where the RUN would have succeeded, and fail where it
    would have failed. Raises CannotEdit for other forms, for a last line that nothing can follow, and where the `&&`
    would change what stands before it: POSIX takes no notice of errexit inside a command that an && follows.
    """
    _check_followed(_script_of(dockerfile, instruction), command)
    return _appended(dockerfile, instruction, [command])


def _appended(dockerfile: Dockerfile, instruction: Instruction, commands: Sequence[str]) -> Edit:
    end = instruction.body.end
    text = dockerfile.text[:end].rstrip(" \t")
    then = _then(dockerfile, instruction)
    return Edit(Span(len(text), end), "".join(then + each for each in commands))


def _check_followed(found: Script, command: str) -> None:
    """Raises CannotEdit where `&& command` cannot follow a script, or would change what it does."""
    if found.ending:
        raise CannotEdit(f"its last line ends in {found.ending}")
    if "exec" in found.leaks or "exit" in found.leaks:
        raise CannotEdit("it ends its shell itself (exit, exec), and what is put behind it may not run")
    if found.errexit and found.compound_end:
        raise CannotEdit("errexit (`set -e`) would no longer hold inside its last command")
    if "*" in command and any(each.name in ("set", "shopt") and not _keeps_globs(each) for each in found.commands):
        raise CannotEdit("it may switch off file name patterns")


def _script_of(dockerfile: Dockerfile, instruction: Instruction) -> Script:
    """The script of a RUN whose text is its own, and complete."""
    found = script(dockerfile, instruction)
    if found is None:
        raise CannotEdit("its commands cannot be read as a shell script")
    if instruction.heredocs:
        raise CannotEdit("its commands stand in a heredoc")
    if continues(instruction.body.of(dockerfile.text).rpartition("\n")[2], dockerfile.escape):
        raise CannotEdit("its last line ends in a continuation")
    return found


def _keeps_globs(command: Command) -> bool:
    """Whether a call of `set` or `shopt` surely leaves file name patterns on."""
    options = [value for value in command.values if value not in ("-o", "pipefail", "errexit", "nounset", "xtrace")]
    return command.name == "set" and all(re.fullmatch(r"-[euxo]+", value or "") for value in options)


def _then(dockerfile: Dockerfile, instruction: Instruction) -> str:
    """What goes between the last command of a RUN and one more."""
    return f" && {dockerfile.escape}{newline(dockerfile)}{indentation(dockerfile, instruction)}"


def insert_after(span: Span, text: str) -> Edit:
    """` text` right after a span."""
    return Edit(Span(span.end, span.end), f" {text}")


def delete_command(dockerfile: Dockerfile, instruction: Instruction, command: Command) -> Edit:
    """One command of a plain `&&` list removed, with its redirections and the operator that joins it.

    Raises CannotEdit where it is the only command, is no operand of the list, or the list has other operators.
    """
    found = script(dockerfile, instruction)
    if found is None or not found.plain or command.statement not in found.operands:
        raise CannotEdit("it is not one of a plain list of commands")
    operands = found.operands
    at = operands.index(command.statement)
    if len(operands) == 1:
        raise CannotEdit("it is the only command")
    if at == len(operands) - 1:
        return Edit(Span(operands[at - 1].end, operands[at].end), "")
    return Edit(Span(operands[at].start, operands[at + 1].start), "")


def delete_words(dockerfile: Dockerfile, spans: Sequence[Span]) -> tuple[Edit, ...]:
    """Words of commands removed, with the blanks and continuations before them; `spans` in the order of the text.

    A comment line directly above stays, and what follows moves up to it; where nothing follows it goes as well, since
    behind it no continuation would hold, and the next instruction would become part of this one.
    """
    text, escape = dockerfile.text, re.escape(dockerfile.escape)
    gap = rf"[ \t]*(?:{escape}[ \t]*\r?\n[ \t]*)?"
    groups: list[Span] = []
    for span in spans:
        close = groups and re.fullmatch(gap, text[groups[-1].end : span.start])
        groups = [*groups[:-1], Span(groups[-1].start, span.end)] if close else [*groups, span]
    found: list[Edit] = []
    while groups:
        span = groups.pop()
        ahead = re.compile(gap).match(text, span.end)
        comments = re.search(rf"(?:{escape}[ \t]*\r?\n)((?:[ \t]*#[^\n]*\n)+)[ \t]*$", text[: span.start])
        if comments is None:
            found.append(Edit(Span(len(text[: span.start].rstrip(f" \t\r\n{dockerfile.escape}")), span.end), ""))
        elif ahead is not None and text[ahead.end() : ahead.end() + 1] not in ("", "\r", "\n"):
            line = text.find("\n", span.end, ahead.end()) + 1
            found.append(Edit(Span(comments.end(1), line) if line else Span(span.start, ahead.end()), ""))
        else:
            before = len(text[: comments.start()].rstrip(" \t"))
            if groups and groups[-1].end == before:
                groups[-1] = Span(groups[-1].start, span.end)
            else:
                found.append(Edit(Span(before, span.end), ""))
    return tuple(reversed(found))


def merge_runs(
    dockerfile: Dockerfile, first: Instruction, others: Sequence[Instruction], tail: str = ""
) -> tuple[Edit, ...]:
    """The commands of the `others`, and `tail`, appended to `first` with `&&`; the others removed.

    What stands between may only be metadata that none of them uses. Raises CannotEdit where the shell's state would
    leak, flags or shells differ, or the order of layers would change.
    """
    whole = _script_of(dockerfile, first) if tail and not others else None
    commands: list[str] = []
    for number, second in enumerate(others):
        _check_between(dockerfile, [first, *others[:number]], second)
        if _flags(dockerfile, first) != _flags(dockerfile, second):
            raise CannotEdit("the two RUNs have different mounts or flags")
        one, other = whole or _script_of(dockerfile, first), _script_of(dockerfile, second)
        if one.leaks:
            raise CannotEdit(
                f"line {first.line} changes its shell ({', '.join(one.leaks)}), which line {second.line} would inherit"
            )
        if not other.plain:
            raise CannotEdit(f"line {second.line} is more than a plain list of commands")
        between = newline(dockerfile) + indentation(dockerfile, first)
        comments = "".join(line + between for line in _comments_above(dockerfile, second))
        commands.append(comments + second.body.of(dockerfile.text).rstrip())
        _check_followed(one, commands[-1])
        whole = one.followed_by(other)
    if tail and whole is not None:
        _check_followed(whole, tail)
        commands.append(tail)
    appended = (_appended(dockerfile, first, commands),) if commands else ()
    return (*appended, *delete_instructions(dockerfile, others))


def _flags(dockerfile: Dockerfile, instruction: Instruction) -> list[str]:
    return [flag.span.of(dockerfile.text) for flag in instruction.flags]


def _comments_above(dockerfile: Dockerfile, instruction: Instruction) -> list[str]:
    """The comment lines that `delete_instruction` would take away with it."""
    removed = delete_instruction(dockerfile, instruction).span
    above = dockerfile.text[removed.start : instruction.span.start]
    return [line.strip() for line in above.split("\n") if line.strip().startswith("#")]


def _check_between(dockerfile: Dockerfile, merged: Sequence[Instruction], second: Instruction) -> None:
    """Raises CannotEdit for what stands between the first of those that are merged already and one more."""
    own = {each.span.start for each in merged}
    begin, end = dockerfile.numbers[merged[0].span.start], dockerfile.numbers[second.span.start]
    text = second.value
    for instruction in dockerfile.instructions[begin:end]:
        if instruction.span.start in own:
            continue
        if instruction.keyword not in _METADATA:
            raise CannotEdit(f"{instruction.keyword} in line {instruction.line} stands between the two RUNs")
        if instruction.keyword in _SHOULD_NOT_CROSS:
            names = [word.text.partition("=")[0] for word in instruction.words]
            raise CannotEdit(
                f"line {instruction.line} sets {', '.join(names)}, which line {second.line} may read"
                if any(name in text for name in names) or instruction.keyword == "ENV"
                else f"line {instruction.line} declares {', '.join(names)} between the two RUNs"
            )
