"""What a long Dockerfile costs grows as its length does: counted in function calls, which no other work slows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from looked_at import look_at

AND = " && \\\n "
SHAPES: dict[str, Callable[[int], str]] = {
    "downloads": lambda n: "RUN " + AND.join(f"curl -o /x{i} https://e.com/x{i}" for i in range(n)),
    "archives": lambda n: (
        "RUN " + AND.join(f"curl -fo /x{i}.tar https://e.com/x{i}.tar && tar xf /x{i}.tar" for i in range(n))
    ),
    "sums": lambda n: "RUN " + AND.join(f"curl -fo /x{i} https://e.com/x{i} && sha256sum -c /s{i}" for i in range(n)),
    "secrets": lambda n: "RUN --mount=type=secret,id=a " + AND.join(f"cp /run/secrets/a /x{i}" for i in range(n)),
    "clones": lambda n: "RUN " + AND.join(f"git clone https://e.com/x{i} /x{i}" for i in range(n)),
    "clones and removals": lambda n: (
        "RUN " + AND.join(f"git clone https://e.com/x{i} /x{i} && rm -rf /y{i}" for i in range(n))
    ),
    "secrets and removals": lambda n: (
        "RUN --mount=type=secret,id=a " + AND.join(f"cp /run/secrets/a /x{i} && rm /y{i}" for i in range(n))
    ),
    "installs in one RUN": lambda n: "RUN apt-get update" + AND + AND.join(f"apt-get install p{i}" for i in range(n)),
    "installs in RUNs": lambda n: "\n".join(f"RUN pip install p{i}" for i in range(n)),
    "COPYs": lambda n: "\n".join(f"COPY a{i} /b{i}" for i in range(n)),
    "COPYs with chown": lambda n: "\n".join(f"COPY a{i} /b{i}\nRUN chown -R u /b{i}" for i in range(n)),
    "variables": lambda n: "\n".join(f"ENV A{i}=$A{i - 1}x" for i in range(n)),
    "words": lambda n: "RUN apt-get install " + " ".join(f"p{i}" for i in range(n)),
    "pipes": lambda n: "RUN " + " | ".join(f"c{i}" for i in range(n)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_as_long_costs_about_twice_as_much(tmp_path: Path, shape: str) -> None:
    look_at(tmp_path, _text(shape, 3))  # what is imported and made once
    short, long = (_calls(tmp_path, _text(shape, length)) for length in (60, 120))
    assert 1.5 * short < long < 2.5 * short  # a square would be 4


def _text(shape: str, length: int) -> str:
    return f"FROM debian:12\n{SHAPES[shape](length)}\n"


def _calls(folder: Path, text: str) -> int:
    """How many functions are called, of Python and of C, while a text is looked at."""
    count = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        look_at(folder, text)
    finally:
        sys.setprofile(before)
    return count
