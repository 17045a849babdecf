"""Keys that a COPY would put into an image are told before the first build puts them there."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import APPLICATION, drive, make_project, recipe_for, use_rules

from jettison.engine.model import BuildRequest
from jettison.lighten.bench import Bench
from jettison.lighten.events import Building, Note
from jettison.lighten.plan import plan
from jettison.lighten.run import open_run

Patch = pytest.MonkeyPatch
TEXT = """FROM scratch
COPY . /app
RUN write /usr/lib/needed 3000
CMD ["/app/main"]
"""
TOLD = "line 2 puts .git (the history of the repository, with all that was ever committed), id_rsa (a private SSH key)"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: Patch) -> Path:
    use_rules(monkeypatch)
    made = make_project(tmp_path / "app", TEXT, APPLICATION)
    (made / ".git").mkdir()
    (made / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (made / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    return made


def notes_before_the_first_build(events: list[object]) -> list[str]:
    first = next(number for number, each in enumerate(events) if isinstance(each, Building))
    return [each.text for each in events[:first] if isinstance(each, Note)]


def test_a_run_tells_before_it_builds(project: Path, engine: ScriptedEngine) -> None:
    driven = drive(engine, recipe_for(project))
    assert [f"{TOLD} into the image that is built now"] == notes_before_the_first_build(list(driven.events))


def test_a_plan_tells_before_it_builds(project: Path, engine: ScriptedEngine) -> None:
    def refuse(request: BuildRequest) -> None:
        raise KeyboardInterrupt

    engine.before_build = refuse
    seen: list[object] = []
    with open_run(project) as run, pytest.raises(KeyboardInterrupt):
        seen.extend(plan(Bench(recipe_for(project), engine, run), TEXT))
    with open_run(project) as run:
        loop = plan(Bench(recipe_for(project), engine, run), TEXT)
        assert f"{TOLD} into the image that is built now" == next(loop).text  # type: ignore[attr-defined]


def test_nothing_is_told_of_what_is_kept_back_or_not_asked_for(project: Path, engine: ScriptedEngine) -> None:
    unasked = drive(engine, recipe_for(project, ignore=frozenset({"secrets-copied-in"})))
    assert [] == notes_before_the_first_build(list(unasked.events))
    (project / ".dockerignore").write_text(".git\nid_*\n")
    kept_back = drive(engine, recipe_for(project))
    assert [] == notes_before_the_first_build(list(kept_back.events))
