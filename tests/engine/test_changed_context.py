"""After a source change an engine takes from its cache what does not depend on that file: the copy is no other context.

Asked of every engine that is here, by building the project first, then the copy in which one file differs.
"""

from __future__ import annotations

import pytest

from jettison.lighten.bench import Bench, request_for
from jettison.lighten.ledger import Rebuild
from jettison.lighten.rebuild import measure_rebuild
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import open_run
from jettison.lighten.sources import Sources

pytestmark = pytest.mark.engine
GOOD = (
    "COPY needs /srv/\nCOPY lib /srv/lib/\nRUN sleep 3 && cat /srv/needs > /installed\nCOPY . /srv\nRUN ls /srv > /l\n"
)
BAD = "COPY . /srv\nRUN sleep 3 && cat /srv/needs > /installed\nRUN ls /srv > /l\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "app"
    (folder / "src").mkdir(parents=True)
    (folder / "lib").mkdir()
    (folder / "lib" / "a").write_text("a\n")
    (folder / "lib" / "link").symlink_to("a")
    (folder / "lib").chmod(0o750)
    (folder / "needs").write_text("flask\n")
    (folder / "src" / "app.py").write_text("print(1)\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


def measured(bench, project):
    """The seconds, and which instructions of the two builds came from the cache."""
    engine, cached = bench.engine, []
    recipe = Recipe(project, project / "Dockerfile")
    with open_run(project) as run:
        ours = Bench(recipe, engine, run, progress=lambda line: None)
        sides = [Sources(f"FROM {bench.base}\n{text}") for text in (BAD, GOOD)]
        for number, sources in enumerate(sides):
            for name in (f"v{number}-again", f"v{number}"):  # two chains of layers
                engine.build(request_for(ours, sources, name, cold=True))
        build = engine.build

        class Watched:
            def __getattr__(self, name):
                return getattr(engine, name)

            def build(self, request, progress=None):
                built = build(request, progress)
                if request.context != project:
                    cached.append([each.cached for each in built.instructions if each.text.startswith(("COPY", "RUN"))])
                return built

        loop = measure_rebuild(Bench(recipe, Watched(), run), tuple(sides), "src/app.py", 600.0)
        try:
            while True:
                next(loop)
        except StopIteration as end:
            return end.value, cached
        finally:
            engine.sweep(run.tag(""))


def test_only_what_stands_behind_the_changed_file_is_built_again(bench, project, tmp_path, monkeypatch):
    monkeypatch.setenv("JETTISON_STATE", str(tmp_path / "state"))
    for _ in range(2):  # a second measurement finds nothing of the first one in the cache
        found, cached = measured(bench, project)
        assert isinstance(found, Rebuild)
        assert [[False, False, False], [True, True, True, False, False]] == cached
        assert found.before > 3  # it slept
