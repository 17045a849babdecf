"""What a real shell makes of random scripts, against what is said of them."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest
from runs_of import calls_of

FUNCTIONS = (
    't() { echo "$1" >&2; }; f() { echo "$1" >&2; return 1; }; '  # each tells its number, then succeeds or fails
)


class Scripts:
    """Random scripts of numbered commands."""

    def __init__(self, seed: int) -> None:
        self.random, self.number = random.Random(seed), 0

    def command(self) -> str:
        self.number += 1
        return f"{self.random.choice('ttf')} {self.number}"

    def statement(self, depth: int) -> str:
        form = self.random.randrange(9 if depth else 1)
        shapes = [
            "{}", "{} && {}", "{} || {}", "{{ {}; {}; }}", "( {}; {} )", "if {}; then {}; else {}; fi",
            "for i in 1 2; do {}; done", "[ a = a ] && {}", "[ a = b ] && {}",
        ]  # fmt: skip
        parts = [self.statement(depth - 1) if form else self.command() for _ in range(shapes[form].count("{}"))]
        return shapes[form].format(*parts)

    def script(self) -> str:
        start = self.random.choice(["", "set -e; "])
        return start + "; ".join(self.statement(2) for _ in range(self.random.randint(1, 3)))


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no shell here")
@pytest.mark.parametrize("seed", range(5))
def test_what_runs_for_sure_runs_and_what_is_fatal_fails_the_script(seed: int) -> None:
    scripts = Scripts(seed)
    for _ in range(60):
        text = scripts.script()
        done = subprocess.run(
            ["sh", "-c", FUNCTIONS + text], capture_output=True, text=True, timeout=20, check=False, cwd="/"
        )
        ran = set(done.stderr.split())
        calls = [call for call in calls_of(text) if call.name in ("t", "f")]
        assert ran <= {call.values[0] for call in calls}, text
        if done.returncode == 0:
            assert [] == [call for call in calls if call.name == "f" and call.fatal and call.values[0] in ran], text
            if "f " not in text:  # what && follows is taken to succeed
                assert [] == [call for call in calls if call.certain and call.values[0] not in ran], text
