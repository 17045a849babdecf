"""Make one recipe, and push it to the mirror under its official name."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from standins import parts, wheels
from standins.authorities import Authorities
from standins.errors import StandInError
from standins.house import STORAGE, House, write
from standins.mirror import Mirror
from standins.names import full, split
from standins.recipes import ENTRYPOINT, Recipe
from standins.tools import run


@contextlib.contextmanager
def workshop(house: House) -> Iterator[dict[str, str]]:
    """A storage of its own for the making, gone afterwards: intermediate images never reach the user's builds."""
    root = house.work
    clear(house)
    root.mkdir(parents=True)
    conf = root / "storage.conf"
    write(conf, STORAGE.format(graph=root / "storage", run=root / "run"))
    try:
        yield {**house.environment(), "CONTAINERS_STORAGE_CONF": str(conf)}
    finally:
        clear(house)


def clear(house: House) -> None:
    """Remove the workshop. Raises StandInError where something stays mounted below: removing would reach through it."""
    for point in reversed(mounted(house.work)):
        subprocess.run(["umount", "--lazy", str(point)], capture_output=True, check=False)
    if left := mounted(house.work):
        raise StandInError(f"still mounted: {left[0]}", f"umount {left[0]}")
    if house.work.exists():
        shutil.rmtree(house.work)


def mounted(folder: Path) -> list[Path]:
    """Mount points below, in the order they were mounted: a storage mounts its own `overlay`, a bootstrap /proc."""
    lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    points = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split(" ")[4]) for line in lines]
    return [Path(point) for point in points if Path(point).is_relative_to(folder)]


def bake(
    recipe: Recipe, house: House, mirror: Mirror, environment: dict[str, str], authorities: Authorities | None
) -> None:
    """Make the image and push it. Raises StandInError where a part cannot be had or a step fails."""
    target = f"docker://127.0.0.1:{mirror.port}/{':'.join(split(recipe.name))}"
    if recipe.base is not None:
        made = recipe.base.make(house, authorities)
        run(["skopeo", "copy", "--dest-tls-verify=false", f"dir:{made}", target], environment)
        shutil.rmtree(made)
        return
    context = house.work / "context"
    shelf = house.work / "shelf"
    for folder in (context, shelf):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    entrypoint = context / "docker-entrypoint.sh"
    entrypoint.write_text(ENTRYPOINT)
    entrypoint.chmod(0o755)
    (context / "Dockerfile").write_text(recipe.dockerfile)
    parts.gather(recipe.npm, house.parts, shelf)
    wheels.gather(recipe.wheels, house.parts, shelf)
    if recipe.tree is not None:
        recipe.tree.gather(str(recipe.on), house.parts, shelf, environment)
    if authorities is not None:
        (shelf / "authorities.crt").write_text(authorities.bundle)
    name = full(recipe.name)
    build = ["buildah", "bud", "--layers", "--format", "docker", "--isolation", "chroot", "--network", "host"]
    build += ["--identity-label=false", "--pull=false"]
    # /mnt exists in Debian: mounting there leaves no trace in a layer.
    build += ["--volume", f"{shelf}:/mnt:ro", "--tag", name, str(context)]
    try:
        run(build, environment)
    except StandInError as error:
        if "sealing memfd copy" not in str(error):  # Linux would not seal buildah's copy of itself: now it may
            raise
        run(build, environment)
    run(["buildah", "push", "--tls-verify=false", name, target], environment)
