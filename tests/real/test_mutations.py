"""Broken on purpose, one thing at a time: caught by a behaviour check. Harmless changes: not reported."""

from __future__ import annotations

import os

import pytest
from example import EXAMPLES, ROOT, bases, copy_of, environment
from mutations import BREAKS, HARMLESS, idle

from jettison.compare import compare_trees
from jettison.contract.model import RecordOptions
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.replay import judge
from jettison.engine.find import find_engine
from jettison.engine.model import PREFIX, BuildRequest
from jettison.image.open import open_image

pytestmark = [pytest.mark.real, pytest.mark.engine]
BEHAVIOUR = {"start", "exit", "port", "user", "health", "output", "http", "probe", "command"}
LABEL = f"mutations-{os.getpid()}"
PAIRS = [(example, what) for example in EXAMPLES for what, lines in BREAKS[example].items() if lines]


class Original:
    """An example's image with its contract; mutants are built on top of it."""

    def __init__(self, example, folder):
        self.engine, self.example, self.folder = find_engine(), example, folder
        self.project = copy_of(example, folder)
        self.target = self._build("v0", self.project / "Dockerfile")
        self.contract = record(self.target, RecordOptions())

    def _build(self, name, dockerfile):
        tag = f"{PREFIX}/{LABEL}-{self.example}:{name}"
        built = self.engine.build(BuildRequest(context=self.project, dockerfile=dockerfile, tag=tag))
        return Target(self.engine, built.image_id, open_image(built.reference), LABEL)

    def mutant(self, lines):
        dockerfile = self.folder / "Mutant"
        back = self.target.image.runtime.get("User") or "root"
        name = f"{PREFIX}/{LABEL}-{self.example}:v0"
        dockerfile.write_text(f"FROM {name}\nUSER root\n{lines}\nUSER {back}\n")
        return self._build("mutant", dockerfile)

    def judge(self, lines):
        mutant = self.mutant(lines)
        if lines.startswith("RUN"):
            assert compare_trees(self.target.image, mutant.image), "this mutant changed nothing"
        answer, _ = judge(self.contract, mutant, self.target)
        return answer


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Each example's original by name, made when it is first asked for."""
    made = {}

    def original(example):
        if example not in made:
            patch.undo()
            for key, value in environment(*bases(ROOT / "examples" / example / "Dockerfile")).items():
                patch.setenv(key, value)
            made[example] = Original(example, tmp_path_factory.mktemp("mutations"))
        return made[example]

    with pytest.MonkeyPatch.context() as patch:
        yield original
        for example in made:
            find_engine().sweep(f"{PREFIX}/{LABEL}-{example}:")


@pytest.mark.parametrize(
    ("example", "what"), [(each, what) for each in EXAMPLES for what, lines in BREAKS[each].items() if lines]
)
def test_a_break_is_caught_by_a_behaviour_check(originals, example, what, record_property):
    answer = originals(example).judge(BREAKS[example][what])
    caught = [outcome for outcome in answer.failures if outcome.check.kind in BEHAVIOUR]
    record_property("caught", (example, what, f"{caught[0].check.what}: {caught[0].evidence}" if caught else "nothing"))
    assert caught, [(outcome.check.key, outcome.evidence) for outcome in answer.outcomes if not outcome.ok]


@pytest.mark.parametrize("example", EXAMPLES)
def test_harmless_changes_are_not_reported(originals, example):
    """All of them upon each other; each by itself, so as to name it, where that is."""
    original, changes = originals(example), HARMLESS[example]
    mutant = original.mutant("\n".join(changes.values()))
    runs = [what for what, lines in changes.items() if lines.startswith("RUN")]
    assert dict.fromkeys(runs, False) == dict(zip(runs, idle(original.target.image, mutant.image), strict=True))
    answer, _ = judge(original.contract, mutant, original.target)
    alone = {what: original.judge(lines).failures for what, lines in changes.items()} if answer.failures else {}
    reported = {what: [(each.check.key, each.evidence) for each in failures] for what, failures in alone.items()}
    assert ((), {}) == (answer.failures, {what: each for what, each in reported.items() if each})
