"""`jettison optimize` stopped by a signal, by an engine that dies, by another run: what is kept, told and swept."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from scripted_engine import ScriptedEngine
from scripted_run import SMALL, TEXT, optimize, result_of

from jettison.core.errors import EngineError
from jettison.documents.schemas import schema

Capture = pytest.CaptureFixture[str]
pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.slow]


def test_an_engine_that_dies_leaves_the_best_so_far(project: Path, engine: ScriptedEngine, capsys: Capture) -> None:
    def die(request: object) -> None:
        if len(engine.requests) == 4:
            raise EngineError("the engine was killed", hint="run again")

    engine.before_build = die
    page, contract = project.parent / "ledger.html", project.parent / "contract.json"
    assert 3 == optimize(project, "--report", str(page), "--contract-out", str(contract))
    out, err = capsys.readouterr()
    assert (True, True) == ("83.1 kB → 33.1 kB" in out, "the engine was killed" in err)
    assert (True, "jettison.contract/1") == (
        "it was not yet built cold" in page.read_text(),
        json.loads(contract.read_text())["schema"],
    )
    assert f"jettison: stopped; `jettison optimize {project} --resume " in err
    engine.before_build = lambda request: None
    assert 0 == optimize(project, "-q", "--resume")
    assert "83.1 kB → 13.1 kB" in capsys.readouterr().out


def test_what_a_killed_run_left_is_swept_and_told(project: Path, engine: ScriptedEngine, capsys: Capture) -> None:
    def die(request: object) -> None:
        raise KeyboardInterrupt  # nothing of ours sees it coming, as with SIGKILL

    engine.before_start = die
    assert 130 == optimize(project, "-q")
    left = engine.images()
    engine.before_start = lambda image_id: None
    assert 0 == optimize(project)
    assert f"note: removed what a killed run had left: {left[0]}, {left[1]}" in capsys.readouterr().err
    assert [] == engine.images()


CHILD = """
import sys, time
from pathlib import Path
import jettison.cli.optimize, jettison.cli.recipe, jettison.rules
from scripted_engine import ScriptedEngine
from scripted_run import DOC, JUNK
from jettison.cli.main import main

engine = ScriptedEngine(Path(sys.argv[1]))

def wait(request):
    if request.tag.endswith(sys.argv[2]):
        print("waiting", file=sys.stderr, flush=True)
        time.sleep(60)

engine.before_build = wait
jettison.cli.optimize.find_engine = lambda name: engine
jettison.rules.all_rules = jettison.review.settings.all_rules = lambda: (JUNK, DOC)
sys.exit(main(sys.argv[3:]))
"""


def start(tmp_path: Path, project: Path, stop_at: str, *arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own, once it builds `stop_at`."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root / 'tests/support'}"}
    command = [sys.executable, "-c", CHILD, str(tmp_path / "engine"), stop_at, "optimize", str(project), *SMALL]
    pipe = subprocess.PIPE
    child = subprocess.Popen([*command, *arguments], stdout=pipe, stderr=pipe, text=True, env=environment)
    assert child.stderr is not None
    for line in child.stderr:
        if line == "waiting\n":
            time.sleep(0.1)
            return child
    raise AssertionError("it never came so far")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_prints_the_best_so_far_and_resume_goes_on(
    tmp_path: Path, project: Path, engine: ScriptedEngine, capsys: Capture, number: int, code: int
) -> None:
    with start(tmp_path, project, ":v2", "--format", "json", "--write") as child:
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    document = json.loads(out)
    jsonschema.validate(document, schema("ledger"))
    assert (code, False, ["kept"]) == (
        child.returncode,
        document["complete"],
        [s["verdict"] for s in document["steps"]],
    )
    assert TEXT == (project / "Dockerfile").read_text()
    told = re.search(r"`jettison optimize (\S+) --resume (\S+)` goes on from here", err)
    assert told is not None
    assert 0 == optimize(project, "-q", "--resume", told[2], "--write")
    assert ("83.1 kB → 13.1 kB" in capsys.readouterr().out, result_of(TEXT)) == (
        True,
        (project / "Dockerfile").read_text(),
    )


def test_a_signal_before_anything_was_kept_prints_no_ledger(tmp_path: Path, project: Path) -> None:
    with start(tmp_path, project, ":v0") as child:
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=30)
    assert (143, "", True) == (child.returncode, out, "jettison: interrupted; " in err)


def test_a_killed_run_can_go_on(tmp_path: Path, project: Path, engine: ScriptedEngine, capsys: Capture) -> None:
    with start(tmp_path, project, ":v2") as child:
        child.kill()
        child.communicate()
    assert 0 == optimize(project, "-q", "--resume")
    assert ("83.1 kB → 13.1 kB" in capsys.readouterr().out, []) == (True, engine.images())


def test_a_second_run_on_a_project_at_work_is_refused(tmp_path: Path, project: Path, capsys: Capture) -> None:
    with start(tmp_path, project, ":v1") as child:
        assert 3 == optimize(project, "-q")
        child.kill()
        child.communicate()
    assert f"another jettison works on {project} already" in capsys.readouterr().err
