"""Files that should never be in an image, nor in what a builder is sent: keys, passwords, the history of a repository.

Known by their names; where a name alone says too little (`*.pem`, `.npmrc`, `*.json`) by what the first 64 KiB hold.
Public halves, examples and templates are none, and neither is what installed packages ship: it is public already.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from jettison.context.walk import Context

_READ = 64 * 1024  # bytes of a file that are looked at
_EXAMPLE = re.compile(
    r"(?:^|[._-])(?:examples?|samples?|templates?|tmpl|tpl|dist|defaults?|schema|pub)(?:[._-]|$)", re.IGNORECASE
)
_PACKAGES = re.compile(r"(?:^|/)(?:node_modules|site-packages|dist-packages|vendor|bower_components)/")
_PRIVATE = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-", re.MULTILINE)
_ACCOUNT = re.compile(rb'"type"\s*:\s*"(?:service_account|authorized_user)"')
_ASSIGNED = re.compile(rb"^[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.]*[ \t]*=[ \t]*[^\s#]", re.MULTILINE)

VARIABLES = "variables that may hold secrets"

# what the whole name says
_NAMES = (
    (r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:[._-].*)?", "a private SSH key"),
    (r".+\.kdbx?", "a password database"),
    (r".+\.(?:p12|pfx)", "a certificate with its private key"),
    (r".+\.(?:jks|keystore|bks)", "a Java key store"),
    (r".+\.ppk", "a private SSH key of PuTTY"),
    (r"ssh_host_\w+_key", "a private host key of SSH"),
    (r"\.git-credentials", "passwords of git"),
    (r"\.?_?netrc", "passwords for hosts"),
    (r"\.pgpass", "passwords of PostgreSQL"),
    (r"\.my\.cnf", "passwords of MySQL"),
    (r"\.htpasswd", "password hashes"),
    (r".+\.tfstate(?:\.backup)?", "the state of Terraform, secrets in plain text"),
    (r"\.vault-token", "a token of Vault"),
)
# what the name suggests and the content must confirm
_CONTENTS = (
    (r"\.env(?:\..+)?|.+\.env|\.envrc", _ASSIGNED, VARIABLES),
    (
        r"(?:master|production|staging|development)\.key",
        re.compile(rb"\A[0-9a-f]{32}\s*\Z"),
        "the key of Rails' encrypted credentials",
    ),
    (r".+\.(?:pem|key|asc|gpg|priv|crt|cer)", _PRIVATE, "a private key"),
    (
        r"\.npmrc",
        re.compile(rb"_auth(?:Token)?\s*=\s*[^\s$]|_password\s*=\s*[^\s$]", re.IGNORECASE),
        "a token of the npm registry",
    ),
    (r"\.yarnrc(?:\.yml)?", re.compile(rb"npmAuth(?:Token|Ident):\s*[\"']?[^\s\"'$]"), "a token of the npm registry"),
    (r"\.pypirc", re.compile(rb"^\s*password\s*[=:]\s*\S", re.MULTILINE), "a password of PyPI"),
    (r"pip\.conf|pip\.ini|\.condarc", re.compile(rb"://[^/\s:@]+:[^/\s@$]+@"), "a password in an index URL"),
    (
        r"auth\.json|config\.json|\.dockercfg",
        re.compile(rb'"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"'),
        "a login of a registry",
    ),
    (r".+\.json", _ACCOUNT, "a key of a service account"),
    (r"settings\.xml", re.compile(rb"<password>\s*[^<$\s{]"), "a password of Maven"),
    (r"credentials(?:\.toml)?", re.compile(rb"^\s*(?:token|aws_secret_access_key)\s*=\s*\S", re.MULTILINE), "a token"),
    (
        r"\.?kube_?config|config",
        re.compile(rb"client-key-data:\s*\S|^\s*token:\s*\S", re.MULTILINE),
        "a login of a cluster",
    ),
)
_DIRECTORIES = {
    ".git": "the history of the repository, with all that was ever committed",
    ".hg": "the history of the repository, with all that was ever committed",
    ".svn": "the working copy's data, with addresses and maybe passwords",
    ".aws": "keys of AWS",
    ".ssh": "SSH keys and known hosts",
    ".gnupg": "keys of GnuPG",
    ".azure": "logins of Azure",
    ".gcloud": "logins of Google Cloud",
}


@dataclass(frozen=True)
class Sensitive:
    """A file, or a directory for all that is in it, and what it holds."""

    path: str
    why: str


def _of(table: Iterable[tuple[str, str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(name, re.IGNORECASE), why) for name, why in table)


_BY_NAME = _of(_NAMES)
_BY_CONTENT = tuple((re.compile(name, re.IGNORECASE), content, why) for name, content, why in _CONTENTS)


def sensitive(context: Context, among: frozenset[str] | None = None) -> tuple[Sensitive, ...]:
    """What is sensitive of what is sent, sorted; `among`: only of these paths, as an instruction takes them.

    A directory stands for what is in it. Reads at most 64 KiB of a file whose name suggests something, of no other.
    """
    directories = [each for each in context.entries if each.kind == "directory" and _name(each.path) in _DIRECTORIES]
    found: dict[str, str] = {}
    for each in directories:
        inside = [entry for entry in context.below(each.path) if entry.kind != "directory"]
        if any(among is None or entry.path in among for entry in inside) and not _within(each.path, found):
            found[each.path] = _DIRECTORIES[_name(each.path)]
    for entry in context.entries:
        if entry.kind == "file" and (among is None or entry.path in among) and not _within(entry.path, found):
            why = next(whys(entry.path, partial(_head, context.root / entry.path)), "") if entry.size else ""
            if why:
                found[entry.path] = why
    return tuple(Sensitive(path, why) for path, why in sorted(found.items()))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _within(path: str, found: dict[str, str]) -> bool:
    while path:
        path = path.rpartition("/")[0]
        if path in found:
            return True
    return False


def suggested(path: str) -> bool:
    """Whether the name of a file suggests that it may be sensitive: of others nothing needs to be asked."""
    return _every_name().fullmatch(_name(path)) is not None


@cache
def _every_name() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each[0]})" for each in (*_NAMES, *_CONTENTS)), re.IGNORECASE)


def whys(path: str, head: Callable[[], bytes]) -> Iterator[str]:
    """Why a file that is not empty is sensitive; nothing where it is not. `head` reads the first of its content."""
    name = _name(path)
    if _EXAMPLE.search(name) or _PACKAGES.search(path):
        return
    yield from (why for pattern, why in _BY_NAME if pattern.fullmatch(name))
    read: bytes | None = None
    for pattern, content, why in _BY_CONTENT:
        if pattern.fullmatch(name):
            read = head() if read is None else read
            if content.search(read):
                yield why


def _head(path: Path) -> bytes:
    """The first bytes of a regular file; nothing where it cannot be read, or became something else meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _READ) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)
