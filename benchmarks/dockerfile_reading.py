"""CPU seconds for a Dockerfile of a megabyte, and for many small ones: parsed, and judged.

PYTHONPATH=src python benchmarks/dockerfile_reading.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import refusals

LINES = "RUN apt-get update && \\\n    # why\n    apt-get install -y curl\nENV A=b C='d e'\nCOPY --chown=1:1 a b /c/\n"
SMALL = "FROM python:3.12-slim AS build\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"


def seconds(work: Callable[[], object]) -> float:
    """The least CPU time of three runs."""
    found = []
    for _ in range(3):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def main() -> None:
    text = "FROM x\n" + LINES * (1_000_000 // len(LINES) + 1)
    print(f"parse, {len(text):,} characters: {seconds(lambda: parse(text)):.2f} s")
    dockerfile = parse(text)
    print(f"refusals: {seconds(lambda: refusals(dockerfile)):.2f} s")
    print(f"1,000 small ones: {seconds(lambda: [parse(SMALL) for _ in range(1000)]):.2f} s")


if __name__ == "__main__":
    main()
