"""`jettison`: the command line. Commands are imported when they are called, so that start-up stays light."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from typing import Any

import click

from jettison import __version__
from jettison.core.errors import DiskError, Interrupted, JettisonError, UsageError

_PATHS = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR}  # what a path may be wrong in

COMMANDS = {
    "optimize": "Make a project's image small, one proven change at a time.",
    "inspect": "Sizes, layers and exact waste of an image.",
    "check": "What is wasteful or wrong in Dockerfiles, without building.",
    "why": "Which layers and lines added, changed or removed a path.",
    "diff": "What grew and what shrank between two images.",
    "ls": "What is in an image, or in one layer.",
    "cat": "The content of files in an image.",
    "export": "The file system of an image as a tar.",
    "ignore": "The .dockerignore: what the context costs, who decides on a file.",
    "explain": "The page of a rule.",
    "runs": "Past runs, and what can be resumed.",
    "engines": "Engines found here, and what they can do.",
    "cache": "What is kept of images that were read before.",
    "schema": "The JSON Schema of a document.",
}


class LazyGroup(click.Group):
    """Commands by name: one module a command, imported when it is needed."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"jettison.cli.{name}")
        command: click.Command = module.command
        return command

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:  # click would end with 1, which has another meaning here
            return 0

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="jettison", message="%(prog)s %(version)s")
def group() -> None:
    """Make container images small, and prove it.

    jettison measures, changes one thing, rebuilds, weighs, checks that the application still works, keeps the
    change or undoes it, and repeats. It hands back the smaller Dockerfile with a ledger of every change.

    Start with:  jettison optimize .
    """


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; its exit code. The one place that catches everything we know how to say."""
    if sys.stdout is None:  # closed by who called us; Python's own type does not tell
        return _complain(DiskError("standard output is closed", hint="leave >&- out, or write > /dev/null"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that is not UTF-8 shows escapes, not a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        code = group.main(args=arguments, prog_name="jettison", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _complain(Interrupted(2))
    except JettisonError as error:
        return _complain(error)
    except OSError as error:
        if error.errno in _PATHS and error.filename:
            hint = "check the name, and the permissions of the folders above it"
            return _complain(UsageError(f"cannot use {os.fsdecode(error.filename)}: {error.strerror}", hint=hint))
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        where = f" {error.filename}" if error.filename else ""  # none of standard output
        return _complain(DiskError(f"cannot write{where}: {error.strerror}", hint="free some space and run again"))


def _complain(error: JettisonError) -> int:
    from jettison.core.escape import terminal

    click.echo(f"jettison: {terminal(error.message)}", err=True)
    log = getattr(error, "log", "")
    for line in log.strip().splitlines():
        click.echo(f"  | {terminal(line)}", err=True)
    if error.hint:
        click.echo(f"hint: {terminal(error.hint)}", err=True)
    return error.exit_code


def console() -> None:
    """The entry point of the installed script."""
    sys.exit(main())
