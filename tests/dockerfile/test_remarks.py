"""What is read in another way than it looks is said, and nothing else is."""

from __future__ import annotations

import pytest
from dockerfile_corpus import answers

from jettison.dockerfile.parse import parse
from jettison.dockerfile.remarks import Remark, remarks


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("# a comment\n# escape=`\nFROM x\n", 2, "does not count here"),
        ("FROM x\nRUN a\n\n#syntax=docker/dockerfile:1\nRUN b\n", 4, "does not count here"),
        ("# syntax=example.org/other:1\nFROM x\n", 1, "another frontend"),
        ("FROM x\nRUN a \\\n\n  b\n", 3, "an empty line inside"),
        ("FROM x\nRUN a \\\n\n  b <<EOF\n\nEOF\n", 3, "an empty line inside"),
        ("FROM x\nCMD ['a', 'b']\n", 2, "looks like JSON"),
        ('FROM x\nHEALTHCHECK CMD ["a",]\n', 2, "looks like JSON"),
        ('FROM x\nCOPY ["a", "b" , ] \n', 2, "looks like JSON"),
        ("FROM x\nONBUILD CMD ['a']\n", 2, "looks like JSON"),
        ("FROM x\nARG --foo A\n", 2, "drops --foo unseen"),
        ("FROM x\nHEALTHCHECK --retries=x NONE\n", 2, "drops --retries unseen"),
        ("FROM x\nONBUILD FOO a\n", 2, "keeps FOO"),
        ("FROM x\nRUN echo it's <<EOF\n", 2, "begins no heredoc"),
        ("FROM x AS a\nFROM y AS A\n", 2, "a second stage is called a"),
        ("FROM x AS scratch\n", 1, "builders use for themselves"),
        ("FROM x\nCOPY --chown=José a b\n", 2, "beyond ASCII"),
    ],
)
def test_what_is_read_in_another_way_than_it_looks_is_said(text: str, line: int, message: str) -> None:
    (found,) = remarks(parse(text))
    assert (line, True) == (found.line, message in found.message), found


@pytest.mark.parametrize(
    "text",
    [
        "# syntax=docker/dockerfile:1.7\n# escape=`\n# check=skip=all\nFROM x\n",
        "# syntax=docker.io/docker/dockerfile@sha256:00\nFROM x\n",
        "FROM x\nRUN [ -f /a ] && b\n",
        'FROM x\nCMD ["a"]\nHEALTHCHECK CMD ["a"]\nHEALTHCHECK --interval=5s CMD a\n',
        "FROM x\nRUN <<EOF\n# escape=`\n\nit's <<A\nEOF\n",
        "FROM x\nRUN echo '<<EOF' it\\'s\n",
        "FROM x\nRUN a \\\n# why\n  b\n\nRUN c\n",
        "FROM x AS a\nFROM y AS b\n",
        "FROM x\nCOPY [ab].txt c\n",
    ],
)
def test_of_what_is_read_as_it_looks_nothing_is_said(text: str) -> None:
    assert () == remarks(parse(text))


def test_empty_lines_inside_instructions_are_told_where_buildkit_tells_them() -> None:
    told = 0
    for answer in answers("corpus")["answers"].values():
        if "error" not in answer["said"]:
            found = [each for each in remarks(parse(answer["asked"]["text"])) if "an empty line" in each.message]
            counted = answer["said"].get("empty_continuations", 0)
            told += counted
            assert bool(counted) >= bool(found), answer["asked"]["text"]
    assert 3 < told


def test_remarks_come_in_the_order_of_the_file() -> None:
    found = remarks(parse("FROM x AS scratch\nARG --a B\n# escape=`\nFROM y AS scratch\n"))
    assert [1, 2, 3, 4, 4] == [each.line for each in found]
    assert Remark(2, "ARG drops --a unseen") == found[1]
