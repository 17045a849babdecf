"""One list of promises about builds, asked of every engine that is here: each only what its capabilities say."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from engine_bench import TAG
from layer_listing import subject_of

from jettison.align import align
from jettison.core.errors import BuildFailed, EngineError, UsageError
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.parse import parse
from jettison.engine.model import BuildRequest
from jettison.image.open import open_image
from jettison.subject import Answer
from jettison.synthesis.apt import apt_calls
from jettison.synthesis.lean_install import dry_run, left_out

pytestmark = pytest.mark.engine


def test_an_image_is_built_weighed_and_matched_with_its_lines(bench):
    built = bench.build(use_cache=False)
    image = open_image(built.reference)
    dockerfile = parse((bench.context / "Dockerfile").read_text())
    base = open_image(f"{built.reference.transport.value}:{bench.base}")
    found = align(stage_chain(dockerfile, dockerfile.stages[-1]), image, base, builder=bench.engine.builder)
    assert found.known, found.reason
    lines = {found.instruction_of[number].line: image.layers[number].unpacked for number in found.instruction_of}
    assert (6, 300_000, 0) == (lines[2], lines[3], lines[4])
    assert 300_000 == image.sizes.waste


def test_seconds_of_each_instruction_are_measured(bench):
    built = bench.build("RUN sleep 1.2\nRUN true\nRUN sleep 0.7\n", use_cache=False)
    slow, quick, last = (run.seconds for run in built.instructions)
    assert all(not run.cached for run in built.instructions)
    assert 1.2 <= slow <= built.seconds
    assert 0.7 <= last <= built.seconds
    assert 0 <= quick
    assert slow + quick + last <= built.seconds + 0.3  # BuildKit's are rounded


def test_a_second_build_comes_from_the_cache(bench):
    bench.build()
    again = bench.build(version="v1")
    assert all(run.cached for run in again.instructions if run.text.startswith(("RUN", "COPY")))
    assert not again.cold


def test_a_build_takes_an_ignore_file_from_elsewhere_instead_of_the_one_of_the_context(bench, tmp_path):
    context, elsewhere = tmp_path / "context", tmp_path / "run"
    context.mkdir()
    elsewhere.mkdir()
    for name in ("one", "two"):
        (context / name).write_text(f"{name}\n")
    (context / ".dockerignore").write_text("one\n")
    dockerfile, ignore = elsewhere / "Dockerfile", elsewhere / "Dockerfile.dockerignore"
    dockerfile.write_text("FROM scratch\nCOPY . /all/\n")

    def taken(ignore_file):
        request = BuildRequest(context, dockerfile, f"{TAG}:ignore", ignore_file=ignore_file, use_cache=False)
        tree = open_image(bench.engine.build(request).reference).tree
        return {path for path in tree if path in (b"all/one", b"all/two")}

    assert {b"all/two"} == taken(None)
    ignore.write_text("two\n")
    if bench.engine.capabilities.ignore_file_apart:
        assert {b"all/one"} == taken(ignore)
        assert {".dockerignore"} == {each.name for each in context.iterdir()} - {"one", "two"}
    else:
        with pytest.raises(EngineError, match="from the context alone"):
            taken(ignore)


def test_where_an_ignore_file_is_looked_for_is_told(bench, tmp_path):
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /all/\n")
    places = [name.replace("{dockerfile}", "Dockerfile") for name in bench.engine.capabilities.ignore_files]
    for name in places:
        (tmp_path / name).write_text(f"left-out-by-{name}\n")
        (tmp_path / f"left-out-by-{name}").write_text("x")
    for number, first in enumerate(places):
        request = BuildRequest(tmp_path, dockerfile, f"{TAG}:places", use_cache=False)
        tree = open_image(bench.engine.build(request).reference).tree
        assert [first] == [name for name in places[number:] if f"all/left-out-by-{name}".encode() not in tree]
        (tmp_path / first).unlink()


def test_a_failing_instruction_is_named(bench):
    with pytest.raises(BuildFailed) as caught:
        bench.build('RUN echo "it will not do" && exit 3\n')
    assert "exit 3" in caught.value.message
    assert "it will not do" in caught.value.log


def test_an_unknown_target_is_a_wrong_use(bench):
    with pytest.raises(UsageError, match="nosuch"):
        bench.build("RUN true\n", target="nosuch")


def test_build_arguments_reach_the_build_and_not_our_eyes(bench):
    lines = []
    path = bench.context / "Dockerfile"
    path.write_text(f"FROM {bench.base}\nARG WORD\nRUN echo ${{WORD}} > /word && echo said ${{WORD}}\n")
    request = BuildRequest(bench.context, path, f"{TAG}:arg", build_args={"WORD": "canary-7"}, use_cache=False)
    built = bench.engine.build(request, lines.append)
    assert b"canary-7\n" == open_image(built.reference).tree.read(b"word")
    assert "canary-7" not in "\n".join(lines)


STAGES = """\
RUN echo one > /one
FROM {base} AS two
RUN echo two > /two
FROM {base}
RUN echo three > /three
"""


def test_the_stage_that_is_asked_for_is_built(bench):
    built = bench.build(STAGES.format(base=bench.base), target="two", use_cache=False)
    assert [b"two"] == [name for name in (b"one", b"two", b"three") if name in open_image(built.reference).tree]
    assert "three" not in "".join(run.text for run in built.instructions)


APT = """\
#!/bin/sh
case "$*" in
*--no-install-recommends*) echo "Inst tool (1 Debian:12/stable [amd64])" ;;
install*) echo "Inst tool (1 Debian:12/stable [amd64])" && echo "Inst manual (2 Debian:12/stable [all])" ;;
update) echo fetched ;;
esac
"""


def test_apt_is_asked_in_a_build_that_installs_nothing(bench):
    """The text of a Question, as the loop builds it; what comes behind the install, which fails, is not reached."""
    (bench.context / "apt-get").write_text(APT)
    (bench.context / "apt-get").chmod(0o755)
    install = "RUN apt-get update && apt-get install -y tool && exit 3\n"
    subject = subject_of(f"FROM {bench.base} AS tools\nCOPY apt-get /bin/\n{install}FROM scratch\n", "")
    stage = subject.dockerfile.stages[0]
    calls = [call for call in apt_calls(subject, stage.instructions[-1]) if call.verb == "install"]
    question = dry_run(replace(subject, stage=stage), stage.instructions[-1], calls, ())
    path = bench.context / "Dockerfile"
    path.write_text(question.text)
    tree = open_image(bench.engine.build(BuildRequest(bench.context, path, f"{TAG}:asked")).reference).tree
    answer = Answer({path: tree.read(path.strip("/").encode()) for path in question.paths})
    assert {"manual"} == left_out(question, answer)


def test_a_secret_is_given_to_its_instruction_and_is_not_in_the_image(bench, tmp_path):
    (tmp_path / "key").write_text("hunter2\n")
    text = "RUN --mount=type=secret,id=key wc -c < /run/secrets/key > /length\n"
    given = (f"id=key,src={tmp_path / 'key'}",)
    if not bench.engine.capabilities.secrets:
        with pytest.raises(EngineError, match="no build secrets"):
            bench.build(text, secrets=given)
        return
    image = open_image(bench.build(text, secrets=given, use_cache=False).reference)
    assert b"8\n" == image.tree.read(b"length").lstrip()
    holding = [path for path in image.tree if image.tree.get(path).size == 8]
    assert [] == [path for path in holding if b"hunter2" in image.tree.read(path)]


def test_a_cache_mount_holds_what_the_build_before_left_there(bench, tmp_path):
    mount = f"--mount=type=cache,id={secrets.token_hex(8)},target=/kept"
    text = f"ARG WORD\nRUN {mount} ls /kept > /found && touch /kept/$WORD\n"
    if not bench.engine.capabilities.cache_mounts:
        with pytest.raises(BuildFailed):
            bench.build(text, build_args={"WORD": "one"})
        return
    found = []
    for word in ("one", "two"):
        options = {"build_args": {"WORD": word}, "caches": tmp_path / "caches"}
        found.append(open_image(bench.build(text, **options).reference).tree)
    assert [b"", b"one\n"] == [tree.read(b"found") for tree in found]
    assert b"kept/two" not in found[1]


def test_a_tmpfs_in_the_place_of_a_cache_mount_is_empty_each_time(bench):
    text = "RUN --mount=type=tmpfs,target=/kept ls /kept > /found && touch /kept/one\n"
    if not bench.engine.capabilities.cache_mounts:
        with pytest.raises(BuildFailed):  # it takes no mounts at all
            bench.build(text)
        return
    for _ in range(2):
        tree = open_image(bench.build(text, use_cache=False).reference).tree
        assert (b"", False) == (tree.read(b"found"), b"kept/one" in tree)


def test_a_network_that_is_asked_for_is_the_one_that_is_used(bench):
    text = "RUN cat /proc/net/dev | grep -c : > /interfaces\n"
    asked = {"arguments": ("--network=none",), "use_cache": False}
    if not bench.engine.capabilities.build_networks:
        with pytest.raises(UsageError, match="network of this machine alone"):
            bench.build(text, **asked)
        return
    assert b"1\n" == open_image(bench.build(text, **asked).reference).tree.read(b"interfaces")  # lo


@pytest.mark.parametrize(
    ("capability", "line"), [("heredocs", "COPY <<END /new\nx\nEND\n"), ("copy_link", "COPY --link site /new\n")]
)
def test_what_is_said_of_newer_words_holds(bench, capability, line):
    if getattr(bench.engine.capabilities, capability):
        assert b"new" in open_image(bench.build(line).reference).tree
    else:
        with pytest.raises(BuildFailed):
            bench.build(line)


def test_much_on_stderr_of_a_build_holds_nobody_up(bench):
    lines = []
    path = bench.context / "Dockerfile"
    path.write_text(
        f"FROM {bench.base}\nRUN head -c 400000 /dev/zero | tr '\\0' x | fold -w 1000 >&2; sleep 1; echo at-last\n"
    )
    bench.engine.build(BuildRequest(bench.context, path, f"{TAG}:noise", use_cache=False), lines.append)
    assert any("at-last" in line for line in lines)
    shown = sum(line.count("x") for line in lines)
    # BuildKit shows 200 KiB a second; Buildah may lose what a command writes right before its end, hence the sleep
    assert 400_000 <= shown or any("output clipped" in line for line in lines)


def test_an_image_is_fetched_by_its_name_or_told_to_be_absent(bench):
    assert bench.base == bench.engine.fetch(bench.base).where
    assert bench.engine.fetch("localhost/jettison-has-none:of-these") is None
