"""What `inspect` found in an image."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jettison.align import Base
from jettison.core.reference import Transport
from jettison.documents.base import Rows, recognised, rows_of, unique_bytes
from jettison.documents.engines import EngineSizes, engine_sizes
from jettison.documents.provenance import Provenance
from jettison.documents.text import plain
from jettison.image.model import Image, Kind, Layer, Sizes
from jettison.packages import node
from jettison.packages.node_reach import unreachable
from jettison.waste.account import Account, Share, account, shares, waste_transfer
from jettison.waste.classes import Class, Live
from jettison.waste.dive import DiveNumbers, dive_numbers
from jettison.waste.folders import Executables, Folder, executables, folders
from jettison.waste.rows import Cause, WasteRow

if TYPE_CHECKING:
    from jettison.image.transports.siblings import Sibling
    from jettison.review.model import Remark, Reviewed, Source
    from jettison.waste.inventory import Inventory


@dataclass(frozen=True)
class Payload:
    """A regular file of the merged tree under one of its names, and the layer that brought its bytes."""

    path: bytes
    bytes: int
    layer: int


@dataclass(frozen=True)
class Asked:
    """What to look for besides. `base`: the name of the base that the user or the Dockerfile tells, and that image.

    `packages`: weigh packages as well, which reads their databases. `exact`: read compressed layers once more, for
    where in their blobs the payloads lie. `source`: the Dockerfile, for what the rules say of it and the image.
    """

    top: int = 10
    base: tuple[str, Image | None] = ("", None)
    packages: bool = False
    exact: bool = False
    source: Source | None = None


@dataclass(frozen=True)
class Inspection:
    """An image measured; `transfers` has an estimate for each row of waste, None where no blob is stored."""

    image: Image
    sizes: Sizes
    made: Provenance
    base: Base | None
    rows: Rows | None
    account: Account
    classes: dict[Class, Share]
    transfers: tuple[int | None, ...]
    largest: tuple[Payload, ...]
    folders: tuple[Folder, ...]
    executables: Executables
    engines: EngineSizes
    dive: DiveNumbers
    packages: Inventory | None
    reviewed: Reviewed | None = None  # None where there is no Dockerfile

    @property
    def findings(self) -> tuple[Remark, ...] | None:
        """What could be better, the gravest first, then by bytes; None where there is no Dockerfile."""
        if self.reviewed is None:
            return None
        return tuple(
            sorted(self.reviewed.remarks, key=lambda one: (one.severity.rank, -one.predicted, one.where.line, one.rule))
        )

    @property
    def waste(self) -> tuple[WasteRow, ...]:
        """Every dead payload."""
        return self.account.rows

    @property
    def created_by(self) -> tuple[str | None, ...]:
        """One text a layer, None where the history does not match the layers."""
        return self.made.created_by

    @property
    def platform(self) -> str:
        """`linux/arm64/v8`, as far as the config tells."""
        keys = ("os", "architecture", "variant")
        return "/".join(plain(str(self.image.config[key])) for key in keys if self.image.config.get(key))

    @property
    def causes(self) -> dict[Cause, tuple[int, int]]:
        """(bytes, payloads) of each cause that occurs, most bytes first."""
        size: Counter[Cause] = Counter()
        for row in self.waste:
            size[row.cause] += row.bytes
        count = Counter(row.cause for row in self.waste)
        return {cause: (total, count[cause]) for cause, total in size.most_common()}

    @property
    def classed(self) -> int:
        """Bytes of all classes."""
        return sum(share.size for share in self.classes.values())

    @property
    def wasted_transfer(self) -> int | None:
        """Compressed bytes of all dead payloads, an estimate."""
        known = [each for each in self.transfers if each is not None]
        return sum(known) if self.account.packed and len(known) == len(self.transfers) else None


@dataclass(frozen=True)
class Part:
    """What one side of the border between base and own brings; `waste` of the base is what it wastes by itself."""

    layers: int
    unpacked: int
    transfer: int | None
    waste: int


def parts(inspection: Inspection) -> tuple[Part, Part]:
    """(base, own); all is own where no base is known."""
    border = inspection.base.layers if inspection.base else 0
    layers = inspection.image.layers
    own_waste = sum(row.bytes for row in inspection.waste if row.by_layer >= border)
    return (
        _part(layers[:border], inspection.sizes.waste - own_waste),
        _part(layers[border:], own_waste),
    )


def _part(layers: Sequence[Layer], waste: int) -> Part:
    stored = [layer.transfer for layer in layers]
    known = [each for each in stored if each is not None]
    transfer = sum(known) if len(known) == len(stored) else None
    return Part(len(layers), sum(layer.unpacked for layer in layers), transfer, waste)


def inspect_image(image: Image, made: Provenance, asked: Asked = Asked()) -> Inspection:
    """Read every layer once, and again only where contents must be compared. Raises ImageError."""
    others = _siblings(image)
    base = recognised(image, _neighbours() if others is None else others, made, asked.base)
    found = account(image, development=_development(image), exact=asked.exact)
    layers, live = image.layers, found.live.live
    return Inspection(
        image=image,
        sizes=replace(image.sizes, unique=unique_bytes(image, others)),
        made=made,
        base=base,
        rows=rows_of(image, base),
        account=found,
        classes=shares(found, layers),
        transfers=waste_transfer(found, layers),
        largest=_largest(layers, live, asked.top),
        folders=folders(layers, live),
        executables=executables(layers, live, image.tree, image.runtime.get("Env")),
        engines=engine_sizes(image),
        dive=dive_numbers(layers),
        packages=_packages(image, live) if asked.packages else None,
        reviewed=_reviewed(image, asked.source),
    )


def _siblings(image: Image) -> tuple[Sibling, ...] | None:
    if image.reference.transport not in (Transport.CONTAINERS_STORAGE, Transport.DOCKER_DAEMON):
        return None
    from jettison.image.transports.siblings import siblings

    return siblings(image)


def _neighbours() -> tuple[Sibling, ...]:
    from jettison.image.transports.siblings import neighbours

    return neighbours()


def _reviewed(image: Image, source: Source | None) -> Reviewed | None:
    if source is None:
        return None
    from jettison.review.measured import measured
    from jettison.review.model import Settings

    return measured(source, Settings(), image)


def _packages(image: Image, live: Live) -> Inventory:
    from jettison.waste.inventory import inventory

    return inventory(image, live)


def _development(image: Image) -> set[bytes]:
    """Folders of packages that npm marked for development, or that nothing else asks for among pnpm's.

    Where neither is known, those that a package.json names: what Yarn 1 installed tells it in a file for each package.
    """
    found: set[bytes] = set()
    for top in node.tops(image.tree):
        tool = node.installer(image.tree, top)
        known = (unreachable(image.tree, top) or ()) if tool == "pnpm" else ()
        named = () if tool == "npm" else node.named_for_development(image.tree, top)
        found.update(node.development_packages(image.tree, top) or known or named)
    return found


def files_of(layer: Layer) -> int:
    """How many regular files with a payload of their own a layer brings, empty ones too."""
    return sum(kind == Kind.FILE for kind in layer.columns.kinds)


def _largest(layers: Sequence[Layer], live: Live, top: int) -> tuple[Payload, ...]:
    """Each payload once, under the first of its names in path order."""
    sizes = [layer.columns.sizes for layer in layers]
    weighed = ((-sizes[layer][index], name, layer) for layer, index, name in live)
    return tuple(Payload(name, -size, layer) for size, name, layer in heapq.nsmallest(top, weighed))
