"""A candidate of a made-up application, held against its original."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from fake_sandbox import Clock, FakeEngine, Page, Program, site
from handmade_tree import Files, directory, executable, image

from jettison.contract.model import Contract, RecordOptions, Replay
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.replay import judge
from jettison.engine.model import Finished, ProcessFacts

PAGES = {
    "/": Page('<a href="/a">a</a><a href="/style.css">'),
    "/a": Page("page a"),
    "/style.css": Page("b {}", "text/css"),
}
OK = Finished(0, b"", b"")
COMMANDS = {"curl -f localhost": OK, "python --version": Finished(0, b"Python 3.11.7\n", b"")}
SERVER = Program({8000: site(PAGES)}, commands=COMMANDS, stdout=b"listening on 8000\n")
APP = ProcessFacts(1000, 1000, (20,), "/usr/bin/python")
FILES: Files = {
    "usr/bin/python": executable("\x7fELF"),
    "usr/bin/curl": executable("\x7fELF"),
    "bin/sh": executable("\x7fELF"),
    "app/main.py": "import flask\n",
    "usr/local/lib/python3.11/site-packages/flask/__init__.py": "",
    "usr/share/man/man1/python.1": "",
    "tmp": directory(0o1777),
    "data": directory(0o755, 1000),
}
CONFIG: dict[str, Any] = {
    "WorkingDir": "/app",
    "Cmd": ["python", "main.py"],
    "Env": ["PATH=/usr/bin:/bin", "MODE=fast"],
    "ExposedPorts": {"8000/tcp": {}},
    "Volumes": {"/data": {}},
    "Healthcheck": {"Test": ["CMD-SHELL", "curl -f localhost"]},
}


@dataclass
class Trial:
    """A candidate held against an original."""

    clock: Clock
    original: Program = SERVER
    files: Files = field(default_factory=lambda: FILES)
    config: dict[str, Any] = field(default_factory=lambda: CONFIG)
    later: tuple[Program, ...] = ()  # of the original, after its recording
    options: RecordOptions = field(default_factory=RecordOptions)

    def judge(self, *candidate: Program, files: Files | None = None, config: Any = None) -> tuple[Replay, Contract]:
        programs = {"v0": (self.original, self.original, *(self.later or (self.original,))), "v1": candidate}
        self.engine = FakeEngine(programs, self.clock)
        original = Target(self.engine, "v0", image(self.files, config=self.config))
        self.contract = record(original, self.options)
        self.engine.starts.clear()
        self.engine.programs = {**programs, "v0": programs["v0"][2:]}
        # a new Target of the same image each time, as the loop makes them
        again = Target(self.engine, "v0", image(self.files, config=self.config))
        given = image(self.files if files is None else files, config=self.config if config is None else config)
        return judge(self.contract, Target(self.engine, "v1", given), again)


def failures(answer: Replay) -> list[tuple[str, str]]:
    return [(outcome.check.kind, outcome.evidence) for outcome in answer.failures]


def first(answer: Replay) -> tuple[str, str]:
    return failures(answer)[0]


def changed(**pages: Page | Any) -> Program:
    return replace(SERVER, ports={8000: site({**PAGES, **{f"/{key.strip('_')}": page for key, page in pages.items()}})})
