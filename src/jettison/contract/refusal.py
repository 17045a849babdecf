"""When behaviour cannot be pinned down: the error, and what to give so that it can."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from jettison.contract.compare import learn
from jettison.contract.http import Address, Answer
from jettison.contract.observe import Observation
from jettison.core.errors import ContractError
from jettison.engine.model import Finished

_MORE = "give --env K=V for what is missing, --check CMD, or --probe URL; --build-only runs nothing"
_WAITS = re.compile(
    rb"ECONNREFUSED|ENOTFOUND|EAI_AGAIN|could not translate host|Name or service not known"
    rb"|Temporary failure in name resolution|Connection refused|no such host|MongoNetwork"
    rb"|bad address|Name does not resolve|[Nn]etwork is unreachable|ENETUNREACH|EHOSTUNREACH|OperationalError"
    rb"|Waiting for",
)
_LOOKED = 40  # lines
_IS_ERROR = re.compile(r"\w*(?:Error|Exception)\b(?=:)|\b(?:error|fatal|panic|failed)\b", re.IGNORECASE)


def service_line(*observations: Observation) -> str:
    """The first log line that speaks of another service that is not there; empty where none does."""
    for observation in observations:
        for log in observation.logs:
            for line in log.splitlines():
                if _WAITS.search(line):
                    return line.decode("utf-8", "replace").strip()[:200]
    return ""


def last_line(observation: Observation) -> str:
    """The last thing that it printed; of what looks like an error the last of that kind."""
    for log in (observation.logs[1], observation.logs[0]):
        lines = [line.strip() for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
        errors = [line for line in lines[-_LOOKED:] if _IS_ERROR.search(line)]
        if lines:
            return (errors or lines)[-1][:200]
    return observation.state.error[:200] or "it printed nothing"


def refuse_unsteady(one: Observation, two: Observation) -> None:
    """Raises ContractError where the two starts ended differently."""
    if one.runs != two.runs or (not one.runs and one.state.code != two.state.code):
        raise ContractError(
            f"two starts of the original differ: {_word(one)}, then {_word(two)}",
            hint=f"last words: {last_line(one if not one.runs else two)}; {_MORE}",
        )
    if one.runs and (one.state_after.code or 0) != (two.state_after.code or 0):
        raise ContractError("the original ended while it was asked, in one of two starts", hint=_MORE)


def _word(observation: Observation) -> str:
    return "it kept running" if observation.runs else f"it ended with {observation.state.code}"


def refuse_empty(one: Observation, two: Observation) -> NoReturn:
    """Nothing was exercised: whatever is taken away, such a contract would hold."""
    waits = service_line(one, two)
    if waits:
        raise ContractError(
            f"the original needs another service, which is not here: {waits}",
            hint="give --env K=V with an address that it can do without, --check CMD for what works alone, "
            "or --build-only",
        )
    if not one.runs:
        _refuse_ended(one, two)
    if not any(protocol == "tcp" for protocol, _ in one.reach):
        raise ContractError("the original runs, and nothing it does can be seen: no port, no health check", hint=_MORE)
    for address, samples in one.answers.items():
        words = [answer.error or f"status {answer.status}" for answer in (*samples, *two.answers.get(address, ()))]
        if len(set(words)) > 1:
            raise ContractError(
                f"the original answers differently each time: {address} gives {', then '.join(dict.fromkeys(words))}",
                hint="give --probe URL or --check CMD for something that stays the same, or --build-only",
            )
    seen = sorted({answer.error or f"status {answer.status}" for samples in one.answers.values() for answer in samples})
    raise ContractError(
        f"the original listens, and gave no good answer: {', '.join(seen[:4])}",
        hint=f"last words: {last_line(one)}; {_MORE}",
    )


def _refuse_ended(one: Observation, two: Observation) -> NoReturn:
    if one.state.code != 0:
        raise ContractError(
            f"the original ends with {one.state.code} when it is started: {last_line(one)}",
            hint=_MORE,
        )
    if not any(one.logs):
        raise ContractError("the original ends at once and prints nothing", hint=_MORE)
    moved = learn([one.logs[0] or one.logs[1], two.logs[0] or two.logs[1]])
    word = "prints something else each time" if moved["compare"] == "none" else "only prints a complaint"
    raise ContractError(f"the original ends at once and {word}: {last_line(one)}", hint=_MORE)


def refuse_command(line: str, finished: Finished) -> NoReturn:
    """A `--check` that the original itself does not pass."""
    said = (finished.stderr or finished.stdout).decode("utf-8", "replace").strip().splitlines()
    what = "did not end in time" if finished.timed_out else f"ends with {finished.code}"
    raise ContractError(
        f"--check '{line}' {what} on the original: {said[-1][:200] if said else 'it printed nothing'}",
        hint="it is run inside the container as the image's user, by /bin/sh unless it is plain, and must exit 0",
    )


def refuse_probe(probe: Address, answers: Sequence[Answer]) -> NoReturn:
    """A `--probe` that shows nothing on the original."""
    seen = sorted({answer.error or f"status {answer.status}" for answer in answers}) or ["no answer"]
    raise ContractError(
        f"--probe {probe} shows nothing on the original: {', then '.join(seen)}",
        hint="an address is needed that answers below 500, and the same each time",
    )
