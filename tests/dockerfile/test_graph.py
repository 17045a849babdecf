"""Stages, targets, references, and the variables in them."""

from __future__ import annotations

import pytest

from jettison.core.errors import DockerfileError, UsageError
from jettison.core.platform import host
from jettison.dockerfile.graph import (
    check_references,
    expand_from,
    global_variables,
    needed,
    resolve_target,
    stage_chain,
)
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.parse import parse
from jettison.dockerfile.scope import made_by, state_at

THREE = """\
FROM x AS a
FROM a AS b
COPY --from=a /1 /2
FROM y AS c
RUN --mount=type=bind,from=b,target=/b z
FROM scratch
"""


@pytest.mark.parametrize(("target", "index"), [(None, 3), ("a", 0), ("B", 1), ("2", 2), ("3", 3)])
def test_a_target_is_a_name_or_a_number(target: str | None, index: int) -> None:
    assert index == resolve_target(parse(THREE), target).index


@pytest.mark.parametrize("target", ["d", "4", "-1", "", "²"])
def test_an_unknown_target_is_answered_with_the_stages_there_are(target: str) -> None:
    with pytest.raises(UsageError) as raised:
        resolve_target(parse(THREE), target)
    assert "stages: a, b, c, 3" == raised.value.hint


def test_of_two_stages_with_one_name_the_last_is_the_target() -> None:
    assert 1 == resolve_target(parse("FROM x AS a\nFROM y AS a\nFROM z\n"), "a").index


def test_the_chain_of_a_stage_ends_at_an_image() -> None:
    dockerfile = parse(THREE)
    assert [0, 1] == [stage.index for stage in stage_chain(dockerfile, dockerfile.stages[1])]
    assert [2] == [stage.index for stage in stage_chain(dockerfile, dockerfile.stages[2])]


def test_a_stage_that_is_named_after_its_image_is_not_its_own_base() -> None:
    dockerfile = parse("FROM python AS python\nFROM python\n")
    assert [0, 1] == [stage.index for stage in stage_chain(dockerfile, dockerfile.stages[1])]
    check_references(dockerfile)


def test_what_a_stage_needs_follows_from_copies_and_mounts() -> None:
    dockerfile = parse(THREE)
    assert [[0], [0, 1], [0, 1, 2], [3]] == [[n.index for n in needed(dockerfile, s)] for s in dockerfile.stages]


def test_a_copy_may_name_a_stage_by_number_and_an_image_by_name() -> None:
    dockerfile = parse("FROM x\nFROM y\nCOPY --from=0 a b\nCOPY --from=alpine:3 a b\n")
    assert [0, 1] == [stage.index for stage in needed(dockerfile, dockerfile.stages[1])]
    check_references(dockerfile)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM x AS a\nCOPY --from=a 1 2\n", 2),
        ("FROM x\nCOPY --from=0 1 2\n", 2),
        ("FROM x AS a\nRUN --mount=type=cache,from=a,target=/x y\n", 2),
        ("FROM x AS a\nCOPY --from=b 1 2\nFROM y AS b\nCOPY --from=a 1 2\n", 2),
        ("FROM x AS a\nCOPY --from=b 1 2\nFROM a AS b\n", 2),
        ("FROM x\nCOPY --from=7 1 2\n", 2),
        ("FROM z\nCOPY --from=a 1 2\nFROM x AS a\nCOPY --from=b 1 2\nFROM y AS b\nCOPY --from=a 1 2\n", 4),
    ],
)
def test_stages_that_need_themselves_are_refused_with_the_line(text: str, line: int) -> None:
    with pytest.raises(DockerfileError) as raised:
        check_references(parse(text))
    assert line == raised.value.line
    assert raised.value.hint


def test_a_later_stage_may_be_copied_from_where_nothing_turns_in_a_circle() -> None:
    dockerfile = parse("FROM x AS a\nCOPY --from=b 1 2\nFROM y AS b\n")
    check_references(dockerfile)
    assert [0, 1] == [stage.index for stage in needed(dockerfile, dockerfile.stages[0])]


