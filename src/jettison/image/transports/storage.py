"""containers-storage: the store of Buildah, Podman and CRI-O, its layer directories read in place.

Source: containers/storage `docs/containers-storage.conf.5.md`, `images.go`, `layers.go` (file formats).
"""

from __future__ import annotations

import base64
import os
import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.reference import Reference, Transport
from jettison.image.blob import whole
from jettison.image.directory import CachedSource, DirectorySource
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import config as image_config
from jettison.image.transports.documents import mapping, parse_json, read_small, sequence, text

_DEFAULT_ROOT = Path("/var/lib/containers/storage")


def graph_root() -> Path:
    """Where the store is: the first configuration file that says it, else the default of this user."""
    return roots()[0]


def roots() -> tuple[Path, ...]:
    """The store, and those that it may read images of beside its own (`additionalimagestores`)."""
    home = Path(os.environ.get("HOME", "/root"))
    default = _DEFAULT_ROOT if os.geteuid() == 0 else home / ".local/share/containers/storage"
    candidates = [os.environ.get("CONTAINERS_STORAGE_CONF"), home / ".config/containers/storage.conf"]
    candidates += ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"]
    found, more = None, None
    for candidate in candidates:
        try:
            text = Path(candidate).read_text(encoding="utf-8") if candidate else ""
            told = tomllib.loads(text).get("storage", {})
            found = found or told.get("graphroot")
            more = more or told.get("options", {}).get("additionalimagestores")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
            continue
        if found:
            break
    others = [Path(each) for each in more or () if isinstance(each, str)] if isinstance(more, list) else []
    return (Path(found) if isinstance(found, str) and found else default, *others)


def read(where: str, root: Path | None = None) -> Image:
    """The image of that name or id. Raises ImageError."""
    stores = (root,) if root else roots()
    place, record = _record(stores, where)
    identity = _identity(record.get("id"), where)
    key = identity if ":" in identity else f"sha256:{identity}"
    config_bytes = _big_data(place / "overlay-images" / identity, key)
    chain = _chain(stores, text(record.get("layer") or "", f"the store's record of {where}"), where)
    config, _ = image_config.checked(parse_json(config_bytes, "the config"), "the config", len(chain))
    digest = record.get("digest")
    sizes = [each.get("diff-size") for _, each in chain]
    return Image(
        reference=Reference(Transport.CONTAINERS_STORAGE, where),
        digest=digest if isinstance(digest, str) and digest else key,
        config=config,
        layers=tuple(_layer(store, layer) for store, layer in chain),
        config_size=len(config_bytes),
        documents=Documents(config_bytes),
        daemon_size=sum(size for size in sizes if isinstance(size, int)),
    )


def _record(stores: Sequence[Path], where: str) -> tuple[Path, dict[str, Any]]:
    """The image's record and the store that has it. Raises ImageError."""
    for number, store in enumerate(stores):
        if number and not os.access(store / "overlay-images", os.R_OK):
            continue  # one that is not mounted at the moment
        record = _find(_load(store, "images", where), where)
        if record is not None:
            return store, record
    raise ImageError(
        f"containers-storage has no image {where}",
        hint="`buildah images` lists them; the store read is " + str(stores[0]),
    )


def _chain(stores: Sequence[Path], top: str, where: str) -> list[tuple[Path, dict[str, Any]]]:
    """The layers' records, the lowest first, each with its store. Raises ImageError."""
    layers: dict[Any, tuple[Path, dict[str, Any]]] = {}
    for store in reversed(stores):
        if store == stores[0] or os.access(store / "overlay-layers", os.R_OK):
            layers |= {layer.get("id"): (store, layer) for layer in _load(store, "layers", where)}
    chain: list[tuple[Path, dict[str, Any]]] = []
    at = top
    while at:
        if at not in layers or len(chain) > image_config.MOST_LAYERS:
            raise ImageError(
                f"the store's record of {where} is broken: layer {at[:100]} is missing", hint="pull or build it again"
            )
        chain.append(layers[at])
        at = text(layers[at][1].get("parent") or "", f"a layer of {where}")
    return chain[::-1]


def _identity(value: Any, where: str) -> str:
    """An id that is a folder's name. Raises ImageError."""
    if not isinstance(value, str) or not re.fullmatch(r"(sha256:)?[0-9a-f]{12,64}", value):
        raise ImageError(f"the store's record of {where} is broken: it has no id", hint="pull or build it again")
    return value


def _layer(root: Path, record: dict[str, Any]) -> Layer:
    """One layer; `transfer` is the size of the compressed blob that it was pulled as, where it was."""
    identity = _identity(record.get("id"), "a layer")
    pulled = record.get("compressed-size") if record.get("compression") else None
    diff_id = record.get("diff-digest") or identity
    source = _folder(root / "overlay" / identity / "diff", root / "overlay-layers" / f"{identity}.tar-split.gz")
    return Layer(str(diff_id), source, transfer=pulled if isinstance(pulled, int) else None)


@lru_cache(maxsize=256)
def _folder(path: Path, split: Path) -> DirectorySource:
    """A layer of the store never changes: images that share it share what was read of it."""
    return CachedSource(path, split)


def _load(root: Path, what: str, where: str) -> list[dict[str, Any]]:
    """The store's list of its images or layers. Raises ImageError."""
    path = root / f"overlay-{what}" / f"{what}.json"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        drivers = sorted(each.name.removesuffix(f"-{what}") for each in root.glob(f"*-{what}"))
        if drivers and drivers != ["overlay"]:
            raise ImageError(
                f"the store {root} uses the driver {drivers[0]}, whose folders hold no single layers",
                hint=f"copy it out first: skopeo copy containers-storage:{where} oci:DIRECTORY",
            ) from None
        raise ImageError(
            f"containers-storage has no image {where}: there is no store", hint=f"looked for {path}"
        ) from None
    except PermissionError:
        raise ImageError(f"may not read {path}", hint="run as the user who owns the storage, usually root") from None
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error}", hint="see `buildah info`") from error
    return [mapping(each, f"a record in {path}") for each in sequence(parse_json(data, str(path)), str(path))]


def _big_data(folder: Path, key: str) -> bytes:
    """Files are named by key, in base64 behind `=` where the key has other characters than the plain ones."""
    for name in (key, "=" + base64.b64encode(key.encode()).decode()):
        path = folder / name
        if path.is_file():
            return read_small(whole(path), "the config")
    raise ImageError(f"the store has no config for {key}", hint="pull or build the image again")


def _find(images: list[dict[str, Any]], where: str) -> dict[str, Any] | None:
    """By full name, by short name as the tools complete it, by id or its beginning."""
    wanted = names_for(where)
    for name in wanted:
        for image in images:
            if name in sequence(image.get("names"), "names of the store"):
                return image
    short = where.removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{12,64}", short):
        return next((image for image in images if str(image.get("id")).startswith(short)), None)
    return None


def names_for(name: str) -> list[str]:
    """The full names that a short one may stand for, in the order in which buildah looks."""
    path, at, digest = name.partition("@")
    tagged = path if at or ":" in path.rpartition("/")[2] else f"{path}:latest"
    first = tagged.partition("/")[0]
    if "/" in tagged and ("." in first or ":" in first or first == "localhost"):
        full = [tagged]
        if first == "docker.io" and tagged.count("/") == 1:
            full.append("docker.io/library/" + tagged.partition("/")[2])
    elif "/" in tagged:
        full = [f"localhost/{tagged}", f"docker.io/{tagged}"]
    else:
        full = [f"localhost/{tagged}", f"docker.io/library/{tagged}", tagged]
    return [f"{one}@{digest}" if at else one for one in full]
