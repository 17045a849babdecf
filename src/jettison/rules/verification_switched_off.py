"""Options and variables that switch the check of certificates or signatures off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jettison.commands import files
from jettison.commands.invocation import Invocation, invoked
from jettison.commands.model import Call
from jettison.commands.tables.all import TOOLS
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.verified import is_verified

NAME = "verification-switched-off"
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "curl": ("-k", "--insecure"),
    "wget": ("--no-check-certificate",),
    "apt": ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"),
    "apk": ("--allow-untrusted", "--no-check-certificate"),
    "dnf": ("--nogpgcheck", "--no-gpgchecks"),
    "zypper": ("--no-gpg-checks",),
    "pip": ("--trusted-host",),
}  # by the name of the tool
_SETTINGS = {
    ("npm", "strict-ssl", "false"), ("yarn", "strict-ssl", "false"), ("pnpm", "strict-ssl", "false"),
    ("git", "http.sslVerify", "false"), ("conda", "ssl_verify", "false"), ("pip", "global.trusted-host", ""),
    ("composer", "disable-tls", "true"),
}  # fmt: skip
_VARIABLES = {
    "NODE_TLS_REJECT_UNAUTHORIZED": {"0"},
    "GIT_SSL_NO_VERIFY": {"1", "true", "yes", "on"},
    "PYTHONHTTPSVERIFY": {"0"},
    "npm_config_strict_ssl": {"false"},
    "NPM_CONFIG_STRICT_SSL": {"false"},
}
_READS = ("node", "npm", "npx", "yarn", "pnpm", "git", "python", "python3", "pip", "pip3")
_REASON = "install the certificate or the key that is missing, and let it be checked"


@text_rule("JT606")
def verification_switched_off(text: Text) -> Iterator[Finding]:
    """An option or a variable says that certificates or signatures are not to be checked.

    **What it costs.** No bytes: whoever stands between the builder and the server decides what is in the image. In an
    ENV it ships, and the application's own connections are unchecked as well.

    **The fix** is yours: the certificate of one's own proxy is installed (`update-ca-certificates`,
    `NODE_EXTRA_CA_CERTS`), a repository's key is put where the package manager looks for it. What was missing, the
    text does not tell.

    **Safety.** Told, never applied. Nothing is said of a download whose sum or signature the same RUN checks.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -fsSLk https://example.com/tool.tar.gz | tar xz -C /opt
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool.tar.gz | tar xz -C /opt
    ```
    """
    told = set()
    for run, call in text.called(*_PROGRAMS):
        what = _switch(call)
        if what and (id(run), what) not in told and not (call.name in _FETCH and is_verified(run, call)):
            told.add((id(run), what))
            message = f"line {run.instruction.line}: {what} switches off what tells the right server from a wrong one"
            yield Finding(NAME, message, run.instruction, 0, refusal=_REASON)
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            name = _in_env(each.value) if each.keyword == "ENV" else None
            if name:
                message = f"line {each.line}: {name} ships, and the application's connections are not checked either"
                yield Finding(NAME, message, each, 0, refusal=_REASON)


_FETCH = {"curl", "wget"}
_PROGRAMS = tuple(sorted({
    *_FETCH, *(program for program, tool in TOOLS.items() if tool.name in {*_OPTIONS, "npm", "yarn", "pnpm", "conda"}),
    "git", "composer", *_READS,
}))  # fmt: skip


def _switch(call: Call) -> str:
    """The option, setting or variable of a call; empty where there is none."""
    for name, off in _VARIABLES.items():
        if (call.setting(name) or "").lower() in off and call.name in _READS and name in call.own:
            return name
    found = invoked(call, files.TOOLS) or invoked(call, TOOLS)
    if found is None:
        return ""
    for option in _OPTIONS.get(found.tool.name, ()):
        if found.has(option):
            return option
    return _setting(found)


def _setting(found: Invocation) -> str:
    """`npm config set strict-ssl false`, `git -c http.sslVerify=false` and the like."""
    words = [part.lstrip("-") for value in found.call.values if value is not None for part in value.split("=", 1)]
    for tool, key, value in _SETTINGS:
        if found.tool.name == tool and key in words:
            at = words.index(key)
            if not value or words[at + 1 : at + 2] == [value]:
                return key
    return ""


def _in_env(value: str) -> str | None:
    words = value.replace("=", " ").split()
    for name, off in _VARIABLES.items():
        if name in words and "".join(words[words.index(name) + 1 : words.index(name) + 2]).strip("\"'").lower() in off:
            return name
    return None
