"""What we say a build with BuildKit would come to, held against its own answer."""

from __future__ import annotations

from typing import Any

from jettison.core.errors import UsageError
from jettison.dockerfile.graph import resolve_target
from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import refusals
from jettison.dockerfile.scope import State, after, made_by, surroundings


def build_difference(case: dict[str, Any], said: dict[str, Any]) -> str:
    """How we disagree on whether the target can be built, and on what is in force at its end; "" where we do not."""
    dockerfile, given = parse(case["text"]), case.get("build_args", {})
    try:
        target = resolve_target(dockerfile, case.get("target"))
        refused = [each.message for each in refusals(dockerfile, target, given)]
    except UsageError as error:
        refused = [str(error)]
    if bool(refused) != ("error" in said):
        return f"we: {refused or 'builds'}; BuildKit: {said.get('error', 'builds')}"
    if refused:
        return ""
    around, state = surroundings(dockerfile, target, given), State()
    for each in made_by(dockerfile, target, given):
        state = after(state, each, around)
    return _state_difference(state, around.empty, said)


def _state_difference(state: State, exact: bool, said: dict[str, Any]) -> str:
    """`exact` where nothing comes from a base image: then every variable has to be there."""
    found = []
    for name, ours in (("env", dict(state.env)), ("variables", state.variables)):
        theirs = dict(each.split("=", 1) for each in said.get(name, []))
        theirs.pop("PATH")
        if ours != (theirs if exact else {key: theirs.get(key) for key in ours}):
            found.append(f"{name}: {ours} and {theirs}")
    for name, ours in (("workdir", state.workdir), ("user", state.user)):
        if ours is not None and ours != said.get(name, "/" if name == "workdir" else ""):
            found.append(f"{name}: {ours} and {said.get(name)}")
    if list(state.shell or ()) != said.get("shell", []):
        found.append(f"shell: {state.shell} and {said.get('shell')}")
    return "; ".join(found)
