"""What each builder writes into the history, so that its rows can be told apart.

Seen from Buildah 1.28 and from Docker 20.10 (its classic builder, and BuildKit within it). From upstream sources:
kaniko `pkg/executor/build.go` (saveLayerToImage: a row for each layer and for nothing else, the author `kaniko`, the
text that of the instruction), BuildKit `exporter/containerimage/writer.go` (rows added for layers that have none),
moby `daemon/images/image_squash.go` (one row `merge X to Y`) and `image_import.go` (`Imported from SRC`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jettison.image.model import HistoryRow, Image

NO_ROW_IN_BUILDKIT = frozenset({"ONBUILD"})
MAKES_FILES = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_NOP = re.compile(r"#\(nop\)\s+(\w+)")
_WORD = re.compile(r"[A-Z]+(?=\s|$)")
_SQUASHED = re.compile(r"(?:create new from|merge) sha256:")
_OTHERS = (  # how the rows of those begin that build without a Dockerfile
    (("bazel build", "Bazel"), "Bazel"),
    (("jib-",), "Jib"),
    (("ko build", "ko publish"), "ko"),
    (("apko",), "apko"),
    (("Buildpacks",), "Buildpacks"),
    (("nix",), "Nix"),
    (("umoci",), "umoci"),
)


def builders_of(image: Image) -> tuple[str, ...]:
    """Whose rows the last ones may be: BuildKit and kaniko sign theirs, Buildah's and the classic builder's look alike.

    Those below may be the base's, which another may have built.
    """
    if image.history and image.history[-1].comment.startswith("buildkit."):
        return ("buildkit",)
    if any(kaniko_rows(image)[-1:]):
        return ("kaniko",)
    return ("buildah", "classic")


def kaniko_rows(image: Image) -> tuple[bool, ...]:
    """For each row of the history whether kaniko signed it."""
    return tuple(isinstance(row, dict) and row.get("author") == "kaniko" for row in image.config.get("history") or [])


def keyword_of(row: HistoryRow, *, kaniko: bool = False) -> str:
    """The keyword that a row speaks of; empty where it does not speak."""
    text = row.created_by
    if not text:
        return ""
    nop = _NOP.search(text)
    if nop:
        return nop[1].upper()
    if kaniko or row.comment.startswith("buildkit.dockerfile"):
        return text.partition(" ")[0].upper()
    return "RUN"


def no_dockerfile(rows: Sequence[HistoryRow]) -> str:
    """Why an image has no instructions to be matched with; empty where it may have."""
    if not rows:
        return "the image tells no history"
    if rows[-1].comment.startswith("Imported from"):
        return "the image was imported from a tar: no instruction made it"
    for beginnings, name in _OTHERS:
        if rows[-1].created_by.startswith(beginnings):
            return f"the image was made by {name}, without a Dockerfile"
    return ""


def is_squashed(row: HistoryRow) -> bool:
    """Whether this is the row that `docker build --squash` puts behind the others, whose layers it merged."""
    return not row.created_by and bool(_SQUASHED.match(row.comment))
