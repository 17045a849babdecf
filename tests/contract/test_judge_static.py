"""What decides besides what an application does: its config, what its closures lost, and what only explains."""

from __future__ import annotations

from typing import Any

import pytest
from fake_sandbox import Clock, Program, site
from handmade_tree import image, without
from judged_trial import COMMANDS, CONFIG, FILES, PAGES, SERVER, Trial, failures

from jettison.contract.model import RecordOptions
from jettison.contract.observe import Target
from jettison.contract.replay import judge, replay
from jettison.engine.model import Finished


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"User": "app"}, [("config", "app, was none")]),
        ({"User": "root:root"}, []),
        ({"StopSignal": "SIGQUIT"}, [("config", "SIGQUIT, was SIGTERM")]),
        ({"StopSignal": "15"}, []),
        ({"ExposedPorts": None}, [("config", "none, was ['8000/tcp']")]),
        ({"Healthcheck": {"Test": ["NONE"]}}, [("config", "none, was ['CMD-SHELL', 'curl -f localhost']")]),
        ({"Cmd": ["sh", "-c", "python main.py"], "WorkingDir": "/app/", "Labels": {"a": "b"}}, []),
        ({"Env": ["PATH=/x:/usr/bin:/bin", "MODE=fast", "NEW=1"]}, []),
        ({"Env": ["PATH=/bin", "MODE=fast"]}, [("closure", "python is gone and 1 more")]),
        ({"Env": ["PATH=/usr/bin:/bin"]}, [("environment", "is not set any more")]),
        ({"Env": ["PATH=/usr/bin:/bin", "MODE=slow"]}, [("environment", "has another value")]),
    ],
)
def test_of_the_config_the_promises_decide(clock: Clock, change: dict[str, Any], told: list[tuple[str, str]]) -> None:
    answer, _ = Trial(clock).judge(SERVER, config={**CONFIG, **change})
    assert told == failures(answer)


def test_what_the_closures_lost_decides_though_everything_answers(clock: Clock) -> None:
    answer, _ = Trial(clock).judge(SERVER, files=without(FILES, "usr/local/lib/python3.11/site-packages/flask"))
    assert [("closure", "flask, imported by /app/main.py")] == failures(answer)
    answer, _ = Trial(clock).judge(SERVER, files=without(FILES, "usr/bin/curl"))
    assert [("closure", "curl is gone")] == failures(answer)


def test_a_program_that_moved_is_looked_for_on_the_path_of_the_candidate(clock: Clock) -> None:
    """As gunicorn, which a virtual environment has."""
    files = {**without(FILES, "usr/bin/curl"), "opt/venv/bin/curl": FILES["usr/bin/curl"]}
    config = {**CONFIG, "Env": ["PATH=/opt/venv/bin:/usr/bin:/bin", "MODE=fast"]}
    assert Trial(clock).judge(SERVER, files=files, config=config)[0].held
    assert [("closure", "curl is gone")] == failures(Trial(clock).judge(SERVER, files=files)[0])


def test_what_nobody_needs_may_go(clock: Clock) -> None:
    assert Trial(clock).judge(SERVER, files=without(FILES, "usr/share"))[0].held


def test_what_an_original_needs_is_read_once_for_all_candidates(clock: Clock) -> None:
    trial = Trial(clock)
    trial.judge(SERVER, files=without(FILES, "usr/bin/curl"))
    engine, contract = trial.engine, trial.contract
    original = Target(engine, "v0", image(FILES, config=CONFIG))
    candidate = image(without(FILES, "usr/local/lib/python3.11/site-packages/flask"), config=CONFIG)
    for _ in range(2):
        assert not judge(contract, Target(engine, "v1", candidate), original)[0].held
    opened = [path for layer in original.image.layers for path in layer.source.opened]  # type: ignore[attr-defined]
    assert 0 == opened.count(b"app/main.py")


def test_the_end_after_a_stop_and_the_runtimes_version_only_explain(clock: Clock) -> None:
    trial = Trial(clock)
    trial.judge(SERVER)
    stubborn = {**COMMANDS, "python --version": Finished(0, b"Python 3.12.1\n", b"")}
    trial.engine.programs = {"v1": Program({8000: site(PAGES)}, commands=stubborn, stop_code=137)}
    target = Target(trial.engine, "v1", image(FILES, config=CONFIG))
    answer = replay(trial.contract, target, stop=True)
    told = {outcome.check.kind: outcome.evidence for outcome in answer.outcomes if not outcome.ok}
    assert (True, {"stop": "had to be killed (137)", "version": "3.12, was 3.11"}) == (answer.held, told)


def test_a_replay_asks_what_was_recorded_in_the_order_of_the_recording(clock: Clock) -> None:
    trial = Trial(clock)
    trial.judge(SERVER)
    recorded, replayed = trial.engine.sandboxes[1].asked, trial.engine.sandboxes[2].asked
    assert list(dict.fromkeys(recorded)) == replayed


def test_a_replay_gets_the_environment_of_the_recording(clock: Clock) -> None:
    trial = Trial(clock, options=RecordOptions(environment={"KEY": "v"}))
    trial.judge(SERVER)
    assert [{"KEY": "v"}] * 3 == [dict(sandbox.options.environment) for sandbox in trial.engine.sandboxes]
