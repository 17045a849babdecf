"""What the rules about leftovers measure in layers: packages-upgraded, tools-for-people-installed,
downloader-installed-twice, archive-copied-to-be-unpacked, temporary-folder-left-behind, unexplained-leftovers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from layer_listing import subject_of, subject_upon

from jettison.dockerfile.edit import apply
from jettison.rule import Finding, all_rules
from jettison.subject import Subject

RULES = {rule.name: rule for rule in all_rules()}
STATUS = "\n\n".join(
    f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all" for name in ("curl", "wget", "vim")
)
LISTS = {"status": STATUS + "\n", "vim": "/usr\n/usr/bin/vim\n", "curl": "/usr/bin/curl\n", "wget": "/usr/bin/wget\n"}
INSTALLED = """
    2 var/lib/dpkg/status text=status
    2 var/lib/dpkg/info/vim.list text=vim
    2 var/lib/dpkg/info/curl.list text=curl
    2 var/lib/dpkg/info/wget.list text=wget
    2 usr/bin/vim 3000000
    2 usr/bin/curl 300000
    2 usr/bin/wget 500000
"""


def measured(name: str, subject: Subject) -> list[Finding]:
    return list(RULES[name].check(subject))


def sizes(name: str, text: str, listing: str, texts: Mapping[str, str] = LISTS) -> list[int]:
    return [each.predicted for each in measured(name, subject_of(text, listing, texts))]


def test_an_upgrade_costs_what_it_replaces_of_the_base() -> None:
    listing = """
    1 usr/lib/libssl.so.3 700000
    1 usr/bin/openssl 900000 content=old
    1 usr/lib/libc.so.6 1900000
    1 var/lib/dpkg/status 5000
    2 usr/lib/libssl.so.3 710000
    2 usr/bin/openssl 900000 content=new
    2 var/lib/dpkg/status 5100
    """
    subject = subject_upon("FROM debian:bookworm\nRUN apt-get update && apt-get upgrade -y\n", listing)
    (found,) = measured("packages-upgraded", subject)
    assert (1_600_000, (b"usr/bin/openssl", b"usr/lib/libssl.so.3")) == (found.predicted, found.paths)


def test_an_upgrade_that_replaces_nothing_is_not_told() -> None:
    subject = subject_upon("FROM debian:bookworm\nRUN apt-get upgrade -y\n", "1 usr/bin/a 7\n2 var/log/dpkg.log 9\n")
    assert [] == measured("packages-upgraded", subject)


def test_what_an_installation_replaces_is_no_upgrade() -> None:
    subject = subject_upon(
        "FROM debian:bookworm\nRUN apt-get install -y a\n", "1 usr/bin/a 700000\n2 usr/bin/a 700001\n"
    )
    assert [] == measured("packages-upgraded", subject)


def test_a_tool_for_people_weighs_what_its_package_owns() -> None:
    text = "FROM debian:bookworm\nRUN apt-get install -y vim\n"
    assert [3_000_000 + len(LISTS["vim"])] == sizes("tools-for-people-installed", text, INSTALLED)
    assert [] == sizes("tools-for-people-installed", text, "2 usr/bin/vim 3000000")


def test_of_two_downloaders_the_smaller_one_counts() -> None:
    text = "FROM debian:bookworm\nRUN apt-get install -y curl wget\n"
    assert [300_000 + len(LISTS["curl"])] == sizes("downloader-installed-twice", text, INSTALLED)
    assert [] == sizes("downloader-installed-twice", text, INSTALLED.replace("info/wget", "info/other"))


def test_a_copied_archive_weighs_what_its_layer_holds() -> None:
    text = "FROM debian:bookworm\nCOPY a.zip /tmp/\nRUN unzip /tmp/a.zip -d /opt\n"
    listing = "2 tmp/a.zip 8000000\n2 tmp/a.zip2 1\n3 opt/a 9000000\n"
    assert [8_000_000] == sizes("archive-copied-to-be-unpacked", text, listing)
    assert [] == sizes("archive-copied-to-be-unpacked", text, "3 opt/a 9000000\n")


def test_a_temporary_folder_weighs_what_is_in_it() -> None:
    text = 'FROM debian:bookworm\nRUN t="$(mktemp -d)" && make O="$t"\n'
    listing = "2 tmp/tmp.aB3dE6gH9j/main.o 4000000\n2 tmp/kept 5\n2 usr/bin/a 9\n"
    assert [4_000_000] == sizes("temporary-folder-left-behind", text, listing)
    assert [] == sizes("temporary-folder-left-behind", text, "2 tmp/kept 5\n")


LEFT = [
    ("2 tmp/build/a.o 4000000", "temporary files"),
    ("2 srv/.app.py.swp 4000000", "temporary files"),
    ("2 var/log/apt/term.log 4000000", "logs"),
    ("2 srv/yarn-error.log 4000000", "logs"),
    ("2 opt/dep/.git/objects/pack/a.pack 4000000", "a repository's history"),
    ("2 opt/java_pid7.hprof 4000000", "memory dumps"),
    ("2 opt/tool_1_amd64.deb 4000000", "package archives"),
    ("2 root/.m2/repository/a/a.jar 4000000", "what a build downloaded"),
    ("2 opt/conda/pkgs/a.conda 4000000", "what a build downloaded"),
    ("2 root/.cache/matplotlib/a 4000000", "caches"),
    ("2 home/app/.cache/unheard-of/a 4000000", "caches"),
    ("2 var/log/a 4000000\n2 tmp/a 4000000", "logs and temporary files"),
]


@pytest.mark.parametrize(("listing", "kinds"), LEFT)
def test_what_no_word_of_the_text_explains_is_told_with_its_bytes(listing: str, kinds: str) -> None:
    (found,) = measured("unexplained-leftovers", subject_of("FROM debian:bookworm\nRUN make\n", listing))
    assert f"line 2 leaves {kinds} in its layer, which its text does not tell" == found.message
    assert sum(int(line.split()[2]) for line in listing.split("\n")) == found.predicted
    assert (None, True) == (found.fix, bool(found.refusal))


@pytest.mark.parametrize(
    "listing",
    [
        "2 tmp/a 999999",  # too little for a line
        "2 tmp/tmp.aB3dE6gH9j/a 4000000",  # temporary-folder-left-behind
        "2 root/.cache/pip/http/a 4000000",  # pip-cache-left-behind
        "2 root/.cache/ms-playwright/chromium/chrome 4000000",  # programs run from it
        "2 root/.cache/huggingface/hub/model 4000000",
        "2 var/log/lastlog 4000000",  # login-log-grown
        "2 var/cache/apt/archives/a.deb 4000000",  # apt-cache-left-behind
        "2 usr/lib/python3/dist-packages/virtualenv/seed/wheels/embed/pip.whl 4000000",
        "2 usr/local/lib/python3.12/ensurepip/_bundled/pip.whl 4000000",
        "2 app/core/index.js 4000000",
        "2 app/core 4000000",  # no memory dump by its content
        "2 app/catalog 4000000",
        "2 app/.gitignore 4000000",
        "2 tmp/a 4000000\n3 -tmp/a",  # deleted-in-a-later-layer
        "2 tmp/ 0",
    ],
)
def test_what_is_accounted_for_or_needed_is_no_leftover(listing: str) -> None:
    text = "FROM debian:bookworm\nRUN make\nRUN rm -f /tmp/a\n"
    assert [] == measured("unexplained-leftovers", subject_of(text, listing))


def test_a_clone_s_history_is_told_by_the_text() -> None:
    listing = "2 opt/a/.git/objects/pack/a.pack 4000000"
    clone = subject_of("FROM debian:bookworm\nRUN git clone https://x/a /opt/a\n", listing)
    assert [] == measured("unexplained-leftovers", clone)
    assert 1 == len(measured("unexplained-leftovers", subject_of("FROM debian:bookworm\nRUN make\n", listing)))


def test_a_core_of_a_kernel_is_known_by_its_content() -> None:
    core = "\x7fELF" + "\0" * 12 + "\x04\0" + "x" * 2_000_000
    listing = "2 core.123 text=core"
    (found,) = measured("unexplained-leftovers", subject_of("FROM debian:bookworm\nRUN a\n", listing, {"core": core}))
    assert (b"core.123",) == found.paths


def test_caches_of_tools_go_in_the_run_that_fills_them() -> None:
    text = "FROM node:20\nRUN npm rebuild\n"
    listing = "2 root/.cache/node-gyp/20/a.h 4000000\n2 home/node/.node-gyp/a 500000\n2 tmp/a 2000000"
    subject = subject_of(text, listing)
    cache, rest = measured("unexplained-leftovers", subject)
    assert (4_500_000, 2_000_000) == (cache.predicted, rest.predicted)
    assert cache.fix is not None
    changed = apply(text, cache.fix.edits)
    assert (
        "RUN npm rebuild && \\\n    rm -rf /root/.cache/node-gyp /home/node/.node-gyp\n" == changed.partition("\n")[2]
    )


def test_layers_that_are_not_known_are_not_judged() -> None:
    subject = subject_of("FROM debian:bookworm\nRUN make\n", "2 tmp/a 4000000")
    unknown = replace(subject, alignment=replace(subject.alignment, known=False, instruction_of={}))
    assert [] == measured("unexplained-leftovers", unknown)
