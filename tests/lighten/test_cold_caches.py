"""Cold builds have their cache mounts empty where a daemon would keep what they hold."""

from __future__ import annotations

import pytest
from scripted_engine import ScriptedEngine

from jettison.core.errors import BuildFailed, DiskError
from jettison.lighten import events
from jettison.lighten.bench import Bench, build
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import open_run
from jettison.lighten.sources import Sources

MOUNT = "--mount=type=cache,target=/c"
TEXT = f'FROM scratch\nCOPY main /app/main\nRUN {MOUNT} write /usr/lib/needed 3000\nCMD ["/app/main"]\n'


class Told(ScriptedEngine):
    """Keeps the Dockerfiles that it was given; `small` has no memory for a tmpfs."""

    small = None

    def build(self, request, progress=None):
        text = request.dockerfile.read_text()
        self.given = [*getattr(self, "given", []), text]
        if self.small and "tmpfs" in text:
            raise self.small("no space left on device")
        return super().build(request, progress)


def built(engine, project, *, cold):
    recipe = Recipe(project, project / "Dockerfile")
    with open_run(project) as run:
        return list(build(Bench(recipe, engine, run), Sources(TEXT), "v0", cold=cold))


@pytest.fixture
def engine(tmp_path):
    told = Told(tmp_path / "engine")
    told.builder = "buildkit"
    return told


EMPTY = TEXT.replace(MOUNT, "--mount=type=tmpfs,target=/c")


def test_a_cold_build_has_them_empty_and_a_warm_one_as_they_are(engine, project):
    built(engine, project, cold=True)
    built(engine, project, cold=False)
    assert [EMPTY, TEXT] == engine.given


def test_where_no_daemon_keeps_them_the_text_is_as_written(engine, project):
    engine.builder = "buildah"
    built(engine, project, cold=True)
    assert [TEXT] == engine.given


def test_what_does_not_fit_into_memory_is_built_as_it_is_written_and_told(engine, project):
    engine.small = BuildFailed
    told = built(engine, project, cold=True)
    assert [EMPTY, TEXT] == engine.given
    (note,) = (each for each in told if isinstance(each, events.Note))
    assert note.text.startswith("v0 was not built with its cache mounts empty")


def test_a_disk_that_is_full_meanwhile_is_no_other(engine, project):
    engine.small = DiskError
    assert any(isinstance(each, events.Note) for each in built(engine, project, cold=True))
    assert [EMPTY, TEXT] == engine.given


def test_what_does_not_build_either_way_fails_and_nothing_is_said_of_mounts(engine, project):
    (project / "main").unlink()
    told = []
    with pytest.raises(BuildFailed):
        told += built(engine, project, cold=True)
    assert [] == told
    with pytest.raises(BuildFailed):
        built(engine, project, cold=False)
    assert [EMPTY, TEXT, TEXT] == engine.given
