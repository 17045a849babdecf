"""`jettison ignore`: the ignore file of a build context."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from jettison.cli.ignore_project import Asked, asked, build_options, inside
from jettison.cli.options import color_option, coloured, format_option, output_option, put_out, width
from jettison.context.cost import cost
from jettison.context.decision import decide, follow
from jettison.context.ignore import Dialect, read_ignore
from jettison.context.precedence import precedence
from jettison.context.secrets import secrets_of
from jettison.context.walk import Totals, excluded
from jettison.core.errors import UsageError
from jettison.core.escape import terminal
from jettison.documents.ignore import Builder, Explained, Shown, explain_to_json, ignore_to_json
from jettison.report.ignore_explain import explain_text
from jettison.report.ignore_show import ignore_text


@click.group("ignore")
def command() -> None:
    """The .dockerignore: what the build context costs, who decides on a file, what else could stay out."""


@command.command("show")
@build_options
@format_option()
@output_option()
@color_option()
def show(**options: Any) -> int:
    """Tell what the build context costs: by folder and file, what each COPY takes, and which ignore file counts."""
    build = asked(options)
    takings = build.takings(build.left)
    found = Shown(
        root=build.root,
        dockerfile=build.dockerfile_path if build.project is not None else None,
        builder=build.precedence,
        builders=tuple(_builder(build, dialect) for dialect in Dialect),
        cost=cost(build.left, takings, build.dialect),
        secrets=secrets_of(build.left, takings),
        problems=build.ignore.problems if build.ignore is not None else (),
        skipped=build.left.skipped,
        contexts=tuple(build.upon(name) for name in build.contexts),
    )
    if options["form"] == "json":
        put_out(json.dumps(ignore_to_json(found), indent=2) + "\n", options["output"])
    else:
        put_out(ignore_text(found, width=width(), colour=_colour(options)), options["output"])
    return 0


def _builder(build: Asked, dialect: Dialect) -> Builder:
    """What a builder would keep back of the same directory."""
    found = precedence(build.root, build.dockerfile_path, dialect)
    if found.file is None:
        return Builder(found, Totals())
    if dialect is build.dialect:
        return Builder(found, build.left.ignored)
    try:
        gone = excluded(build.everything, read_ignore(found.file, dialect))
    except UsageError as error:
        return Builder(found, None, error.message)
    sizes = [each.size for each in build.everything.entries if each.kind == "file" and each.path in gone]
    return Builder(found, Totals(len(sizes), sum(sizes)))


@command.command("explain")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--stdin", is_flag=True, help="Read further names from standard input, a line each.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit code tells.")
@build_options
@format_option()
@output_option()
@color_option()
def explain(files: tuple[str, ...], stdin: bool, quiet: bool, **options: Any) -> int:
    """Tell which line of the ignore file decides on each FILE, and which instructions take it.

    FILE need not be there. It is looked for from the current directory, or else from the context; where it lies in
    the folder of a named build context, that folder's own ignore file decides. As with `git check-ignore`, the exit
    code is 0 where at least one FILE is left out, 1 where none is.
    """
    names = [*files, *(sys.stdin.read().splitlines() if stdin else [])]
    if not names:
        raise UsageError("no file is named", hint="write `jettison ignore explain FILE`, or --stdin")
    build = asked(options)
    found = [_explained(build.holding(name), name) for name in names]
    if not quiet:
        _put_out(build, found, options)
    return 0 if any(each.decision is not None and each.decision.excluded for each in found) else 1


def _explained(build: Asked, name: str) -> Explained:
    """One file, as it was named, upon the context that it lies in."""
    led = follow(build.everything, inside(build, name))
    if led is None:
        return Explained(name, build.precedence, build.root, build.named)
    decision = decide((build.everything, build.left), build.ignore, led[0], build.every_taking)
    return Explained(name, build.precedence, build.root, build.named, decision, led[1])


def _put_out(build: Asked, found: Sequence[Explained], options: dict[str, Any]) -> None:
    if options["form"] == "json":
        put_out(json.dumps(explain_to_json(build.precedence, found), indent=2) + "\n", options["output"])
        return
    looks: Any = {"width": width(), "colour": _colour(options)}
    put_out("\n".join(explain_text(each, **looks) for each in found), options["output"])


@command.command("write")
@click.option("--diff", "show_diff", is_flag=True, help="Print what would be written as a diff, and write nothing.")
@click.option("--prove", is_flag=True, help="Build with and without the lines, and compare the two images first.")
@click.option("--engine", "engine_name", help="The engine for --prove (default: the first found).")
@click.option("--alone", is_flag=True, help="Do not look at other Dockerfiles that the same file counts for.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@build_options
@format_option()
@output_option()
@color_option()
def write(**options: Any) -> int:
    """Write the ignore file that the build's needs come to, or add to the one that counts.

    Left out is what instructions take and nothing reads: nothing that an instruction names, that a manifest or a
    source seems to read, or that the Dockerfile does not make anew. What looks like a secret is told first, and
    stays. --prove builds three times and writes nothing where the images differ in more than the lines leave out.
    """
    from jettison.cli.ignore_write import finish, propose, refuse_unproven, rendered

    build, found, before = propose(options)
    found = finish(build, found, before, options)
    put_out(rendered(build, found, options, {"width": width(), "colour": _colour(options)}), options["output"])
    if found.written:
        click.echo(f"jettison: wrote {terminal(str(found.file))}", err=True)
    refuse_unproven(found)
    return 0


def _colour(options: dict[str, Any]) -> bool:
    return coloured(options["output"], options["no_color"])
