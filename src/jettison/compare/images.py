"""Two images held side by side: what grew and what shrank, by every measure that tells why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from jettison.compare.configs import compare_config
from jettison.compare.folders import FolderChange, fold
from jettison.compare.layers import LayerPair, pair_layers
from jettison.compare.packages import PackageChange, package_changes
from jettison.compare.paths import Change, PathChange, path_changes
from jettison.core.errors import UsageError
from jettison.image.model import Image
from jettison.waste.account import Account, account, shares
from jettison.waste.rows import WasteRow

SIZES = ("unpacked", "effective", "waste", "transfer", "unique", "daemon")
Pair = tuple[int, int]  # bytes in the old image, and in the new one


@dataclass(frozen=True)
class ImageDiff:
    """`by` is the size that decides; `causes` and `classes` have those that occur in either image."""

    old: Image
    new: Image
    by: str
    layers: tuple[LayerPair, ...]
    paths: tuple[PathChange, ...]
    config: tuple[str, ...]  # keys that differ
    packages: tuple[PackageChange, ...]
    causes: Mapping[str, Pair]
    classes: Mapping[str, Pair]

    @cached_property
    def sizes(self) -> dict[str, tuple[int | None, int | None]]:
        """Of both images, by name; None where its source cannot tell."""
        one, other = asdict(self.old.sizes), asdict(self.new.sizes)
        return {name: (one[name], other[name]) for name in SIZES}

    @property
    def ends(self) -> Pair:
        """The size that decides, in both."""
        one, other = self.sizes[self.by]
        assert one is not None
        assert other is not None
        return one, other

    @property
    def grown(self) -> int:
        """What that size grew, negative where it shrank."""
        return self.ends[1] - self.ends[0]

    @property
    def verdict(self) -> str:
        """`smaller` or `larger` by the size that decides; `changed` or `same` where that is equal."""
        if self.grown:
            return "larger" if self.grown > 0 else "smaller"
        return "changed" if self.paths or self.config else "same"

    @cached_property
    def folders(self) -> tuple[FolderChange, ...]:
        """The changes of size as a few rows."""
        return fold(self.paths)


def compare_images(
    old: Image, new: Image, *, by: str = "unpacked", made: tuple[Sequence[str | None], Sequence[str | None]]
) -> ImageDiff:
    """What differs between two images. `made`: the instructions of each one's layers, None where not known.

    Raises ImageError, and UsageError where the size `by` is not known of both.
    """
    for image in (old, new):
        if getattr(image.sizes, by) is None:
            raise UsageError(
                f"{image.reference} does not tell its {by} size", hint="leave --size away: unpacked is always known"
            )
    paths = path_changes(old, new)
    touched = [each.path for each in paths if each.change is not Change.METADATA]
    accounts = account(old), account(new)
    return ImageDiff(
        old,
        new,
        by,
        pair_layers(old, new, made),
        paths,
        compare_config(old, new),
        package_changes((old, new), touched),
        _pairs(*(_causes(each.rows) for each in accounts)),
        _pairs(_classes(accounts[0], old), _classes(accounts[1], new)),
    )


def _causes(rows: Sequence[WasteRow]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.cause.value] = found.get(row.cause.value, 0) + row.bytes
    return found


def _classes(found: Account, image: Image) -> dict[str, int]:
    return {each.value: share.size for each, share in shares(found, image.layers).items()}


def _pairs(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, Pair]:
    """Both side by side, in the order in which they come."""
    return {name: (old.get(name, 0), new.get(name, 0)) for name in dict.fromkeys((*old, *new))}
