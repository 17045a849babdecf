"""What an inspection says, as raw sentences: each face escapes and lays them out in its own way."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from math import isinf
from pathlib import Path

from jettison.align import GUESSED
from jettison.core.escape import show_path
from jettison.core.reference import Transport
from jettison.core.units import show_bytes
from jettison.core.values import Severity
from jettison.documents.image import Inspection, parts
from jettison.report.counts import plural
from jettison.review.model import Remark, Source
from jettison.waste.classes import Class
from jettison.waste.rows import Cause

NO_HISTORY = "(the history does not say)"
CAUSES = {
    Cause.DELETED_LATER: "removed by a later layer",
    Cause.OPAQUE_DIRECTORY: "its directory was made anew",
    Cause.METADATA_ONLY: "copied for owner, mode or time",
    Cause.OVERWRITTEN_LATER: "replaced by a later layer",
    Cause.REPLACED_IN_SAME_LAYER: "twice in one layer",
}
_SHELL = re.compile(r"(?:\|\d+ .*? )?/bin/sh -c ", re.DOTALL)
_NOP = re.compile(r"/bin/sh -c #\(nop\)\s+")
_LAYERED = re.compile(r"RUN (?:\|\d+ .*? )?/bin/sh -c ", re.DOTALL)
_OF_BUILDS = (Class.PACKAGE_CACHE, Class.DEV_DEPENDENCIES, Class.BUILD_TOOLS, Class.STATIC_LIBRARIES, Class.HEADERS)
_MUCH = 0.05  # of all live bytes: then it is worth a sentence


def instruction(created_by: str | None) -> str:
    """The history's row as it would stand in a Dockerfile, on one line.

    Classic builder and Buildah write `/bin/sh -c #(nop) COPY ...` and `|1 ARG=value /bin/sh -c ...`, BuildKit
    `RUN /bin/sh -c ... # buildkit`.
    """
    if created_by is None:
        return NO_HISTORY
    text = " ".join(created_by.split())
    if match := _NOP.match(text):
        return text[match.end() :]
    text = text.removesuffix("# buildkit").rstrip()
    for pattern in (_LAYERED, _SHELL):
        if match := pattern.match(text):
            return f"RUN {text[match.end() :]}"
    return text


def size_words(inspection: Inspection) -> Iterator[tuple[str, int | None, str]]:
    """(name, bytes or None, what it means) of the five sizes, and what the engine prints where it prints one."""
    sizes = inspection.sizes
    yield "unpacked", sizes.unpacked, "every file of every layer, as on a disk"
    yield "effective", sizes.effective, "what a container sees"
    yield "waste", sizes.waste, _waste(inspection)
    if sizes.transfer is not None:
        yield "transfer", sizes.transfer, "compressed layers and config: what a pull takes"
    else:
        yield "transfer", None, "not known: no compressed layers are here"
    unique = "what no other image here has" if sizes.unique is not None else "not known: this is no store of images"
    yield "unique", sizes.unique, unique
    if sizes.daemon is not None:
        yield "daemon", sizes.daemon, _daemon(inspection)


def _waste(inspection: Inspection) -> str:
    sizes, packed = inspection.sizes, inspection.wasted_transfer
    if not sizes.waste:
        return "nothing ships that cannot be seen"
    of_pull = f"; about {show_bytes(packed)} of a pull" if packed is not None else ""
    return f"{sizes.waste / sizes.unpacked * 100:.1f} % of it: ships, and nothing can see it{of_pull}"


def _daemon(inspection: Inspection) -> str:
    match inspection.image.reference.transport:
        case Transport.DOCKER_DAEMON:
            return "what docker lists; it counts symbolic links, and with the containerd store compressed layers too"
        case Transport.CONTAINERS_STORAGE:
            return "the layers as the store counts them, with tar headers and padding"
    return "what the engine's own list prints"


def engines_sentence(inspection: Inspection) -> str:
    """What the lists of engines say, and why none of them is the size."""
    found = inspection.engines
    text = f"`docker images` says {show_bytes(found.docker)} (symbolic links counted)"
    if found.containerd is not None:
        text += f", with the containerd store about {show_bytes(found.containerd)} (packed and unpacked)"
    return f"{text}; Podman and Buildah say {show_bytes(found.podman)} (tar headers counted)"


def base_sentence(inspection: Inspection) -> str:
    """What the image stands on, and how that is known."""
    base = inspection.base
    if base is None:
        return "no base is known: all layers are taken as its own"
    below, own = parts(inspection)
    name = (base.name or "a base").removeprefix("docker.io/library/").removeprefix("docker.io/")
    guess = "by its Dockerfile" if inspection.made.lines else "a guess"
    known = f"on {name}" + (f" ({guess})" if base.known == GUESSED else "")
    count = f"{base.layers} {plural(base.layers, 'layer')}, {show_bytes(below.unpacked)}"
    return f"{known}: {count}; {show_bytes(own.unpacked)} its own"


def rows_sentence(inspection: Inspection) -> str:
    """Why the history has so many rows; empty where it does not match the layers."""
    rows = inspection.rows
    if rows is None:
        return ""
    whose = "your " if inspection.base else ""
    count = f"the history has {rows.total} {plural(rows.total, 'row')}"
    if rows.merged:
        return f"{whose or 'all '}{rows.own} instructions are one layer, by --layers=false or --squash; {count}"
    adds = "adds" if rows.adding == 1 else "add"
    text = f"{rows.adding} of {whose}{rows.own} {plural(rows.own, 'instruction')} {adds} files"
    why = []
    if rows.total > rows.own:
        below = rows.total - rows.own
        why.append(f"{below} {'is' if below == 1 else 'are'} the base's")
    only = rows.own - rows.layers
    if only:
        kinds = ", ".join(rows.kinds[:4]) + (", ..." if len(rows.kinds) > 4 else "")
        why.append(f"{only} only {'changes' if only == 1 else 'change'} the config ({kinds})")
    empty = rows.layers - rows.adding
    if empty:
        why.append(f"{empty} {'makes a layer' if empty == 1 else 'make layers'} of 0 B")
    return f"{text}; {count}" + (", because " + ", ".join(why) if why else "")


def waste_sentence(inspection: Inspection) -> str:
    """How much is dead, and how much of it is due to what stands above the base."""
    total = show_bytes(inspection.sizes.waste)
    if inspection.base is None:
        return total
    own = parts(inspection)[1].waste
    return f"{total}, {show_bytes(own) if own else 'none'} by your instructions"


def classes_sentence(inspection: Inspection) -> str:
    """How much of what is seen is in a class."""
    seen = inspection.sizes.effective
    share = inspection.classed / seen * 100 if seen else 0.0
    return f"{show_bytes(inspection.classed)}, {share:.1f} % of what is seen"


def dive_sentence(inspection: Inspection) -> str:
    """dive's own three numbers, and what is exact."""
    found = inspection.dive
    share = found.user_wasted
    percent = "NaN" if share is None else "+Inf %" if isinf(share) else f"{share * 100:.4f} %"
    said = (
        f"efficiency {found.efficiency * 100:.4f} %, {show_bytes(found.wasted_bytes)} wasted, {percent} of user bytes"
    )
    return f"dive says: {said}; exactly, {show_bytes(inspection.sizes.waste)} are"


