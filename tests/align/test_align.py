"""Instructions and layers matched by history, as each builder writes it; "not known" where that is not certain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jettison.align import Alignment, align
from jettison.align.found import aligned as found_for
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
EXPOSE 8080
HEALTHCHECK CMD /bin/check
CMD ["/app"]
"""
Row = tuple[str, bool]  # created_by, whether it is a layer

# as knowledge of the builders has it: engines' own words for the file above
BUILDKIT: list[Row] = [
    ("ARG VER=9", False),
    ("ENV A=1", False),
    ("WORKDIR /app/deep", True),
    ("COPY a b /out/ # buildkit", True),
    ("RUN |1 VER=9 /bin/sh -c true # buildkit", True),
    ("RUN |1 VER=9 /bin/sh -c echo $VER > /made # buildkit", True),
    ("LABEL my=label", False),
    ("EXPOSE map[8080/tcp:{}]", False),
    ('HEALTHCHECK &{["CMD-SHELL" "/bin/check"] "0s" "0s" \'\\x00\'}', False),
    ('CMD ["/app"]', False),
]
CLASSIC: list[Row] = [
    ("/bin/sh -c #(nop)  ARG VER=9", False),
    ("/bin/sh -c #(nop)  ENV A=1", False),
    ("/bin/sh -c #(nop) WORKDIR /app/deep", True),
    ("/bin/sh -c #(nop) COPY multi:0123456789abcdef in /out/ ", True),
    ("|1 VER=9 /bin/sh -c true", False),  # an empty RUN is no layer
    ("|1 VER=9 /bin/sh -c echo $VER > /made", True),
    ("/bin/sh -c #(nop)  LABEL my=label", False),
    ("/bin/sh -c #(nop)  EXPOSE 8080", False),
    ('/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL"]}', False),
    ('/bin/sh -c #(nop)  CMD ["/app"]', False),
]
BUILDAH: list[Row] = [
    ("/bin/sh -c #(nop) ARG VER", False),
    ("/bin/sh -c #(nop) ENV A=1", False),
    ("/bin/sh -c #(nop) WORKDIR /app/deep", False),  # the directory is in the next layer
    ("/bin/sh -c #(nop) COPY multi:0123456789abcdef in /out/ ", True),
    ("|1 VER=9 /bin/sh -c true", True),
    ("|1 VER=9 /bin/sh -c echo $VER > /made", True),
    ("/bin/sh -c #(nop) LABEL my=label", False),
    ("/bin/sh -c #(nop) EXPOSE 8080", False),
    ("/bin/sh -c #(nop) HEALTHCHECK --interval=30s CMD /bin/check", False),
    ('/bin/sh -c #(nop) CMD ["/app"]', False),
]
LAYERS = {
    "buildkit": [4, 5, 6, 7],  # lines, bottom first
    "classic": [4, 5, 7],
    "buildah": [5, 6, 7],
}
ROWS = {"buildkit": BUILDKIT, "classic": CLASSIC, "buildah": BUILDAH}
LABEL = {"classic": ("/bin/sh -c #(nop)  LABEL run=1", False), "buildah": ('/bin/sh -c #(nop) LABEL "run"="1"', False)}
BASE: list[Row] = [
    ("/bin/sh -c #(nop) ADD file:1 in / ", True),
    ('/bin/sh -c #(nop)  CMD ["bash"]', False),
    ("x", True),
]


def image(rows: Sequence[Row], builder: str = "", below: int = 0) -> Image:
    """An image with a layer for each row that has one; the `below` lowest rows are not this builder's."""
    history: list[dict[str, Any]] = []
    for number, (text, is_layer) in enumerate(rows):
        comment = "buildkit.dockerfile.v0" if builder == "buildkit" and number >= below else ""
        history.append({"created_by": text, "empty_layer": not is_layer, "comment": comment})
    layers = [Layer(f"sha256:{n}", LayerSource()) for n in range(sum(is_layer for _, is_layer in rows))]
    return Image(Reference(Transport.OCI, "made"), "sha256:0", {"history": history}, tuple(layers))


def aligned(text: str, made: Image, base: Image | None, builder: str, target: str | None = None) -> Alignment:
    dockerfile = parse(text)
    return align(stage_chain(dockerfile, resolve_target(dockerfile, target)), made, base, builder=builder)


def lines(alignment: Alignment) -> dict[int, int]:
    """Layer -> line."""
    return {index: instruction.line for index, instruction in alignment.instruction_of.items()}


@pytest.mark.parametrize("builder", ["buildkit", "classic", "buildah"])
@pytest.mark.parametrize("base_known", [True, False])
def test_each_builders_history_is_matched(builder: str, base_known: bool) -> None:
    made = image([*BASE, *ROWS[builder]], builder, len(BASE))
    found = aligned(TEXT, made, image(BASE) if base_known else None, builder)
    assert (True, 2, "") == (found.known, found.base_layers, found.reason)
    assert dict(enumerate(LAYERS[builder], 2)) == lines(found)
    assert [row.created_by for _, row in found.matched] == [text for text, _ in ROWS[builder]]


