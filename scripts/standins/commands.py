"""The command line: ensure, env, status, table, stop."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from standins import mirror, table
from standins.ensure import Wish, ensure
from standins.errors import StandInError
from standins.house import House, default_directory
from standins.public import GCR, HUB
from standins.recipes import RECIPES


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0, 1 something failed, 2 wrong usage, 3 the machine lacks something, 130 interrupted."""
    given = parser().parse_args(arguments)
    house = House(given.directory.expanduser().absolute(), given.store)
    os.umask(0o022)  # modes in an image must not depend on who made it
    try:
        given.act(house, given)
    except KeyboardInterrupt:
        return 130
    except StandInError as error:
        print(f"standins: {error}\n  next: {error.hint}", file=sys.stderr)
        return error.code
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    whole = argparse.ArgumentParser(prog="standins.py", description=__doc__)
    whole.add_argument("--directory", type=Path, default=default_directory(), help="where all state lies")
    stores = "a storage of images of its own, for builds beside others: letters and digits"
    whole.add_argument("--store", type=store_name, default="", metavar="NAME", help=stores)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    making = commands.add_parser("ensure", help="have these official images, real or stood in for")
    making.add_argument("names", nargs="+", metavar="IMAGE", help=", ".join(RECIPES))
    making.add_argument("--anew", action="store_true", help="ask the public registry, and make, again")
    making.add_argument("--hub", default=HUB, metavar="URL", help="the public registry that is asked first")
    making.add_argument("--gcr", default=GCR, metavar="URL", help="the same, for the names of gcr.io")
    making.set_defaults(act=make)

    commands.add_parser("env", help="shell lines that point buildah here").set_defaults(act=env)
    commands.add_parser("status", help="what is served, and where").set_defaults(act=status)
    commands.add_parser("stop", help="end the registry").set_defaults(act=stop)

    page = commands.add_parser("table", help="docs/standins.md")
    page.add_argument("--output", type=Path, help="a file; without it, stdout")
    page.set_defaults(act=write_table)
    return whole


def store_name(given: str) -> str:
    if not re.fullmatch("[a-z0-9]*", given):
        raise argparse.ArgumentTypeError(f"{given!r} is not of letters a to z and digits")
    return given


def make(house: House, given: argparse.Namespace) -> None:
    ensure(house, Wish(tuple(given.names), given.hub, given.anew, given.gcr), say)


def say(text: str) -> None:
    print(f"standins: {text}", file=sys.stderr, flush=True)


def env(house: House, given: argparse.Namespace) -> None:
    """`export` lines for a shell."""
    if not (house.registries_conf.is_file() and house.storage_conf.is_file()):
        raise StandInError(f"nothing was ensured in {house.root}", "standins.py ensure IMAGE first", 2)
    for name, value in house.environment().items():
        print(f"export {name}={shlex.quote(value)}")


def status(house: House, given: argparse.Namespace) -> None:
    """The registry, and a line for each image."""
    served = mirror.running(house)
    print(f"registry: {f'127.0.0.1:{served.port}' if served else 'not running'}")
    for name, known in sorted(house.records().items()):
        print(f"{name}  {known['source']}  {known['unpacked']:,} bytes unpacked  {known['digest']}")


def stop(house: House, given: argparse.Namespace) -> None:
    with house.locked():
        ended = mirror.stop(house)
    say("the registry was ended" if ended else "no registry was running")


def write_table(house: House, given: argparse.Namespace) -> None:
    text = table.document(house.records())
    if given.output is None:
        print(text, end="")
    else:
        given.output.write_text(text, "utf-8")
