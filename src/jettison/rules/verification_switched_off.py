"""Options and variables that switch the check of certificates or signatures off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jettison.commands import files
from jettison.commands.invocation import Invocation, invoked
from jettison.commands.model import Call, Run
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.scope import pairs
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
_SIGNATURES = {
    "--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories", "--allow-untrusted", "--nogpgcheck",
    "--no-gpgchecks", "--no-gpg-checks",
}  # of these options: not about a server's certificate  # fmt: skip
_STRICT = (("strict-ssl", ("false",)),)
_UNKNOWN = "?"  # what a variable comes to: any value, where any is told
_SETTINGS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "npm": _STRICT,
    "yarn": _STRICT,
    "pnpm": _STRICT,
    "git": (("http.sslVerify", ("false", "no", "off", "0")),),
    "conda": (("ssl_verify", ("false", "no", "off", "0")),),
    "pip": (("global.trusted-host", ()),),
    "composer": (("disable-tls", ("true", "1")),),
}  # and the values that switch off, none for any
_VARIABLES = {
    "NODE_TLS_REJECT_UNAUTHORIZED": {"0"},
    "GIT_SSL_NO_VERIFY": {"1", "true", "yes", "on"},
    "PYTHONHTTPSVERIFY": {"0"},
    "npm_config_strict_ssl": {"false"},
    "NPM_CONFIG_STRICT_SSL": {"false"},
}
_READ_VARIABLES = ("node", "npm", "npx", "yarn", "pnpm", "git", "python", "python3", "pip", "pip3")
_SUMMED = {"curl", "wget"}  # what they bring may be checked by its sum
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
    for run, what in (*_of_programs(text), *_of_managers(text)):
        if (id(run), what) not in told:
            told.add((id(run), what))
            price = (
                "by which packages come that nobody signed"
                if what in _SIGNATURES
                else "by which any server passes for the right one"
            )
            message = f"line {run.instruction.line} says {what}, {price}"
            yield Finding(NAME, message, run.instruction, 0, refusal=_REASON)
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            given = pairs(each) if each.keyword == "ENV" else []
            name = next((name for name, value in given if _is_off(name, value.strip("\"'"))), None)
            if name:
                message = (
                    f"line {each.line} sets {name}, which ships: the application's connections are not checked either"
                )
                yield Finding(NAME, message, each, 0, refusal=_REASON)


def _of_programs(text: Text) -> Iterator[tuple[Run, str]]:
    """What curl, wget and git are told, and the variables that a RUN sets for those who read them."""
    last: dict[tuple[int, str], tuple[Run, Call]] = {}  # what is checked behind the last one is behind all
    for run, call in text.called("curl", "wget", "git"):
        found = invoked(call, files.TOOLS)
        what = _switch(found) if found is not None else ""
        if what:
            last[id(run), what] = run, call
    for (_, what), (run, call) in last.items():
        if call.name not in _SUMMED or not is_verified(run, call):
            yield run, what
    for run, call in text.called(*_READ_VARIABLES):
        own = call.own.keys() | call.exported - run.state.variables.keys()  # an ENV is told by itself
        yield from ((run, name) for name in sorted(own) if _is_off(name, call.setting(name)))


def _of_managers(text: Text) -> Iterator[tuple[Run, str]]:
    for run, found in text.managed:
        what = _switch(found)
        if what:
            yield run, what


def _switch(found: Invocation) -> str:
    """The option or setting of a call; empty where there is none."""
    for option in _OPTIONS.get(found.tool.name, ()):
        if found.has(option):
            return option
    settings = _SETTINGS.get(found.tool.name, ())
    values = [_UNKNOWN if each is None else each for each in found.call.values] if settings else []
    words = [part.lstrip("-") for each in values for part in each.split("=", 1)]
    for key, which in settings:
        given = words[words.index(key) + 1 :][:1] if key in words else []
        if given and (not which or given[0].lower() in which):
            return key
    return ""


def _is_off(name: str, value: str | None) -> bool:
    return (value or "").lower() in _VARIABLES.get(name, ())
