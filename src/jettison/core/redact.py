"""Secrets taken out of text before it is shown or stored: values we were told, and shapes that give themselves away.

Shapes: the token formats that their issuers document (GitHub, GitLab, npm, AWS, Google, Slack, Stripe), PEM private
keys (RFC 7468), HTTP credentials (RFC 9110 section 11), userinfo in URLs (RFC 3986 section 3.2.1), JWT (RFC 7519).
Every repetition is bounded, so that a megabyte in one line costs linear time.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from jettison.core.escape import terminal

MASK = "***"
SHORTEST = 4  # characters; a shorter value would blot out half of any log
_LARGEST_SECRET = 64 * 1024  # bytes read of a secret's file

_NAME = (
    r"SECRET|TOKEN(?!IZ)|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|AUTH_?KEY|CREDENTIAL"
    r"|CONNECTION_?STRING"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_URL_PASSWORD = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@]{0,256}:)([^\s/@]{1,1024})(?=@)")
_VALUE = r"""(?:"[^"\n]{1,4096}"|'[^'\n]{1,4096}'|(?!\$[{A-Za-z_])[^\s"'&;,<>]{1,4096})"""

_TOKENS = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,255}"
    r"|npm_[A-Za-z0-9]{36}|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}"
    r"|eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{4,4096}\.[A-Za-z0-9_-]{0,4096})"
)
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY-----.*?(?:-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_HEADER = re.compile(
    r"(\b(?:proxy-)?authorization[\"']?\s{0,8}[:=]\s{0,8}[\"']?(?:[a-z]{1,16} +)?)[^\s\"']+", re.IGNORECASE
)
_ASSIGNED = re.compile(
    rf"((?:{_NAME})[\w.-]{{0,64}}(?:[\"']?\s{{0,8}}:\s{{0,8}}(?=[\"'])|\s{{0,2}}=\s{{0,2}})){_VALUE}",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is taken to hold a secret."""
    return _SECRET_NAME.search(name) is not None


@dataclass(frozen=True)
class Redactor:
    """Replaces known `values`, in the forms they appear in, and whatever looks like a secret, by `***`."""

    values: Iterable[str] = ()
    shortest: int = SHORTEST

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], secrets: Iterable[str] = ()) -> Redactor:
        """For variables (build arguments, environment) and build secrets as given on the command line.

        A value is secret where its variable's name says so, or as the password inside a URL; `secrets` are
        `id=ID,src=FILE` and `id=ID,env=NAME`: the file's text, or the variable's, is secret.
        """
        values = []
        for name, value in pairs:
            if is_secret_name(name):
                values.append(value)
            values += [match[2] for match in _URL_PASSWORD.finditer(value)]
        return cls((*values, *(text for text in map(_secret_text, secrets) if text)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _PEM.sub(MASK, text)
        text = _TOKENS.sub(MASK, text)
        text = _HEADER.sub(rf"\1{MASK}", text)
        text = _URL_PASSWORD.sub(rf"\1{MASK}", text)
        return _ASSIGNED.sub(rf"\1{MASK}", text)

    def data(self, value: Any) -> Any:
        """The same JSON value with every string in it redacted, keys left alone."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                key: MASK if isinstance(each, str) and each and is_secret_name(str(key)) else self.data(each)
                for key, each in value.items()
            }
        return [self.data(each) for each in value] if isinstance(value, (list, tuple)) else value

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        forms = {form for value in self.values if len(value) >= self.shortest for form in _forms(value)}
        forms = {form for form in forms if len(form) >= self.shortest}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _forms(value: str) -> set[str]:
    """How a value turns up: as it is, its lines, in a URL, in JSON, escaped, in base64 at any of three offsets."""
    data = value.encode("utf-8", "surrogatepass")
    encoded = quote(data, safe="")
    found = {value, value.strip(), encoded, encoded.lower(), quote(data), quote_plus(data), terminal(value)}
    found |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    found |= {line.strip() for line in value.splitlines() if len(line.strip()) >= 8}
    for offset, tainted in ((0, 0), (1, 2), (2, 3)):
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            text = alphabet(b"\0" * offset + data).decode().rstrip("=")
            whole = text[tainted : (len(data) + offset) // 3 * 4]  # what the neighbours cannot change
            found |= {form for form in (whole, text[tainted:]) if len(form) >= 8 or (offset == 0 and form == text)}
    return found - {""}


def _secret_text(spec: str) -> str:
    """The text of what `id=ID,src=FILE` or `id=ID,env=NAME` names; empty where there is none (the engine will say so).

    With an id alone, builders take the variable or the file of that name (docker buildx, `--secret`).
    """
    fields = dict(part.partition("=")[::2] for part in spec.split(","))
    name = fields.get("src") or fields.get("source")
    if not name:
        return os.environ.get(fields.get("env") or fields.get("id") or "", "")
    try:
        with Path(name).open("rb") as stream:
            return stream.read(_LARGEST_SECRET).decode("utf-8", "replace").strip()
    except OSError:
        return ""
