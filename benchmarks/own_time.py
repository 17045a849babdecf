"""How much of a run is jettison's own: everything but the engine's builds and the containers being watched.

    python benchmarks/own_time.py examples/apt-service [--engine buildah] [--engine-argument=--network=host]

Prints seconds of each part and the share; the target is 15 %. Run it where the engine finds the example's bases.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from jettison.engine.find import find_engine
from jettison.lighten.bench import Bench
from jettison.lighten.loop import lighten
from jettison.lighten.project import open_project
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import open_run


class Timed:
    """An engine whose builds and containers are timed."""

    def __init__(self, engine):
        self.engine, self.builds, self.containers = engine, 0.0, 0.0

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def build(self, request, progress=None):
        began = time.monotonic()
        try:
            return self.engine.build(request, progress)
        finally:
            self.builds += time.monotonic() - began

    def start(self, image_id, options):
        began = time.monotonic()
        sandbox = self.engine.start(image_id, options)
        close = sandbox.close

        def timed_close():
            close()
            if not timed_close.done:
                timed_close.done = True
                self.containers += time.monotonic() - began

        timed_close.done = False
        sandbox.close = timed_close
        return sandbox


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--engine-argument", action="append", default=[], help="for its build command; repeatable")
    parser.add_argument("--engine")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        os.environ["JETTISON_STATE"] = state
        project = open_project(options.project, None)
        engine = Timed(find_engine(options.engine))
        recipe = Recipe(project.context, project.dockerfile, engine_arguments=tuple(options.engine_argument))
        began = time.monotonic()
        with open_run(project.context) as run:
            ledger = None
            steps = lighten(Bench(recipe, engine, run), project.text)
            while ledger is None:
                try:
                    next(steps)
                except StopIteration as end:
                    ledger = end.value
        total = time.monotonic() - began
    own = total - engine.builds - engine.containers
    print(f"{'builds':<12}{engine.builds:8.1f} s\n{'containers':<12}{engine.containers:8.1f} s")
    print(f"{'own':<12}{own:8.1f} s  {100 * own / total:.1f} % of {total:.1f} s, {len(ledger.steps)} tries")


if __name__ == "__main__":
    main()
