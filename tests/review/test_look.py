"""One Dockerfile looked at: what is said, where, how gravely, and what a comment or a setting silences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dockerfile_corpus import answers, disagreements
from looked_at import look_at

from jettison.core.errors import DockerfileError, UsageError
from jettison.core.values import Severity, Where
from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import awaited
from jettison.review.allowed import allowed_in
from jettison.review.look import look
from jettison.review.model import Settings, Source
from jettison.review.settings import rules_named
from jettison.rule import all_rules, rule_names, text_rules


def test_a_file_that_does_not_parse_is_a_finding_on_its_line(tmp_path: Path) -> None:
    (remark,) = look_at(tmp_path, "FROM a\nRUM x\n").remarks
    assert ("syntax", "JT000", Severity.ERROR) == (remark.rule, remark.code, remark.severity)
    assert Where("Dockerfile", 2, 1, 2, 6) == remark.where
    assert "did you mean RUN?" == remark.advice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FROM scratch\nCOPY --from=3 x y\n",
        "FROM scratch AS b\nCOPY --from=b x y\n",
        "FROM\n",
        "\0",
        "# escape=x\nFROM a",
        "FROM scratch\nEXPOSE 80a\n",
        "FROM scratch\nSTOPSIGNAL SIGNO\n",
        "FROM $UNKNOWN\n",
        "FROM scratch\nENV A=${B:?no}\n",
    ],
)
def test_what_no_builder_begins_with_is_a_syntax_finding(tmp_path: Path, text: str) -> None:
    assert ["syntax"] == [each.rule for each in look_at(tmp_path, text).remarks]


def test_bytes_that_are_no_text_are_one_too(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM a\nRUN \xff\n")
    found = look(Source("Dockerfile", tmp_path / "Dockerfile", tmp_path), Settings())
    assert [("syntax", 2)] == [(each.rule, each.where.line) for each in found.remarks]
    assert found.text is None


@pytest.mark.parametrize(
    "text",
    [
        "ARG BASE\nFROM $BASE\n",
        "ARG A\nARG BASE=${A:?give it}\nFROM $BASE\n",
        "ARG P\nFROM --platform=$P scratch\n",
        "FROM scratch\nARG S\nSTOPSIGNAL $S\n",
        "FROM scratch\nARG V\nENV W=${V:?needed}\n",
    ],
)
def test_an_argument_that_has_no_default_may_be_given_later(tmp_path: Path, text: str) -> None:
    assert "syntax" not in {each.rule for each in look_at(tmp_path, text).remarks}


@pytest.mark.parametrize(
    ("text", "given"),
    [("ARG BASE\nFROM $BASE\n", {"BASE": "A:1.0.0"}), ("FROM scratch\nARG S\nSTOPSIGNAL $S\n", {"S": "X"})],
)
def test_an_argument_that_is_given_is_judged(tmp_path: Path, text: str, given: dict[str, str]) -> None:
    assert "syntax" in {each.rule for each in look_at(tmp_path, text, Settings(build_args=given)).remarks}


def test_all_that_a_builder_refuses_is_told_and_rules_speak_besides(tmp_path: Path) -> None:
    found = look_at(tmp_path, "FROM node AS Web\nEXPOSE 80a\nSTOPSIGNAL NO\nFROM Web\nCOPY --from=web a b\nUSER node\n")
    said = [(each.where.line, each.rule) for each in found.remarks if each.severity is Severity.ERROR]
    assert [(2, "syntax"), (3, "syntax"), (4, "syntax")] == said
    assert "a stage is called so: write FROM web" == next(each.advice for each in found.remarks if each.where.line == 4)
    assert "unpinned-base-tag" in {each.rule for each in found.remarks}


def test_what_buildkit_does_not_begin_to_build_is_a_syntax_finding_and_nothing_else_is() -> None:
    wrong, refused = [], 0
    for name, answer in answers("corpus")["answers"].items():
        asked, said = answer["asked"], answer["said"]
        if name in disagreements() or asked.get("target") or "\0" in asked["text"] or awaits(asked["text"]):
            continue
        source = Source("-", None, None, data=asked["text"].encode(), build_args=asked.get("build_args", {}))
        ours = any(each.rule == "syntax" for each in look(source, Settings()).remarks)
        theirs = "error" in said or "error" in said["build"]
        refused += theirs
        if ours != theirs:
            wrong.append(name)
    assert [] == wrong
    assert 150 < refused


def awaits(text: str) -> bool:
    """Whether an ARG has no default, so that the command line may have to give it a value."""
    try:
        return bool(awaited(parse(text).instructions, {}))
    except DockerfileError:
        return False


def test_the_place_of_a_finding_is_all_of_its_instruction(tmp_path: Path) -> None:
    (remark,) = look_at(tmp_path, "\n  FROM \\\n    node\n").remarks
    assert ("unpinned-base-tag", Where("Dockerfile", 2, 3, 3, 9)) == (remark.rule, remark.where)


def test_a_rule_that_proposes_gives_a_note(tmp_path: Path) -> None:
    assert [Severity.NOTE] == [each.severity for each in look_at(tmp_path, "FROM node\n").remarks]


@pytest.mark.parametrize(
    ("above", "allowed"),
    [
        ("# jettison: allow unpinned-base-tag (we follow node)\n", 1),
        ("# jettison: allow runs-as-root, unpinned-base-tag\n\n# and a word\n", 1),
        ("#jettison:allow unpinned-base-tag\n", 1),
        ("# hadolint ignore=DL3007,DL3006\n", 1),
        ("# hadolint global ignore=DL3007\n", 1),
        ("# hadolint ignore=DL3008\n", 0),
        ("# jettison: allow runs-as-root\n", 0),
        ("# allow unpinned-base-tag\n", 0),
    ],
)
def test_a_comment_silences_a_rule_at_the_instruction_below(tmp_path: Path, above: str, allowed: int) -> None:
    found = look_at(tmp_path, f"{above}FROM node\n")
    assert (allowed, 1 - allowed) == (found.allowed, len(found.remarks))


def test_a_comment_silences_one_instruction_and_no_other(tmp_path: Path) -> None:
    text = "# jettison: allow unpinned-base-tag\nFROM node AS a\nFROM python\nCOPY --from=a /x /x\n"
    assert [3] == [each.where.line for each in look_at(tmp_path, text).remarks]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM scratch\nWORKDIR a\n", ["relative-workdir"]),
        ("FROM scratch\n# check=skip=WorkdirRelativePath why\nWORKDIR a\n", []),
        ("FROM scratch\n\n#check = skip=UndefinedVar,workdirrelativepath\n\nWORKDIR a\n", []),
        ("FROM scratch\n# check=skip=all\nWORKDIR a\n", []),
        ("FROM scratch\n# check=skip=UndefinedVar\nWORKDIR a\n", ["relative-workdir"]),
        ("FROM scratch\nWORKDIR a\n# check=skip=WorkdirRelativePath\n", ["relative-workdir"]),
        ("# check=skip=WorkdirRelativePath;error=true\nFROM scratch\nWORKDIR a\n", []),
        ("FROM scratch\nRUN <<E\n# check=skip=all\nE\nWORKDIR a\n", ["relative-workdir"]),
    ],
)
def test_buildkit_s_own_comments_silence_what_stands_for_its_checks(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    assert found == [each.rule for each in look_at(tmp_path, text).remarks]


def test_a_file_of_another_frontend_is_said_to_be_one(tmp_path: Path) -> None:
    (told,) = look_at(tmp_path, "# syntax=example.org/other:1\nFROM scratch\n").skipped
    assert "line 1" == told.what
    assert "example.org/other:1 is read as docker/dockerfile is" in told.reason
    for own in ("docker/dockerfile:1.7", "docker.io/docker/dockerfile@sha256:00", "docker/dockerfile-upstream:master"):
        assert () == look_at(tmp_path, f"# syntax={own}\nFROM scratch\n").skipped


def test_rules_are_named_as_other_linters_name_them() -> None:
    assert {"runs-as-root", "shell-form-entry", "json-form-broken"} == rules_named(("JT601", "jsonargsrecommended"))
    assert {"relative-workdir"} == rules_named(("DL3000,WorkdirRelativePath",))
    assert frozenset() == rules_named(("DL3008,StageNameCasing",), ignored=True)
    for name in ("DL3008", "StageNameCasing", "DL300", "SomethingElse"):
        with pytest.raises(UsageError, match=name):
            rules_named((name,))
    with pytest.raises(UsageError, match="SomethingElse"):
        rules_named(("SomethingElse",), ignored=True)


def test_hadolint_s_global_comment_counts_wherever_it_stands(tmp_path: Path) -> None:
    assert [] == list(look_at(tmp_path, 'FROM node\nCMD ["x"]\n# hadolint global ignore=DL3007,DL3002\n').remarks)


def test_a_comment_that_names_no_rule_is_told(tmp_path: Path) -> None:
    found = look_at(tmp_path, "# jettison: allow unpined-base-tag\nFROM node\n")
    assert [("line 1", "there is no rule called unpined-base-tag")] == [(e.what, e.reason) for e in found.skipped]


def test_settings_choose_the_rules(tmp_path: Path) -> None:
    text = 'FROM node:8\nADD a /b\nCMD ["x"]\n'
    every = {"base-past-end-of-life", "plain-files-added", "runs-as-root"}
    assert every == {each.rule for each in look_at(tmp_path, text).remarks}
    only = Settings(select=frozenset({"runs-as-root"}))
    assert {"runs-as-root"} == {each.rule for each in look_at(tmp_path, text, only).remarks}
    without = Settings(ignore=frozenset({"runs-as-root", "plain-files-added"}))
    assert {"base-past-end-of-life"} == {each.rule for each in look_at(tmp_path, text, without).remarks}
    there = Settings(
        ignore_in=(("Docker*", frozenset({"runs-as-root"})), ("other/*", frozenset({"plain-files-added"})))
    )
    assert every - {"runs-as-root"} == {each.rule for each in look_at(tmp_path, text, there).remarks}


def test_build_arguments_are_filled_in(tmp_path: Path) -> None:
    text = "ARG V=22.1.0\nFROM node:$V\n"
    assert [] == list(look_at(tmp_path, text).remarks)
    (remark,) = look_at(tmp_path, text, Settings(build_args={"V": "22"})).remarks
    assert "takes node:22," in remark.message


def test_without_a_context_rules_that_need_one_are_silent() -> None:
    source = Source(
        "-", None, None, data=b"FROM node:22.1.0\nCOPY . .\nRUN npm install && npm cache clean --force\nUSER node\n"
    )
    assert ((), ()) == (look(source, Settings()).remarks, look(source, Settings()).skipped)


def test_the_rules_that_see_text_are_found_without_importing_the_others() -> None:
    expected = [(each.code, each.text) for each in all_rules() if each.text is not None]
    assert expected == [(each.code, each.text) for each in text_rules()]
    assert rule_names() == tuple(each.name for each in all_rules())


def test_every_code_of_others_leads_to_rules_that_are_there() -> None:
    from jettison.review.codes import BUILDKIT, HADOLINT

    assert set() == {name for names in [*HADOLINT.values(), *BUILDKIT.values()] for name in names} - set(rule_names())


def test_a_comment_means_the_instruction_that_follows_it(tmp_path: Path) -> None:
    pairs = 3000
    text = "FROM a\n" + "# jettison: allow apt-lists-left-behind\nRUN apt-get update\n" * pairs + "# check\n"
    dockerfile = parse(text)
    allowed = allowed_in(dockerfile)
    assert set(range(3, 2 * pairs + 2, 2)) == set(allowed.at)


def test_an_ignore_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nCOPY . /x\n")
    (tmp_path / ".dockerignore").write_text("id_rsa\n")
    source = Source("Dockerfile", tmp_path / "Dockerfile", tmp_path)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UsageError, match=r"cannot read .*dockerignore"):
        patch.setattr(Path, "read_bytes", _denied)
        look(replace(source, data=b"FROM a\nCOPY . /x\n"), Settings())


def _denied(path: Path) -> bytes:
    raise PermissionError(13, "Permission denied", str(path))
