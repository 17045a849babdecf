"""curl, wget, tar, git, rm, find, chmod, chown, useradd and sed -i as data."""

from __future__ import annotations

import pytest
from runs_of import calls_of

from jettison.commands import files


@pytest.mark.parametrize(
    ("text", "to", "fails"),
    [
        ("curl -fsSL https://x/a.tgz -o /tmp/a.tgz", "/tmp/a.tgz", True),
        ("curl -fsSLo /tmp/a.tgz https://x/a.tgz", "/tmp/a.tgz", True),
        ("curl -O https://x/a.tgz", "a.tgz", False),
        ("cd /opt && curl -LO https://x/a.tgz?b=c", "/opt/a.tgz", False),
        ("curl -O --output-dir /d https://x/a.tgz", "/d/a.tgz", False),
        ("curl -sL https://x/a.tgz > /tmp/a", "/tmp/a", False),
        ("curl -sL https://x/a.tgz", "", False),
        ("curl -sL https://x/a.tgz -o -", "", False),
        ("curl -s $URL -o /tmp/a", "/tmp/a", False),
        ("curl -O $URL", None, False),
        ("curl --output=/tmp/a https://x", "/tmp/a", False),
        ("curl -sS https://x > /dev/null", "", False),
        ("wget https://x/a.tgz", "a.tgz", True),
        ("wget -q https://x/a.tgz -P /tmp", "/tmp/a.tgz", True),
        ("wget -qO- https://x/a.tgz", "", True),
        ("wget -O /tmp/a https://x/a.tgz", "/tmp/a", True),
        ("wget -qO /tmp/a https://x/a.tgz", "/tmp/a", True),
        ("wget $URL", None, True),
    ],
)
def test_a_download_goes_somewhere(text: str, to: str | None, fails: bool) -> None:
    found = files.download(calls_of(text)[-1])
    assert found is not None
    assert (to, fails) == (found.to, found.fails)


@pytest.mark.parametrize("text", ["curl --version", "wget", "tar x", "curlx http://x"])
def test_what_fetches_nothing_is_no_download(text: str) -> None:
    assert None is files.download(calls_of(text)[-1])


@pytest.mark.parametrize(
    ("text", "archive", "to"),
    [
        ("tar xzf a.tgz", "a.tgz", "."),
        ("tar -xzf /tmp/a.tgz -C /opt", "/tmp/a.tgz", "/opt"),
        ("tar -C /opt -xf /tmp/a.tgz --strip-components=1", "/tmp/a.tgz", "/opt"),
        ("tar --extract --file=/tmp/a.tgz --directory /opt", "/tmp/a.tgz", "/opt"),
        ("tar xz -C /opt", "", "/opt"),
        ("tar -xzf - -C /opt", "", "/opt"),
        ("tar -xJf $X", None, "."),
        ("unzip -q /tmp/a.zip -d /opt", "/tmp/a.zip", "/opt"),
        ("cd /w && unzip a.zip", "/w/a.zip", "/w"),
    ],
)
def test_an_archive_is_unpacked_somewhere(text: str, archive: str | None, to: str) -> None:
    found = files.unpacking(calls_of(text)[-1])
    assert found is not None
    assert (archive, to) == (found.archive, found.to)


@pytest.mark.parametrize("text", ["tar czf a.tgz b", "tar tf a.tgz", "tar -c -f a b", "gzip a"])
def test_packing_and_listing_unpack_nothing(text: str) -> None:
    assert None is files.unpacking(calls_of(text)[-1])


@pytest.mark.parametrize(
    ("text", "to", "depth"),
    [
        ("git clone https://x/a.git", "a", None),
        ("git clone --depth 1 https://x/a", "a", "1"),
        ("git clone --depth=1 -b v1 https://x/a /opt/b", "/opt/b", "1"),
        ("cd /src && git -c http.sslVerify=false clone https://x/a.git/", "/src/a", None),
    ],
)
def test_a_clone_makes_a_folder(text: str, to: str, depth: str | None) -> None:
    found = files.clone(calls_of(text)[-1])
    assert found is not None
    assert (to, depth) == (found.to, found.depth)


@pytest.mark.parametrize(
    ("text", "patterns", "unknown"),
    [
        ("rm -rf /a/* b", ("/a/*", "b"), False),
        ("cd /c && rm -rf * ../d", ("/c/*", "/d"), False),
        ("rm -rf $X /a", ("/a",), True),
        ("rm -rf -- -a", ("-a",), False),
        ("find /a /b -type f -delete", ("/a", "/b"), False),
        ("find /a -name '*.pyc' -exec rm -f {} +", ("/a",), False),
        ("find / -path /proc -prune -o -delete", ("/",), True),
        ("find -delete", (".",), False),
    ],
)
def test_a_removal_takes_paths_away(text: str, patterns: tuple[str, ...], unknown: bool) -> None:
    found = files.removal(calls_of(text)[-1])
    assert found is not None
    assert (patterns, unknown) == (found.patterns, found.unknown)


def test_finds_name_is_kept() -> None:
    found = files.removal(calls_of("find /a -name '*.pyc' -delete")[-1])
    assert found is not None
    assert "*.pyc" == found.name


def test_a_find_that_removes_nothing_is_no_removal() -> None:
    assert None is files.removal(calls_of("find / -name x -print")[-1])


@pytest.mark.parametrize(
    ("text", "what", "paths", "recursive"),
    [
        ("chmod +x /a b", "+x", ("/a", "b"), False),
        ("chmod -R 755 /a", "755", ("/a",), True),
        ("chown -R a:b $X", "a:b", (None,), True),
        ("chown --recursive a /x/*", "a", ("/x/*",), True),
        ("chgrp 0 /a", "0", ("/a",), False),
    ],
)
def test_a_change_of_mode_or_owner(text: str, what: str, paths: tuple[str | None, ...], recursive: bool) -> None:
    found = files.change(calls_of(text)[-1])
    assert found is not None
    assert (what, paths, recursive) == (found.what, found.paths, found.recursive)


@pytest.mark.parametrize(
    ("text", "name", "number", "group", "no_log"),
    [
        ("useradd -m -u 1000 bob", "bob", "1000", False, False),
        ("useradd -l -u 4000000 bob", "bob", "4000000", False, True),
        ("useradd --no-log-init --uid=5 bob", "bob", "5", False, True),
        ("adduser -u 1001 -G app -D bob", "bob", "1001", False, False),
        ("adduser --system --ingroup app bob", "bob", None, False, False),
        ("groupadd -g 1001 app", "app", "1001", True, False),
        ("addgroup -g 1001 -S app", "app", "1001", True, False),
        ("adduser $X", None, None, False, False),
    ],
)
def test_a_new_user_has_a_name_and_a_number(
    text: str, name: str | None, number: str | None, group: bool, no_log: bool
) -> None:
    found = files.new_user(calls_of(text)[-1])
    assert found is not None
    assert (name, number, group, no_log) == (found.name, found.number, found.group, found.no_log)


def test_archives_are_known_by_their_names() -> None:
    named = ["a.tar", "a.tar.gz", "a.tgz", "a.zip", "a.tar.xz", "a.deb", "a", "a.py", "tar.gz.sig"]
    assert named[:6] == [each for each in named if files.is_packed(each)]
