"""The results broken on purpose as well: the contract has to see upon each smaller base what it sees upon the first."""

from __future__ import annotations

import os

import pytest
from engine_base import static_busybox
from example import images_of
from mutations import BREAKS, HARMLESS, idle, of_result
from results import kept

from jettison.contract.model import RecordOptions
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.replay import judge
from jettison.engine.find import find_engine
from jettison.engine.model import PREFIX, BuildRequest
from jettison.image.open import open_image

pytestmark = [pytest.mark.real, pytest.mark.engine]
BEHAVIOUR = {"start", "exit", "port", "user", "health", "output", "http", "probe", "command"}
LABEL = f"mutated-results-{os.getpid()}"
_TOOLS = f"{PREFIX}/{LABEL}:tools"
_TOOLS_MADE = """\
FROM scratch
COPY busybox /busybox
RUN ["/busybox", "mkdir", "/bin"]
RUN ["/busybox", "--install", "/bin"]
"""


@pytest.fixture
def workbench(optimized, tmp_path, monkeypatch):
    """A function that makes a mutant of the example's result, the result itself, and its contract."""
    for key, value in optimized.environment.items():
        monkeypatch.setenv(key, value)
    engine = find_engine()
    built = f"{images_of(optimized.ledger)}:{kept(optimized.ledger)[-1]['version']}"
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "busybox").write_bytes(static_busybox(tmp_path).read_bytes())
    (tools / "busybox").chmod(0o755)

    def build(name, text):
        (tmp_path / "Mutant").write_text(text)
        made = engine.build(BuildRequest(context=tools, dockerfile=tmp_path / "Mutant", tag=f"{PREFIX}/{LABEL}:{name}"))
        return Target(engine, made.image_id, open_image(made.reference), LABEL)

    def mutant(lines, more=""):
        return build("mutant", f"FROM {built}\nUSER 0\n{_with_tools(lines, more)}\nUSER {back}\n")

    build("tools", _TOOLS_MADE)
    result = build("result", f"FROM {built}\n")
    back = result.image.runtime.get("User") or "0"
    try:
        yield mutant, result, record(result, RecordOptions())
    finally:
        engine.sweep(f"{PREFIX}/{LABEL}:")


def _with_tools(lines, more):
    """A RUN that does not need the image's own shell: there may be none. `more` is put behind its command."""
    return "\n".join(_one_with_tools(line, more) for line in lines.splitlines())


def _one_with_tools(line, more):
    if not line.startswith("RUN "):
        return line
    command = line.removeprefix("RUN ").replace("\\", "\\\\").replace('"', '\\"')
    words = f'["/.tools/bin/sh", "-c", "export PATH=/.tools/bin; {command}{more}"]'
    return f"RUN --mount=type=bind,from={_TOOLS},target=/.tools {words}"


def test_every_break_of_a_result_is_caught_by_a_behaviour_check(workbench, optimized, record_property):
    mutant, result, contract = workbench
    missed, caught = [], []
    example = optimized.project.name
    for what, lines in of_result(BREAKS, example).items():
        answer, _ = judge(contract, mutant(lines), result)
        seen = [outcome for outcome in answer.failures if outcome.check.kind in BEHAVIOUR]
        caught.append((f"{example}, result", what, f"{seen[0].check.what}: {seen[0].evidence}" if seen else "nothing"))
        missed += [] if seen else [what]
    record_property("caught_in_result", caught)
    assert [] == missed
    assert len(caught) >= 5


def test_harmless_changes_of_a_result_are_not_reported(workbench, optimized):
    """All of them upon each other; each by itself, so as to name it, where that is."""
    mutant, result, contract = workbench
    changes = of_result(HARMLESS, optimized.project.name)
    made = mutant("\n".join(changes.values()), " || true")  # what they call may not be there, nor what they remove
    assert idle(result.image, made.image).count(False) >= 1  # beside the label
    answer, _ = judge(contract, made, result)
    alone = changes.items() if answer.failures else ()
    failures = {what: judge(contract, mutant(lines, " || true"), result)[0].failures for what, lines in alone}
    reported = {what: [(each.check.key, each.evidence) for each in of_it] for what, of_it in failures.items() if of_it}
    assert ((), {}) == (answer.failures, reported)