def next_steps(inspection: Inspection) -> Iterator[tuple[str, str]]:
    """(command, what it does) of what to do now, at most three; what the rules found comes first."""
    chosen = list(dict.fromkeys(each.rule for each in _provable(inspection)))
    if chosen and inspection.reviewed is not None:
        saved = sum(each.predicted for each in _provable(inspection))
        told = f"{show_bytes(saved)} predicted; each change is proven through a build" if saved else "proven by a build"
        yield f"jettison optimize {_project(inspection.reviewed.source)} --select {','.join(chosen)}", told
    where = shlex.quote(str(inspection.image.reference))
    gravest = sorted(inspection.waste, key=lambda row: (-row.bytes, row.path))
    worst = next((row for row in gravest if show_path(row.path).encode() == row.path), None)  # others cannot be copied
    if worst is not None:
        path = shlex.quote("/" + show_path(worst.path))
        yield f"jettison why {where} {path}", "which layers brought and took the worst of it"
    heavy = sum(inspection.classes[each].size for each in _OF_BUILDS if each in inspection.classes)
    if not chosen and (inspection.sizes.waste or heavy > inspection.sizes.effective * _MUCH):
        yield "jettison optimize .", "in the folder of its Dockerfile: make it smaller, one proven change at a time"
    if not inspection.made.lines and not inspection.made.reason:
        yield f"jettison inspect {where} -f Dockerfile", "name the lines that made the layers"
    elif inspection.packages is None:
        yield f"jettison inspect {where} --packages", "weigh its packages"


def _project(source: Source) -> str:
    """What `optimize` is called with for this Dockerfile."""
    path = source.path or Path("Dockerfile")
    words = [str(path.parent)]
    words += ["-f", str(path)] if path.name not in ("Dockerfile", "Containerfile") else []
    words += ["--target", source.target] if source.target else []
    return shlex.join(words)


def _provable(inspection: Inspection) -> list[Remark]:
    """The findings whose change `optimize` tries."""
    return [each for each in inspection.findings or () if each.fix is not None and each.severity is not Severity.NOTE]
