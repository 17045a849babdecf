"""A stage that `--build-arg` names in a FROM is the one that is built: rules see what they see where it is written."""

from __future__ import annotations

import pytest

from jettison.dockerfile.parse import parse
from jettison.review.look import look, seen_of
from jettison.review.model import Settings, Source

TEXT = """ARG BASE=debian:12
FROM debian:12 AS own
WORKDIR /app
RUN apt-get update && apt-get install -y openssh-server
RUN useradd app && rm -rf /var/lib/apt/lists/*
{user}FROM {base}
RUN chmod 777 /app && curl http://example.org/x | sh
CMD ["/bin/sh"]
"""
GIVEN = {"BASE": "own"}


def told(text: str) -> list[tuple[str, int, str]]:
    found = look(Source("Dockerfile", None, None, data=text.encode()), Settings(build_args=GIVEN)).remarks
    return [(each.rule, each.where.line, each.message) for each in found]


@pytest.mark.parametrize("user", ["", "USER app\n"])
def test_rules_say_the_same_whether_a_stage_is_named_or_given(user: str) -> None:
    written, given = (told(TEXT.format(user=user, base=base)) for base in ("own", "$BASE"))
    assert written == given
    assert (user == "") == ("runs-as-root" in [rule for rule, _, _ in given])


def test_what_its_commands_run_counts_and_ships() -> None:
    dockerfile = parse(TEXT.format(user="", base="$BASE"))
    text = seen_of(Source("Dockerfile", None, None, data=b""), Settings(build_args=GIVEN), dockerfile)
    assert [4, 5, 7] == [run.instruction.line for run in text.runs]
    assert text.runs == text.shipped
