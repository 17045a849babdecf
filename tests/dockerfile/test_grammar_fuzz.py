"""Damaged Dockerfiles by the thousand: kept whole or refused, judged without a crash, and in time."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from ask_buildkit import mutated
from dockerfile_corpus import cases

from jettison.core.errors import DockerfileError
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import refusals
from jettison.rule import text_rules
from jettison.subject import Text

pytestmark = pytest.mark.slow
TEXTS = [case["text"] for case in cases().values()]
ASKED = [each for each in text_rules() if each.code.startswith("JT7") and each.text]
NOWHERE = Path("/nonexistent")


def judge(text: str) -> bool:
    """Whether a text is a Dockerfile; then it was kept whole, its spans tile it, and it was judged."""
    try:
        dockerfile = parse(text)
    except DockerfileError as error:
        assert 0 <= error.line <= text.count("\n") + 1
        assert str(error)
        return False
    assert text == str(dockerfile)
    at = 0
    for each in dockerfile.instructions:
        assert at <= each.span.start < each.span.end <= len(text)
        inside = [flag.span for flag in each.flags] + [word.span for word in each.words]
        assert sorted(inside) == inside
        assert all(each.span.start <= span.start < span.end <= each.span.end for span in inside)
        assert each.line <= each.end_line <= text.count("\n") + 1
        if each.trigger is not None:
            assert each.span.start < each.trigger.span.start <= each.trigger.span.end == each.span.end
        at = each.span.end
    lines = range(text.count("\n") + 2)
    assert all(each.line in lines and each.message for each in refusals(dockerfile))
    for rule in ASKED:
        list(rule.text(Text(dockerfile, NOWHERE, dockerfile.stages[-1])))
    return True


def run(count: int, seed: int) -> None:
    choice, taken, slowest = random.Random(seed), 0, 0.0
    for _ in range(count):
        text = mutated(choice.choice(TEXTS), choice)
        for _ in range(choice.randint(0, 2)):  # and two of them one behind the other
            text = mutated(text + choice.choice(TEXTS), choice)
        began = time.process_time()
        taken += judge(text)
        slowest = max(slowest, time.process_time() - began)
    assert count // 20 < taken < count
    assert slowest < 2, f"{slowest:.1f} s"


def test_two_thousand_damaged_dockerfiles_are_kept_whole_or_refused() -> None:
    run(2000, 1)


@pytest.mark.slow
def test_a_hundred_thousand_damaged_dockerfiles_are_kept_whole_or_refused() -> None:
    run(100_000, 2)


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nENV A=" + "$" * 60_000 + "\n",
        "FROM x\nENV A=" + "${B:-" * 9000 + "}" * 9000 + "\n",
        "FROM x\nRUN " + "<<A " * 15_000 + "\n" + "A\n" * 15_000,
        "FROM x\nRUN " + '"<<' * 20_000 + "\n",
        "FROM x\nRUN " + "\\" * 60_000 + "\n",
        "FROM x\nRUN a \\\n" + "\n" * 50_000 + " b\n",
        "FROM x\nRUN " + "--mount=type=cache,target=/x \\\n" * 5000 + "a\n",
        "FROM x\nENV A=" + "a" * 60_000 + "\nENV B=${A#" + "*a" * 20_000 + "b}\n",
        "FROM x\nENV A=" + "ab" * 30_000 + "\nENV B=${A//?a*c/x}\n",
        "FROM scratch\nENV A=aaaaaaaaaa\n" + "ENV A=$A$A\n" * 40,
        "FROM scratch\nENV A=aaaaaaaaaa\n" + "ENV A=${A//a/$A}\n" * 10,
        "FROM x\n" + "".join(f"ENV A{n}=$A{n - 1}\n" for n in range(2000)),
        "".join(f"ARG A{n}=x\n" for n in range(1500)) + "".join(f"FROM $A{n} AS s{n}\n" for n in range(1500)),
        "FROM x AS s0\n" + "".join(f"FROM s{n - 1} AS s{n}\nCOPY --from=s{n - 1} a b\n" for n in range(1, 800)),
        "FROM x AS a\n" * 3000 + "FROM a\n",
        "FROM x AS a\n" + "ONBUILD ENV A=b\n" * 2000 + "FROM a\n",
        "FROM x\nONBUILD " + "ONBUILD " * 5000 + "RUN a\n",
        "FROM x\nCMD " + "[" * 30_000 + "]" * 30_000 + "\n",
    ],
    ids=lambda text: text[:30],
)
def test_hostile_text_takes_no_more_than_seconds(text: str) -> None:
    began = time.process_time()
    judge(text)
    assert time.process_time() - began < 10  # 0.5 s for the worst of them where this was written


def test_a_line_is_as_long_as_buildkits_buffer_and_no_longer() -> None:
    longest = "FROM x\nRUN " + "a" * (65536 - len("RUN \n")) + "\n"
    assert 2 == len(parse(longest).instructions)
    for text in (longest.replace("aa", "aaa", 1), longest.rstrip("\n") + "a", longest.replace("aa", "aé", 1)):
        with pytest.raises(DockerfileError, match="line 2 is longer than 65535 bytes"):
            parse(text)


def test_a_value_that_grows_without_end_is_refused() -> None:
    with pytest.raises(DockerfileError, match="grows beyond"):
        expand("$A$A", {"A": "a" * 2**20})
    with pytest.raises(DockerfileError, match="grows beyond"):
        expand("${A//a/$A}", {"A": "a" * 2**12})
