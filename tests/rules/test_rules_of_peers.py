"""Rules that other linters have in their own way, upon text: what each catches, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases_of_peers import CASES
from seen_in_one_text import assert_fixed, assert_told, each_case, findings

from jettison.dockerfile.parse import parse
from jettison.rule import text_rules
from jettison.subject import Text

ARTICLES = Path(__file__).parents[1] / "docs" / "articles"


@each_case(CASES)
def test_a_rule_catches_what_it_is_about_and_nothing_else(name: str, text: str, number: int) -> None:
    assert_told(name, text, number)
    assert_fixed(name, text)


def test_who_installs_alpine_s_openssh_is_told_of_the_client() -> None:
    (found,) = findings("ssh-server-shipped", "RUN apk add openssh git")
    assert (found.refusal or "").startswith("where ssh is all that is called, openssh-client brings it alone")


def test_only_upon_folders_of_the_kernel_a_runtime_mounts_its_own() -> None:
    text = "WORKDIR /boot\nVOLUME /data /proc /sys\n"
    assert [
        "line 2 names /boot, which is there for machines that boot",
        "line 3 names /proc, which is the kernel's: a runtime mounts its own",
    ] == [each.message for each in findings("system-folder-declared", text)]


def test_signatures_and_certificates_are_told_apart() -> None:
    text = "RUN yum install -y --nogpgcheck a\nRUN curl -k https://x/a\n"
    assert [
        "line 2 says --nogpgcheck, by which packages come that nobody signed",
        "line 3 says -k, by which any server passes for the right one",
    ] == sorted(each.message for each in findings("verification-switched-off", text))


def test_a_secret_is_never_printed() -> None:
    told = [each for text, number in CASES["credentials-in-a-command"].items() if number for each in findings(
        "credentials-in-a-command", text)]  # fmt: skip
    assert [] == [each.message for each in told if "s3cret9" in f"{each.message}{each.refusal}"]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ARTICLES.glob("*/Dockerfile")))
def test_no_fix_invents_a_user_a_health_check_an_environment_or_a_clean_by_name(name: str) -> None:
    folder = ARTICLES / name
    dockerfile = parse((folder / "Dockerfile").read_text())
    text = Text(dockerfile, folder, dockerfile.stages[-1])
    found = [each for rule in text_rules() if rule.text is not None for each in rule.text(text)]
    edits = [(each.rule, edit.text) for each in found if each.fix for edit in each.fix.edits]
    invented = ("USER", "HEALTHCHECK", "ENV", "NODE_ENV", "pipefail", "cache clean")
    kept = dockerfile.text
    assert [] == [(rule, word) for rule, new in edits for word in invented if word in new and word not in kept]


def test_a_fix_of_these_rules_invents_nothing_either() -> None:
    words = ("USER", "HEALTHCHECK", "ENV", "pipefail", "cache clean")
    found = [each for name, texts in CASES.items() for text in texts for each in findings(name, text)]
    fixes = [each.fix for each in found if each.fix]
    assert [] == [edit.text for fix in fixes for edit in fix.edits for word in words if word in edit.text]
