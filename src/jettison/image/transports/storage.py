"""containers-storage: the store of Buildah, Podman and CRI-O, its layer directories read in place.

Source: containers/storage `docs/containers-storage.conf.5.md`, `images.go`, `layers.go` (file formats).
"""

from __future__ import annotations

import base64
import json
import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.reference import Reference, Transport
from jettison.image.directory import CachedSource, DirectorySource
from jettison.image.model import Image, Layer

_DEFAULT_ROOT = Path("/var/lib/containers/storage")


def graph_root() -> Path:
    """Where the store is: the first configuration file that says it, else the default of this user."""
    home = Path(os.environ.get("HOME", "/root"))
    default = _DEFAULT_ROOT if os.geteuid() == 0 else home / ".local/share/containers/storage"
    candidates = [os.environ.get("CONTAINERS_STORAGE_CONF"), home / ".config/containers/storage.conf"]
    candidates += ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"]
    for candidate in candidates:
        try:
            text = Path(candidate).read_text(encoding="utf-8") if candidate else ""
            found = tomllib.loads(text).get("storage", {}).get("graphroot")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        if found:
            return Path(found)
    return default


def read(where: str, root: Path | None = None) -> Image:
    """The image of that name or id. Raises ImageError."""
    root = root or graph_root()
    images = _load(root / "overlay-images" / "images.json", where)
    record = _find(images, where)
    if record is None:
        raise ImageError(
            f"containers-storage has no image {where}",
            hint="`buildah images` lists them; the store read is " + str(root),
        )
    folder = root / "overlay-images" / record["id"]
    config_bytes = _big_data(folder, record["id"] if ":" in record["id"] else f"sha256:{record['id']}")
    config = json.loads(config_bytes)
    layers = {layer["id"]: layer for layer in _load(root / "overlay-layers" / "layers.json", where)}
    chain: list[dict[str, Any]] = []
    at = record.get("layer", "")
    while at:
        if at not in layers or len(chain) > 1000:
            raise ImageError(
                f"the store's record of {where} is broken: layer {at} is missing", hint="pull or build it again"
            )
        chain.insert(0, layers[at])
        at = layers[at].get("parent", "")
    return Image(
        reference=Reference(Transport.CONTAINERS_STORAGE, where),
        digest=record.get("digest") or f"sha256:{record['id']}",
        config=config,
        layers=tuple(_layer(root, layer) for layer in chain),
        config_size=len(config_bytes),
        daemon_size=sum(layer.get("diff-size", 0) for layer in chain),
    )


def _layer(root: Path, record: dict[str, Any]) -> Layer:
    """One layer; `transfer` is the size of the compressed blob that it was pulled as, where it was."""
    source = _folder(root / "overlay" / record["id"] / "diff")
    pulled = record.get("compressed-size") if record.get("compression") else None
    return Layer(record.get("diff-digest", record["id"]), source, transfer=pulled if isinstance(pulled, int) else None)


@lru_cache(maxsize=256)
def _folder(path: Path) -> DirectorySource:
    """A layer of the store never changes: images that share it share what was read of it."""
    return CachedSource(path)


def _load(path: Path, where: str) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ImageError(
            f"containers-storage has no image {where}: there is no store", hint=f"looked for {path}"
        ) from None
    except PermissionError:
        raise ImageError(f"may not read {path}", hint="run as the user who owns the storage, usually root") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot read {path}: {error}", hint="see `buildah info`") from error


def _big_data(folder: Path, key: str) -> bytes:
    """Files are named by key, in base64 behind `=` where the key has other characters than the plain ones."""
    for name in (key, "=" + base64.b64encode(key.encode()).decode()):
        path = folder / name
        if path.is_file():
            return path.read_bytes()
    raise ImageError(f"the store has no config for {key}", hint="pull or build the image again")


def _find(images: list[dict[str, Any]], where: str) -> dict[str, Any] | None:
    """By full name, by short name as the tools complete it, by id or its beginning."""
    wanted = names_for(where)
    for name in wanted:
        for image in images:
            if name in (image.get("names") or []):
                return image
    short = where.removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{12,64}", short):
        return next((image for image in images if image["id"].startswith(short)), None)
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
