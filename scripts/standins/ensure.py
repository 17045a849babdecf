"""Bring the house to where it serves the images asked for, doing only what is missing."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from standins import authorities, mirror, public
from standins.authorities import Authorities
from standins.bakery import bake, workshop
from standins.errors import StandInError
from standins.house import House
from standins.mirror import Mirror
from standins.names import canonical, full, origin, split
from standins.recipes import MB, RECIPES, Recipe, chain
from standins.tools import MAKE, SERVE, require, run
from standins.weigh import weigh

PULLED, MADE = "public registry", "stand-in"


@dataclass(frozen=True)
class Wish:
    """What was asked for, and how."""

    names: tuple[str, ...]
    hub: str = public.HUB
    anew: bool = False
    gcr: str = public.GCR

    def registry(self, name: str) -> str:
        """The URL of the public registry that has the image."""
        return {"docker.io": self.hub, "gcr.io": self.gcr}[origin(name)[0]]


def ensure(house: House, wish: Wish, say: Callable[[str], None]) -> None:
    """All of the wish is in the mirror and in the house's storage afterwards. Raises StandInError."""
    names = [canonical(name) for name in wish.names]
    require(SERVE)
    trusted = authorities.of_host()
    with house.locked():
        house.furnish()
        served = mirror.start(house)
        missing = [name for name in names if wish.anew or not present(name, house, served, trusted)]
        if missing:
            provide(missing, house, served, wish, trusted, say)
        images = stored(house)
        for name in names:
            digest = served.digest(*split(name))
            if images.get(full(name)) != digest:
                say(f"{name}: pulling into {house.graph}")
                run(["buildah", "pull", "--policy", "always", full(name)], house.environment())
            else:
                say(f"{name}: here ({house.records()[name]['source']})")


def provide(
    names: Sequence[str],
    house: House,
    served: Mirror,
    wish: Wish,
    trusted: Authorities | None,
    say: Callable[[str], None],
) -> None:
    """Put each image into the mirror: the real one where it can be had, else a stand-in."""
    left = []
    for registry in dict.fromkeys(wish.registry(name) for name in names):
        of_it = [name for name in names if wish.registry(name) == registry]
        if public.answers(registry):
            of_it = [name for name in of_it if not pulled(name, house, served, registry, say)]
        else:
            say(f"{registry} does not answer: making stand-ins from real parts")
        left += of_it
    unknown = [name for name in left if name not in RECIPES]
    if unknown:
        raise StandInError(f"no recipe for {', '.join(unknown)}", f"known: {', '.join(RECIPES)}", 2)
    if not left:
        return
    require(MAKE)
    wanted = {recipe.name: recipe for name in left for recipe in chain(name)}.values()
    todo = [
        recipe
        for recipe in wanted
        if (wish.anew and recipe.name in left) or not present(recipe.name, house, served, trusted)
    ]
    room_for(todo, house)
    with workshop(house) as environment:
        for recipe in todo:
            say(f"{recipe.name}: making it from {recipe.parts}")
            began = time.monotonic()
            bake(recipe, house, served, environment, trusted)
            note(recipe.name, house, served, MADE, recipe.fingerprint(trust(trusted)))
            say(f"{recipe.name}: made in {time.monotonic() - began:.0f} s")


def pulled(name: str, house: House, served: Mirror, registry: str, say: Callable[[str], None]) -> bool:
    """Whether the real image could be had; the reason is said where not."""
    say(f"{name}: {registry} answers, taking the real image")
    try:
        public.copy(name, served, registry)
    except StandInError as error:
        say(f"{name}: {error}")
        return False
    note(name, house, served, PULLED, "")
    return True


def note(name: str, house: House, served: Mirror, source: str, fingerprint: str) -> None:
    """Weigh what the mirror now has, and write it down."""
    repository, tag = split(name)
    facts = {
        "source": source,
        "fingerprint": fingerprint,
        "digest": served.digest(repository, tag),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        **asdict(weigh(served, repository, tag)),
    }
    house.record(name, facts)


def present(name: str, house: House, served: Mirror, trusted: Authorities | None) -> bool:
    """Whether the mirror has what was written down, made as it would be made now."""
    known = house.records().get(name)
    if known is None or known["digest"] is None or served.digest(*split(name)) != known["digest"]:
        return False
    return known["source"] == PULLED or (
        name in RECIPES and known["fingerprint"] == RECIPES[name].fingerprint(trust(trusted))
    )


def stored(house: House) -> dict[str, str]:
    """Names in the house's storage, with the digest they were pulled under.

    Listing fails where another build removes an image meanwhile: it is tried again.
    """
    for last in (False, False, True):
        try:
            listed = json.loads(run(["buildah", "images", "--json"], house.environment()) or "null") or []
            break
        except StandInError:
            if last:
                raise
    return {name: image.get("digest", "") for image in listed for name in image.get("names") or []}


def room_for(recipes: Sequence[Recipe], house: House) -> None:
    """Raises StandInError (3) where the disk has no room for what is to be made."""
    needed = max((recipe.disk for recipe in recipes), default=0)
    free = shutil.disk_usage(house.root).free
    if free < needed:
        raise StandInError(
            f"{needed // MB} MB of disk are needed below {house.root}, {free // MB} MB are free",
            "free some, or give another --directory",
            3,
        )


def trust(trusted: Authorities | None) -> str:
    return trusted.fingerprint if trusted else ""
