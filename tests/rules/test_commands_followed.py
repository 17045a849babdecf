"""Rules that ask what a RUN runs: variables are followed, wrappers are seen through."""

from __future__ import annotations

import pytest
from layer_listing import subject_of
from test_recommends import findings

from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import all_rules
from jettison.synthesis.apt import apt_calls
from jettison.synthesis.npm_run import npm_installs
from jettison.synthesis.pip import pip_calls


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (
            "RUN pkgs='curl'; apt-get install -y $pkgs",
            "RUN pkgs='curl'; apt-get install --no-install-recommends -y $pkgs ca-certificates",
        ),
        (
            "RUN for p in curl; do apt-get install -y $p; done",
            "RUN for p in curl; do apt-get install --no-install-recommends -y $p ca-certificates; done",
        ),
        (
            "RUN sudo apt-get install -y curl",
            "RUN sudo apt-get install --no-install-recommends -y curl ca-certificates",
        ),
    ],
)
def test_packages_that_constants_name_are_known(run: str, expected: str) -> None:
    text, (finding,) = findings(run)
    assert finding.fix is not None, finding.refusal
    assert f"FROM debian\n{expected}\n" == apply(text, finding.fix.edits)


@pytest.mark.parametrize("run", ["RUN apt-get install -y $(cat pkgs)", "RUN read p; apt-get install -y curl $p"])
def test_packages_that_nothing_tells_are_not_guessed(run: str) -> None:
    _, (finding,) = findings(run)
    assert finding.fix is None
    assert "which packages were asked for is not known" in finding.refusal


def test_packages_that_an_arg_names_are_known() -> None:
    subject = subject_of("FROM debian\nARG PKGS='a b'\nRUN apt-get install -y $PKGS c\n", "3 x 1")
    (call,) = apt_calls(subject, subject.dockerfile.instructions[-1])
    assert (("c",), True) == (call.packages, call.unknown)
    assert (("a", "b", "c"), False) == (call.asked, call.unclear)


def test_pip_behind_sudo_is_called_without_its_cache() -> None:
    (rule,) = [each for each in all_rules() if each.name == "pip-cache-left-behind"]
    text = "FROM python:3.12\nRUN sudo -H pip install a\n"
    (finding,) = rule.check(subject_of(text, "2 root/.cache/pip/a 18000000"))
    assert finding.fix is not None
    assert text.replace("install", "install --no-cache-dir") == apply(text, finding.fix.edits)


def test_calls_behind_wrappers_keep_their_place() -> None:
    subject = subject_of("FROM debian\nRUN sudo apt-get install g++ && env A=1 pip install b && sudo npm ci\n", "2 x 1")
    run = parse(str(subject.dockerfile)).instructions[-1]
    assert [("install", ("g++",))] == [(call.verb, call.packages) for call in apt_calls(subject, run)]
    assert [("install", ("b",))] == [(call.verb, call.names) for call in pip_calls(subject.dockerfile, run)]
    assert ["ci"] == [call.verb.value for call in npm_installs(subject, run)]
