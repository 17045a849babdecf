"""Edits change what they say and nothing else; what they cannot do they refuse."""

from __future__ import annotations

import pytest

from jettison.core.values import Span
from jettison.dockerfile import edit
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Edit
from jettison.dockerfile.parse import parse
from jettison.dockerfile.shell import script


def appended(text: str, command: str = "z") -> str:
    """The text with a command appended to its first RUN."""
    dockerfile = parse(text)
    run = next(each for each in dockerfile.instructions if each.keyword == "RUN")
    return edit.apply(text, [edit.append_command(dockerfile, run, command)])


def merged(text: str) -> str:
    """The text with its first two RUNs merged."""
    dockerfile = parse(text)
    first, second = [each for each in dockerfile.instructions if each.keyword == "RUN"][:2]
    return edit.apply(text, edit.merge_runs(dockerfile, first, [second]))


def without(text: str, number: int) -> str:
    """The text with one command of its first RUN deleted."""
    dockerfile = parse(text)
    run = next(each for each in dockerfile.instructions if each.keyword == "RUN")
    found = script(dockerfile, run)
    assert found is not None
    return edit.apply(text, [edit.delete_command(dockerfile, run, found.commands[number])])


def test_edits_are_made_in_the_order_of_the_text() -> None:
    assert "xbYd" == edit.apply("abcd", [Edit(Span(2, 3), "Y"), Edit(Span(0, 1), "x")])


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        edit.apply("abcd", [Edit(Span(0, 3), ""), Edit(Span(2, 4), "")])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("FROM x\nRUN a\n", "FROM x\nRUN a && \\\n    z\n"),
        ("FROM x\nRUN a", "FROM x\nRUN a && \\\n    z"),
        ("FROM x\r\nRUN a\r\nCMD b\r\n", "FROM x\r\nRUN a && \\\r\n    z\r\nCMD b\r\n"),
        ("FROM x\nRUN a && \\\n  b  \nCMD c", "FROM x\nRUN a && \\\n  b && \\\n  z\nCMD c"),
        ("FROM x\nRUN a && \\\n\t# b\n\tb\n# c\nCMD c", "FROM x\nRUN a && \\\n\t# b\n\tb && \\\n\tz\n# c\nCMD c"),
        ("FROM x\nRUN a || b\n", "FROM x\nRUN a || b && \\\n    z\n"),
        ("FROM x\nRUN echo '# no comment'\n", "FROM x\nRUN echo '# no comment' && \\\n    z\n"),
        ("# escape=`\nFROM x\nRUN a\n", "# escape=`\nFROM x\nRUN a && `\n    z\n"),
        ("FROM x\nRUN a\\\\\nCMD b", "FROM x\nRUN a\\\\ && \\\n    z\nCMD b"),
        ("FROM x\nRUN --network=none \\\n  a\n", "FROM x\nRUN --network=none \\\n  a && \\\n  z\n"),
        ("FROM x\nRUN set -e; a; b\n", "FROM x\nRUN set -e; a; b && \\\n    z\n"),
    ],
)  # fmt: skip
def test_a_command_is_appended_on_a_line_of_its_own(text: str, result: str) -> None:
    assert result == appended(text)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ('RUN ["a"]', "cannot be read as a shell script"),
        ("RUN if a; then", "cannot be read as a shell script"),
        ("RUN a &", "ends in an operator"),
        ("RUN a;", "ends in an operator"),
        ("RUN a # why", "ends in a comment"),
        ("RUN a \\\n# why\n", "ends in a continuation"),
        ("RUN a \\\n", "ends in a continuation"),
        ("RUN exec a", "ends its shell itself"),
        ("RUN a || exit 0", "ends its shell itself"),
        ("RUN <<EOF\na\nEOF", "stand in a heredoc"),
        ("RUN cat <<EOF\na\nEOF", "cannot be read as a shell script"),
        ("RUN set -e; for i in 1 2; do a; b; done", "errexit"),
        ("RUN (set -e; a; b)", "errexit"),
        ("RUN", "ends in an operator"),
    ],
)
def test_a_command_is_not_appended_where_it_would_change_more(run: str, reason: str) -> None:
    with pytest.raises(CannotEdit, match=reason):
        appended("FROM x\n" + run)


@pytest.mark.parametrize(
    "run", ["RUN set -f; a", "RUN shopt -s failglob && a", "RUN set -o noglob && a", "RUN set $O; a"]
)
def test_a_pattern_is_not_appended_where_patterns_may_be_off(run: str) -> None:
    with pytest.raises(CannotEdit, match="patterns"):
        appended(f"FROM x\n{run}\n", "rm -rf /var/lib/apt/lists/*")
    assert appended(f"FROM x\n{run}\n", "rm -rf /root/.npm").endswith(".npm\n")