def test_a_thousand_stages_in_a_row_are_no_trouble() -> None:
    lines = ["FROM x AS s0", *(f"FROM s{n - 1} AS s{n}\nCOPY --from=s{n - 1} a b" for n in range(1, 1000))]
    dockerfile = parse("\n".join(lines))
    check_references(dockerfile)
    assert 1000 == len(stage_chain(dockerfile, dockerfile.stages[-1])) == len(needed(dockerfile, dockerfile.stages[-1]))


# expansion

VALUES = {"X": "x", "EMPTY": "", "FILE": "a.b.tar.gz", "PATHS": "/a/b/c"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$X", "x"), ("${X}", "x"), ("a$X-b", "ax-b"), ("$Xy", ""), ("${X}y", "xy"),
        ("${X:-d}", "x"), ("${NO:-d}", "d"), ("${EMPTY:-d}", "d"), ("${EMPTY-d}", ""), ("${NO-d}", "d"),
        ("${X:+d}", "d"), ("${NO:+d}", ""), ("${EMPTY:+d}", ""), ("${EMPTY+d}", "d"), ("${NO+d}", ""),
        ("${NO:-${X}}", "x"), ("${NO:-${ALSO:-e f}}", "e f"), ("${X:?why}", "x"),
        ("\\$X", "$X"), ("'$X'", "$X"), ('"$X"', "x"), ('"\\$X"', "$X"), ("a\\ b", "a b"), ('"a\\b"', "a\\b"),
        ("$", "$"), ("a$", "a$"), ("$/", "$/"),
        ("${FILE#*.}", "b.tar.gz"), ("${FILE##*.}", "gz"), ("${FILE%.*}", "a.b.tar"), ("${FILE%%.*}", "a"),
        ("${PATHS/\\//-}", "-a/b/c"), ("${PATHS//\\//-}", "-a-b-c"), ("${FILE/?.b/c}", "c.tar.gz"), ("${X/y/z}", "x"),
    ],
)  # fmt: skip
def test_variables_are_expanded_as_the_builder_does(text: str, value: str) -> None:
    assert value == expand(text, VALUES)[0]


def test_names_that_nothing_defines_are_told_once() -> None:
    assert ("--d", ("A", "B")) == expand("$A-${B}-${A}${C:-d}", {})


def test_the_escape_directive_changes_what_escapes_a_variable() -> None:
    assert ("$X\\x", ()) == expand("`$X\\$X", VALUES, "`")


@pytest.mark.parametrize("text", ["${", "${}", "${:x}", "${X", "${X:-d", "'a", '"a', "${X^^}", "${NO:?why}", "${X:=d}"])
def test_what_the_builder_cannot_expand_is_refused(text: str) -> None:
    with pytest.raises(DockerfileError, match="cannot be expanded"):
        expand(text, VALUES)


def test_a_thousand_nested_defaults_are_refused_and_crash_nothing() -> None:
    with pytest.raises(DockerfileError, match="too deeply"):
        expand("${A:-" * 5000 + "}" * 5000, {})


def test_from_sees_the_arguments_before_it_and_the_platforms() -> None:
    dockerfile = parse(
        "ARG V=3.20\nARG NAME=alpine:${V}\nFROM ${NAME} AS a-$TARGETARCH\n".replace(" AS a-$TARGETARCH", "")
    )
    assert "alpine:3.20" == expand_from(dockerfile, dockerfile.stages[0], {})
    assert "alpine:3.19" == expand_from(dockerfile, dockerfile.stages[0], {"V": "3.19"})
    assert "other" == expand_from(dockerfile, dockerfile.stages[0], {"NAME": "other"})
    assert host().architecture == global_variables(dockerfile, {})["TARGETARCH"]


def test_from_does_not_see_arguments_of_a_stage() -> None:
    dockerfile = parse("FROM x\nARG A=y\nFROM $A\n")
    with pytest.raises(DockerfileError, match="A is not defined") as raised:
        expand_from(dockerfile, dockerfile.stages[1], {"B": "z"})
    assert 3 == raised.value.line
    assert "--build-arg A=VALUE" in raised.value.hint


@pytest.mark.parametrize("base", ["$X", "${X}", "alpine:$X", "$X/app", "$X:1", "a@$X", "a/$X/b", "${X:-}"])
def test_a_from_that_an_undefined_variable_leaves_without_a_name_is_refused(base: str) -> None:
    dockerfile = parse(f"FROM {base}\n")
    with pytest.raises(DockerfileError, match="names no image"):
        expand_from(dockerfile, dockerfile.stages[0], {})


