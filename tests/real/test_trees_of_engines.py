"""Real images, path for path: what jettison sees is what `umoci unpack` and `docker export` give.

Of every base of the examples, and of every example before and after. Kinds, contents, targets, hard links, modes,
owners, times and attributes are compared; what `docker export` adds itself is `seen_by.ADDED`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import docker_daemon
from example import EXAMPLES, ROOT, bases, environment, images_of
from results import kept
from seen_by import ADDED, Seen, by_jettison, described, effective, in_folder, in_tar

from jettison.image.open import open_image

pytestmark = [pytest.mark.real, pytest.mark.engine]

BASES = sorted({name for each in EXAMPLES for name in bases(ROOT / "examples" / each / "Dockerfile")})
ATTRIBUTES = -1  # the last of the facts


@pytest.fixture(scope="module")
def docker() -> Iterator[str]:
    with docker_daemon() as host:
        yield host


def paths(seen: list[Seen], within: set[str], *, attributes: bool = True) -> dict[str, Any]:
    """All that is told of each path, hard links by the first of their names."""
    first: dict[Any, str] = {}
    for each in sorted(seen):
        first.setdefault(each.inode, each.name)
    told = {}
    for each in seen:
        facts = each.facts if attributes else each.facts[:ATTRIBUTES]
        told[each.name] = (each.kind, each.what, each.size, first[each.inode], facts if each.name in within else ())
    return told


def compare(source: str, variables: dict[str, str], host: str, folder: Path) -> None:
    """One image, copied to a layout and to an archive, unpacked by both."""
    layout, archive = f"{folder}/layout", f"{folder}/x.tar"
    for place in (f"oci:{layout}:it", f"docker-archive:{archive}:jettison-trees:1"):
        told = variables.get("CONTAINERS_REGISTRIES_CONF")  # which skopeo does not look at
        flags = ["--registries-conf", told] if told else []
        subprocess.run(["skopeo", *flags, "copy", "-q", source, place], check=True, env=variables)
    image = open_image(f"oci:{layout}")
    ours, within = by_jettison(image.tree), described(image.tree)
    assert effective(ours) == image.sizes.effective
    subprocess.run(["umoci", "unpack", "--image", f"{layout}:it", f"{folder}/bundle"], check=True, capture_output=True)
    found = in_folder(folder / "bundle" / "rootfs")
    assert effective(found) == image.sizes.effective
    same(paths(found, within), paths(ours, within), set())
    shutil.rmtree(folder / "bundle")
    call = ["docker", "--host", host]
    subprocess.run([*call, "load", "-q", "-i", archive], check=True, capture_output=True)
    made = subprocess.run([*call, "create", "jettison-trees:1", "/none"], check=True, capture_output=True, text=True)
    try:
        with subprocess.Popen([*call, "export", made.stdout.strip()], stdout=subprocess.PIPE) as export:
            assert export.stdout is not None
            exported = in_tar(export.stdout)
    finally:
        subprocess.run([*call, "rm", made.stdout.strip()], capture_output=True)
        subprocess.run([*call, "rmi", "jettison-trees:1"], capture_output=True)
    same(paths(exported, within, attributes=False), paths(ours, within, attributes=False), ADDED)


def same(found: dict[str, Any], ours: dict[str, Any], added: set[str]) -> None:
    """Fails with the first few paths that differ, but for those that are added."""
    differ = [name for name in sorted(found.keys() | ours.keys()) if found.get(name) != ours.get(name)]
    told = [(name, found.get(name), ours.get(name)) for name in differ if name not in added]
    assert [] == told[:5]


@pytest.mark.skipif(os.geteuid() != 0, reason="owners and devices need root")
@pytest.mark.parametrize("base", BASES)
def test_a_base_is_seen_as_engines_unpack_it(base: str, docker: str, tmp_path: Path) -> None:
    variables = dict(environment(base))
    name = base if "/" in base else f"library/{base}"
    source = f"docker://{name if '.' in name.partition('/')[0] else f'docker.io/{name}'}"
    compare(source, variables, docker, tmp_path)


@pytest.mark.parametrize("end", ["before", "after"])
def test_an_example_is_seen_as_engines_unpack_it(optimized: Any, end: str, docker: str, tmp_path: Path) -> None:
    version = "v0" if end == "before" else kept(optimized.ledger)[-1]["version"]
    source = f"containers-storage:{images_of(optimized.ledger)}:{version}"
    compare(source, dict(optimized.environment), docker, tmp_path)
