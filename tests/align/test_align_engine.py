"""Histories as the Buildah of this machine writes them: with layers, without, squashed, without history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_base import BASE, Store, require_engine, store_in

from jettison.align import align, builders_of, guessed_base
from jettison.dockerfile.graph import resolve_target, stage_chain
from jettison.dockerfile.parse import parse
from jettison.documents.image import Inspection, inspect_image
from jettison.documents.provenance import provenance_of
from jettison.image.model import Image
from jettison.image.open import open_image

pytestmark = pytest.mark.engine
TEXT = f"""FROM {BASE}
ARG VER=9
ENV A=1
WORKDIR /app/deep
COPY a /out/
RUN true
RUN echo $VER > /made
LABEL my=label
CMD ["/app"]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    require_engine()
    with store_in(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def built(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Image]:
    for key, value in store.environment.items():
        monkeypatch.setenv(key, value)

    def build(*options: str) -> Image:
        (tmp_path / "Dockerfile").write_text(TEXT)
        (tmp_path / "a").write_text("a")
        name = "localhost/aligned:" + ("".join(filter(str.isalnum, "".join(options))) or "plain")
        store.buildah("bud", "--isolation", "chroot", *options, "-t", name, str(tmp_path))
        return open_image(f"containers-storage:{name}")

    return build


def aligned(image: Image, base: Image | None):  # type: ignore[no-untyped-def]
    dockerfile = parse(TEXT)
    return align(stage_chain(dockerfile, resolve_target(dockerfile, None)), image, base, builder=builders_of(image)[0])


def inspected(image: Image) -> Inspection:
    return inspect_image(image, provenance_of(image, parse(TEXT)))


@pytest.mark.parametrize("options", [["--layers"], ["--layers", "--label", "run=1"]])
def test_layers_have_their_lines(built: Callable[..., Image], options: list[str]) -> None:
    image, base = built(*options), open_image(f"containers-storage:{BASE}")
    bottom = len(base.layers)
    for known in (base, None):
        found = aligned(image, known)
        assert (True, bottom) == (found.known, found.base_layers)
        lines = {layer: each.line for layer, each in found.instruction_of.items()}
        assert {bottom: 5, bottom + 1: 6, bottom + 2: 7} == lines
    guess = guessed_base(image)
    assert guess is not None
    assert (BASE, bottom) == (guess.name, guess.layers)
    report = inspected(image)
    assert report.base is not None
    assert ("known", BASE, bottom) == (report.base.known, report.base.name, report.base.layers)
    assert report.rows is not None
    assert (2, False) == (report.rows.adding, report.rows.merged)


def test_a_build_without_layers_is_one(built: Callable[..., Image]) -> None:
    image, base = built("--layers=false"), open_image(f"containers-storage:{BASE}")
    bottom = len(base.layers)
    found = aligned(image, base)
    assert (False, bottom, {}) == (found.known, found.base_layers, found.instruction_of)
    assert {bottom: [4, 5, 6, 7]} == {layer: [each.line for each in makers] for layer, makers in found.together.items()}
    report = inspected(image)
    assert {bottom: (4, 7)} == report.made.together
    assert report.rows is not None
    assert report.rows.merged


def test_a_squashed_build_holds_its_base(built: Callable[..., Image]) -> None:
    image = built("--squash")
    found = aligned(image, None)
    assert (1, False, [0]) == (len(image.layers), found.known, list(found.together))
    assert "which may hold the base as well" in found.reason


def test_a_build_without_history_is_not_known(built: Callable[..., Image]) -> None:
    image = built("--omit-history")
    assert ((), False) == (image.history, aligned(image, None).known)
    assert inspected(image).rows is None
