"""Files that make no sense bring no rule down: what an image and a project hold is anybody's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from go_image import SOURCES as GO_SOURCES
from go_image import text_of
from handmade_python import SITE, distribution
from handmade_tree import symlink, tree
from test_base_of_node import DISTROLESS, stage, tool
from test_dependencies_first import NODE, NODE_BAD, refusal
from test_development_dependencies import BUILT, INSTALLED, SINGLE, sources
from test_development_dependencies import findings as of_development
from test_pip_stage import after

from jettison.closure.command import encoded, health, locate
from jettison.context.reads import package_scripts
from jettison.context.walk import walk
from jettison.packages.python import distributions
from jettison.rules.context_files_never_read import context_files_never_read
from jettison.rules.runs_as_root import runs_as_root

DEEP = "[" * 100_000
UNSAID = "\\ud800"  # what JSON and Python can write, and UTF-8 cannot
MARKED = f'{{"packages": {{"node_modules/{UNSAID}": {{"dev": true}}, "node_modules/typescript": {{"dev": true}}}}}}'


def test_a_manifest_that_is_nested_too_deeply_cannot_be_read(tmp_path: Path) -> None:
    assert "package.json cannot be read" == refusal(tmp_path, NODE_BAD, {**NODE, "package.json": DEEP})
    assert {} == package_scripts(walk(tmp_path, None))
    told = "there is no package.json in the working directory that can be read"
    assert told == stage(files={"app/package.json": DEEP}).refused(DISTROLESS)


def test_a_name_that_no_file_can_have_is_the_name_of_none() -> None:
    package = f'{{"scripts": {{"start": "{UNSAID} x"}}, "main": "{UNSAID}", "devDependencies": {{"{UNSAID}": "1"}}}}'
    lock = INSTALLED | {"app/node_modules/.package-lock.json": MARKED}
    for layers in (({"app/package.json": package}, INSTALLED, BUILT), (sources(), lock, BUILT)):
        assert any(each.fix is not None for each in of_development(SINGLE, *layers))
    assert (b"\xed\xa0\x80", None) == (encoded("\ud800"), locate(tree({"bin/a": "x"}), "\ud800", {}))
    assert b"\xff" == encoded("\udcff")


def test_a_tool_that_is_a_folder_is_no_tool_of_npm() -> None:
    files = tool("#!/usr/bin/env node\n") | {"app/node_modules/.bin/next": symlink("../next/dist")}
    assert "next is no executable of the image" == stage(files=files).refused(DISTROLESS)


def test_a_record_of_a_field_without_end_names_what_stands_before_it() -> None:
    files = distribution("tool", {"tool.py": "x"})
    record = f"{SITE}/tool-1.0.dist-info/RECORD"
    files[record] = 'tool.py,,\n"' + "a" * 200_000
    (found,) = distributions(tree(files))
    assert f"{SITE}/tool.py".encode() in found.files


def test_a_program_of_a_name_that_no_file_can_have_is_not_looked_for() -> None:
    copied = {"app/app.py": f"import subprocess\nsubprocess.run(['{UNSAID}'])\n", "app/requirements.txt": "x"}
    built = distribution("tinyc", {"tinyc.py": "x"}, tag="cp311-cp311-linux_x86_64")
    assert "FROM python:3.11-slim\n" in after(layers=(copied, built))


def test_a_folder_that_is_called_as_a_module_is_no_source() -> None:
    copied = {"app/main.py": "import app\n", "app/app.py": symlink("/tmp"), "app/requirements.txt": "x"}
    built = distribution("tinyc", {"tinyc.py": "x"}, tag="cp311-cp311-linux_x86_64")
    assert "FROM python:3.11-slim\n" in after(layers=(copied, built))


def test_an_editor_s_lock_beside_a_source_is_no_source() -> None:
    lock = {"app/.#main.go": symlink("somebody@host.1234")}
    assert "FROM scratch\n" in text_of(sources={**GO_SOURCES, **lock})


def test_a_health_check_that_is_no_object_is_none() -> None:
    assert () == health({"Healthcheck": ["CMD", "x"]})


def test_a_port_of_many_digits_is_no_port() -> None:
    subject = stage().subject
    config = {**subject.image.config, "config": {"ExposedPorts": {"9" * 5000: {}, "80/tcp": {}}}}
    (found,) = runs_as_root(replace(subject, image=replace(subject.image, config=config)))
    assert "port 80 becomes one above 1023" in found.proposal


def test_a_project_that_is_nested_too_deeply_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(DEEP)
    (tmp_path / "pyproject.toml").write_text("a = " + DEEP)
    assert [] == list(context_files_never_read(replace(stage().subject, context=tmp_path)))
