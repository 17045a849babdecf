"""The boxes of the checklist as a terminal shows them."""

from __future__ import annotations

from jettison.report.checklist_text import checklist_text
from jettison.review.checklist import Box, State

BOXES = [
    Box("Layers", "cleaned up in the same layer", State.NOT, "npm-cache-left-behind"),
    Box("Layers", "ordered by change frequency", State.NOT, "dependencies-installed-after-the-sources"),
    Box("Files", "no unnecessary files", State.NO, "the image tells: `jettison inspect IMAGE` weighs them"),
    Box("Files", "comprehensive .dockerignore", State.DONE),
]


def test_a_name_that_has_no_room_beside_its_box_stands_below_it_in_one_piece() -> None:
    assert """Dockerfile
  Layers
    [ ] cleaned up in the same layer              npm-cache-left-behind
    [ ] ordered by change frequency
          dependencies-installed-after-the-sources
  Files
    [-] no unnecessary files                      the image tells: `jettison
                                                  inspect IMAGE` weighs them
    [x] comprehensive .dockerignore
  1 of 3 done, 1 not applicable
""" == checklist_text("Dockerfile", BOXES, width=80)