@pytest.mark.parametrize("builder", ["classic", "buildah"])
@pytest.mark.parametrize("base_known", [True, False])
def test_a_label_of_the_command_line_is_a_row_that_no_line_made(builder: str, base_known: bool) -> None:
    made = image([*BASE, *ROWS[builder], LABEL[builder]])
    found = aligned(TEXT, made, image(BASE) if base_known else None, builder)
    assert (True, dict(enumerate(LAYERS[builder], 2))) == (found.known, lines(found))


@pytest.mark.parametrize("base_known", [True, False])
def test_a_label_of_the_file_at_its_end_is_not_taken_for_one_of_the_command_line(base_known: bool) -> None:
    rows: list[Row] = [("/bin/sh -c make", True), ("/bin/sh -c #(nop) LABEL a=1", False)]
    text = "FROM base\nRUN make\nLABEL a=1\n"
    for more in ([], [LABEL["buildah"]]):
        found = aligned(text, image([*BASE, *rows, *more]), image(BASE) if base_known else None, "buildah")
        assert (True, {2: 2}) == (found.known, lines(found))


def test_a_stage_on_another_stage_has_the_rows_of_both() -> None:
    text = "FROM base AS one\nRUN a\nFROM one AS two\nENV B=2\nRUN b\n"
    rows: list[Row] = [("/bin/sh -c a", True), ("/bin/sh -c #(nop) ENV B=2", False), ("/bin/sh -c b", True)]
    found = aligned(text, image([*BASE, *rows]), image(BASE), "buildah")
    assert (True, 2, {2: 2, 3: 5}) == (found.known, found.base_layers, lines(found))
    first = aligned(text, image([*BASE, rows[0]]), image(BASE), "buildah", "one")
    assert {2: 2} == lines(first)


def test_a_stage_that_a_build_argument_names_is_one_that_it_stands_on() -> None:
    dockerfile = parse("ARG ON=base\nFROM scratch AS one\nCOPY a /\nFROM $ON\nRUN b\n")
    made = image([("/bin/sh -c #(nop) COPY file:1 in / ", True), ("/bin/sh -c b", True)])
    found = found_for(dockerfile, dockerfile.stages[-1], made, {"ON": "one"})
    assert (True, 0, {0: 3, 1: 5}) == (found.known, found.base_layers, lines(found))


def test_scratch_has_no_base() -> None:
    found = aligned("FROM scratch\nCOPY a /\n", image([("/bin/sh -c #(nop) COPY file:1 in / ", True)]), None, "buildah")
    assert (True, 0, {0: 2}) == (found.known, found.base_layers, lines(found))


def test_onbuild_has_no_row_in_buildkit() -> None:
    text = "FROM scratch\nONBUILD RUN x\nCOPY a /\n"
    assert aligned(text, image([("COPY a / # buildkit", True)], "buildkit"), None, "buildkit").known
    rows: list[Row] = [("/bin/sh -c #(nop) ONBUILD RUN x", False), ("/bin/sh -c #(nop) COPY file:1 in / ", True)]
    assert aligned(text, image(rows), None, "classic").known


def test_what_does_not_match_is_not_known_and_says_why() -> None:
    made = image([*BASE, *BUILDAH])
    shorter = TEXT.replace("RUN true\n", "")
    found = aligned(shorter, made, image(BASE), "buildah")
    assert (False, {}, (), "10 history rows stand against 9 instructions") == (
        found.known,
        lines(found),
        found.matched,
        found.reason,
    )
    swapped = TEXT.replace("RUN true", "USER true")
    assert "line 6 is USER, its history row RUN" == aligned(swapped, made, image(BASE), "buildah").reason


def test_a_squashed_image_is_not_known() -> None:
    made = image([*BASE, *BUILDAH])
    squashed = Image(made.reference, made.digest, made.config, made.layers[:1])
    found = aligned(TEXT, squashed, None, "buildah")
    assert (False, True) == (found.known, "fewer layers than its history says" in found.reason)


def test_an_image_without_history_is_not_known() -> None:
    assert "0 history rows stand against 10 instructions" == aligned(TEXT, image([]), None, "buildah").reason


def test_a_base_that_is_not_below_the_image_is_not_used() -> None:
    other = Image(Reference(Transport.OCI, "other"), "sha256:1", {}, (Layer("sha256:other", LayerSource()),))
    found = aligned(TEXT, image([*BASE, *BUILDAH]), other, "buildah")
    assert (True, 2) == (found.known, found.base_layers)


def test_layers_above_the_base_must_be_as_many_as_their_rows() -> None:
    made = image([*BASE, ("/bin/sh -c make", True)])
    more = Image(made.reference, made.digest, made.config, (*made.layers, Layer("sha256:9", LayerSource())))
    found = aligned("FROM base\nRUN make\n", more, image(BASE), "buildah")
    assert (False, "history rows and layers above the base are not as many") == (found.known, found.reason)


def test_layers_of_an_instruction_are_found() -> None:
    found = aligned(TEXT, image([*BASE, *BUILDAH]), image(BASE), "buildah")
    by_line = {instruction.line: instruction for instruction, _ in found.matched}
    assert [(2,), (), (4,)] == [found.layers_of(by_line[line]) for line in (5, 3, 7)]
