"""Each construct of the Dockerfile reference, accepted or refused as BuildKit does.

Source: moby/buildkit `frontend/dockerfile/docs/reference.md`, `parser/parser.go`, `instructions/parse.go`.
"""

from __future__ import annotations

import pytest

from jettison.core.errors import DockerfileError
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.parse import parse


def second(text: str) -> Instruction:
    """The instruction after FROM."""
    return parse(text).instructions[1]


def words(instruction: Instruction) -> list[str]:
    return [word.text for word in instruction.words]


# continuations


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("RUN a \\\n  b", "a   b"),
        ("RUN a \\  \t\n  b", "a   b"),
        ("RUN a \\\r\n  b\r\n", "a   b"),
        ("RUN a \\\n# why\n  # and why\n  b", "a   b"),
        ("RUN a \\\n\n  \n  b", "a   b"),
        ("RUN a; \\\n  b # not a comment of the Dockerfile", "a;   b # not a comment of the Dockerfile"),
        ("RUN a\\\nb", "ab"),
        ("RUN \\\n  a", "a"),
        ("RUN a\\\\\nCMD b", "a\\\\"),  # a doubled escape character ends the line
        ("RUN a \\\n  \\\n  b", "a     b"),
        ("RUN a \\\n", "a"),
        ("RUN a `\nCMD b", "a `"),
    ],
)
def test_continued_lines_are_joined(text: str, value: str) -> None:
    assert value == second("FROM x\n" + text).value


def test_the_escape_directive_changes_what_continues_a_line() -> None:
    dockerfile = parse("# escape=`\nFROM x\nRUN a `\n  b\nCOPY c:\\x\\ c:\\y\\\nCMD z\n")
    assert ("`", ["FROM", "RUN", "COPY", "CMD"]) == (dockerfile.escape, [e.keyword for e in dockerfile.instructions])
    assert "a   b" == dockerfile.instructions[1].value


def test_a_keyword_may_itself_be_continued() -> None:
    dockerfile = parse("FR\\\nOM x\n\\\nRU\\\nN --network=none a\n")
    assert ["FROM", "RUN"] == [each.keyword for each in dockerfile.instructions]
    assert [1, 4] == [each.line for each in dockerfile.instructions]
    assert "N" == dockerfile.text[dockerfile.instructions[1].keyword_end - 1]


# directives


def test_directives_stand_before_everything() -> None:
    text = "#syntax=docker/dockerfile:1\n # Escape = ` \n# check=skip=all;error=true\nFROM x\n"
    found = (("syntax", "docker/dockerfile:1"), ("escape", "`"), ("check", "skip=all;error=true"))
    assert found == parse(text).directives


@pytest.mark.parametrize("before", ["\n", "# a comment\n", "#!/usr/bin/env x\n", "# unknown=1\n", "ARG A\n"])
def test_a_directive_after_anything_else_is_a_comment(before: str) -> None:
    dockerfile = parse(before + "# escape=`\nFROM x\n")
    assert ((), "\\") == (dockerfile.directives, dockerfile.escape)


@pytest.mark.parametrize(("text", "line"), [("# escape=x\nFROM a\n", 1), ("# syntax=a\n# escape=`\n# syntax=b\n", 3)])
def test_a_wrong_directive_is_refused(text: str, line: int) -> None:
    with pytest.raises(DockerfileError) as raised:
        parse(text)
    assert line == raised.value.line


# flags


@pytest.mark.parametrize(
    ("text", "flags", "value"),
    [
        ("COPY --from=a --chown=1:1 x y", [("from", "a"), ("chown", "1:1")], "x y"),
        ("COPY --link x y", [("link", None)], "x y"),
        ('COPY --from="a b" x y', [("from", "a b")], "x y"),
        ("COPY --from='a' \\\n --link x y", [("from", "a"), ("link", None)], "x y"),
        ("RUN --mount=type=cache \\\n  --mount=type=bind a", [("mount", "type=cache"), ("mount", "type=bind")], "a"),
        ("RUN a --b", [], "a --b"),
        ("RUN -- --a", [], "--a"),
        ("HEALTHCHECK --interval=5s --retries=3 CMD a --b", [("interval", "5s"), ("retries", "3")], "CMD a --b"),
        ("COPY --chown=a\\ b x y", [("chown", "a b")], "x y"),
    ],
)  # fmt: skip
def test_flags_stand_in_front(text: str, flags: list[tuple[str, str | None]], value: str) -> None:
    instruction = second("FROM x\n" + text)
    assert (flags, value) == ([(flag.name, flag.value) for flag in instruction.flags], instruction.value)
    assert all(flag.span.of("FROM x\n" + text).startswith("--") for flag in instruction.flags)


