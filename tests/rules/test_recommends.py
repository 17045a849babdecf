"""recommends-installed, on a small package database laid out as dpkg does."""

from __future__ import annotations

import pytest
from layer_listing import subject_of

from jettison.dockerfile.edit import apply
from jettison.rule import Finding
from jettison.rules.recommends_installed import recommends_installed

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
    text = f"FROM debian\n{run}\n"
    texts = {"below": status(BASE), "above": status({**BASE, **installed})}
    listing = ["1 var/lib/dpkg/status text=below", "2 var/lib/dpkg/status text=above"]
    for name in installed:
        texts[name] = f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n"
        listing += [f"2 usr/bin/{name} {OWNED.get(name, 10)}", f"2 var/lib/dpkg/info/{name}.list text={name}"]
    return text, list(recommends_installed(subject_of(text, "\n".join(listing), texts)))


def test_what_was_only_recommended_is_weighed_and_what_is_needed_is_kept_by_name() -> None:
    text, (finding,) = findings("RUN apt-get update && apt-get install -y curl")
    assert "line 2 installs 2 packages that are only recommended: libpatch, patch" == finding.message
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


def test_a_package_that_something_else_provides_keeps_its_provider() -> None:
    installed = {"app": "Depends: mail-agent", "exim": "Provides: mail-agent\nRecommends: patch", "patch": ""}
    (finding,) = findings("RUN apt-get install -y app", installed)[1]
    assert "line 2 installs 1 package that is only recommended: patch" == finding.message
