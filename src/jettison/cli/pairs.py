"""`K=V` of a command line: arguments, variables, named build contexts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from jettison.core.errors import UsageError
from jettison.dockerfile.contexts import familiar, named
from jettison.dockerfile.model import Named
from jettison.engine.model import CONTEXT_FLAG

context_option = click.option(
    CONTEXT_FLAG, "build_contexts", multiple=True, metavar="NAME=VALUE", help="A named build context; repeatable."
)


def contexts(items: Sequence[str]) -> dict[str, Named]:
    """`NAME=VALUE` of named build contexts, by the names as they are compared. Raises UsageError: no such folder."""
    found = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"{CONTEXT_FLAG} {item} has no value", hint=f"write {CONTEXT_FLAG} NAME=VALUE: src=../lib")
        one = named(name, value, Path.cwd())
        if one.folder is not None and not one.folder.is_dir():
            raise UsageError(
                f"{CONTEXT_FLAG} {item}: there is no folder {value}",
                hint="give a folder, docker-image://NAME:TAG, oci-layout://FOLDER or an address",
            )
        found[familiar(name)] = one
    return found


def pairs(items: Sequence[str], flag: str) -> dict[str, str]:
    """By name: `K=V`, or `K` alone for the value that our own environment has, as docker does it. Raises UsageError."""
    result = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not key:
            raise UsageError(f"{flag} has a value without a name", hint=f"write {flag} NAME=VALUE")
        if equals:
            result[key] = value
        elif key in os.environ:
            result[key] = os.environ[key]
        else:
            raise UsageError(f"{flag} {key} has no value, here or in the environment", hint=f"write {flag} {key}=VALUE")
    return result
