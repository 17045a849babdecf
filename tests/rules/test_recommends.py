"""recommends-installed, on a small package database laid out as dpkg does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from layer_listing import subject_of

from jettison.dockerfile.edit import apply
from jettison.rule import Finding
from jettison.rules.recommends_installed import recommends_installed
from jettison.subject import Answer, Observed, Question, Subject

BASE = {"libc6": ""}
INSTALLED = {
    "curl": "Depends: libc6\nRecommends: ca-certificates, patch",
    "ca-certificates": "Depends: openssl",
    "openssl": "Depends: libc6",
    "patch": "Depends: libpatch\nSuggests: ed",
    "libpatch": "",
}
OWNED = {"curl": 300_000, "ca-certificates": 400_000, "openssl": 900_000, "patch": 2_000_000, "libpatch": 1_000_000}


def status(packages: dict[str, str]) -> str:
    return "".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n{fields}\n".replace(
            "\n\n", "\n"
        )
        + "\n"
        for name, fields in packages.items()
    )


def findings(run: str, installed: dict[str, str] = INSTALLED) -> tuple[str, list[Finding]]:
    subject = installed_by(run, installed)
    return subject.dockerfile.text, list(recommends_installed(subject))


def installed_by(run: str, installed: dict[str, str] = INSTALLED) -> Subject:
    """The subject of one RUN that brought these packages."""
    text = f"FROM debian\n{run}\n"
    texts = {"below": status(BASE), "above": status({**BASE, **installed})}
    listing = ["1 var/lib/dpkg/status text=below", "2 var/lib/dpkg/status text=above"]
    for name in installed:
        texts[name] = f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n"
        listing += [f"2 usr/bin/{name} {OWNED.get(name, 10)}", f"2 var/lib/dpkg/info/{name}.list text={name}"]
    return subject_of(text, "\n".join(listing), texts)


def test_what_was_only_recommended_is_weighed_and_what_is_needed_is_kept_by_name() -> None:
    text, (finding,) = findings("RUN apt-get update && apt-get install -y curl")
    expected = "line 2 installs 2 packages that are only recommended: libpatch, patch (the package database says so)"
    assert expected == finding.message
    records = sum(len(f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n") for name in ("patch", "libpatch"))
    paragraphs = len(status({name: INSTALLED[name] for name in ("patch", "libpatch")}))
    assert 3_000_000 + records + paragraphs == finding.predicted
    assert (b"usr/bin/patch", b"usr/bin/libpatch") == finding.paths[:2]
    assert finding.fix is not None
    assert "install without recommended packages, keep ca-certificates" == finding.fix.title
    expected = "RUN apt-get update && apt-get install --no-install-recommends -y curl ca-certificates"
    assert f"FROM debian\n{expected}\n" == apply(text, finding.fix.edits)


def test_what_is_asked_for_by_name_is_not_only_recommended() -> None:
    _, found = findings("RUN apt-get install -y curl patch")
    assert [] == [each.message for each in found if "patch" in each.message]


def test_each_install_of_the_run_gets_the_option() -> None:
    text, (finding,) = findings("RUN apt-get install -y libpatch && apt-get \\\n    install -yq curl")
    assert finding.fix is not None
    expected = (
        "RUN apt-get install --no-install-recommends -y libpatch && apt-get \\\n"
        "    install --no-install-recommends -yq curl ca-certificates"
    )
    assert f"FROM debian\n{expected}\n" == apply(text, finding.fix.edits)


@pytest.mark.parametrize(
    "run",
    [
        "RUN apt-get install -y --no-install-recommends curl",
        "RUN apt-get install -y -o APT::Install-Recommends=0 curl",
        "RUN apt-get install -y -oAPT::Install-Recommends=false curl",
        "RUN apt-get install -y --option=apt::install-recommends=No curl",
        "RUN aptitude install -y --without-recommends curl",
        "RUN aptitude install -yR curl",
        "RUN apt-get update",
        "RUN make install",
        "RUN apt-get remove -y curl",
    ],
)
def test_where_recommended_packages_are_off_or_nothing_is_installed_nothing_is_found(run: str) -> None:
    assert [] == findings(run)[1]


def test_where_nothing_was_recommended_nothing_is_found() -> None:
    assert [] == findings("RUN apt-get install -y openssl", {"openssl": "Depends: libc6"})[1]


@pytest.mark.parametrize(
    "package", ["$PACKAGES", "$(cat list)", "./curl.deb", "/tmp/curl.deb", "'curl*'", "web-server^"]
)
def test_where_the_packages_are_not_known_by_name_no_fix_is_offered(package: str) -> None:
    (finding,) = findings(f"RUN apt-get install -y {package}")[1]
    assert finding.fix is None
    assert finding.refusal.startswith("which packages were asked for is not known")


def test_aptitude_is_given_the_option_that_it_knows() -> None:
    text, (finding,) = findings("RUN aptitude install -y curl")
    assert finding.fix is not None
    expected = "FROM debian\nRUN aptitude install --without-recommends -y curl ca-certificates\n"
    assert (expected, ()) == (apply(text, finding.fix.edits), finding.questions)


def test_a_package_that_something_else_provides_keeps_its_provider() -> None:
    installed = {"app": "Depends: mail-agent", "exim": "Provides: mail-agent\nRecommends: patch", "patch": ""}
    (finding,) = findings("RUN apt-get install -y app", installed)[1]
    expected = "line 2 installs 1 package that is only recommended: patch (the package database says so)"
    assert expected == finding.message


def dry(*names: str) -> bytes:
    """What apt prints of a simulated install."""
    return "".join(f"Inst {name} (1 Debian:12.15/oldstable [amd64])\n" for name in names).encode()


def answered(subject: Subject, *told: tuple[bytes, bytes]) -> tuple[Subject, list[Question]]:
    """The subject with these answers, each to the question that is open then; the questions in their order."""
    asked = []
    for files in told:
        (finding,) = recommends_installed(subject)
        (question,) = finding.questions
        asked.append(question)
        answers = {**subject.answers, question: Answer(dict(zip(question.paths, files, strict=True)))}
        subject = replace(subject, answers=answers)
    return subject, asked


WRITTEN = dry("curl", "ca-certificates", "openssl", "patch", "libpatch")


def test_what_apt_says_in_a_dry_run_replaces_what_the_database_tells() -> None:
    """The database takes libpatch for a part of patch alone; apt knows that it stays."""
    lean = dry("curl", "ca-certificates", "openssl", "libpatch")
    subject, _ = answered(installed_by("RUN apt-get update && apt-get install -y curl"), (WRITTEN, lean))
    (finding,) = recommends_installed(subject)
    assert "line 2 installs 1 package that is only recommended: patch (apt says so, in a dry run)" == finding.message
    assert finding.fix is not None
    assert "install without recommended packages, keep ca-certificates" == finding.fix.title
    assert () == finding.questions


def test_what_would_go_and_is_known_to_be_missed_is_asked_for_by_name() -> None:
    """Only apt tells which packages a variable means; then the trap speaks, and apt is asked once more."""
    told = ((WRITTEN, dry("curl")), (WRITTEN, dry("curl", "ca-certificates", "openssl")))
    subject, asked = answered(installed_by("RUN apt-get install -y $(cat list)"), *told)
    (finding,) = recommends_installed(subject)
    assert finding.fix is not None
    assert ("", "install without recommended packages, keep ca-certificates") == (finding.refusal, finding.fix.title)
    lean = "apt-get install -s --no-install-recommends -y $(cat list)"
    assert [True, False] == [f"{lean} >>" in each.text for each in asked]
    assert [False, True] == [f"{lean} ca-certificates >>" in each.text for each in asked]


def test_an_answer_without_files_leaves_what_the_database_tells_and_is_not_asked_again() -> None:
    subject = installed_by("RUN apt-get update && apt-get install -y curl")
    ((question,),) = (finding.questions for finding in recommends_installed(subject))
    (finding,) = recommends_installed(replace(subject, answers={question: Answer(reason="no network")}))
    assert "(the package database says so)" == finding.message[-len("(the package database says so)") :]
    assert () == finding.questions
    assert finding.fix is not None


def test_a_package_that_apt_would_leave_out_and_that_is_not_there_is_not_counted() -> None:
    subject = installed_by("RUN apt-get install -y curl && apt-get purge -y wget")
    lean = dry("curl", "ca-certificates", "openssl")
    subject, _ = answered(subject, (WRITTEN + dry("wget", "libwget"), lean))
    assert "line 2 installs 2 packages" in next(iter(recommends_installed(subject))).message


def test_a_package_whose_file_was_seen_in_use_is_kept_by_name_and_so_is_what_it_needs() -> None:
    installed = {**INSTALLED, "curl": "Depends: libc6\nRecommends: ca-certificates, patch, less", "less": ""}
    subject = installed_by("RUN apt-get install -y curl", installed)
    seen = Observed(opened=frozenset({"/usr/bin/curl", "/usr/bin/patch", "/etc/x"}))
    (finding,) = recommends_installed(replace(subject, observed=seen))
    expected = "only recommended: less (the package database says so; seen in use, and kept: patch)"
    assert f"line 2 installs 1 package that is {expected}" == finding.message
    assert finding.fix is not None
    expected = "FROM debian\nRUN apt-get install --no-install-recommends -y curl ca-certificates patch\n"
    assert expected == apply(subject.dockerfile.text, finding.fix.edits)


def test_where_the_application_was_watched_and_used_none_of_them_that_is_told() -> None:
    seen = Observed(opened=frozenset({"/usr/bin/curl"}), whole=True)
    (finding,) = recommends_installed(replace(installed_by("RUN apt-get install -y curl"), observed=seen))
    assert "(the package database says so; the application was seen to use none of them)" in finding.message


def test_where_only_a_part_of_what_it_opened_is_known_nothing_is_told_of_the_rest() -> None:
    seen = Observed(opened=frozenset({"/usr/bin/curl"}))
    (finding,) = recommends_installed(replace(installed_by("RUN apt-get install -y curl"), observed=seen))
    assert "(the package database says so)" in finding.message


def test_what_was_seen_in_use_is_asked_of_apt_by_name() -> None:
    seen = Observed(executed=frozenset({"/usr/bin/patch"}), opened=frozenset({"/usr/bin/patch"}))
    subject = replace(installed_by("RUN apt-get install -y $(cat list)"), observed=seen)
    told = ((WRITTEN, dry("curl")), (WRITTEN, dry("curl", "ca-certificates", "openssl", "patch")))
    subject, asked = answered(subject, *told)
    assert " ca-certificates patch >>" in asked[1].text
    (finding,) = recommends_installed(subject)
    assert "only recommended: libpatch (apt says so, in a dry run; seen in use, and kept: patch)" in finding.message
