"""deleted-in-a-later-layer, in text: packages copied from another stage, and cleaned where they ship."""

from __future__ import annotations

from pathlib import Path

import pytest
from looked_at import found_in, look_at

from jettison.review.model import Settings

ONLY = Settings(select=frozenset({"deleted-in-a-later-layer"}))
COPY = "COPY --from=b /app/node_modules ./node_modules"
FIND = "find node_modules -name '*.md' -delete"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{COPY}\nRUN {FIND}", True),
        (f"{COPY}\nRUN {FIND} && find node_modules -type d -name test -exec rm -rf {{}} + 2>/dev/null || true", True),
        (f"{COPY}\nRUN rm -rf node_modules/*/test", True),
        (f"{COPY}\nRUN rm -rf /app/node_modules/.cache", True),
        (f"{COPY}\nRUN rm -rf /tmp/node_modules/.cache", False),
        (f"{COPY}\nRUN rm -rf node_modules_old", False),
        (f"{COPY}\nRUN find node_modules -name '*.md'", False),
        (f"{COPY}\nRUN npm rebuild && {FIND}", False),  # what npm made there may be what goes
        (f"RUN {FIND}\n{COPY}", False),
        (f"{COPY.replace('--from=b /app/', '')}\nRUN {FIND}", False),
        (f"COPY --from=b /app/dist ./dist\nRUN {FIND}", False),
        (f"{COPY}\nRUN ./clean.sh", False),
    ],
)
def test_a_clean_of_packages_that_a_copy_brought_is_told(tmp_path: Path, body: str, expected: bool) -> None:
    text = f"FROM node:22.1.0 AS b\nRUN make\nFROM node:22.1.0\nWORKDIR /app\n{body}\n"
    found = found_in(tmp_path, text, ONLY)
    assert ([("deleted-in-a-later-layer", 6)] if expected else []) == found


def test_the_way_out_is_the_stage_that_makes_them(tmp_path: Path) -> None:
    text = f"FROM node:22.1.0 AS b\nRUN make\nFROM node:22.1.0\nWORKDIR /app\n{COPY}\nRUN {FIND}\n"
    (remark,) = look_at(tmp_path, text, ONLY).remarks
    assert (
        "COPY brings them as a layer of its own: copy what stays alone, and mount what is needed on the way "
        "(RUN --mount=type=bind,from=b)"
    ) == remark.advice


@pytest.mark.parametrize(
    ("copy", "run", "expected"),
    [
        ("COPY start.sh /", "rm /start.sh", True),
        ("COPY start.sh //", "rm /start.sh", True),
        ("COPY start.sh //start.sh", "rm /start.sh", True),
        ("COPY start.sh end.sh /", "rm /end.sh", True),
        ("COPY start.sh /", "rm /end.sh", False),
        ("WORKDIR /\nCOPY start.sh .", "rm /start.sh", True),
    ],
)
def test_what_is_copied_to_the_root_is_found_there(tmp_path: Path, copy: str, run: str, expected: bool) -> None:
    """Two slashes at the front are one: a path that begins with them has no end of folders above it."""
    found = found_in(tmp_path, f"FROM debian:12.5\n{copy}\nRUN {run}\n", ONLY)
    assert ([("deleted-in-a-later-layer", 3 + copy.count("\n"))] if expected else []) == found
