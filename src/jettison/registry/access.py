"""The way past a 401: a password, or a bearer token from the realm that the registry names.

Source: Docker "Token Authentication Specification" and "OAuth2 Token Authentication" (`docs/spec/auth/token.md`,
`oauth.md` of distribution); RFC 6750 (bearer tokens), RFC 7617 (basic).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from jettison.core.errors import RegistryError
from jettison.registry import credentials, troubles
from jettison.registry.challenge import Challenge, challenges
from jettison.registry.names import HUB
from jettison.registry.proxies import is_loopback
from jettison.registry.wire import Answer, Request, Wire

_CLIENT = "jettison"
_SENDABLE = re.compile(r"[\x21-\x7e]{1,65536}")
_SCHEMES = ("bearer", "basic")


class Access:
    """The authorization for one repository; asked for when the registry first refuses, kept after.

    `scopes` are asked for besides what the registry names: to push, and to read where blobs are mounted from.
    """

    def __init__(
        self,
        wire: Wire,
        host: str,
        repository: str,
        environment: Mapping[str, str] | None = None,
        scopes: tuple[str, ...] = (),
    ) -> None:
        self._wire, self._host, self._repository = wire, host, repository
        self._environment, self._scopes = environment, scopes
        self._found: credentials.Found | None = None
        self._lock = threading.Lock()
        self.authorization: str | None = None

    def renew(self, refused: str | None, headers: list[str], url: str) -> None:
        """Get an authorization other than the refused one, as the challenges of a 401 ask. Raises RegistryError."""
        with self._lock:
            if self.authorization != refused:
                return  # another thread was faster
            told = challenges(headers)
            for scheme in _SCHEMES:
                for challenge in told:
                    if challenge.scheme == scheme:
                        fresh = self._bearer(challenge, url) if scheme == "bearer" else self._basic()
                        if fresh == refused:
                            raise self.denied(self._wrong())
                        self.authorization = fresh
                        return
        known = ", ".join(sorted({each.scheme for each in told})) or "nothing"
        raise RegistryError(
            f"{self._host} asks for credentials by {known}, and we know bearer tokens and passwords",
            hint=f"copy the image with its own tool, then give the archive; is {self._host} a registry?",
        )

    def denied(self, why: str) -> RegistryError:
        """The error for a refusal, with what was tried."""
        found = self._credentials()
        hints = [f"look at {found.credential.source}"] if found.credential else [self._login()]
        return RegistryError(f"{self._host} {why}", hint="; ".join((*found.problems, *hints)))

    def _login(self) -> str:
        host = "" if self._host == HUB else f" {self._host}"
        return f"log in with `docker login{host}` or `podman login {self._host}`"

    def _credentials(self) -> credentials.Found:
        if self._found is None:
            self._found = credentials.find(self._host, self._repository, self._environment)
        return self._found

    def _wrong(self) -> str:
        credential = self._credentials().credential
        return f"does not accept the password of {credential.user}" if credential else "does not let us in"

    def _basic(self) -> str:
        credential = self._credentials().credential
        if credential is None or not credential.user:
            raise self.denied(f"asks for a password to {'write to' if self._scopes else 'read'} {self._repository}")
        return credential.basic

    def _bearer(self, challenge: Challenge, url: str) -> str:
        credential = self._credentials().credential
        if credential and credential.registry_token:
            return f"Bearer {credential.registry_token}"
        realm = self._realm(challenge, url)
        told = challenge.parameters.get("scope") or f"repository:{self._repository}:pull"
        scopes = [*self._scopes, *(each for each in told.split(" ") if not self._scopes)]
        query = {"service": challenge.parameters["service"]} if challenge.parameters.get("service") else {}
        if credential and credential.identity_token:
            refresh = {"grant_type": "refresh_token", "refresh_token": credential.identity_token}
            request = Request(realm, form={**query, "scope": " ".join(scopes), **refresh, "client_id": _CLIENT})
        else:
            joint = "&" if urlsplit(realm).query else "?"
            authorization = credential.basic if credential else None
            asked = urlencode([*query.items(), *(("scope", each) for each in scopes)])
            request = Request(f"{realm}{joint}{asked}", authorization=authorization)
        return f"Bearer {self._token(self._wire.ask(request), realm)}"

    def _realm(self, challenge: Challenge, url: str) -> str:
        """Where tokens are to be had, if we may go there. Raises RegistryError."""
        realm = challenge.parameters.get("realm", "")
        try:
            parts = urlsplit(realm)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
            usable = usable and _SENDABLE.fullmatch(realm) is not None and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise RegistryError(
                f"{self._host} names no place where to get a token, but {realm[:100]!r}", hint="tell its owner"
            )
        open_too = urlsplit(url).scheme == "http" and (is_loopback(parts.netloc) or parts.netloc in self._wire.insecure)
        if parts.scheme == "http" and not open_too:
            raise RegistryError(
                f"{self._host} sends us for a token to {troubles.shown(realm)}, which is not protected",
                hint="no password is sent there; tell the registry's owner",
            )
        return realm

    def _token(self, answer: Answer, realm: str) -> str:
        """The token in a realm's answer. Raises RegistryError."""
        if answer.status in (400, 401, 403):
            has = self._credentials().credential is not None
            raise self.denied(self._wrong() if has else f"gives no token for {self._repository} without a login")
        if answer.status != 200:
            raise RegistryError(
                f"{troubles.shown(realm)} answers {answer.status} instead of a token", hint="try again later"
            )
        try:
            told = json.loads(answer.body)
            token = told.get("token") or told.get("access_token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if not isinstance(token, str) or not _SENDABLE.fullmatch(token):
            raise RegistryError(f"{troubles.shown(realm)} gives no token that could be used", hint="try again later")
        return token