@pytest.mark.parametrize(
    ("base", "name"), [("${X:-alpine}", "alpine"), ("alpine${X}", "alpine"), ("alpine${X:+:$X}", "alpine")]
)
def test_a_from_with_a_default_is_one(base: str, name: str) -> None:
    dockerfile = parse(f"FROM {base}\n")
    assert name == expand_from(dockerfile, dockerfile.stages[0], {})


# what is in force

SCOPES = """\
ARG V=1
FROM x AS a
ARG V
ARG W=w$V
ENV A=1 B=$A C="$V $W"
WORKDIR /srv
WORKDIR app/../lib
USER app
SHELL ["/bin/bash", "-c"]
FROM a
ENV A=2
RUN true
ENV P=/bin:$PATH
WORKDIR $NOWHERE
RUN true
"""


def test_the_state_is_inherited_from_the_local_base() -> None:
    dockerfile = parse(SCOPES)
    stage = dockerfile.stages[1]
    state = state_at(dockerfile, stage, stage.instructions[2])
    assert {"A": "2", "C": "1 w1"} == dict(state.env)  # B: the old A was not set, and what the base has is not known
    assert ("/srv/lib", "app", ("/bin/bash", "-c")) == (state.workdir, state.user, state.shell)
    assert {"V": "1", "W": "w1"} == dict(state.args)


def test_build_arguments_go_before_defaults() -> None:
    dockerfile = parse(SCOPES)
    stage = dockerfile.stages[1]
    assert "9 w9" == state_at(dockerfile, stage, stage.instructions[2], {"V": "9"}).env["C"]


def test_what_an_unknown_variable_decides_is_not_known() -> None:
    dockerfile = parse(SCOPES)
    stage = dockerfile.stages[1]
    state = state_at(dockerfile, stage, stage.instructions[-1])
    assert ("P" in state.env, state.workdir) == (False, None)


def test_the_later_of_env_and_arg_wins_and_the_image_keeps_its_env() -> None:
    dockerfile = parse("FROM scratch\nENV A=1\nARG A=2\nRUN a\nENV A=3\nRUN b\n")
    first, second = (state_at(dockerfile, dockerfile.stages[0], dockerfile.instructions[n]) for n in (3, 5))
    assert ("1", "2", "3") == (first.env["A"], first.variables["A"], second.variables["A"])


def test_what_a_base_stage_triggers_comes_before_the_stages_own_instructions() -> None:
    dockerfile = parse("FROM x AS a\nONBUILD ENV A=1\nONBUILD COPY --from=c /x /y\nFROM y AS c\nFROM a\nRUN b\n")
    last = dockerfile.stages[2]
    assert {"A": "1"} == dict(state_at(dockerfile, last, last.instructions[1]).env)
    assert ["FROM", "ONBUILD", "ONBUILD", "FROM", "ENV", "COPY", "RUN"] == [
        each.keyword for each in made_by(dockerfile, last)
    ]
    assert [0, 1, 2] == [stage.index for stage in needed(dockerfile, last)]


def test_a_variable_in_from_may_mean_a_stage() -> None:
    dockerfile = parse("ARG BASE=a\nFROM x AS a\nFROM y AS b\nFROM $BASE\n")
    last = dockerfile.stages[2]
    assert [0, 2] == [stage.index for stage in stage_chain(dockerfile, last)]
    assert [1, 2] == [stage.index for stage in stage_chain(dockerfile, last, {"BASE": "b"})]
    assert [2] == [stage.index for stage in stage_chain(dockerfile, last, {"BASE": "z"})]


def test_a_later_stage_that_the_target_needs_is_refused() -> None:
    dockerfile = parse("FROM x AS a\nCOPY --from=b 1 2\nFROM y AS b\n")
    check_references(dockerfile, dockerfile.stages[1])
    with pytest.raises(DockerfileError, match="comes later"):
        check_references(dockerfile, dockerfile.stages[0])


def test_the_old_form_of_env_takes_the_rest_of_the_line() -> None:
    dockerfile = parse("FROM x\nENV A  b c  d\nRUN true\n")
    assert {"A": "b c  d"} == dict(state_at(dockerfile, dockerfile.stages[0], dockerfile.instructions[2]).env)
