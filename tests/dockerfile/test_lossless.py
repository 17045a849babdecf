"""Text in, the same text out: for every text that parses, spans say where everything stands."""

from __future__ import annotations

import re

import pytest
from dockerfile_texts import any_text, dockerfiles, mutated
from hypothesis import example, given, settings

from jettison.core.errors import DockerfileError
from jettison.dockerfile.model import Dockerfile
from jettison.dockerfile.parse import decode, encode, parse
from jettison.dockerfile.shell import script


def pieces(dockerfile: Dockerfile) -> list[str]:
    """The file cut at its instructions: what stands between, and they."""
    found, at = [], 0
    for instruction in dockerfile.instructions:
        found += [dockerfile.text[at : instruction.span.start], instruction.span.of(dockerfile.text)]
        at = instruction.span.end
    return [*found, dockerfile.text[at:]]


def check(text: str) -> None:
    """All that holds for any text whatever: it is refused with a line of it, or kept whole."""
    try:
        dockerfile = parse(text)
    except DockerfileError as error:
        assert 0 <= error.line <= text.count("\n") + 1
        assert error.hint
        return
    assert text == str(dockerfile)
    parts = pieces(dockerfile)
    assert text == "".join(parts)
    for between in parts[::2]:
        for line in between.removeprefix("\ufeff").split("\n"):
            assert re.fullmatch(r"\s*|\s*#.*|\s*[\\`]?[ \t]*\r*", line), line  # an empty line that is continued, too
    ends = [0]
    for instruction in dockerfile.instructions:
        assert ends[-1] <= instruction.span.start < instruction.span.end <= len(text)
        ends.append(instruction.span.end)
        inside = [flag.span for flag in instruction.flags] + [word.span for word in instruction.words]
        assert sorted(inside) == inside
        assert all(instruction.keyword_end <= span.start < span.end <= instruction.body.end for span in inside)
        assert text.count("\n", 0, instruction.span.start) + 1 == instruction.line
        found = script(dockerfile, instruction)
        for command in found.commands if found else ():
            assert instruction.span.start <= command.span.start < command.span.end <= instruction.span.end
            assert command.statement.start <= command.span.start < command.span.end <= command.statement.end
            assert all(command.span.start <= each.span.start < each.span.end for each in command.arguments)
    staged = [each for stage in dockerfile.stages for each in stage.instructions]
    assert [*dockerfile.global_args, *staged] == list(dockerfile.instructions)


@settings(deadline=None)
@given(any_text())
def test_any_text_is_kept_whole_or_refused_with_its_line(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(dockerfiles())
def test_a_generated_dockerfile_is_kept_whole(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(mutated())
@example("# escape=\\\r\n\r\\\nFROM base AS s0")
@example("FROM a\n \\\nRUN x")
def test_a_damaged_dockerfile_is_kept_whole_or_refused(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a",
        "FROM a\r\nRUN b\r\n",
        "FROM a\r\r\nRUN b \\\r\r\n  c\r",
        "\ufeffFROM a\n",
        "\ufeff# escape=`\nFROM a\nRUN b `\n c\n",
        "FROM a\n\x0cRUN b\x0c\n\x0b\n",
        "FROM a\nRUN echo \x00\n",
        "FROM a\nRUN echo \udc80\ud800 '\udfff'\n",
        "FROM a\n\n\n",
        "FROM a\nRUN b \\\n",
        "FROM a\nRUN b \\\n\n# c\n",
        "FR\\\nOM a\nRU\\\nN b\n",
        "\\\nFROM a\n",
        "FROM a\nRUN <<EOF\nb\nEOF",
        "FROM a\nRUN b\u2028c\u0085d\n",
    ],
)
def test_a_rare_text_is_kept_whole(text: str) -> None:
    parse(text)
    check(text)


def test_a_byte_order_mark_is_no_part_of_the_first_instruction() -> None:
    (stage,) = parse("\ufeffFROM a\n").stages
    assert ("a", 1) == (stage.base, stage.instructions[0].span.start)


@settings(deadline=None)
@given(dockerfiles())
def test_bytes_survive_decode_and_encode(text: str) -> None:
    data = text.encode("utf-8", "replace")
    if b"\0" not in data:
        assert data == encode(decode(data))


def test_bytes_that_are_not_utf_8_are_refused_with_their_line() -> None:
    with pytest.raises(DockerfileError, match="0xe9 in line 2") as raised:
        decode(b"FROM a\n# caf\xe9\n")
    assert 2 == raised.value.line


def test_a_nul_byte_is_refused_with_its_line() -> None:
    with pytest.raises(DockerfileError, match="NUL byte in line 3") as raised:
        decode(b"FROM a\n\nRUN \0\n")
    assert 3 == raised.value.line


def test_a_megabyte_takes_no_quadratic_time() -> None:
    import time

    text = "FROM a\n" + "RUN apt-get update && \\\n    # why\n    apt-get install -y curl\n" * 17_000
    began = time.process_time()
    dockerfile = parse(text)
    spent = time.process_time() - began
    assert 17_001 == len(dockerfile.instructions)
    assert 1_000_000 < len(text)
    assert spent < 4, f"{spent:.1f} s"  # seconds; 0.7 s where this was written, the bound leaves room for slow machines
    began = time.process_time()
    assert all(script(dockerfile, each) for each in dockerfile.instructions[1:1001])
    assert time.process_time() - began < 4
