"""`jettison optimize`: the main job."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from jettison.bases.policy import DEFAULT, Policy
from jettison.cli.options import color_option, coloured, format_option, output_option, put_out, width
from jettison.cli.pairs import context_option
from jettison.cli.progress import Screen
from jettison.cli.recipe import recipe_of
from jettison.contract.files import write_contract
from jettison.core import state
from jettison.core.errors import ContractError, DiskError, Interrupted, JettisonError, UsageError
from jettison.core.escape import terminal
from jettison.core.redact import Redactor
from jettison.core.values import Applicability
from jettison.documents.ledger import ledger_to_json
from jettison.engine.find import find_engine
from jettison.lighten.bench import Bench
from jettison.lighten.events import Done, Event, Note, Resumed
from jettison.lighten.ledger import Ledger
from jettison.lighten.loop import lighten
from jettison.lighten.plan import plan
from jettison.lighten.project import Project, check_text, check_writable, open_project, write_back
from jettison.lighten.recipe import redactor_of
from jettison.lighten.run import find_interrupted, open_run, sweep_dead_runs
from jettison.lighten.secrecy import redact_ledger
from jettison.report.diff import show_diff
from jettison.report.ledger_html import ledger_html
from jettison.report.ledger_markdown import ledger_markdown
from jettison.report.ledger_text import ledger_table
from jettison.report.plan_text import plan_text
from jettison.subject import IGNORE_FILE


class WithEngineArguments(click.Command):
    """What stands behind `--` is the engine's; click would take its first word for PATH."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        context.params["engine_arguments"] = tuple(args[at + 1 :])
        return super().parse_args(context, args[:at])

    def collect_usage_pieces(self, context: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(context), "[-- ENGINE_ARGUMENTS...]"]


@click.command("optimize", cls=WithEngineArguments)
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("-f", "--file", type=click.Path(path_type=Path), help="The Dockerfile, where it is not PATH/Dockerfile.")
@click.option("--engine", "engine_name", help="The engine to build and run with (default: the first found).")
@click.option("--target", help="The stage to build.")
@click.option("--build-arg", "build_args", multiple=True, metavar="K=V", help="A build argument; repeatable.")
@context_option
@click.option("--secret", "secrets", multiple=True, metavar="id=ID,src=FILE", help="A build secret, as for docker.")
@click.option("--env", "-e", "environment", multiple=True, metavar="K=V", help="An environment variable to run with.")
@click.option("--env-file", "env_files", multiple=True, type=click.Path(path_type=Path), help="Such variables, a file.")
@click.option("--check", "checks", multiple=True, metavar="CMD", help="A command run inside that must exit 0.")
@click.option("--probe", "probes", multiple=True, metavar="URL", help="An address that must answer as the original.")
@click.option("--contract", "contract_file", type=click.Path(path_type=Path), help="Use this contract; record none.")
@click.option("--contract-out", type=click.Path(path_type=Path), help="Write the recorded contract here.")
@click.option("--build-only", is_flag=True, help="Run nothing: only fixes that leave the image's tree equal.")
@click.option("--plan", "plan_only", is_flag=True, help="Build once and show what would be tried.")
@click.option("--budget", metavar="10m", help="Start no build that would end later than this.")
@click.option("--min-saving", metavar="SIZE", help="What a change must save (default: 1 MB or 0.5 %, the larger).")
@click.option("--select", multiple=True, metavar="RULE,...", help="Only these rules; repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE,...", help="Not these rules; repeatable.")
@click.option("--allow", type=click.Choice([a.value for a in Applicability]), default="tested", show_default=True)
@click.option(
    "--base",
    type=click.Choice([p.value for p in Policy]),
    default=DEFAULT.value,
    show_default=True,
    help="Which base images may be tried.",
)
@click.option("--write", is_flag=True, help="Put the result in place: Dockerfile, .dockerignore.")
@click.option("--diff", "show_diff", is_flag=True, help="Print the result as a diff.")
@click.option(
    "--resume", is_flag=False, flag_value="", default=None, metavar="[RUN]", help="Go on where a run stopped."
)
@click.option("--keep-images", is_flag=True, help="Keep the images of v0 and of each kept version.")
@click.option("--cold-times", is_flag=True, help="Build each kept version cold as well, to compare seconds.")
@format_option("markdown")
@output_option()
@click.option("--report", type=click.Path(path_type=Path), help="Write the ledger as one HTML page here.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="The engine's output too.")
@color_option()
def command(**options: Any) -> int:
    """Make the image of the project at PATH small, and prove each change.

    The Dockerfile is built as it is, twice; what the application does is recorded; then one change at a time is
    made, built, weighed and checked. What does not save or does not work is undone. Your files are not touched
    unless --write is given.

    What follows `--` goes to the engine's build command.
    """
    project = open_project(options["path"], options["file"])
    text = project.text  # a file that is no text is refused before anything is built
    recipe = recipe_of(project, options)
    check_text(text, recipe)
    _check_places(project, options)
    resume = options["resume"]
    wanted = None if resume is None else find_interrupted(project.context, resume or None)
    engine = find_engine(options["engine_name"])
    redactor = redactor_of(recipe)
    screen = Screen(quiet=options["quiet"], verbose=options["verbose"], redactor=redactor)
    with _signals(), open_run(project.context, resume=wanted) as run, screen:
        swept = sweep_dead_runs(engine, keep=wanted)
        if swept:
            screen.show(Note(f"removed what a killed run had left: {', '.join(swept[:4])}"))
        bench = Bench(recipe, engine, run, screen.line, redactor)
        if options["plan_only"]:
            return _plan(bench, text, screen, options)
        steps = _Steps(lighten(bench, text, resume=wanted is not None), screen)
        try:
            ledger = steps.run()
        except JettisonError as stop:
            return _stopped(stop, steps.best, bench, options)
        _write_contract(ledger, redactor, options)
    return _finish(redact_ledger(ledger, redactor), project, options)


def _check_places(project: Project, options: dict[str, Any]) -> None:
    """Whether what is asked for can be written in the end; an hour of builds later is too late to say."""
    if options["plan_only"]:
        _check_plan(options)
    elif options["write"]:
        check_writable(project)
    own = [os.path.realpath(each) for each in (project.dockerfile, project.context / IGNORE_FILE)]
    for name in ("output", "contract_out", "report"):
        path: Path | None = options[name]
        if path is None:
            continue
        flag = "--" + name.replace("_", "-")
        if not path.parent.is_dir() or (path.exists() and not path.is_file()):
            raise UsageError(f"{flag} {path} cannot be written there", hint="name a file in a directory that exists")
        if os.path.realpath(path) in own:
            raise UsageError(f"{flag} would replace the project's own {path}", hint="--write puts the result in place")


def _check_plan(options: dict[str, Any]) -> None:
    if options["form"] != "text":
        raise UsageError("--plan is told as text only", hint="leave --format out")
    if options["resume"] is not None:  # what an interrupted run has reached would be lost
        raise UsageError("--plan begins anew, and cannot resume a run", hint="leave one of the two out")
    for name in ("report", "contract_out"):
        if options[name] is not None:
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"--plan tries nothing, so there is nothing for {flag}", hint="leave one of the two out")


