"""Named build contexts of a run: given to an engine that takes them, refused where it does not."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_engine import CAPABILITIES, ScriptedEngine
from scripted_run import APPLICATION, JUNK, drive, make_project, recipe_for, use_rules

from jettison.core.errors import EngineError
from jettison.dockerfile.contexts import named
from jettison.dockerfile.model import Named
from jettison.lighten.bench import Bench, context_fingerprint
from jettison.lighten.events import Note
from jettison.lighten.forewarn import forewarned
from jettison.lighten.project import check_text
from jettison.lighten.run import open_run

TEXT = """FROM elsewhere AS base
RUN write /usr/share/doc 20000
FROM scratch
COPY main /app/main
RUN write /usr/lib/needed 3000
RUN write /var/cache/junk 50000
CMD ["/app/main"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_rules(monkeypatch, JUNK)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    return make_project(tmp_path / "app", TEXT, APPLICATION)


@pytest.fixture
def contexts(tmp_path: Path, project: Path) -> dict[str, Named]:
    return {"base": named("base", "docker-image://a:1", tmp_path), "src": named("src", str(tmp_path / "lib"), tmp_path)}


def test_every_build_is_given_them(project: Path, engine: ScriptedEngine, contexts: dict[str, Named]) -> None:
    engine.capabilities = replace(CAPABILITIES, build_contexts=True)
    driven = drive(engine, recipe_for(project, contexts=contexts))
    assert driven.ledger is not None
    assert ["kept"] == [step.verdict.value for step in driven.ledger.steps]
    given = tuple(f"{each.name}={each.value}" for each in contexts.values())
    assert {given} == {request.contexts for request in engine.requests}
    flags = engine.requests[0].flags()
    assert ["--build-context", "base=docker-image://a:1"] == flags[flags.index("--build-context") :][:2]


def test_an_engine_without_them_is_told_before_any_build(
    project: Path, engine: ScriptedEngine, contexts: dict[str, Named]
) -> None:
    with pytest.raises(EngineError, match="scripted here has no --build-context") as raised:
        drive(engine, recipe_for(project, contexts=contexts))
    assert ([], True) == (engine.requests, "name another --engine" in raised.value.hint)


def test_a_key_in_a_folder_is_told_before_it_is_built(
    project: Path, engine: ScriptedEngine, contexts: dict[str, Named]
) -> None:
    text = TEXT.replace("CMD", "COPY --from=src id_rsa /key\nCMD")
    with open_run(project) as run:
        (note,) = forewarned(Bench(recipe_for(project, contexts=contexts), engine, run), text)
    assert Note("line 7 puts id_rsa (a private SSH key) into the image that is built now") == note


def test_another_context_is_another_run(project: Path, contexts: dict[str, Named]) -> None:
    keys = {recipe_for(project, contexts=each).build_key for each in ({}, contexts, {"src": contexts["src"]})}
    assert 3 == len(keys)


def test_a_base_that_is_not_known_is_no_reason_to_refuse(project: Path, contexts: dict[str, Named]) -> None:
    text = "FROM src\nCOPY --from=9 a b\n"
    check_text(text.splitlines()[0], recipe_for(project, contexts=contexts))
    check_text("FROM x AS src\nCOPY --from=9 a b\nFROM src\n", recipe_for(project, contexts=contexts))


def test_a_change_in_a_folder_is_a_change(tmp_path: Path, project: Path) -> None:
    inner, lib = project / "inner", tmp_path / "lib"
    inner.mkdir()
    assert context_fingerprint(project) == context_fingerprint(project, project, inner)
    seen = [context_fingerprint(project, lib, lib)]
    os.utime(lib / "id_rsa", (1, 1))
    seen.append(context_fingerprint(project, lib, lib))
    assert 2 == len({*seen})
    assert seen[1] == context_fingerprint(project, lib)