def test_from_takes_a_platform() -> None:
    (stage,) = parse("FROM --platform=$BUILDPLATFORM golang:1.22 AS Build\n").stages
    assert ("$BUILDPLATFORM", "golang:1.22", "build") == (stage.platform, stage.base, stage.name)


# forms


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('CMD ["a", "-b"]', ("a", "-b")),
        ('CMD [ "a" , \\\n "b" ]', ("a", "b")),
        ("CMD []", ()),
        ("CMD a", None),
        ("CMD ['a']", None),
        ('CMD ["a"', None),
        ('CMD ["a"] b', None),
        ("RUN [ -f /x ]", None),
        ("RUN [NaN]", None),
        ('RUN cmd ["a"]', None),
        ('HEALTHCHECK CMD ["a"]', ("a",)),
        ("HEALTHCHECK CMD a", None),
        ('COPY ["a b", "/c"]', ("a b", "/c")),
        ('ENV A=["b"]', None),
        ('LABEL ["a"]=b', None),
        ('SHELL ["/bin/bash", "-c"]', ("/bin/bash", "-c")),
        ("RUN [\"\\u00e9\"]", ("é",)),
    ],
)  # fmt: skip
def test_the_json_form_is_told_from_the_shell_form(text: str, form: tuple[str, ...] | None) -> None:
    assert form == second("FROM x\n" + text).exec_form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV A=1 B='x y' C=\"p q\" D=a\\ b", ["A=1", "B='x y'", 'C="p q"', "D=a\\ b"]),
        ("EXPOSE 80  443/udp", ["80", "443/udp"]),
        ("COPY 'a b' c", ["'a", "b'", "c"]),  # quotes mean nothing to COPY
        ("WORKDIR /a b", ["/a b"]),
        ("USER a:b  ", ["a:b"]),
        ("ARG A B=c", ["A", "B=c"]),
        ("VOLUME /a /b", ["/a", "/b"]),
        ("RUN a \\\n b", ["a", "b"]),
    ],
)
def test_arguments_are_split_as_the_instruction_splits_them(text: str, expected: list[str]) -> None:
    assert expected == words(second("FROM x\n" + text))


# heredocs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN <<EOF\na\nEOF", [("EOF", True, False, "a\n")]),
        ("RUN <<'EOF'\n$a\nEOF", [("EOF", False, False, "$a\n")]),
        ('RUN <<"E F"\na\nE F', [("E F", False, False, "a\n")]),
        ("RUN <<-EOF\n\ta\n\tEOF", [("EOF", True, True, "\ta\n")]),
        ("RUN <<A cat <<-B\na\nA\nb\n\tB", [("A", True, False, "a\n"), ("B", True, True, "b\n")]),
        ("COPY <<a.t <<b.t /x/\n1\na.t\n2\nb.t", [("a.t", True, False, "1\n"), ("b.t", True, False, "2\n")]),
        ("ADD <<EOF /x\n\nEOF", [("EOF", True, False, "\n")]),
        ("RUN 3<<EOF a\nb\nEOF", [("EOF", True, False, "b\n")]),
        ("RUN <<EOF\r\na\r\nEOF\r\n", [("EOF", True, False, "a\r\n")]),
        ("RUN a \\\n  <<EOF\n# no comment\n\\\nEOF", [("EOF", True, False, "# no comment\n\\\n")]),
        ("RUN <<EOF>/x\nEOF\nEOF>/x", [("EOF>/x", True, False, "EOF\n")]),  # the whole word is the name
        ("RUN a <<  \"EOF\"\nb\nEOF", [("EOF", False, False, "b\n")]),
        ("RUN echo $((1 << 2))\n2))", [("2))", True, False, "")]),  # what BuildKit makes of a shift
        ("ONBUILD RUN <<EOF\na\nEOF", [("EOF", True, False, "a\n")]),
        ("RUN <<EOF\nEOF", [("EOF", True, False, "")]),
    ],
)  # fmt: skip
def test_heredocs_take_the_lines_up_to_their_name(text: str, found: list[tuple[str, bool, bool, str]]) -> None:
    whole = "FROM x\n" + text + "\nCMD z"
    dockerfile = parse(whole)
    assert ["FROM", text.split()[0], "CMD"] == [each.keyword for each in dockerfile.instructions]
    heredocs = dockerfile.instructions[1].heredocs
    assert found == [(each.name, each.expand, each.chomp, each.body.of(whole)) for each in heredocs]