class _Steps:
    """The loop being walked; `best` is the ledger after the last finished step."""

    def __init__(self, loop: Generator[Event, None, Ledger], screen: Screen) -> None:
        self.loop = loop
        self.screen = screen
        self.best: Ledger | None = None

    def run(self) -> Ledger:
        while True:
            try:
                event = next(self.loop)
            except StopIteration as end:
                ledger: Ledger = end.value
                return ledger
            if isinstance(event, (Done, Resumed)):
                self.best = event.ledger
            self.screen.show(event)


def _plan(bench: Bench, text: str, screen: Screen, options: dict[str, Any]) -> int:
    loop = plan(bench, text)
    while True:
        try:
            screen.show(next(loop))
        except StopIteration as end:
            _output(bench.redactor.text(plan_text(end.value, width=width())), options)
            return 0


def _stopped(stop: JettisonError, best: Ledger | None, bench: Bench, options: dict[str, Any]) -> int:
    """The best so far, printed; how to go on. Raises what stopped us, unless it was a signal."""
    if best is not None:
        shown = redact_ledger(best, bench.redactor)
        _output(_rendered(shown, options), options)
        with suppress(DiskError):  # what stopped us is told in any case
            _write_page(shown, options)
            _write_contract(best, bench.redactor, options)
    if bench.journal.last("run") is None:
        raise stop  # nothing was begun
    if isinstance(stop, Interrupted):
        word = "interrupted"
    elif best is not None and not isinstance(stop, UsageError):
        word = "stopped"
    else:
        raise stop
    where = terminal(shlex.quote(str(bench.recipe.project)))
    click.echo(f"jettison: {word}; `jettison optimize {where} --resume {bench.run.id}` goes on from here", err=True)
    click.echo("hint: give the other flags as before", err=True)
    if not isinstance(stop, Interrupted):
        raise stop
    return stop.exit_code


def _finish(ledger: Ledger, project: Project, options: dict[str, Any]) -> int:
    """Write where asked, print, and say whether the end was proven."""
    proof = ledger.verification
    unwritten: DiskError | None = None
    written: tuple[Path, ...] = ()
    if options["write"] and ledger.changed and proof is not None and proof.held:
        try:
            written = write_back(project, ledger.text_after, ledger.files)
        except DiskError as error:
            unwritten = error
    _output(_rendered(ledger, options, written=bool(written)), options)
    _write_page(ledger, options)
    for path in written:
        click.echo(f"jettison: wrote {terminal(str(path))}", err=True)
    if unwritten is not None:
        raise unwritten
    if proof is not None and not proof.held:
        raise ContractError(
            f"the result did not hold when built cold: {proof.reason}; nothing was written",
            hint="the steps above were each proven with the build cache on; look for a build that is not repeatable",
        )
    return 0


def _write_page(ledger: Ledger, options: dict[str, Any]) -> None:
    if options["report"]:
        state.write_atomically(options["report"], ledger_html(ledger).encode())


def _write_contract(ledger: Ledger, redactor: Redactor, options: dict[str, Any]) -> None:
    if options["contract_out"] and ledger.contract is not None:
        write_contract(ledger.contract, options["contract_out"], redactor.text)


def _rendered(ledger: Ledger, options: dict[str, Any], *, written: bool = False) -> str:
    if options["form"] == "json":
        return json.dumps(ledger_to_json(ledger), indent=2) + "\n"
    if options["form"] == "markdown":
        return ledger_markdown(ledger)
    colour = _colour(options)
    table = ledger_table(ledger, width=width(), colour=colour, written=written)
    if options["show_diff"] and ledger.diff:
        table += "\n" + show_diff(ledger.diff, colour=colour)
    return table


def _output(text: str, options: dict[str, Any]) -> None:
    put_out(text if text.endswith("\n") else text + "\n", options["output"])


def _colour(options: dict[str, Any]) -> bool:
    return coloured(options["output"], options["no_color"])


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM ends the loop as SIGINT does: what runs is stopped, the best so far is printed."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise Interrupted(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
