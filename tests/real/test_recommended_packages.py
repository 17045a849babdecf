"""What apt says in a dry run against what the rebuild saves; what the application was seen to use stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example import environment, optimize, read_ledger

pytestmark = [pytest.mark.real, pytest.mark.engine]
RULE = "recommends-installed"
# git recommends patch, less and an SSH client, which brings a part of X; nothing but the recommendation brings patch
DOCKERFILE = """\
FROM debian:bookworm
RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*
COPY before change /app/
WORKDIR /app
CMD ["sh", "-c", "cp before /tmp/after && patch --quiet /tmp/after change && cat /tmp/after && git --version"]
"""
CHANGE = "--- before\n+++ after\n@@ -1 +1 @@\n-good morning\n+good evening\n"


@pytest.fixture(scope="module")
def optimized(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, str, list[dict]]:
    """The ledger, what was told on the way, and the journal."""
    project, state = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("state")
    for name, text in (("Dockerfile", DOCKERFILE), ("before", "good morning\n"), ("change", CHANGE)):
        (project / name).write_text(text)
    output = state / "ledger.json"
    flags = ("-o", str(output), "--select", RULE, "--engine", "buildah")
    ended = optimize(project, state, *flags, engine_environment=environment("debian:bookworm"))
    assert 0 == ended.returncode, ended.stderr[-4000:]
    (journal,) = (state / "runs").glob("*/journal")
    return read_ledger(output), ended.stderr, [json.loads(line) for line in Path(journal).read_text().splitlines()]


def test_the_dry_run_tells_what_the_rebuild_saves_to_the_percent(optimized: tuple[dict, str, list[dict]]) -> None:
    ledger, told, journal = optimized
    (step,) = ledger["steps"]
    assert ((RULE,), "kept") == (tuple(step["rules"]), step["verdict"])
    assert abs(step["measured"] - step["predicted"]) <= 0.01 * step["measured"], (step["predicted"], step["measured"])
    assert "(apt says so, in a dry run" in told
    asked = [each for each in journal if each["kind"] == "asked"]
    assert [""] * len(asked) == [each["reason"] for each in asked]
    kinds = [each["kind"] for each in journal]
    assert kinds.index("asked") < kinds.index("prediction")


def test_what_the_application_was_seen_to_use_is_kept_by_name_and_the_rest_goes(
    optimized: tuple[dict, str, list[dict]],
) -> None:
    ledger, told, journal = optimized
    assert "seen in use, and kept: patch)" in told
    expected = "apt-get install --no-install-recommends -y git ca-certificates patch && rm"
    assert expected in ledger["result"]["dockerfile"]
    (observed,) = (each for each in journal if each["kind"] == "observed")
    assert {"/usr/bin/patch", "/usr/bin/git"} <= set(observed["executed"])
    assert [] == [path for path in observed["opened"] if path.startswith(("/usr/bin/ssh", "/usr/bin/less"))]
    assert ledger["verification"]["contract"]["held"]
