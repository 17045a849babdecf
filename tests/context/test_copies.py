"""Which files each instruction takes of the context."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import zstandard

from jettison.context.copies import copies, resolve, taken, takes
from jettison.context.ignore import Ignore
from jettison.context.walk import Context, walk
from jettison.dockerfile.graph import needed, resolve_target
from jettison.dockerfile.parse import parse

FILES = (
    "Dockerfile", "README.md", "package.json", "package-lock.json", "src/index.js", "src/lib/a.js", "src/lib/b.ts",
    "srcx/other.js", "docs/a.md", "docs/b/c.md", "arr[0].txt", "arr0.txt", "sp ace.txt", ".env", ".hidden/x",
    "a/b/c/d.txt",
)  # fmt: skip


@pytest.fixture
def context(tmp_path: Path) -> Context:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link.md").symlink_to("README.md")
    (tmp_path / "absolute").symlink_to("/docs/b")
    (tmp_path / "up").symlink_to("../../../src")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "docs" / "out").symlink_to("/src")
    (tmp_path / "src" / "inner").symlink_to("../docs/a.md")
    return walk(tmp_path, None)


def of(context: Context, line: str, **variables: str) -> set[str]:
    return set(takes(parse(f"FROM a\n{line}\n").instructions[1], context, variables))


SRC = {"src/index.js", "src/inner", "src/lib/a.js", "src/lib/b.ts"}
DOCS = {"docs/a.md", "docs/b/c.md", "docs/out"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("COPY README.md /", {"README.md"}),
        ("COPY ./README.md ../package.json /x/", {"README.md", "package.json"}),
        ("COPY /README.md /", {"README.md"}),
        ("COPY ../../README.md /", {"README.md"}),
        ("COPY src /app", SRC),
        ("COPY src/ /app", SRC),
        ("COPY src/. /app", SRC),
        ("COPY docs/../src /app", SRC),
        ("COPY sr /app", set()),
        ("COPY package*.json /", {"package.json", "package-lock.json"}),
        ("COPY package?json /", {"package.json"}),
        ("COPY sr* /", SRC | {"srcx/other.js"}),
        ("COPY *.md /", {"README.md"}),  # link.md is followed to the same file
        ("COPY */*.md /", {"docs/a.md"}),
        ("COPY docs/* /", {"docs/a.md", "docs/b/c.md"} | SRC),
        ("COPY src/*/a.js /", {"src/lib/a.js"}),
        ("COPY **/c.md /", set()),
        ("COPY a/**/d.txt /", set()),
        ("COPY a/**/**/d.txt /", {"a/b/c/d.txt"}),
        ("COPY [p-z]* /", {"package.json", "package-lock.json", "sp ace.txt", "srcx/other.js"} | SRC),
        ("COPY [^a-z]* /", {"Dockerfile", "README.md", ".env", ".hidden/x"}),
        ("COPY arr[[]0].txt /", {"arr[0].txt"}),
        ("COPY arr[0].txt /", {"arr0.txt"}),
        ('COPY ["sp ace.txt", "/x/"]', {"sp ace.txt"}),
        ('COPY ["README.md", "src/lib", "/x/"]', {"README.md", "src/lib/a.js", "src/lib/b.ts"}),
        ("COPY link.md /", {"README.md"}),
        ("COPY absolute /", {"docs/b/c.md"}),
        ("COPY up/lib /", {"src/lib/a.js", "src/lib/b.ts"}),
        ("COPY loop /", set()),
        ("COPY src/inner /", {"docs/a.md"}),
        ("COPY docs/out/lib /", {"src/lib/a.js", "src/lib/b.ts"}),
        ("COPY docs[^x]a.md /", {"docs/a.md"}),  # a class matches a slash for BuildKit
        ("COPY docs?a.md /", set()),
        ("COPY [ /", set()),
        ("COPY --from=build /app /app", set()),
        ("COPY --chown=1:1 --link README.md /", {"README.md"}),
        ("COPY --exclude=*.ts src/lib /x", {"src/lib/a.js"}),
        ("COPY --exclude=lib --exclude=inner src /x", {"src/index.js"}),
        ("COPY --exclude=**/*.js --exclude=!lib/a.js src /x", SRC - {"src/index.js"}),
        ("COPY --parents docs/*/c.md /x/", {"docs/b/c.md"}),
        ("COPY --parents docs/**/*.md /x/", {"docs/a.md", "docs/b/c.md"}),
        ("COPY --parents docs/./b /x/", {"docs/b/c.md"}),
        ("ADD README.md /", {"README.md"}),
        ("ADD https://example.org/a.tgz README.md /x/", {"README.md"}),
        ("ADD https://github.com/a/b.git /x/", set()),
        ("ADD git@github.com:a/b.git /x/", set()),
        ("COPY <<EOF README.md /x/\nhello\nEOF", {"README.md"}),
        ("RUN --mount=type=bind,target=/src true", None),
        ("RUN --mount=target=/src,source=docs true", DOCS),
        ("RUN --mount=type=bind,src=package.json,target=package.json npm ci", {"package.json"}),
        ("RUN --mount=type=bind,from=other,target=/src true", set()),
        ("RUN --mount=type=cache,target=/root/.npm true", set()),
        ("RUN --mount=type=secret,id=x cp README.md /", set()),
        ("ONBUILD COPY README.md /", set()),
        ("WORKDIR /src", set()),
    ],
)
def test_an_instruction_takes(line: str, expected: set[str] | None, context: Context) -> None:
    everything = {each.path for each in context.entries if each.kind != "directory"}
    assert (everything if expected is None else expected) == of(context, line)


def test_all_of_the_context_is_taken_by_a_dot(context: Context) -> None:
    everything = {each.path for each in context.entries if each.kind != "directory"}
    for source in (".", "./", "/", "..", "src/.."):
        assert everything == of(context, f"COPY {source} /app")
    assert len(FILES) + 6 == len(everything)


def test_variables_are_filled_in_and_unknown_ones_told(context: Context) -> None:
    assert {"docs/b/c.md"} == of(context, "COPY $where/${what:-b} /", where="docs")
    assert {"docs/a.md"} == of(context, "COPY docs/${name%.txt}.md /", name="a.txt")
    unknown = taken(parse("FROM a\nCOPY $HOME/x README.md /").instructions[1], context)
    assert (("$HOME/x",), frozenset({"README.md"})) == (unknown.unknown, unknown.paths)


def test_what_is_ignored_is_not_taken(context: Context) -> None:
    less = walk(context.root, Ignore.parse("docs\n!docs/b\n*.json"))
    assert {"docs/b/c.md"} == of(less, "COPY docs /")
    assert set() == of(less, "COPY package*.json /")
    missing = taken(parse("FROM a\nCOPY package.json src /x/").instructions[1], less)
    assert (("package.json",), ("src",)) == (missing.missing, missing.sources)


def test_bytes_are_those_of_the_files_taken(context: Context) -> None:
    each = taken(parse("FROM a\nCOPY README.md link.md docs /x/").instructions[1], context)
    assert len("README.md") + len("docs/a.md") + len("docs/b/c.md") == each.bytes


def test_archives_are_told_by_their_content(context: Context) -> None:
    inside = io.BytesIO()
    with tarfile.open(fileobj=inside, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    (context.root / "plain.bin").write_bytes(inside.getvalue())
    (context.root / "zstd.bin").write_bytes(zstandard.compress(inside.getvalue()))
    with tarfile.open(context.root / "app.tgz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    (context.root / "fake.tar.gz").write_bytes(b"no archive")
    (context.root / "short.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    now = walk(context.root, None)
    line = "plain.bin zstd.bin app.tgz fake.tar.gz short.zst README.md /x/"
    add, copy, packed = parse(f"FROM a\nADD {line}\nCOPY {line}\nADD --unpack=false {line}").instructions[1:]
    assert ("plain.bin", "zstd.bin", "app.tgz") == taken(add, now).archives
    assert () == taken(copy, now).archives
    assert () == taken(packed, now).archives
    assert ("https://example.org/a.tgz",) == taken(
        parse("FROM a\nADD https://example.org/a.tgz /").instructions[1], now
    ).remote


def test_stages_that_are_not_built_take_nothing(context: Context) -> None:
    unused, build = "FROM a AS unused\nCOPY . /\n", "FROM b AS build\nARG where\nCOPY $where /\nRUN x\n"
    dockerfile = parse(f"ARG where=docs\n{unused}{build}FROM c\nCOPY --from=build / /\n")
    stages = needed(dockerfile, resolve_target(dockerfile, None))
    assert [frozenset(DOCS)] == [each.paths for each in copies(dockerfile, stages, context)]
    other = copies(dockerfile, stages, context, {"where": "a"})
    assert [frozenset({"a/b/c/d.txt"})] == [each.paths for each in other]


def test_paths_are_resolved_below_the_root(context: Context) -> None:
    assert "docs/b" == resolve(context, "absolute")
    assert "src/lib" == resolve(context, "up/lib/../lib")
    assert "" == resolve(context, "../..")
    assert None is resolve(context, "loop/x")
    assert None is resolve(context, "README.md/x")
