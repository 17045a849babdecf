"""Places of somebody else: each refused with what to do, never with a traceback and never as if it were not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from handmade import Made, classic_files, entry, layout_files, tar, write_archive, write_layout
from handmade_bolt import write_store
from test_transports_storage import store

from jettison.core.errors import ImageError
from jettison.image.open import open_image
from jettison.image.transports import containerd, storage

NOBODY = 65534
APP = Made((tar(entry("a", b"x" * 300)),))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root reads everything: for a while we are somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="jettison-permissions-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def refused(read: object, match: str = "may not read") -> None:
    with as_nobody(), pytest.raises(ImageError, match=match) as caught:
        assert read().sizes  # type: ignore[operator]
    assert caught.value.hint


def test_an_archive_and_what_is_in_a_closed_folder_are_refused(place: Path) -> None:
    path = write_archive(classic_files(APP), place / "x.tar")
    with as_nobody():
        assert 300 == open_image(str(path)).sizes.unpacked
    path.chmod(0o600)
    refused(lambda: open_image(str(path)))
    path.chmod(0o644)
    (place / "closed").mkdir()
    path.rename(place / "closed" / "x.tar")
    (place / "closed").chmod(0o700)
    refused(lambda: open_image(f"docker-archive:{place}/closed/x.tar"), "there is no file")


@pytest.mark.parametrize("closed", ["blobs", "blobs/sha256", "index.json"])
def test_a_layout_of_which_a_part_is_closed_is_refused(closed: str, place: Path) -> None:
    root = write_layout(layout_files(APP), place / "layout")
    (root / closed).chmod(0o700 if closed != "index.json" else 0o600)
    refused(lambda: open_image(f"oci:{root}"))


def test_a_store_of_somebody_else_is_refused(place: Path) -> None:
    root = store(place / "store")
    (root / "overlay-images").chmod(0o700)
    refused(lambda: storage.read("app:1", root))
    (root / "overlay-images").chmod(0o755)
    (root / "overlay").chmod(0o700)
    refused(lambda: storage.read("app:1", root), "cannot read the layer directory|may not read")


def test_a_containerd_of_somebody_else_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTAINERD_NAMESPACE", raising=False)
    root = write_store(place / "root", {"default": {"docker.io/library/app:1": APP}})
    for closed in ("io.containerd.content.v1.content", "io.containerd.metadata.v1.bolt", ""):
        (root / closed).chmod(0o700)
        refused(lambda: containerd.read("app:1", None, root))
        (root / closed).chmod(0o755)
