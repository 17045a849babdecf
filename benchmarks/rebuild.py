"""Build seconds before and after: cold, and after a change in one source file, with the engine's own cache.

    python benchmarks/rebuild.py PROJECT --after FILE [--engine buildah] [--rounds 3] [--engine-argument=--network=host]

PROJECT's own Dockerfile is compared with FILE: another Dockerfile of the same project, or the JSON ledger of a run
(`jettison optimize PROJECT --format json -o FILE`), whose result and ignore file are taken. The two are built in turn,
so that whatever else the machine does meets both; the shortest of each is told. Prints a line of a table and
ends with 1 where one of the two became longer by more than a tenth. Run it where the engine finds the bases.

    python benchmarks/rebuild.py PROJECT --after FILE --engine buildah --pulling

measures cold builds on a machine that has nothing, as a CI job finds it: each begins in an empty store and pulls its
bases from where registries.conf says. For Buildah alone: a daemon's store is not ours to empty.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.context.copies import copies
from jettison.context.ignore import Ignore
from jettison.context.sources import source_file
from jettison.context.walk import walk
from jettison.core.errors import JettisonError
from jettison.core.units import show_seconds
from jettison.dockerfile.parse import parse
from jettison.engine.find import find_engine
from jettison.lighten.bench import Bench, discard, request_for
from jettison.lighten.probe import changed_context
from jettison.lighten.project import open_project
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import Run, open_run
from jettison.lighten.sources import Sources

LONGER = 1.10
Rounds = list[tuple[dict[str, float], ...]]  # of each round and kind of build, seconds by side


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


@contextmanager
def empty_store() -> Iterator[None]:
    """A containers/storage with nothing in it, for as long as this lasts."""
    before = os.environ.get("CONTAINERS_STORAGE_CONF")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder, "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
        )
        os.environ["CONTAINERS_STORAGE_CONF"] = f"{folder}/storage.conf"
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", f"{folder}/graph/overlay"], capture_output=True, check=False)
            if before is None:
                del os.environ["CONTAINERS_STORAGE_CONF"]
            else:
                os.environ["CONTAINERS_STORAGE_CONF"] = before


def pulled(recipe: Recipe, run: Run, sides: dict[str, Sources]) -> dict[str, float]:
    """Seconds of a build in an empty store, the pull of its bases with them."""
    found = {}
    for name, sources in sides.items():
        with empty_store():
            bench = Bench(recipe, find_engine("buildah"), run)
            found[name] = bench.engine.build(request_for(bench, sources, name, cold=True)).seconds
    return found


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


def of_cold_builds(recipe: Recipe, options: argparse.Namespace, sides: dict[str, Sources]) -> Rounds:
    """Seconds of cold builds that pull their bases."""
    with open_run(recipe.project) as run:
        return [(pulled(recipe, run, sides),) for _ in range(options.rounds)]


def of_builds(recipe: Recipe, options: argparse.Namespace, sides: dict[str, Sources]) -> tuple[Rounds, str]:
    """Seconds of cold builds and of those after a change, and the file that was changed."""
    with open_run(recipe.project) as run:
        bench = Bench(recipe, find_engine(options.engine), run)
        file = source_of(bench, sides)
        if file is None:
            sys.exit("no source file that both take was found")
        try:
            return [(cold(bench, sides), changed(bench, sides, file)) for _ in range(options.rounds)], file
        finally:
            bench.engine.sweep(run.tag(""))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--engine-argument", action="append", default=[], help="for its build command; repeatable")
    parser.add_argument("--engine")
    parser.add_argument("--after", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pulling", action="store_true", help="cold builds alone, with the pull of their bases")
    options = parser.parse_args()
    if options.pulling and options.engine != "buildah":
        parser.error("--pulling needs --engine buildah")
    with tempfile.TemporaryDirectory() as state:
        os.environ["JETTISON_STATE"] = state
        project = open_project(options.project, None)
        sides = {"before": Sources(project.text), "after": result_of(options.after)}
        recipe = Recipe(project.context, project.dockerfile, engine_arguments=tuple(options.engine_argument))
        if options.pulling:
            seconds, headings, last = of_cold_builds(recipe, options, sides), ("cold, bases pulled",), ""
        else:
            seconds, last = of_builds(recipe, options, sides)
            headings = ("cold", "one change")
    cells = []
    longer = False
    for kind in range(len(headings)):
        before, after = (min(each[kind][name] for each in seconds) for name in sides)
        longer = longer or after > before * LONGER
        cells += [show_seconds(before), show_seconds(after), f"{after / before:.2f}"]
    names = [word for heading in headings for word in (f"{heading} before", "after", "ratio")]
    columns = ["project", *names, *(["changed file"] if last else [])]
    print(f"| {' | '.join(columns)} |")
    print(f"|---|{'---:|' * (3 * len(headings))}{'---|' if last else ''}")
    print(f"| {' | '.join([options.project.name, *cells, *([last] if last else [])])} |")
    return int(longer)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (JettisonError, OSError, ValueError) as error:
        sys.exit(f"rebuild.py: {error}")
