"""A proposed ignore file, proven: the image built with it is the one built without it, but for what it leaves out."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from jettison.compare import compare_config, compare_trees, noise_of
from jettison.core.errors import EngineError
from jettison.lighten import events
from jettison.lighten.bench import Bench, build, discard
from jettison.lighten.sources import Sources
from jettison.subject import IGNORE_FILE

_NAMES = ("v0-again", "v0", "v1")
_SHOWN = 3


@dataclass(frozen=True)
class Proof:
    """What building with and without the lines came to. `held`: nothing differs but what the lines leave out."""

    engine: str
    before: int  # bytes, unpacked
    after: int
    gone: int  # paths of the image that are no longer there
    noise: int  # paths that differ between two builds of the same
    reason: str = ""  # what else differs, empty where nothing does

    @property
    def held(self) -> bool:
        """Whether nothing else differs."""
        return not self.reason


def prove(
    bench: Bench, text: str, ignore: str, left_out: Mapping[str, frozenset[str]]
) -> Generator[events.Event, None, Proof]:
    """Build three times, cold: twice as it is, for the noise, and once with the ignore file `ignore`.

    `left_out`: for each source of an instruction ("" for the whole context) the paths below it, relative to it, that
    the new file leaves out. Raises BuildFailed where it does not build, EngineError where it cannot be tried.
    """
    if not bench.engine.capabilities.ignore_file_apart:
        raise EngineError(
            "this builder takes the ignore file from the project alone, so another cannot be tried",
            hint="use buildah or BuildKit (docker buildx), or write the file and build by hand",
        )
    try:
        yield events.Building("v0", "as it is", "twice: what differs by itself is noise", cold=True)
        again = yield from build(bench, Sources(text), "v0-again", cold=True)
        before = yield from build(bench, Sources(text), "v0", cold=True)
        yield events.Building("v1", "with the proposed ignore file", "the two trees are compared", cold=True)
        after = yield from build(bench, Sources(text, {IGNORE_FILE: ignore}), "v1", cold=True)
        noise = noise_of(again.image, before.image)
        found = compare_trees(before.image, after.image, noise=noise).differences
        tails = frozenset().union(*left_out.values())
        removed = {path for path, aspect in found if aspect == "removed"}
        other = [each for each in found if each[0] not in removed or not _explained(each[0], tails)]
        return Proof(
            engine=f"{bench.engine.name} {bench.engine.version}",
            before=before.weight.sizes.unpacked,
            after=after.weight.sizes.unpacked,
            gone=len(removed),
            noise=len(noise.paths),
            reason=_told(other, compare_config(before.image, after.image)),
        )
    finally:
        discard(bench, *_NAMES)


def _explained(path: bytes, tails: frozenset[str]) -> bool:
    """Whether a path of the image ends as something that was left out does."""
    parts = path.decode("utf-8", "surrogateescape").split("/")
    return any("/".join(parts[at:]) in tails for at in range(len(parts)))


def _told(differences: list[tuple[bytes, str]], keys: tuple[str, ...] | list[str]) -> str:
    shown = [f"/{path.decode('utf-8', 'surrogateescape')} ({aspect})" for path, aspect in differences[:_SHOWN]]
    more = [f"{len(differences) - _SHOWN} more"] if len(differences) > _SHOWN else []
    return ", ".join([*shown, *more, *(f"config {key}" for key in keys)])
