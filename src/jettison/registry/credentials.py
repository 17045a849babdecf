"""Who we are to a registry: Podman's auth.json, Docker's config.json, and the helpers that either names.

Source: containers/image `docs/containers-auth.json.5.md` (files, their order, keys by repository); docker CLI reference
`docker login` (credsStore, credHelpers); docker/docker-credential-helpers README (protocol of a helper).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jettison.registry import helpers
from jettison.registry.names import HUB

_HUB_KEY = f"index.{HUB}"  # under which `docker login` keeps the Hub's
_HUB_SERVER = f"https://{_HUB_KEY}/v1/"  # and what it calls it before a helper


@dataclass(frozen=True)
class Credential:
    """A user with a password, or one of the two tokens that files keep instead; `source` says where it was found."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)  # exchanged for a bearer token at the realm
    registry_token: str = field(default="", repr=False)  # the bearer token itself
    source: str = ""

    @property
    def basic(self) -> str:
        """The value of an Authorization header with user and password."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Found:
    """A credential or None, and what went wrong on the way: told when the registry refuses us, and not before."""

    credential: Credential | None = None
    problems: tuple[str, ...] = ()


def find(host: str, repository: str, environment: Mapping[str, str] | None = None) -> Found:
    """The first credential for a repository that a file or helper has; never raises."""
    told = os.environ if environment is None else environment
    problems: list[str] = []
    for file in _files(told):
        try:
            content = json.loads(file.read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError, RecursionError) as error:
            problems.append(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not JSON'}")
            continue
        if isinstance(content, dict):
            credential = _in_file(content, host, repository, str(file), problems)
            if credential is not None:
                return Found(credential, tuple(problems))
    return Found(None, tuple(problems))


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """In the order in which they are asked; a file that the user names is the only one."""
    named = environment.get("REGISTRY_AUTH_FILE")
    if named:
        yield Path(named)
        return
    home = Path(environment.get("HOME") or "/root")
    runtime = environment.get("XDG_RUNTIME_DIR")
    yield Path(runtime or f"/run/containers/{os.geteuid()}") / ("containers/auth.json" if runtime else "auth.json")
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "containers/auth.json"
    yield Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json"


def _in_file(content: dict[str, Any], host: str, repository: str, file: str, problems: list[str]) -> Credential | None:
    """Helpers come before what lies in the file itself."""
    server = _HUB_SERVER if host == HUB else host
    for key, helper in _helpers(content, host):
        try:
            user, secret = helpers.get(helper, server if key is None else key)
        except helpers.NotGiven as error:
            if str(error):
                problems.append(f"{error} ({file})")
            continue
        source = f"docker-credential-{helper}, named by {file}"
        return (
            Credential(identity_token=secret, source=source)
            if user == "<token>"
            else Credential(user, secret, source=source)
        )
    entries = content.get("auths")
    if isinstance(entries, dict):
        for key in _keys(host, repository):
            for written, entry in entries.items():
                if isinstance(entry, dict) and (written == key or ("/" not in key and _plain(written) == key)):
                    credential = _entry(entry, f"{file} ({written})", problems)
                    if credential is not None:
                        return credential
    return None


def _helpers(content: dict[str, Any], host: str) -> Iterator[tuple[str | None, str]]:
    """Helpers to ask, each with the server's name where the file writes its own."""
    by_host = content.get("credHelpers")
    if isinstance(by_host, dict):
        for written, helper in by_host.items():
            if isinstance(helper, str) and helper and _plain(written) == _host_key(host):
                yield (written if host != HUB else None), helper
                return
    store = content.get("credsStore")
    if isinstance(store, str) and store:
        yield None, store


def _keys(host: str, repository: str) -> Iterator[str]:
    """From the repository up to its registry; the nearest entry counts."""
    parts = repository.split("/")
    for count in range(len(parts), 0, -1):
        yield "/".join((host, *parts[:count]))
    yield _host_key(host)


def _host_key(host: str) -> str:
    return _HUB_KEY if host == HUB else host


def _plain(key: str) -> str:
    """The host that a key means, however it is written; keys of namespaces stay as they are."""
    bare = key.removeprefix("https://").removeprefix("http://")
    if bare != key:
        bare = bare.partition("/")[0]
    return _HUB_KEY if bare in (HUB, f"registry-1.{HUB}") else bare


def _entry(entry: dict[str, Any], source: str, problems: list[str]) -> Credential | None:
    identity, registry = entry.get("identitytoken") or "", entry.get("registrytoken") or ""
    user, password = entry.get("username") or "", entry.get("password") or ""
    coded = entry.get("auth") or ""
    if not all(isinstance(each, str) for each in (identity, registry, user, password, coded)):
        problems.append(f"{source} is not what `docker login` writes")
        return None
    if coded:
        try:
            user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            problems.append(f"{source} is not base64")
            return None
        password = password.rstrip("\0")
    if not (user or identity or registry):
        return None  # an empty entry says that a helper keeps it
    return Credential(user, password, identity, registry, source)