@pytest.mark.parametrize("run", ["RUN set -eux; a", "RUN set -e -o pipefail; a"])
def test_a_pattern_is_appended_where_patterns_are_on(run: str) -> None:
    assert appended(f"FROM x\n{run}\n", "rm /x/*").endswith("rm /x/*\n")


def test_under_a_shell_with_errexit_a_loop_takes_nothing_behind_it() -> None:
    with pytest.raises(CannotEdit, match="errexit"):
        appended('FROM x\nSHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN for i in 1 2; do a; b; done\n')


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("FROM x\nRUN a\nRUN b\n", "FROM x\nRUN a && \\\n    b\n"),
        ("FROM x\nRUN a\nRUN b", "FROM x\nRUN a && \\\n    b\n"),
        ("FROM x\r\nRUN a\r\nRUN b && \\\r\n  c\r\n", "FROM x\r\nRUN a && \\\r\n    b && \\\r\n  c\r\n"),
        ("FROM x\nRUN a\n# why b\n#  and more\nRUN b\n", "FROM x\nRUN a && \\\n    # why b\n    #  and more\n    b\n"),
        ("FROM x\nRUN a\n# apart\n\nRUN b\n", "FROM x\nRUN a && \\\n    b\n# apart\n\n"),
        ("FROM x\nRUN a\nEXPOSE 80\nCMD c\nRUN b\n", "FROM x\nRUN a && \\\n    b\nEXPOSE 80\nCMD c\n"),
        ("FROM x\nRUN a || b\nRUN c\n", "FROM x\nRUN a || b && \\\n    c\n"),
        ("FROM x\nRUN a\nRUN cd /b && c\n", "FROM x\nRUN a && \\\n    cd /b && c\n"),
        ("FROM x\nRUN (cd /a && b)\nRUN c\n", "FROM x\nRUN (cd /a && b) && \\\n    c\n"),
        (
            "FROM x\nRUN --mount=type=cache,target=/c a\nRUN --mount=type=cache,target=/c b\n",
            "FROM x\nRUN --mount=type=cache,target=/c a && \\\n    b\n",
        ),
    ],
)
def test_two_runs_become_one(text: str, result: str) -> None:
    assert result == merged(text)


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ("RUN cd /a\nRUN b", r"line 2 changes its shell \(cd\), which line 3 would inherit"),
        ("RUN export A=1\nRUN b", r"\(export\)"),
        ("RUN set -e; a\nRUN b", r"\(set\)"),
        ("RUN A=1 && b\nRUN echo $A", r"\(A\)"),
        ("RUN a\nRUN b || true", "line 3 is more than a plain list"),
        ("RUN a\nRUN b; c", "line 3 is more than a plain list"),
        ("RUN a\nRUN b &", "line 3 is more than a plain list"),
        ("RUN a\nRUN <<EOF\nb\nEOF", "heredoc"),
        ('RUN a\nRUN ["b"]', "cannot be read"),
        ('RUN ["a"]\nRUN b', "cannot be read"),
        ("RUN --network=none a\nRUN b", "different mounts or flags"),
        ("RUN a\nUSER u\nRUN b", "USER in line 3 stands between"),
        ("RUN a\nWORKDIR /w\nRUN b", "WORKDIR in line 3 stands between"),
        ("RUN a\nCOPY c d\nRUN b", "COPY in line 3 stands between"),
        ("RUN a\nVOLUME /v\nRUN b", "VOLUME in line 3 stands between"),
        ('RUN a\nSHELL ["/bin/bash", "-c"]\nRUN b', "SHELL in line 3 stands between"),
        ("RUN a\nENV A=1\nRUN b", "line 3 sets A, which line 4 may read"),
        ("RUN a\nARG A=1\nRUN b", "line 3 declares A between"),
        ("RUN a\nARG A=1\nRUN b $A", "line 3 sets A, which line 4 may read"),
        ("RUN a\nFROM y\nRUN b", "FROM in line 3 stands between"),
        ("RUN a # why\nRUN b", "ends in a comment"),
        ("RUN a\nCMD c\nRUN b \\\n", "ends in a continuation"),
    ],
)
def test_runs_are_not_merged_where_more_would_change(runs: str, reason: str) -> None:
    with pytest.raises(CannotEdit, match=reason):
        merged("FROM x\n" + runs)


def test_a_reason_names_the_line_of_the_file_and_not_of_what_is_half_merged() -> None:
    dockerfile = parse("FROM x\nRUN a\n\nRUN b\n\nRUN c; d\n")
    with pytest.raises(CannotEdit, match="line 6 is more than a plain list"):
        edit.merge_runs(dockerfile, dockerfile.instructions[1], dockerfile.instructions[2:])


