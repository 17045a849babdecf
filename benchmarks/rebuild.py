"""Build seconds before and after: cold, and after a change in one source file, with the engine's own cache.

    python benchmarks/rebuild.py PROJECT --after FILE [--engine buildah] [--rounds 3] [--engine-argument=--network=host]

PROJECT's own Dockerfile is compared with FILE: another Dockerfile of the same project, or the JSON ledger of a run
(`jettison optimize PROJECT --format json -o FILE`), whose result and ignore file are taken. The two are built in turn,
so that whatever else the machine does meets both; the shortest of each is told. Prints a line of a table and
ends with 1 where one of the two became longer by more than a tenth. Run it where the engine finds the bases.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from jettison.context.copies import copies
from jettison.context.ignore import Ignore
from jettison.context.sources import source_file
from jettison.context.walk import walk
from jettison.core.units import show_seconds
from jettison.dockerfile.parse import parse
from jettison.engine.find import find_engine
from jettison.lighten.bench import Bench, discard, request_for
from jettison.lighten.probe import changed_context
from jettison.lighten.project import open_project
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import open_run
from jettison.lighten.sources import Sources

LONGER = 1.10


def result_of(path: Path) -> Sources:
    """The Dockerfile at a path, or the result of a ledger."""
    text = path.read_text()
    if not text.lstrip().startswith("{"):
        return Sources(text)
    result = json.loads(text)["result"]
    return Sources(result["dockerfile"], result["files"])


def cold(bench: Bench, sides: dict[str, Sources]) -> dict[str, float]:
    """Seconds of a build without cache."""
    return {
        name: bench.engine.build(request_for(bench, sources, name, cold=True)).seconds
        for name, sources in sides.items()
    }


def changed(bench: Bench, sides: dict[str, Sources], file: str) -> dict[str, float]:
    """Seconds of a build after a change that it has not seen; both are in the cache."""
    with changed_context(bench, bench.ignore, file) as probe:
        found = {}
        for name, sources in sides.items():
            bench.engine.build(request_for(bench, sources, f"{name}-changed", cold=False))
            probe.change()
            request = request_for(bench, sources, f"{name}-changed", cold=False, context=probe.context)
            found[name] = bench.engine.build(request).seconds
            discard(bench, f"{name}-changed")
        return found


def source_of(bench: Bench, sides: dict[str, Sources]) -> str | None:
    """A source file that both take, told from their texts."""
    text = bench.ignore.text
    context = walk(bench.recipe.project, None if text is None else Ignore.parse(text, bench.ignore.dialect))
    taken = []
    for sources in sides.values():
        dockerfile = parse(sources.text)
        taken.append({path for each in copies(dockerfile, dockerfile.stages, context) for path in each.paths})
    return source_file(context, frozenset.intersection(*map(frozenset, taken)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--engine-argument", action="append", default=[], help="for its build command; repeatable")
    parser.add_argument("--engine")
    parser.add_argument("--after", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        os.environ["JETTISON_STATE"] = state
        project = open_project(options.project, None)
        sides = {"before": Sources(project.text), "after": result_of(options.after)}
        recipe = Recipe(project.context, project.dockerfile, engine_arguments=tuple(options.engine_argument))
        with open_run(project.context) as run:
            bench = Bench(recipe, find_engine(options.engine), run)
            file = source_of(bench, sides)
            if file is None:
                sys.exit("no source file that both take was found")
            try:
                seconds = [(cold(bench, sides), changed(bench, sides, file)) for _ in range(options.rounds)]
            finally:
                bench.engine.sweep(run.tag(""))
    longer = False
    cells = []
    for kind in (0, 1):
        before, after = (min(each[kind][name] for each in seconds) for name in sides)
        longer = longer or after > before * LONGER
        cells += [show_seconds(before), show_seconds(after), f"{after / before:.2f}"]
    print("| project | cold before | after | ratio | one change before | after | ratio | changed file |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    print(f"| {options.project.name} | {' | '.join(cells)} | {file} |")
    return int(longer)


if __name__ == "__main__":
    sys.exit(main())
