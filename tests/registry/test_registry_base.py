"""The base that an image of a registry tells by its annotations."""

from __future__ import annotations

import json

import pytest
from handmade import MANIFEST, Made, digest, entry, tar
from push_proxy import push_proxied
from registry_server import Server

from jettison.align import Base
from jettison.documents.image import inspect_image
from jettison.documents.provenance import provenance_of
from jettison.image.open import open_image
from jettison.image.transports.registry import read
from jettison.image.transports.registry_write import write

LOW, TOP = tar(entry("low", b"1" * 1000)), tar(entry("top", b"2"))
BASE, APP = Made((LOW,)), Made((LOW, TOP))


def pushed(registry: Server, repository: str, made: Made, **annotations: str) -> str:
    for blob in (*made.blobs, made.config):
        registry.push_blob(repository, blob)
    manifest = {**json.loads(made.manifest), "annotations": annotations}
    return registry.push_manifest(repository, "1", json.dumps(manifest).encode(), MANIFEST)


def notes(name: str, digest: str) -> dict[str, str]:
    prefix = "org.opencontainers.image.base"
    return {f"{prefix}.name": name, f"{prefix}.digest": digest}


def base_of(host: str, repository: str) -> Base | None:
    image = open_image(f"docker://{host}/{repository}:1")
    return inspect_image(image, provenance_of(image)).base


def test_an_annotated_base_is_known_when_its_layers_are_the_lowest(registry: Server) -> None:
    told = pushed(registry, "annotated/base", BASE)
    name = f"{registry.host}/annotated/base:1"
    pushed(registry, "annotated/app", APP, **notes(name, told))
    assert Base("known", name, 1) == base_of(registry.host, "annotated/app")


def test_an_annotation_that_lies_is_not_believed(registry: Server) -> None:
    other = pushed(registry, "lying/base", Made((TOP,)))
    pushed(registry, "lying/app", APP, **notes(f"{registry.host}/lying/base:1", other))
    found = base_of(registry.host, "lying/app")
    assert found is None or found.known != "known"


@pytest.mark.parametrize("name", ["elsewhere.example/base:1", "UPPER", "", "nowhere"])
def test_no_other_registry_is_asked(name: str, registry: Server) -> None:
    pushed(registry, "asked/app", APP, **notes(name, digest(b"x")))
    found = base_of(registry.host, "asked/app")
    assert found is None or found.known != "known"


def test_a_base_that_is_there_is_mounted_from(registry: Server) -> None:
    told = pushed(registry, "mounted/base", BASE)
    with push_proxied(registry.port) as proxy:
        pushed(registry, "mounted/app", APP, **notes(f"{proxy.host}/mounted/base:1", told))
        image = read(f"{proxy.host}/mounted/app:1")
        write(image, f"{proxy.host}/mounted/copy:1")
        mounts = [each.path for each in proxy.log if "mount=" in each.path]
    assert any("from=mounted%2Fapp" in each for each in mounts)
