"""Which engine is used, and what is said where none can be."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.core.errors import EngineError, UsageError
from jettison.engine import podman
from jettison.engine.buildah import Buildah
from jettison.engine.buildah_sandbox import _signal_number, can_isolate, command_of
from jettison.engine.find import find_engine
from jettison.engine.leftovers import mark_of, run_of
from jettison.engine.model import RunOptions

VERSION = "buildah version 1.28.2 (image-spec 1.1.0-rc2, runtime-spec 1.0.2-dev)"


@pytest.fixture
def fake_buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A `buildah` that answers what `info` holds; the only program beside the shell's own."""
    program = tmp_path / "bin" / "buildah"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase $1 in\ninfo) cat "{tmp_path}/info" ;;\n*) echo "{VERSION}" ;;\nesac\n')
    program.chmod(0o755)
    (program.parent / "cat").symlink_to(shutil.which("cat") or "/bin/cat")
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    can_isolate.cache_clear()
    yield tmp_path / "info"
    can_isolate.cache_clear()


def test_an_engine_that_is_not_known_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="there is no engine called kaniko") as error:
        find_engine("kaniko")
    assert "engines known now: docker, buildah, podman" == error.value.hint


def test_without_buildah_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="buildah is not installed") as error:
        find_engine()
    assert "apt-get install buildah" in error.value.hint


@pytest.mark.usefixtures("fake_buildah")
def test_somebody_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineError, match="buildah needs root") as error:
        find_engine("buildah")
    assert "run jettison as root" == error.value.hint


def test_a_store_that_copies_every_layer_whole_is_refused(fake_buildah: Path) -> None:
    fake_buildah.write_text(json.dumps({"store": {"GraphDriverName": "vfs", "GraphRoot": "/x"}}))
    with pytest.raises(EngineError, match="driver 'vfs', which copies every layer whole") as error:
        find_engine()
    assert 'driver = "overlay"' in error.value.hint


def test_a_buildah_that_does_not_work_is_quoted(fake_buildah: Path) -> None:
    fake_buildah.write_text("Error: mkdir /run/containers: read-only file system\n")
    with pytest.raises(EngineError, match="buildah does not work here: Error: mkdir /run/containers: read-only"):
        find_engine()


def test_without_namespaces_it_builds_and_starts_nothing(fake_buildah: Path) -> None:
    fake_buildah.write_text(json.dumps({"store": {"GraphDriverName": "overlay", "GraphRoot": "/x"}}))
    engine = Buildah.find()
    assert ("1.28.2", Path("/x"), False) == (engine.version, engine.graph_root, engine.capabilities.private_network)


def test_what_podman_can_hangs_on_its_own_version(fake_buildah: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_buildah.write_text(json.dumps({"store": {"GraphDriverName": "overlay", "GraphRoot": "/x"}}))
    program = fake_buildah.parent / "bin" / "podman"
    program.write_text("#!/bin/sh\necho podman version 3.4.4\n")
    program.chmod(0o755)
    assert (True, False) == (Buildah.find().capabilities.cache_mounts, podman.find().capabilities.cache_mounts)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (None, signal.SIGTERM),
        ("", signal.SIGTERM),
        ("SIGQUIT", signal.SIGQUIT),
        ("QUIT", signal.SIGQUIT),
        ("3", signal.SIGQUIT),
        ("SIGRTMIN+3", signal.SIGRTMIN + 3),
        ("RTMIN+3", signal.SIGRTMIN + 3),
        ("nonsense", signal.SIGTERM),
    ],
)
def test_a_stop_signal_is_a_name_or_a_number(name: str | None, number: int) -> None:
    assert int(number) == _signal_number(name)


@pytest.mark.parametrize(
    ("config", "options", "expected"),
    [
        ({"Entrypoint": ["e"], "Cmd": ["c"]}, RunOptions(), ["e", "c"]),
        ({"Entrypoint": None, "Cmd": ["c", "d"]}, RunOptions(), ["c", "d"]),
        ({"Entrypoint": ["e"], "Cmd": ["c"]}, RunOptions(arguments=("a",)), ["e", "a"]),
        ({"Entrypoint": ["e"], "Cmd": ["c"]}, RunOptions(arguments=()), ["e"]),
        ({"Entrypoint": ["e"], "Cmd": ["c"]}, RunOptions(command=("sh",)), ["sh"]),
        ({}, RunOptions(), []),
    ],
)
def test_what_is_executed_is_the_entry_point_and_the_command(
    config: dict[str, object], options: RunOptions, expected: list[str]
) -> None:
    assert expected == command_of(config, options)


def test_a_tag_names_its_run() -> None:
    assert ("20261121-1-2", "jettison/x") == (run_of("localhost/jettison/20261121-1-2:v0"), mark_of("x"))
