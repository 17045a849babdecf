"""ARGs and ENVs that are called as secrets are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import pairs
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "secrets-in-arg-or-env"
# whole parts of a name, as BuildKit's own check has them, and two more
_SECRET = {
    "apikey", "auth", "credential", "credentials", "key", "pass", "passphrase", "password", "pword", "passwd", "secret",
    "token",
}  # fmt: skip
_NONE = {
    "public", "file", "version", "path", "dir", "url", "uri", "name", "id", "gpg", "pgp", "type", "algorithm",
    "timeout", "method", "mode", "sock", "server", "keyserver", "host", "port", "fingerprint", "issuer", "header",
    "length", "size",
}  # fmt: skip
_HARMLESS = re.compile(r"(?i)|true|false|yes|no|on|off|none|null|\d{1,6}|/run/secrets/.*")


@text_rule("JT621")
def secrets_in_arg_or_env(text: Text) -> Iterator[Finding]:
    """An ARG or ENV has the name of a secret: a password, a token, a key.

    **What it costs.** No bytes: `docker history` and `docker inspect` show an ENV to whoever has the image, and an ARG
    wherever a RUN was built with it; so does the provenance that a builder attaches.

    **The fix** is yours: `RUN --mount=type=secret,id=token` gives the secret to one RUN and to no layer; what the
    program needs is given when the container is started.

    **Safety.** Told, never applied. Judged by the name, as BuildKit does (SecretsUsedInArgOrEnv); nothing is said of an
    ENV that is empty, a switch or a small number, nor of names that speak of a path, a file or a public key.

    ```dockerfile bad
    FROM node:22.1.0
    ARG NPM_TOKEN
    ```
    ```dockerfile good
    FROM node:22.1.0
    RUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci
    ```
    """
    for each in text.dockerfile.instructions:
        for name in dict.fromkeys(_secrets(each)):
            message = f"line {each.line} keeps {name} in the image's history or configuration"
            reason = "give it to the RUN that needs it with --mount=type=secret, or to the container when it starts"
            yield Finding(NAME, message, each, 0, refusal=reason)


def _secrets(each: Instruction) -> Iterator[str]:
    """The names in an ARG or ENV that are called as secrets are, and hold something."""
    if each.keyword == "ARG":
        given = [
            (name, default if equals else "?") for name, equals, default in (w.text.partition("=") for w in each.words)
        ]
        # an empty default waits for --build-arg as none does
        given = [(name, value.strip("\"'") or "?") for name, value in given]
    else:
        given = pairs(each) if each.keyword == "ENV" else []
    for name, value in given:
        parts = set(name.lower().split("_"))
        if parts & _SECRET and not parts & _NONE and not _HARMLESS.fullmatch(value.strip("\"'")):
            yield name
