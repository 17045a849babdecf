"""What a fix changes on purpose is no failure, and nothing else is excused with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fake_sandbox import Clock, FakeEngine, Page, Program, site
from handmade_tree import Files, directory, executable, image, without

from jettison.contract.declared import accepting, withdrawn
from jettison.contract.files import read_contract, write_contract
from jettison.contract.model import Contract, RecordOptions, Replay
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.replay import judge, replay
from jettison.engine.model import Finished

OK = Finished(0, b"", b"")
HEALTHY = {"node dist/health.js": OK, "/nodejs/bin/node dist/health.js": OK}
SERVER = Program({3000: site({"/": Page("parcels"), "/health": Page("{}", "application/json")})}, commands=HEALTHY)
FILES: Files = {
    "bin/sh": executable("\x7fELF"),
    "usr/local/bin/node": executable("\x7fELF"),
    "usr/local/bin/npm": executable("#!/usr/bin/env node\n"),
    "usr/bin/env": executable("\x7fELF"),
    "app/package.json": '{"scripts": {"start": "node dist/server.js"}}',
    "app/dist/server.js": 'require("fastify")\n',
    "app/dist/health.js": "",
    "app/node_modules/fastify/index.js": "",
    "tmp": directory(0o1777),
}
FREED: Files = {
    "nodejs/bin/node": executable("\x7fELF"),
    **{path: piece for path, piece in FILES.items() if path.startswith(("app", "tmp"))},
}
CONFIG: dict[str, Any] = {
    "WorkingDir": "/app",
    "Cmd": ["npm", "start"],
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "TZ=Europe/Oslo"],
    "Healthcheck": {"Test": ["CMD-SHELL", "node dist/health.js"]},
}
DIRECT: dict[str, Any] = {
    **CONFIG,
    "Entrypoint": ["/nodejs/bin/node"],
    "Cmd": ["dist/server.js"],
    "Env": ["PATH=/usr/bin:/bin", "TZ=Europe/Oslo"],
    "Healthcheck": {"Test": ["CMD", "/nodejs/bin/node", "dist/health.js"]},
}
ON_PURPOSE = ("Entrypoint", "Cmd", "Healthcheck")


@dataclass
class Case:
    """An original, and candidates held against it one after the other."""

    clock: Clock
    contract: Contract = field(init=False)
    original: Target = field(init=False)

    def __post_init__(self) -> None:
        self.engine = FakeEngine({"v0": (SERVER,) * 4, "v1": (SERVER,) * 6}, self.clock)
        self.original = Target(self.engine, "v0", image(FILES, config=CONFIG))
        self.contract = record(self.original, RecordOptions())

    def judge(self, files: Files, config: dict[str, Any], declares: tuple[str, ...] = ()) -> Replay:
        candidate = Target(self.engine, "v1", image(files, config=config))
        answer, self.contract = judge(self.contract, candidate, self.original, declares=declares)
        return answer


def failed(answer: Replay) -> list[str]:
    return [outcome.check.what for outcome in answer.failures]


@pytest.fixture
def case(clock: Clock) -> Case:
    return Case(clock)


def test_a_declared_entry_point_and_health_check_are_no_failures(case: Case) -> None:
    assert [] == failed(case.judge(FREED, DIRECT, ON_PURPOSE))


def test_undeclared_they_are(case: Case) -> None:
    assert ["Healthcheck", "what the entry point calls"] == failed(case.judge(FREED, DIRECT))


def test_declaring_one_key_excuses_no_other(case: Case) -> None:
    config = {**DIRECT, "User": "1000"}
    assert ["User"] == failed(case.judge(FREED, config, ON_PURPOSE))


def test_modules_that_the_real_program_reaches_are_still_looked_for(case: Case) -> None:
    broken = without(FREED, "app/node_modules/fastify/index.js")
    assert ["Node modules"] == failed(case.judge(broken, DIRECT, ON_PURPOSE))


def test_what_the_new_command_names_must_be_there(case: Case) -> None:
    broken = without(FREED, "app/dist/health.js")
    assert ["Node modules"] == failed(case.judge(broken, DIRECT, ON_PURPOSE))


def test_the_health_check_that_is_run_is_the_candidates_own(clock: Clock) -> None:
    case = Case(clock)
    ill = replace(SERVER, commands={**HEALTHY, "/nodejs/bin/node dist/health.js": Finished(1, b"", b"no\n")})
    case.engine.programs = {"v0": (SERVER,) * 2, "v1": (ill, ill)}
    assert ["HEALTHCHECK"] == failed(case.judge(FREED, DIRECT, ON_PURPOSE))


def test_a_later_step_may_keep_what_was_declared_and_may_not_change_it_further(case: Case) -> None:
    case.judge(FREED, DIRECT, ON_PURPOSE)
    assert [] == failed(case.judge(FREED, DIRECT))
    other = {**DIRECT, "Healthcheck": {"Test": ["CMD", "true"]}}
    assert "Healthcheck" in failed(case.judge(FREED, other))


def test_what_was_declared_by_an_undone_step_is_forgotten(case: Case) -> None:
    before = case.contract
    case.judge(without(FREED, "app/node_modules/fastify/index.js"), {**DIRECT, "User": "1000"}, ON_PURPOSE)
    assert before is case.contract


def test_the_original_still_holds_the_contract(case: Case) -> None:
    case.judge(FREED, DIRECT, ON_PURPOSE)
    assert replay(case.contract, case.original).held


def test_a_variable_is_declared_by_its_name(case: Case) -> None:
    config = {**CONFIG, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}
    assert ["ENV TZ"] == failed(case.judge(FILES, config))
    assert [] == failed(case.judge(FILES, config, ("ENV TZ",)))


def test_a_contract_file_keeps_what_was_declared(case: Case, tmp_path: Any) -> None:
    case.judge(FREED, DIRECT, ON_PURPOSE)
    write_contract(case.contract, tmp_path / "contract.json", str)
    read = read_contract(tmp_path / "contract.json")
    assert [check.volatile for check in case.contract.checks] == [check.volatile for check in read.checks]


def test_nothing_new_leaves_the_contract_itself(case: Case) -> None:
    assert case.contract is accepting(case.contract, ON_PURPOSE, CONFIG)
    wider = accepting(case.contract, ON_PURPOSE, DIRECT)
    assert wider is not case.contract
    assert case.contract is withdrawn(wider, case.contract)
