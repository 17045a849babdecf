"""What buildah really leaves out and takes, against what we say it does. Every file holds its own path."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_base import Store, require_engine, store_in
from ignore_cases import TREE, recorded

from jettison.context.copies import takes
from jettison.context.ignore import Dialect, Ignore, find_ignore_file
from jettison.context.walk import Context, walk
from jettison.core.errors import UsageError
from jettison.dockerfile.parse import parse

pytestmark = pytest.mark.engine
SOURCES = (
    ".", "./", "docs", "docs/", "docs/.", "*/*.md", "*.md", "a*", "?", "[d-f]*", "../docs", "/docs",
    "docs/../bar", "bar/*o*", "a.d/*/*.log", "link", "folder", "folder/sub", "sp?ace",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    require_engine()
    with store_in(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    root = tmp_path_factory.mktemp("context")
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("#" if name == ".dockerignore" else name)
    (root / "link").symlink_to("bar/foo")
    (root / "folder").symlink_to("docs")
    return walk(root, None)


@pytest.fixture
def container(store: Store) -> Iterator[str]:
    name = store.buildah("from", "scratch").strip()
    yield name
    store.buildah("rm", name)


def content(folder: Path) -> set[str]:
    return {
        each.name if each.name == ".dockerignore" else each.read_text()
        for each in folder.rglob("*")
        if each.is_file() and not each.is_symlink()
    }


def ours(text: str) -> set[str] | str:
    try:
        ignore = Ignore.parse(text, Dialect.BUILDAH)
    except UsageError:
        return "refused"
    return "refused" if ignore.problems else {path for path in TREE if not ignore.excludes(path)}


def test_buildah_leaves_out_what_we_say(store: Store, container: str, context: Context, tmp_path: Path) -> None:
    root, file = Path(store.buildah("mount", container).strip()), tmp_path / "ignore"
    actual: dict[str, set[str] | str] = {}
    for number, text in enumerate(recorded("buildah")):
        file.write_text(text, newline="")
        options = ("--quiet", "--contextdir", str(context.root), "--ignorefile", str(file))
        try:
            store.buildah("copy", *options, container, f"{context.root}/.", f"/{number}/")
            actual[text] = content(root / str(number))
        except subprocess.CalledProcessError:
            actual[text] = "refused"
    assert {text: ours(text) for text in actual} == actual
    assert len(actual) > 150


def test_buildah_takes_what_we_say(store: Store, context: Context, tmp_path: Path) -> None:
    lines = [f'COPY ["{source}", "/{number}/"]' for number, source in enumerate(SOURCES)]
    text = "\n".join(["FROM scratch", *lines, ""])
    (tmp_path / "Dockerfile").write_text(text)
    store.buildah("bud", "-t", "localhost/taken", "-f", str(tmp_path / "Dockerfile"), str(context.root))
    name = store.buildah("from", "localhost/taken").strip()
    root = Path(store.buildah("mount", name).strip())
    expected = {
        source: {path for path in takes(instruction, context) if path in TREE}
        for source, instruction in zip(SOURCES, parse(text).instructions[1:], strict=True)
    }
    actual = {source: content(root / str(number)) for number, source in enumerate(SOURCES)}
    store.buildah("rm", name)
    assert expected == actual


def test_buildah_looks_beside_the_dockerfile_first(store: Store, tmp_path: Path) -> None:
    context, dockerfile = tmp_path / "context", tmp_path / "web.Containerfile"
    context.mkdir()
    for name in "abcd":
        (context / name).write_text(name)
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    names = ("{dockerfile}.dockerignore", "{dockerfile}.containerignore", ".containerignore", ".dockerignore")
    places = [tmp_path / "web.Containerfile.dockerignore", tmp_path / "web.Containerfile.containerignore"]
    places += [context / ".containerignore", context / ".dockerignore"]
    for place, letter in reversed(list(zip(places, "abcd", strict=True))):
        place.write_text(f"{letter}\n.*ignore\n")
        store.buildah("bud", "-t", "localhost/ignoring", "-f", str(dockerfile), str(context))
        name = store.buildah("from", "localhost/ignoring").strip()
        left = {each.name for each in Path(store.buildah("mount", name).strip()).iterdir()}
        store.buildah("rm", name)
        found = find_ignore_file(context, dockerfile, names)
        assert (place, set("abcd") - {letter}) == (found, left)
