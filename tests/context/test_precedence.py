"""Which ignore file counts, for whom."""

from __future__ import annotations

import itertools
from pathlib import Path

from jettison.context.ignore import Dialect
from jettison.context.precedence import precedence

BESIDE, BESIDE_C = "web.Dockerfile.dockerignore", "web.Dockerfile.containerignore"
ROOT_C, ROOT = ".containerignore", ".dockerignore"


def counts(root: Path, dialect: Dialect) -> str | None:
    found = precedence(root, root / "web.Dockerfile", dialect).file
    return None if found is None else found.name


def test_each_builder_has_its_order(tmp_path: Path) -> None:
    order = {
        Dialect.BUILDKIT: (BESIDE, ROOT),
        Dialect.CLASSIC: (ROOT,),
        Dialect.BUILDAH: (BESIDE, BESIDE_C, ROOT_C, ROOT),
    }
    every = (BESIDE, BESIDE_C, ROOT_C, ROOT)
    for count in range(len(every) + 1):
        for there in itertools.combinations(every, count):
            root = tmp_path / ("-".join(there) or "none")
            root.mkdir()
            for name in there:
                (root / name).touch()
            for dialect, names in order.items():
                assert next((name for name in names if name in there), None) == counts(root, dialect), there


def test_what_is_there_and_does_not_count_is_told(tmp_path: Path) -> None:
    for name in (BESIDE, ROOT_C, ROOT):
        (tmp_path / name).touch()
    dockerfile = tmp_path / "web.Dockerfile"
    assert (tmp_path / ROOT_C, tmp_path / ROOT) == precedence(tmp_path, dockerfile, Dialect.BUILDKIT).unused
    assert (tmp_path / BESIDE, tmp_path / ROOT_C) == precedence(tmp_path, dockerfile, Dialect.CLASSIC).unused
    assert (BESIDE, ROOT) == precedence(tmp_path, dockerfile, Dialect.BUILDKIT).names
    assert [True, False] == [precedence(tmp_path, dockerfile, each).beside for each in list(Dialect)[:2]]


def test_a_file_beside_a_dockerfile_elsewhere_counts(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / BESIDE).touch()
    (tmp_path / ROOT).touch()
    found = precedence(tmp_path, tmp_path / "docker/web.Dockerfile", Dialect.BUILDKIT)
    assert (tmp_path / "docker" / BESIDE, True) == (found.file, found.beside)
