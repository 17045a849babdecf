"""Builds with the real engine, on a store of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_base import BASE, Store
from processes import wait_until

from jettison.core.errors import BuildFailed, DiskError, EngineError, UsageError
from jettison.engine import leftovers
from jettison.engine.buildah import Buildah, syntax
from jettison.engine.model import PREFIX, BuildRequest

pytestmark = pytest.mark.engine
Requests = Callable[..., BuildRequest]


def config_of(store: Store, image_id: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(store.buildah("inspect", "--type", "image", image_id))["Docker"]["config"]
    return found


def test_a_cold_build_runs_every_instruction_and_a_second_one_none(engine: Buildah, request_of: Requests) -> None:
    request = request_of("RUN echo one > /one\nENV A=1\nRUN echo two > /two\nCMD true\n")
    cold = engine.build(BuildRequest(**{**vars(request), "use_cache": False}))
    warm = engine.build(request)
    texts = ["RUN echo one > /one", "ENV A=1", "RUN echo two > /two", "CMD true"]
    assert [(text, False) for text in texts] == [(each.text, each.cached) for each in cold.instructions]
    assert [(text, True) for text in texts] == [(each.text, each.cached) for each in warm.instructions]
    assert (True, False) == (cold.cold, warm.cold)
    assert f"containers-storage:{PREFIX}/engine-tests:v0" == str(cold.reference)
    assert cold.image_id == warm.image_id
    assert 0 < warm.seconds < cold.seconds


def test_only_what_follows_a_change_is_run_again(engine: Buildah, request_of: Requests) -> None:
    engine.build(request_of("RUN echo a > /a\nRUN echo b > /b\n"))
    built = engine.build(request_of("RUN echo a > /a\nRUN echo c > /c\n"))
    assert [True, False] == [each.cached for each in built.instructions]


def test_the_layers_of_two_stages_are_told_apart(engine: Buildah, request_of: Requests) -> None:
    text = f"RUN echo x > /x\nFROM {BASE}\nCOPY --from=0 /x /y\n"
    built = engine.build(request_of(text, use_cache=False))
    assert ["RUN echo x > /x", "COPY --from=0 /x /y"] == [each.text for each in built.instructions]


def test_a_build_that_goes_on_and_on_is_ended_and_leaves_nothing(engine: Buildah, request_of: Requests) -> None:
    with pytest.raises(BuildFailed, match="the build was ended after 3 s, which is its limit"):
        engine.build(request_of("RUN while sleep 0.1; do echo waiting; done\n", use_cache=False, seconds=3.0))
    assert () == leftovers.working_containers(engine.graph_root)


def test_the_output_reaches_whoever_asks_as_it_comes(engine: Buildah, request_of: Requests) -> None:
    lines: list[str] = []
    engine.build(request_of("RUN echo first; echo second\n", use_cache=False), lines.append)
    assert ["first", "second"] == [line for line in lines if line in ("first", "second")]


def test_a_failing_instruction_is_named_with_its_last_words(engine: Buildah, request_of: Requests) -> None:
    with pytest.raises(BuildFailed, match="the build failed at RUN echo no good; exit 3") as error:
        engine.build(request_of("RUN echo no good; exit 3\n"))
    assert "no good" in error.value.log.splitlines()


def test_an_unknown_target_is_wrong_use(engine: Buildah, request_of: Requests) -> None:
    with pytest.raises(UsageError, match="there is no stage called nosuch"):
        engine.build(request_of("RUN true\n", target="nosuch"))


def test_a_target_ends_the_build_at_its_stage(engine: Buildah, request_of: Requests) -> None:
    text = f"FROM {BASE} AS first\nENV WHICH=first\nFROM first\nENV WHICH=second\n"
    built = engine.build(request_of(text, base="", target="first"))
    assert ["ENV WHICH=first"] == [each.text for each in built.instructions]


def test_a_base_that_cannot_be_had_is_named(engine: Buildah, request_of: Requests) -> None:
    base = "127.0.0.1:1/nothing:1"  # a port that nobody listens on
    with pytest.raises(BuildFailed, match=f"the base image {base} cannot be had") as error:
        engine.build(request_of("RUN true\n", base=base))
    assert f"buildah pull {base}" in error.value.hint


def test_labels_and_build_arguments_reach_the_image(engine: Buildah, request_of: Requests, store: Store) -> None:
    request = request_of("ARG WHO\nENV WHO=$WHO\n", labels={"our.mark": "1"}, build_args={"WHO": "me"})
    config = config_of(store, engine.build(request).image_id)
    labels = config["Labels"]
    assert isinstance(labels, dict)
    assert ("1", True) == (labels["our.mark"], "WHO=me" in config["Env"])  # type: ignore[operator]


def test_health_check_and_shell_survive_the_build(engine: Buildah, request_of: Requests, store: Store) -> None:
    built = engine.build(request_of('SHELL ["/bin/ash", "-c"]\nHEALTHCHECK CMD true\n'))
    config = config_of(store, built.image_id)
    assert ["/bin/ash", "-c"] == config["Shell"]
    assert isinstance(config["Healthcheck"], dict)


def test_the_value_of_a_build_argument_is_never_repeated(engine: Buildah, request_of: Requests) -> None:
    lines: list[str] = []
    text = "ARG TOKEN\nRUN echo token $TOKEN; false\n"
    with pytest.raises(BuildFailed) as error:
        engine.build(request_of(text, build_args={"TOKEN": "s3cr3t-value"}), lines.append)
    assert "token ***" in lines
    assert not [line for line in [*lines, error.value.log, error.value.message] if "s3cr3t-value" in line]


def test_a_secret_is_there_while_building_and_not_in_the_image(
    engine: Buildah, request_of: Requests, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("the-token")
    text = (
        'RUN --mount=type=secret,id=t [ "$(cat /run/secrets/t)" = the-token ] && echo seen\nRUN ! cat /run/secrets/t\n'
    )
    lines: list[str] = []
    engine.build(request_of(text, secrets=(f"id=t,src={tmp_path}/token",), use_cache=False), lines.append)
    assert ("seen" in lines, [line for line in lines if "the-token" in line and "STEP" not in line]) == (True, [])


def test_arguments_after_the_dashes_go_to_the_engine(engine: Buildah, request_of: Requests, store: Store) -> None:
    built = engine.build(request_of("RUN true\n", arguments=("--label", "passed=on")))
    labels = config_of(store, built.image_id)["Labels"]
    assert isinstance(labels, dict)
    assert "on" == labels["passed"]


def test_no_space_while_building_is_a_matter_of_the_disk(engine: Buildah, request_of: Requests) -> None:
    with pytest.raises(DiskError, match="no space left while building"):
        engine.build(request_of("RUN echo 'dd: write: No space left on device' >&2; exit 1\n"))


def test_a_build_leaves_neither_containers_nor_folders(
    engine: Buildah, request_of: Requests, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = set(tmp_path.iterdir())
    engine.build(request_of("RUN echo left > /left\n"))
    with pytest.raises(BuildFailed):
        engine.build(request_of("RUN false\n"))
    assert before == set(tmp_path.iterdir())
    assert () == leftovers.working_containers(store.graph_root)


def test_image_exists_and_removing_touches_only_our_names(engine: Buildah, request_of: Requests, store: Store) -> None:
    tag = f"{PREFIX}/engine-tests:gone"
    engine.build(request_of("RUN true\n", tag=tag))
    assert engine.image_exists(tag)
    engine.remove_images([tag, BASE, f"{PREFIX}/engine-tests:never-was"])
    assert (False, True) == (engine.image_exists(tag), engine.image_exists(BASE))


def test_usage_grows_by_what_was_built(engine: Buildah, request_of: Requests) -> None:
    before = engine.usage() or 0
    engine.build(request_of(f"RUN dd if=/dev/zero of=/big bs=1000 count=1000 # {time.time()}\n"))
    grown = (engine.usage() or 0) - before
    assert 1_000_000 <= grown < 1_010_000  # the tar's headers and padding beside the file


def test_a_sweep_removes_one_run_and_nothing_else(engine: Buildah, request_of: Requests, store: Store) -> None:
    ours, other = f"{PREFIX}/run-1:v0", f"{PREFIX}/run-11:v0"
    for tag in (ours, other):
        engine.build(request_of("RUN echo swept > /swept\n", tag=tag))
    for name in ("jettison-run-1-0123abcd", "jettison-run-11-0123abcd", "users-own"):
        store.buildah("from", "--name", name, BASE)
    removed = engine.sweep(f"{PREFIX}/run-1:")
    left = {one.name for one in leftovers.working_containers(store.graph_root)}
    store.buildah("rm", "jettison-run-11-0123abcd", "users-own")
    assert {"jettison-run-1-0123abcd", ours} == set(removed)
    assert {"jettison-run-11-0123abcd", "users-own"} == left
    assert (False, True, True) == tuple(map(engine.image_exists, (ours, other, BASE)))


@pytest.mark.parametrize("prefix", ["localhost/other:", f"{PREFIX}/", f"{PREFIX}/run-1", ""])
def test_a_sweep_of_anything_but_one_run_is_refused(engine: Buildah, prefix: str) -> None:
    with pytest.raises(ValueError, match="no run of ours"):
        engine.sweep(prefix)


_KILLED = """
import sys
from pathlib import Path
from jettison.engine.buildah import Buildah
from jettison.engine.model import BuildRequest
folder = Path(sys.argv[1])
Buildah.find().build(BuildRequest(folder, folder / "Dockerfile", "localhost/jettison/killed-run:v0"), print)
"""


def test_what_a_sigkilled_build_left_is_swept_and_a_users_container_is_not(
    engine: Buildah, request_of: Requests, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    store.buildah("from", "--name", "users-own", BASE)
    context = request_of("RUN echo started; sleep 600\n").context
    child = subprocess.Popen(
        [sys.executable, "-uc", _KILLED, str(context)], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            if line.strip() == b"started":
                break
    child.send_signal(signal.SIGKILL)
    child.wait()
    wait_until(lambda: not processes_with(b"started; sleep 600"))
    left = leftovers.working_containers(store.graph_root)
    assert {"", "jettison/killed-run"} == {one.mark for one in left}
    assert 1 == len(list(tmp_path.glob("jettison-build-killed-run-*")))
    removed = engine.sweep(f"{PREFIX}/killed-run:")
    assert 2 == len(removed)
    assert ["users-own"] == [one.name for one in leftovers.working_containers(store.graph_root)]
    assert [] == list(tmp_path.glob("jettison-*"))
    assert [] == [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(tmp_path) in line]
    store.buildah("rm", "users-own")


def test_an_engine_that_is_killed_while_it_builds_is_said_to_be(engine: Buildah, request_of: Requests) -> None:
    def kill(line: str) -> None:
        if line == "started":
            for pid in processes_with(b"buildah\0bud"):
                if b"engine-tests:killed" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    request = request_of("RUN echo started; sleep 600\n", tag=f"{PREFIX}/engine-tests:killed")
    with pytest.raises(EngineError, match="buildah was killed by signal 9"):
        engine.build(request, kill)
    assert () == leftovers.working_containers(engine.graph_root)


def test_an_exception_while_lines_come_ends_the_build(engine: Buildah, request_of: Requests) -> None:
    def stop(line: str) -> None:
        if line == "begun":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.build(request_of("RUN echo begun; sleep 700\n"), stop)
    assert [] == processes_with(b"begun; sleep 700")
    assert () == leftovers.working_containers(engine.graph_root)


def processes_with(words: bytes) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if words in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_what_was_left_by_asking_what_a_builder_takes_is_swept_by_the_next_that_asks(
    store: Store, engine: Buildah, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = leftovers.make_folder("asks")
    marked = ("--cgroup-parent", leftovers.mark_of(folder.name))
    store.buildah("from", "--name", "of-a-killed-build", *marked, "scratch")
    store.buildah("from", "--name", "users-own", "--cgroup-parent", "jettison/other", "scratch")
    os.utime(folder, (0, 0))
    syntax(engine.command, store.graph_root)
    assert ["users-own"] == [one.name for one in leftovers.working_containers(store.graph_root)]
    assert [] == list(tmp_path.glob("jettison-*"))
    store.buildah("rm", "users-own")