def test_runs_that_go_leave_one_blank_line_where_there_was_one() -> None:
    text = "FROM x\nRUN a\n\n# why\nRUN b\nRUN c\n\nCMD d\n"
    dockerfile = parse(text)
    changes = edit.merge_runs(dockerfile, dockerfile.instructions[1], dockerfile.instructions[2:4], "e")
    assert "FROM x\nRUN a && \\\n    # why\n    b && \\\n    c && \\\n    e\n\nCMD d\n" == edit.apply(text, changes)


@pytest.mark.parametrize(
    ("run", "number", "result"),
    [
        ("RUN a && b && c", 0, "RUN b && c"),
        ("RUN a && b && c", 1, "RUN a && c"),
        ("RUN a && b && c", 2, "RUN a && b"),
        ("RUN a && \\\n    b && \\\n    c", 1, "RUN a && \\\n    c"),
        ("RUN a > /x && b", 1, "RUN a > /x"),
        ("RUN a && b > /x 2>&1", 1, "RUN a"),
        ("RUN a > /x && b", 0, "RUN b"),
        ("RUN a && (b; c) && d", 3, "RUN a && (b; c)"),
    ],
)
def test_a_command_is_deleted_with_its_redirection_and_its_operator(run: str, number: int, result: str) -> None:
    assert f"FROM x\n{result}\n" == without(f"FROM x\n{run}\n", number)


@pytest.mark.parametrize(
    ("run", "number"), [("RUN a", 0), ("RUN a; b", 1), ("RUN a && (b; c)", 1), ("RUN a | b && c", 0)]
)
def test_a_command_that_is_no_operand_of_the_list_stays(run: str, number: int) -> None:
    with pytest.raises(CannotEdit):
        without(f"FROM x\n{run}\n", number)


@pytest.mark.parametrize(
    ("text", "line", "result"),
    [
        ("FROM x\nRUN a\nCMD b\n", 2, "FROM x\nCMD b\n"),
        ("FROM x\n# why\n # more\nRUN a\nCMD b\n", 4, "FROM x\nCMD b\n"),
        ("FROM x\n# apart\n\nRUN a\nCMD b\n", 4, "FROM x\n# apart\n\nCMD b\n"),
        ("FROM x\nRUN a \\\n  b\nCMD c", 2, "FROM x\nCMD c"),
        ("FROM x\nCMD c", 2, "FROM x\n"),
        ("FROM x\nRUN <<#E\na\n#E\nCMD c", 5, "FROM x\nRUN <<#E\na\n#E\n"),
        ("# syntax=x\nARG A\nFROM x\n", 2, "# syntax=x\nFROM x\n"),
        ("FROM x\r\n# why\r\nRUN a\r\nCMD b\r\n", 3, "FROM x\r\nCMD b\r\n"),
    ],
)
def test_an_instruction_is_deleted_with_the_comments_that_speak_of_it(text: str, line: int, result: str) -> None:
    dockerfile = parse(text)
    (instruction,) = [each for each in dockerfile.instructions if each.line == line]
    assert result == edit.apply(text, [edit.delete_instruction(dockerfile, instruction)])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("FROM x\nCOPY a b\n", "FROM x\nCOPY --link a b\n"),
        ("FROM x\ncopy \\\n  --from=y a b\n", "FROM x\ncopy --link \\\n  --from=y a b\n"),
        ('FROM x\nCOPY ["a", "b"]\n', 'FROM x\nCOPY --link ["a", "b"]\n'),
        ("FROM x\nCO\\\nPY a b\n", "FROM x\nCO\\\nPY --link a b\n"),
    ],
)
def test_a_flag_is_put_behind_the_keyword(text: str, result: str) -> None:
    found = edit.apply(text, [edit.add_flag(parse(text).instructions[1], "--link")])
    assert result == found
    assert "link" in [flag.name for flag in parse(found).instructions[1].flags]


def test_blank_lines_around_what_is_deleted_do_not_pile_up() -> None:
    dockerfile = parse("FROM x\n\nRUN a\n\nRUN b\n\nCMD d\n")
    assert "FROM x\n\nRUN a\n\nCMD d\n" == edit.apply(
        dockerfile.text, [edit.delete_instruction(dockerfile, dockerfile.instructions[2])]
    )


def test_a_blank_line_on_one_side_stays() -> None:
    dockerfile = parse("FROM x\nRUN a\n\nCMD d\n")
    assert "FROM x\n\nCMD d\n" == edit.apply(
        dockerfile.text, [edit.delete_instruction(dockerfile, dockerfile.instructions[1])]
    )
