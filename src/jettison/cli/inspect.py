"""`jettison inspect`: sizes, layers, exact waste and classes of an image."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jettison.cli.options import coloured, opened, put_out, report_options, width
from jettison.cli.told import Told, dockerfile_options, made_by
from jettison.core.errors import UsageError

if TYPE_CHECKING:
    from jettison.documents.image import Inspection
    from jettison.image.model import Image
    from jettison.review.model import Source


@click.command("inspect")
@click.argument("image")
@dockerfile_options
@click.option("--base-image", metavar="IMAGE", help="What IMAGE stands on; else the store's images are compared.")
@click.option("--packages", is_flag=True, help="Weigh packages: dpkg, apk, rpm, Python, Node and Go.")
@click.option("--measure", is_flag=True, help="Read compressed layers once more, for what each file costs in them.")
@click.option("--validate", is_flag=True, help="Hold IMAGE against its specifications instead, all of its bytes.")
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, help="Rows of waste and of files.")
@report_options("markdown")
def command(
    image: str,
    told: Told | None,
    base_image: str | None,
    packages: bool,
    measure: bool,
    validate: bool,
    form: str,
    top: int,
    platform: str | None,
    output: Path | None,
    no_color: bool,
) -> int:
    """Show what IMAGE weighs: its sizes, its layers, every byte that ships and cannot be seen, and what is hardly used.

    IMAGE is a name, a file or directory (docker-archive, OCI layout or archive), `-` for a `docker save` on
    standard input, or TRANSPORT:PLACE, as skopeo writes it. No engine is needed for files.

    With --validate it ends with 1 where something is wrong; what is only advised is told and does not count.
    """
    if validate:
        _check_alone(form, {"--file": told, "--base-image": base_image, "--packages": packages, "--measure": measure})
    found = opened(image, platform, whole=False)
    if validate:
        text, valid = _validated(found, form, coloured(output, no_color))
        put_out(text, output)
        return 0 if valid else 1
    look = Look(form, top, coloured(output, no_color), packages, measure)
    text = _report(found, look, _base(base_image, platform, told), told)
    put_out(text, output)
    return 0


def _check_alone(form: str, others: dict[str, object]) -> None:
    """Raises UsageError for what goes with the account of an image, and not with `--validate`."""
    if form == "markdown":
        raise UsageError("--validate has no Markdown", hint="use --format json")
    for flag, value in others.items():
        if value:
            raise UsageError(f"--validate has no use for {flag}", hint="leave one of the two out")


def _validated(image: Image, form: str, colour: bool) -> tuple[str, bool]:
    """The report, and whether nothing is wrong."""
    from jettison.documents.validation import is_valid, validation_to_json
    from jettison.image.validate import validate
    from jettison.report.validation_text import validation_text

    faults = validate(image)
    if form == "json":
        return json.dumps(validation_to_json(image, faults), indent=2) + "\n", is_valid(faults)
    return validation_text(image, faults, width=width(), colour=colour), is_valid(faults)


@dataclass(frozen=True)
class Look:
    """What is asked, and how it is to be shown."""

    form: str
    top: int
    colour: bool
    packages: bool
    measure: bool
    width: int = field(default_factory=width)


Named = tuple[str, "Image | None"]


def _report(image: Image, look: Look, base: Named, told: Told | None) -> str:
    """The report, known from before where nothing that it is made of has changed."""
    from jettison.core.reference import Transport
    from jettison.image.cache_results import recalled, remember
    from jettison.image.transports.siblings import neighbours_mark

    name, given = base
    names = (str(image.reference), name, given and given.digest, neighbours_mark())
    question = f"inspect {(names, look)!r}"
    # in a store other images count as well, with a Dockerfile all the files of its context
    lasting = told is None and image.reference.transport not in (
        Transport.CONTAINERS_STORAGE,
        Transport.DOCKER_DAEMON,
    )
    known = recalled(image, question) if lasting else None
    if known is not None:
        return known.decode()
    text = _inspected(image, look, base, told)
    if lasting:
        remember(image, question, text.encode())
    return text


def _inspected(image: Image, look: Look, base: Named, told: Told | None) -> str:
    from jettison.cli.reading import read_shown
    from jettison.documents.image import Asked, inspect_image

    read_shown(image)
    source = _source(told) if told else None
    inspection = inspect_image(image, made_by(image, told), Asked(look.top, base, look.packages, look.measure, source))
    return _rendered(inspection, look, told.path.name if told else "")


def _source(told: Told) -> Source:
    """The Dockerfile as rules look at it, its folder the context."""
    from jettison.review.model import Source

    return Source(told.path.name, told.path, told.path.parent, told.target, told.build_args, contexts=told.contexts)


def _base(name: str | None, platform: str | None, told: Told | None) -> Named:
    """The base that was named, opened; or the name that the Dockerfile's FROM tells."""
    if name is not None:
        return name, opened(name, platform, whole=False)
    if told is None:
        return "", None
    from jettison.dockerfile.graph import expand_from, resolve_target, stage_chain

    parsed, arguments = told.dockerfile, told.build_args
    lowest = stage_chain(parsed, resolve_target(parsed, told.target), arguments)[0]
    if lowest.context and not lowest.base:
        return "", None  # a folder stands there: what it holds is not known
    base = expand_from(parsed, lowest, arguments)
    return "" if base == "scratch" else base, None


def _rendered(inspection: Inspection, look: Look, dockerfile: str) -> str:
    if look.form == "json":
        from jettison.documents.image_json import image_to_json

        return json.dumps(image_to_json(inspection), indent=2) + "\n"
    if look.form == "markdown":
        from jettison.report.image_markdown import inspection_markdown

        return inspection_markdown(inspection, top=look.top)
    from jettison.report.image_text import inspection_text

    return inspection_text(inspection, width=look.width, top=look.top, colour=look.colour, dockerfile=dockerfile)
