"""Histories that are not a row for each instruction: one layer, squashed, imported, kaniko's, ONBUILD, no Dockerfile.

Buildah's are as 1.28 wrote them. Those of kaniko, of `docker build --squash`, of `docker import` and of the other
makers are written from upstream sources (kaniko `pkg/executor/build.go`, moby `daemon/images/image_squash.go` and
`image_import.go`), COPY --link from BuildKit's (`dockerfile2llb/convert.go`: the row is that of any COPY).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jettison.align import Alignment, align, builders_of
from jettison.core.reference import Reference, Transport
from jettison.dockerfile.graph import resolve_target, stage_chain
from jettison.dockerfile.parse import parse
from jettison.image.model import Image, Layer, LayerSource

TEXT = """FROM base
ARG VER=9
ENV A=1
WORKDIR /app/deep
COPY a b /out/
RUN true
RUN echo $VER > /made
LABEL my=label
USER 1000
EXPOSE 8080
CMD ["/app"]
"""
Row = dict[str, Any]


def row(created_by: str, comment: str = "", *, empty: bool = False, author: str = "") -> Row:
    told = {"created_by": created_by, "comment": comment, "author": author}
    return {key: value for key, value in told.items() if value} | ({"empty_layer": True} if empty else {})


BUILDAH = [
    "/bin/sh -c #(nop) ARG VER",
    "/bin/sh -c #(nop) ENV A=1",
    "/bin/sh -c #(nop) WORKDIR /app/deep",
    "/bin/sh -c #(nop) COPY multi:047dbee8a39da9f8f9b5ad8cd9b350936e65500c9d16b1f4b290dc7231a87a94 in /out/ ",
    "|1 VER=9 /bin/sh -c true",
    "|1 VER=9 /bin/sh -c echo $VER > /made",
    "/bin/sh -c #(nop) LABEL my=label",
    "/bin/sh -c #(nop) USER 1000",
    "/bin/sh -c #(nop) EXPOSE 8080",
]
LAST = '/bin/sh -c #(nop) CMD ["/app"]'
BASE = [row("/bin/sh -c #(nop) ADD file:1 in / "), row('/bin/sh -c #(nop)  CMD ["bash"]', empty=True)]
ONE_LAYER = [*(row(each, empty=True) for each in BUILDAH), row(LAST, "FROM localhost/base:1")]
MERGED = row("", "merge sha256:aa to sha256:bb")


def image(rows: Sequence[Row], layers: int | None = None, **config: Any) -> Image:
    count = sum(not each.get("empty_layer") for each in rows) if layers is None else layers
    made = tuple(Layer(f"sha256:{number}", LayerSource()) for number in range(count))
    return Image(Reference(Transport.OCI, "made"), "sha256:0", {"history": list(rows), **config}, made)


def aligned(made: Image, base: Image | None = None, text: str = TEXT) -> Alignment:
    dockerfile = parse(text)
    return align(stage_chain(dockerfile, resolve_target(dockerfile, None)), made, base, builder=builders_of(made)[0])


def lines(found: Alignment) -> dict[int, int]:
    return {layer: instruction.line for layer, instruction in found.instruction_of.items()}


def together(found: Alignment) -> dict[int, list[int]]:
    return {layer: [each.line for each in makers] for layer, makers in found.together.items()}


@pytest.mark.parametrize("base", [image(BASE), None])
def test_a_build_of_one_layer_is_told_as_one(base: Image | None) -> None:
    found = aligned(image([*BASE, *ONE_LAYER]), base)
    assert (False, {}, {1: [4, 5, 6, 7]}, 1) == (found.known, lines(found), together(found), found.base_layers)
    assert "the image was built as one layer: 4 instructions are in it" == found.reason


def test_a_squashed_build_may_hold_its_base() -> None:
    found = aligned(image(ONE_LAYER))
    assert {0: [4, 5, 6, 7]} == together(found)
    assert "which may hold the base as well" in found.reason


def test_one_layer_that_ends_with_a_run_is_known_by_its_copy() -> None:
    text = "FROM base\nCOPY a /a\nRUN make\n"
    rows = [row("/bin/sh -c #(nop) COPY file:1 in /a ", empty=True), row("/bin/sh -c make", "FROM localhost/base:1")]
    assert {1: [2, 3]} == together(aligned(image([*BASE, *rows]), image(BASE), text))


def test_one_run_with_one_layer_is_no_squash() -> None:
    rows = [row("/bin/sh -c #(nop) ENV A=1", empty=True), row("/bin/sh -c make")]
    found = aligned(image([*BASE, *rows]), image(BASE), "FROM base\nENV A=1\nRUN make\n")
    assert (True, {1: 3}, {}) == (found.known, lines(found), together(found))


def test_dockers_squash_puts_a_row_behind() -> None:
    rows = [*(row(each, empty=True) for each in BUILDAH), row(LAST, empty=True), MERGED]
    found = aligned(image([*BASE, *rows]), image(BASE))
    assert (False, {1: [4, 5, 6, 7]}) == (found.known, together(found))
    assert "the image was squashed: 4 instructions are in it" == found.reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("", "Imported from -")], "the image was imported from a tar: no instruction made it"),
        ([row("bazel build ...")], "the image was made by Bazel, without a Dockerfile"),
        ([row("jib-maven-plugin:3.4.0", "classes")], "the image was made by Jib, without a Dockerfile"),
        ([row("apko", "This is an apko single-layer image")], "the image was made by apko, without a Dockerfile"),
        ([row("ko build ko://x")], "the image was made by ko, without a Dockerfile"),
        ([row("Buildpacks Launcher")], "the image was made by Buildpacks, without a Dockerfile"),
    ],
)
def test_what_no_dockerfile_made_says_so(rows: list[Row], reason: str) -> None:
    found = aligned(image(rows))
    assert (False, {}, reason) == (found.known, lines(found), found.reason)


def test_a_history_that_was_left_out_is_not_known() -> None:
    found = aligned(image([], 2))
    assert (False, "0 history rows stand against 10 instructions") == (found.known, found.reason)


def test_triggers_of_the_base_come_first_and_are_due_to_its_from() -> None:
    base = image(BASE, config={"OnBuild": ["COPY . /app", "RUN make"]})
    text = "FROM base\nRUN own\n"
    rows = [row("/bin/sh -c #(nop) COPY dir:1 in /app "), row("/bin/sh -c make"), row("/bin/sh -c own")]
    found = aligned(image([*BASE, *rows]), base, text)
    assert (True, 1, {1: 1, 2: 1, 3: 2}) == (found.known, found.base_layers, lines(found))
    assert not aligned(image([*BASE, *rows]), image(BASE), text).known


def test_a_linked_copy_has_a_row_and_a_layer_as_any() -> None:
    text = "FROM base\nCOPY --link a /a\nCOPY --link --from=base b /b\nENV A=1\n"
    built = "buildkit.dockerfile.v0"
    rows = [row("COPY a /a # buildkit", built), row("COPY b /b # buildkit", built), row("ENV A=1", built, empty=True)]
    found = aligned(image([*BASE, *rows]), image(BASE), text)
    assert (True, {1: 2, 2: 3}) == (found.known, lines(found))


def test_rows_that_the_exporter_added_are_not_known() -> None:
    rows = [row("RUN /bin/sh -c make # buildkit", "buildkit.dockerfile.v0"), row("", "buildkit.exporter.image.v0")]
    assert "line 2 is RUN, its history row is empty" == aligned(image(rows), None, "FROM x\nRUN make\n").reason


def test_a_build_from_scratch_has_nothing_below() -> None:
    found = aligned(image([*BASE, row("/bin/sh -c #(nop) COPY file:1 in / ")]), None, "FROM scratch\nCOPY a /\n")
    assert (False, "there are layers below those of a build from scratch") == (found.known, found.reason)


KANIKO = [
    row("COPY a b /out/", author="kaniko"),
    row("RUN echo $VER > /made", author="kaniko"),
]


def test_kaniko_has_rows_for_layers_only() -> None:
    found = aligned(image([*BASE, *KANIKO]), image(BASE))
    assert (True, 1, {1: 5, 2: 7}) == (found.known, found.base_layers, lines(found))
    assert {1: 5, 2: 7} == lines(aligned(image([*BASE, *KANIKO])))


def test_kaniko_writes_an_instruction_as_it_stands() -> None:
    text = "FROM base\nRUN apk add \\\n    curl   git\nCOPY --chown=1:1 --from=x  a /b\n"
    rows = [row("RUN apk add     curl   git", author="kaniko"), row("COPY --chown=1:1 --from=x  a /b", author="kaniko")]
    assert {1: 2, 2: 4} == lines(aligned(image([*BASE, *rows]), image(BASE), text))


def test_two_ways_to_read_kanikos_rows_are_none() -> None:
    text = "FROM base\nRUN make\nRUN make\n"
    found = aligned(image([*BASE, row("RUN make", author="kaniko")]), image(BASE), text)
    assert (False, {}) == (found.known, lines(found))
    both = aligned(image([*BASE, *[row("RUN make", author="kaniko")] * 2]), image(BASE), text)
    assert {1: 2, 2: 3} == lines(both)


@pytest.mark.parametrize("last", ['CMD ["/app"]', "RUN echo $VER > /made"])
def test_kanikos_single_snapshot_is_told_as_one(last: str) -> None:
    found = aligned(image([*BASE, row(last, author="kaniko")]), image(BASE))
    assert (False, {1: [4, 5, 6, 7]}) == (found.known, together(found))
    assert "kaniko took one snapshot of all instructions" == found.reason


def test_kanikos_rows_upon_a_base_of_kanikos_are_its_own() -> None:
    base = image([*BASE, row("COPY x /", author="kaniko")])
    found = aligned(image([*base.config["history"], *KANIKO]), base)
    assert (True, 2, {2: 5, 3: 7}) == (found.known, found.base_layers, lines(found))


def test_kanikos_rows_of_another_file_are_not_known() -> None:
    assert not aligned(image([*BASE, row("RUN other", author="kaniko"), *KANIKO]), image(BASE)).known
    assert not aligned(image([*BASE, *KANIKO], 5), image(BASE)).known


def test_a_base_may_come_from_another_builder() -> None:
    signed = [{**each, "comment": "buildkit.dockerfile.v0"} for each in BASE]
    assert {1: 5, 2: 7} == lines(aligned(image([*signed, *KANIKO]), image(signed)))
    rows = [row("/bin/sh -c #(nop) ONBUILD RUN x", empty=True), row("/bin/sh -c make")]
    assert {1: 3} == lines(aligned(image([*signed, *rows]), image(signed), "FROM base\nONBUILD RUN x\nRUN make\n"))


def test_who_wrote_a_history_is_seen_in_it() -> None:
    buildkit = row("RUN /bin/sh -c x # buildkit", "buildkit.dockerfile.v0")
    assert [("buildkit",), ("kaniko",), ("buildah", "classic"), ("buildah", "classic")] == [
        builders_of(image(rows)) for rows in ([*BASE, buildkit], [*BASE, *KANIKO], BASE, [])
    ]
