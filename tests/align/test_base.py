"""The base of an image: known by its layers, guessed by its history, or not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from handmade_tree import layer

from jettison.align import Base, base_of, first_own_row, guessed_base
from jettison.core.reference import Reference, Transport
from jettison.documents.base import Rows, recognised, rows_of, unique_bytes
from jettison.documents.provenance import Provenance
from jettison.image.model import Image
from jettison.image.transports.siblings import Sibling, siblings

ADD, BASH = {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "}, {"created_by": 'CMD ["bash"]', "empty_layer": True}
BASH["comment"] = "buildkit.dockerfile.v0"
ENV = {"created_by": "/bin/sh -c #(nop) ENV A=1", "empty_layer": True}
RUN = {"created_by": "/bin/sh -c make"}
CMD = {"created_by": '/bin/sh -c #(nop)  CMD ["/app"]', "empty_layer": True}
MADE = Provenance(())


def image(rows: list[dict[str, Any]], sizes: list[int] | None = None, where: str = "oci", **config: Any) -> Image:
    count = sum(not row.get("empty_layer") for row in rows)
    layers = tuple(layer({f"f{at}": b"x" * size}) for at, size in enumerate(sizes or [at + 1 for at in range(count)]))
    return Image(Reference(Transport(where), "made"), "sha256:0", {"history": rows, "config": config}, layers)


def ids(made: Image) -> list[str]:
    return [each.diff_id for each in made.layers]


def test_the_longest_prefix_that_is_an_image_is_the_base() -> None:
    made = image([ADD, RUN, RUN, RUN])
    own = ids(made)
    images = [
        ("debian", own[:1]),
        ("python", own[:2]),
        ("docker.io/library/python", own[:2]),
        ("app:old", own[:3][::-1]),
    ]
    assert Base("known", "python", 2) == base_of(made, images)
    assert Base("known", "debian", 1) == base_of(
        made, [*images[:1], ("self", own), ("longer", [*own, "x"]), ("no", [])]
    )
    assert None is base_of(made, [("other", ["sha256:x"])])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ADD, BASH, RUN, CMD], Base("guessed", None, 1)),
        ([ADD, BASH, ENV, RUN, CMD, RUN], Base("guessed", None, 2)),
        ([ADD, BASH], None),
        ([ADD, RUN, CMD], None),
        ([CMD, ADD], None),
        ([], None),
        ([ADD, {**ENV, "comment": "FROM localhost/base:1"}, RUN, CMD], Base("guessed", "localhost/base:1", 1)),
        (
            [ADD, {**ENV, "comment": "FROM low:1"}, RUN, {**RUN, "comment": "FROM high:2"}, RUN, CMD, RUN],
            Base("guessed", "high:2", 2),
        ),
        ([ADD, {**RUN, "comment": "FROM 0a4a55d1f52a"}], None),
        ([ADD, {**RUN, "comment": "FROM one:1"}, {**ENV, "comment": "FROM made:latest"}], Base("guessed", "one:1", 1)),
    ],
)
def test_a_base_is_guessed_by_the_history(rows: list[dict[str, Any]], expected: Base | None) -> None:
    assert expected == guessed_base(image(rows))


def test_a_history_that_does_not_match_tells_no_base() -> None:
    made = image([ADD, BASH, RUN])
    assert None is guessed_base(Image(made.reference, made.digest, made.config, made.layers[:1]))


def test_a_label_names_the_base() -> None:
    labels = {"org.opencontainers.image.base.name": "docker.io/library/python:3.11"}
    assert "docker.io/library/python:3.11" == getattr(guessed_base(image([ADD, BASH, RUN], Labels=labels)), "name", "")


def test_what_is_known_goes_before_lines_and_lines_before_a_guess() -> None:
    made = image([ADD, BASH, RUN, RUN, CMD])
    others = (Sibling("1", ("base:1", "docker.io/library/base:1"), tuple(ids(made)[:2])),)
    lines = Provenance((), {1: 2, 2: 3})
    assert Base("known", "base:1", 2) == recognised(made, others, lines, ("", None))
    assert Base("guessed", "python", 1) == recognised(made, (), lines, ("python", None))
    assert Base("guessed", "python", 1) == recognised(made, (), MADE, ("python", None))
    given = Image(made.reference, "", {}, made.layers[:2])
    assert Base("known", "mine", 2) == recognised(made, (), MADE, ("mine", given))
    assert None is recognised(made, (), Provenance((), {0: 2, 1: 3, 2: 4}), ("scratch", None))


def test_unique_bytes_are_those_above_the_longest_common_chain() -> None:
    made = image([ADD, RUN, RUN], [1, 10, 100])
    own = ids(made)
    others = [Sibling("1", (), (own[0], "other")), Sibling("2", (), ("other", own[1], own[2]))]
    assert (None, 111, 110, 0) == (
        unique_bytes(made, None),
        unique_bytes(made, []),
        unique_bytes(made, others),
        unique_bytes(made, [*others, Sibling("3", (), (*own, "more"))]),
    )


def test_what_a_build_keeps_in_its_cache_is_no_other_image() -> None:
    made = image([ADD, RUN, RUN], [1, 10, 100])
    own = tuple(ids(made))
    cached = [Sibling("1", (), own[:2]), Sibling("2", (), own)]
    assert (111, 100) == (unique_bytes(made, cached), unique_bytes(made, [*cached, Sibling("3", ("base",), own[:2])]))


def test_rows_of_the_history_are_counted_above_the_base() -> None:
    made = image([ADD, BASH, ENV, RUN, RUN, CMD], [5, 6, 0])
    assert Rows(6, 4, 2, 1, ("ENV", "CMD")) == rows_of(made, Base("guessed", None, 1))
    assert Rows(6, 6, 3, 2, ("CMD", "ENV")) == rows_of(made, None)
    assert None is rows_of(Image(made.reference, "", {}, made.layers), None)
    odd = {"created_by": "TOKEN=abc make", "comment": "buildkit.dockerfile.v0", "empty_layer": True}
    assert Rows(3, 3, 1, 1, ("other", "ENV")) == rows_of(image([odd, ENV, RUN]), None)


@pytest.mark.parametrize(
    ("rows", "base", "first"),
    [
        ([ADD, BASH, ENV, RUN], Base("guessed", None, 1), 2),
        ([ADD, ENV, RUN], Base("guessed", None, 1), 1),
        ([ADD, ENV, CMD, CMD, ENV, RUN], Base("guessed", None, 1), 4),
        ([ADD, ENV, {**CMD, "comment": "FROM x:1"}, RUN], Base("guessed", "x:1", 1), 2),
        ([ADD, RUN], None, 0),
    ],
)
def test_the_first_row_above_the_base(rows: list[dict[str, Any]], base: Base | None, first: int) -> None:
    assert first == first_own_row(image(rows), base)


def store(root: Path, images: list[dict[str, Any]]) -> None:
    layers = [{"id": "l1", "diff-digest": "sha256:1"}, {"id": "l2", "parent": "l1", "diff-digest": "sha256:2"}]
    for name, content in (("overlay-layers/layers.json", layers), ("overlay-images/images.json", images)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(content))


def test_images_of_the_same_store_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jettison.image.transports.siblings.graph_root", lambda: tmp_path)
    made = image([ADD], where="containers-storage")
    assert None is siblings(made)
    store(
        tmp_path,
        [{"id": "a", "names": ["base:1"], "layer": "l1"}, {"id": "b", "layer": "l2"}, {"id": "c", "layer": "l9"}],
    )
    first, second = Sibling("a", ("base:1",), ("sha256:1",)), Sibling("b", (), ("sha256:1", "sha256:2"))
    assert (first, second) == siblings(made)
    (tmp_path / "overlay-images/images.json").write_text("{")
    assert None is siblings(made)
    assert None is siblings(image([ADD]))


def test_an_image_is_no_sibling_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jettison.image.transports.siblings.graph_root", lambda: tmp_path)
    made = image([ADD], where="containers-storage")
    (one,) = made.layers
    store(tmp_path, [{"id": "a", "layer": "l"}, {"id": "b", "names": ["again"], "layer": "l"}])
    (tmp_path / "overlay-layers/layers.json").write_text(json.dumps([{"id": "l", "diff-digest": one.diff_id}]))
    assert (Sibling("a", (), (one.diff_id,)),) == siblings(made)
    assert 1 == unique_bytes(made, siblings(made))
