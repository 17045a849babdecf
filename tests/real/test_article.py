"""The steps of "5 simple steps to a lean Docker image", found on a project like its own without being told."""

from __future__ import annotations

import pytest
from example import copy_of, optimize, read_ledger
from results import kept

pytestmark = [pytest.mark.real, pytest.mark.engine]
STEPS = {
    "ignore files": "context-files-never-read",
    "base image": "larger-base-than-needed",
    "multi-stage build": "single-stage-build",
    "skip dev dependencies": "development-dependencies-shipped",
}
CACHE = "npm-cache-left-behind"


@pytest.mark.parametrize("optimized", ["node-api"], indirect=True)
def test_each_of_its_steps_is_a_row_with_a_share_of_what_was_saved(optimized):
    saved = {}
    for step in kept(optimized.ledger):
        saved[step["rules"][0]] = saved.get(step["rules"][0], 0) + step["measured"]
    assert set(STEPS.values()) <= set(saved), saved
    assert [] == [name for name, rule in STEPS.items() if saved[rule] < 1_000_000]
    sizes = [optimized.ledger[end]["sizes"]["unpacked"] for end in ("before", "after")]
    assert sizes[0] - sizes[1] == sum(saved.values())


@pytest.mark.parametrize("optimized", ["node-api"], indirect=True)
def test_the_fifth_its_cache_is_found_where_the_stages_are_left_alone(optimized, tmp_path):
    """With a stage of its own for building, the cache stays there and is no step any more."""
    project, output = copy_of("node-api", tmp_path), tmp_path / "ledger.json"
    flags = ("--select", CACHE, "-o", str(output))
    ended = optimize(project, tmp_path / "state", *flags, engine_environment=optimized.environment)
    assert 0 == ended.returncode, ended.stderr[-4000:]
    (step,) = read_ledger(output)["steps"]
    assert (CACHE, "kept") == (step["rules"][0], step["verdict"])
    assert step["measured"] > 1_000_000
