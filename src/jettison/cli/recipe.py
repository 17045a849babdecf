"""Flags -> Recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jettison.cli.pairs import contexts, pairs
from jettison.contract.files import read_contract
from jettison.contract.model import Contract, RecordOptions
from jettison.contract.probe import probe_address
from jettison.core.errors import UsageError
from jettison.core.regular_file import read_regular
from jettison.core.units import read_bytes, read_seconds
from jettison.core.values import Applicability
from jettison.engine.model import CONTEXT_FLAG
from jettison.lighten.project import Project
from jettison.lighten.recipe import Recipe
from jettison.review.settings import rules_named


def recipe_of(project: Project, options: Mapping[str, Any]) -> Recipe:
    """What the user asked for. Raises UsageError."""
    if any(each.partition("=")[0] == CONTEXT_FLAG for each in options["engine_arguments"]):
        raise UsageError(
            f"{CONTEXT_FLAG} behind -- is not seen by the rules", hint=f"write {CONTEXT_FLAG} NAME=VALUE before --"
        )
    environment: dict[str, str] = {}
    for file in options["env_files"]:
        environment |= _env_file(file)
    environment |= pairs(options["environment"], "--env")
    return Recipe(
        project=project.context,
        dockerfile=project.dockerfile,
        target=options["target"],
        build_args=pairs(options["build_args"], "--build-arg"),
        contexts=contexts(options["build_contexts"]),
        secrets=_secrets(options["secrets"]),
        engine_arguments=tuple(options["engine_arguments"]),
        record=_record(options, environment),
        contract=_contract(options, environment),
        allow=Applicability.LOSSLESS if options["build_only"] else Applicability(options["allow"]),
        select=rules_named(tuple(options["select"])),
        ignore=rules_named(tuple(options["ignore"]), ignored=True),
        min_saving=read_bytes(options["min_saving"]) if options["min_saving"] else None,
        budget_seconds=read_seconds(options["budget"]) if options["budget"] else None,
        keep_images=options["keep_images"],
        cold_times=options["cold_times"],
        base=options["base"],
    )


def _record(options: Mapping[str, Any], environment: Mapping[str, str]) -> RecordOptions:
    """What the contract is to be recorded with. Raises UsageError, long before anything is started."""
    for line in options["checks"]:
        if not line.strip():
            raise UsageError("--check has no command", hint="write --check 'python -m pytest -q', for example")
    for text in options["probes"]:
        probe_address(text, {("tcp", 80): "any"})
    return RecordOptions(environment, tuple(options["checks"]), tuple(options["probes"]), options["build_only"])


def _secrets(items: Sequence[str]) -> tuple[str, ...]:
    for item in items:
        fields = dict(part.partition("=")[::2] for part in item.split(","))
        if not fields.get("id"):
            raise UsageError(f"--secret {item} has no id", hint="write --secret id=NAME,src=FILE")
        source = fields.get("src") or fields.get("source")
        if source and not Path(source).is_file():
            raise UsageError(f"--secret {item}: there is no file {source}", hint="write --secret id=NAME,src=FILE")
    return tuple(items)


def _contract(options: Mapping[str, Any], environment: Mapping[str, str]) -> Contract | None:
    """The given contract with the values that its file does not hold. Raises UsageError where one is missing."""
    path = options["contract_file"]
    if not path:
        return None
    extra = [flag for flag in ("checks", "probes") if options[flag]]
    if extra:
        raise UsageError(
            "--check and --probe are recorded, and --contract records nothing",
            hint="record a contract with them and --contract-out FILE, then give that",
        )
    contract = read_contract(path)
    missing = [name for name in contract.environment_keys if name not in environment]
    if missing:
        raise UsageError(
            f"the contract {path} was recorded with {', '.join(missing)}, whose values no contract file holds",
            hint=f"give them again: --env {missing[0]}=VALUE",
        )
    return replace(contract, environment=environment)


def _env_file(path: Path) -> dict[str, str]:
    """Docker's format: a variable a line, `#` comments, nothing unquoted."""
    try:
        text = read_regular(path, "give a file of NAME=VALUE lines").decode("utf-8")
    except UnicodeDecodeError as error:  # its text would show the file's bytes
        raise UsageError(f"--env-file {path} is not UTF-8", hint="give a file of NAME=VALUE lines") from error
    lines = [line.removesuffix("\r").lstrip() for line in text.removeprefix("\ufeff").split("\n")]
    return pairs([line for line in lines if line and not line.startswith("#")], f"--env-file {path}:")