@pytest.mark.parametrize(
    "text",
    [
        "RUN a <<<EOF",
        'RUN a "<<EOF"',
        "RUN a '<<EOF'",
        "RUN a \\<<EOF",
        "RUN a<<EOF",
        "RUN a <<- EOF",
        "RUN a<< EOF",
        "RUN a << <<EOF",
        "RUN a <<",
        "RUN a $((1<<2))",
        'RUN ["a", "<<EOF"]',
        "CMD a <<EOF",
        "ENV A=<<EOF",
        "RUN echo it's <<EOF",  # a quote that does not end: BuildKit's lexer gives up
        "RUN a ${b^^} <<EOF",
        'RUN a <<""',
    ],
)
def test_what_only_looks_like_a_heredoc_is_none(text: str) -> None:
    dockerfile = parse(f"FROM x\n{text}\nCMD z\n")
    assert ["FROM", text.split()[0], "CMD"] == [each.keyword for each in dockerfile.instructions]
    assert () == dockerfile.instructions[1].heredocs


def test_a_heredoc_without_end_is_refused_with_its_line() -> None:
    with pytest.raises(DockerfileError, match="heredoc EOF has no end") as raised:
        parse("FROM x\nRUN a \\\n <<EOF\nb\n EOF\n")
    assert 3 == raised.value.line


# stages


def test_arguments_before_from_belong_to_no_stage() -> None:
    dockerfile = parse("ARG A=1\nARG B\nFROM x:$A\nARG A\nFROM y\n")
    assert (2, [2, 1]) == (len(dockerfile.global_args), [len(stage.instructions) for stage in dockerfile.stages])
    assert "x:$A" == dockerfile.stages[0].base


def test_onbuild_keeps_its_trigger_as_text() -> None:
    assert "COPY --from=x a /b" == second("FROM x\nONBUILD COPY --from=x a /b\n").value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "no instruction"),
        ("# only a comment\n", 0, "no instruction"),
        ("ARG A\n", 0, "no FROM"),
        ("RUN a\nFROM x\n", 1, "before the first FROM"),
        ("FROM\n", 1, "no argument"),
        ("FROM x y\n", 1, "IMAGE AS NAME"),
        ("FROM x AS\n", 1, "IMAGE AS NAME"),
        ("FROM x AS 1st\n", 1, "1st"),
        ("FROM x AS a b\n", 1, "IMAGE AS NAME"),
        ("FROM x\nRUM a\n", 2, "unknown instruction RUM"),
        ("FROM x\nENV A\n", 2, "no value"),
        ("FROM x\nENV A=1 B\n", 2, "has no ="),
        ("FROM x\nENV =1\n", 2, "empty"),
        ("FROM x\nARG =1\n", 2, "empty"),
        ("FROM x\nLABEL a\n", 2, "no value"),
        ("FROM x\nCOPY a\n", 2, "source and a destination"),
        ('FROM x\nCOPY ["a"]\n', 2, "source and a destination"),
        ("FROM x\nCOPY a <<EOF\nEOF\n", 2, "heredoc for its destination"),
        ("FROM x\nSHELL /bin/sh\n", 2, "JSON"),
        ("FROM x\nSHELL []\n", 2, "JSON"),
        ("FROM x\nCMD [1]\n", 2, "strings"),
        ("FROM x\nONBUILD CMD [1]\n", 2, "strings"),
        ("FROM x\nCMD " + "[" * 5000 + "]" * 5000 + "\n", 2, "strings"),
        ("FROM x\nCMD --port 80\n", 2, "takes no flag --port"),
        ("FROM x\nHEALTHCHECK a\n", 2, "neither NONE nor CMD"),
        ("FROM x\nHEALTHCHECK CMD\n", 2, "no command"),
        ("FROM x\nHEALTHCHECK NONE a\n", 2, "NONE and more"),
        ("FROM x\nONBUILD ONBUILD RUN a\n", 2, "cannot trigger ONBUILD"),
        ("FROM x\nONBUILD FROM a\n", 2, "cannot trigger FROM"),
        ("FROM x\nVOLUME []\n", 2, "names no path"),
        ('FROM x\nVOLUME [" "]\n', 2, "names no path"),
        ("FROM x\nEXPOSE\n", 2, "no argument"),
        ("FROM x\nWORKDIR \\\n\n", 2, "no argument"),
        ("FROM x\n\\\n", 2, "unknown instruction"),
    ],
)
def test_what_no_builder_takes_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(DockerfileError, match=message) as raised:
        parse(text)
    assert line == raised.value.line
    assert raised.value.hint


@pytest.mark.parametrize(
    "text", ["CMD", "ENTRYPOINT", "RUN", "ONBUILD FOO", "ENV A b c", "LABEL a b", "RUN --", "cmd x"]
)
def test_what_buildkit_takes_is_taken(text: str) -> None:
    assert text.split()[0].upper() == second(f"FROM x\n{text}\n").keyword


def test_an_unknown_word_is_answered_with_the_nearest_instruction() -> None:
    with pytest.raises(DockerfileError) as raised:
        parse("FORM x\n")
    assert "did you mean FROM?" == raised.value.hint
