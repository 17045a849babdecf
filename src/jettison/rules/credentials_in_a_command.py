"""Passwords and tokens that a command is given in so many words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from jettison.commands.model import Call, Run
from jettison.commands.pipes import writer
from jettison.core.values import Severity
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import pairs
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "credentials-in-a-command"
_URL = re.compile(r"[a-z+]+://[^/\s:@$]*:([^/\s@$]+)@(?!localhost|127\.)|://(?:gh[oprsu]_|github_pat_|glpat-)\w{10}")
_HEADER = re.compile(
    r"(?i)(?:authorization:\s*(?:bearer|basic|token)|(?:private|job|deploy)-token:|x-api-key:)\s*[\w.=+/-]{8}"
)
_TOKEN = re.compile(
    r"\b(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_\w{40}|glpat-[\w-]{20}|AKIA[A-Z0-9]{16}|npm_[A-Za-z0-9]{36})\b"
)
_NO_SECRET = re.compile(
    r"(?i)x-oauth-basic|x+|[*!]+|<.*>|(?:your|my)?[-_]?(?:password|token|secret|key)|changeme|example.*"
    r"|dummy.*|fake.*|placeholder.*"
)
_OPTIONS = {
    "curl": ("-u", "--user", "-U", "--proxy-user"),
    "wget": ("--password", "--http-password", "--ftp-password"),
    "sshpass": ("-p",),
    "docker": ("-p", "--password"),
    "podman": ("-p", "--password"),
    "az": ("-p", "--password"),
    "useradd": ("-p", "--password"),
    "usermod": ("-p", "--password"),
    "svn": ("--password",),
}
_SECRET_NAME = re.compile(
    r"(?i)(?:\w+_)?(?:(?:PG|MYSQL_)?PASS(?:WORD|WD|PHRASE)?|\w+_PWD|SECRET|SECRET_(?:ACCESS_)?KEY|(?:\w+_)?TOKEN|API_?KEY|PAT)"
)
_LOOKS_RANDOM = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[^\s$/]{8,}")
_LINES = re.compile(r"\n|\\n")
_FORMAT = re.compile(r"%[-0-9.]*[a-z]")  # of printf(1)
_LOCKED = re.compile(r"[*!]+")
_KEYS = re.compile(r"aws_secret_access_key|aws_session_token|.*_authToken|.*:_password|_auth")
_SETTERS = ("aws", "npm", "yarn", "pnpm", "poetry", "pip", "git", "go", "bundle", "composer")
_REASON = "give it to the one RUN that needs it: --mount=type=secret; and change it, since it was written down"


@text_rule("JT604", severity=Severity.ERROR)
def credentials_in_a_command(text: Text) -> Iterator[Finding]:
    """A command is given a password or a token in so many words, or a variable or label holds one.

    **What it costs.** No bytes: `docker history` shows the command to whoever has the image, whatever a later one
    deletes, and so does the repository that the Dockerfile is in.

    **The fix** is yours: `RUN --mount=type=secret,id=token` gives the secret to one RUN and to no layer; and the one
    that was written down has to be changed.

    **Safety.** Told, never applied, and never printed. Looked for are logins within addresses, variables whose
    name says what they are (PGPASSWORD, AWS_SECRET_ACCESS_KEY) and which look like no word, options of curl, wget,
    sshpass, docker, az and useradd, `authorization:` headers, settings that hold tokens, what chpasswd reads, and the
    shapes that GitHub, GitLab, npm and AWS give to theirs. What a variable holds that nothing here sets is not known.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -fsSL -u deploy:Xy3pq9 https://example.com/tool.tar.gz | tar xz -C /opt
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN --mount=type=secret,id=netrc,target=/root/.netrc curl -fsSLn https://example.com/tool.tar.gz | tar xz -C /opt
    ```
    """
    for run in text.runs:
        what = next(filter(None, (_secret(run, call) for call in run.calls)), "")
        if what:
            yield _finding(run.instruction.line, what, run)
    stages = needed(text.dockerfile, text.stage, text.build_args)
    for each in (*text.dockerfile.global_args, *(each for stage in stages for each in stage.instructions)):
        what = next(filter(None, map(_in_word, _values(each))), "")
        if what:
            yield Finding(NAME, f"line {each.line} holds {what}", each, 0, refusal=_REASON)


def _values(each: Instruction) -> list[str]:
    """What an instruction that runs nothing gives away: sources of an ADD, values of ARG, ENV and LABEL."""
    if each.keyword == "ADD":
        return list(arguments(each)[:-1])
    if each.keyword == "ARG":
        return [word.text.partition("=")[2] for word in each.words]
    return [value for _, value in pairs(each)] if each.keyword in ("ENV", "LABEL") and each.words else []


def _in_word(value: str) -> str:
    """What a word holds that gives itself away; empty where it holds nothing of the kind."""
    if len(value) < 8:
        return ""
    if "://" in value and _in_url(value):
        return "a login within an address"
    if ":" in value and _HEADER.search(value):
        return "a header with a token"
    if ("_" in value or "-" in value or "AKIA" in value) and _TOKEN.search(value):
        return "a token"
    return ""


def _finding(line: int, what: str, run: Run) -> Finding:
    return Finding(NAME, f"line {line} holds {what}", run.instruction, 0, refusal=_REASON)


def _secret(run: Run, call: Call) -> str:
    """What a call is given that it should not be; empty where there is nothing."""
    for value in call.values:
        found = _in_word(value or "")
        if found:
            return found
    return _option(call) or _variable(run, call) or _setting(call) or _fed(run, call)


def _in_url(value: str) -> bool:
    found = _URL.search(value)
    return found is not None and (found[1] is None or not _NO_SECRET.fullmatch(found[1]))


def _variable(run: Run, call: Call) -> str:
    """`PGPASSWORD=... psql`, `export AWS_SECRET_ACCESS_KEY=...`: by the name, where the value looks like no word."""
    given = [(name, value) for name, value in call.own.items() if value]
    here = (name for name in call.exported if name not in run.state.variables)
    given += [(name, value) for name in here if (value := call.variables.get(name))]
    if call.name == "env":
        given += [(name, value) for name, _, value in ((each or "").partition("=") for each in call.values) if value]
    for name, value in given:
        if _SECRET_NAME.fullmatch(name) and _LOOKS_RANDOM.fullmatch(value) and not _NO_SECRET.fullmatch(value):
            return f"a value for {name}"
    return ""


def _option(call: Call) -> str:
    names = _OPTIONS.get(call.name or "")
    if names is None:
        return ""
    if call.name in ("docker", "podman", "az") and "login" not in call.values:
        return ""
    values = call.values
    for at, value in enumerate(values):
        name, equals, given = (value or "").partition("=")
        if call.name == "curl" and value and value[:2] in ("-u", "-U") and value[2:]:
            name, equals, given = value[:2], "=", value[2:].removeprefix("=")
        if name not in names:
            continue
        word = given if equals else (values[at + 1] if at + 1 < len(values) else None) or ""
        secret = word.partition(":")[2] if call.name == "curl" else word
        if secret and not _NO_SECRET.fullmatch(secret):
            return f"a password for {call.name}"
    return ""


def _setting(call: Call) -> str:
    """`aws configure set aws_secret_access_key ...`, `npm config set //host/:_authToken ...`."""
    if call.name not in _SETTERS:
        return ""
    values = [part for value in call.values for part in (value or "").split("=", 1)]
    for name, value in pairwise(values):
        if _KEYS.fullmatch(name) and value and not value.startswith("$") and not _NO_SECRET.fullmatch(value):
            return f"a token for {call.name}"
    return ""


def _fed(run: Run, call: Call) -> str:
    """`echo name:password | chpasswd`; nothing where the shell computes a part of what is written."""
    fed = writer(run, call) if call.name in ("chpasswd", "passwd") else None
    written = _written(fed) if fed is not None else ""
    given = [line.partition(":")[2] if call.name == "chpasswd" else line for line in _LINES.split(written)]
    return "a password for a user" if any(each.strip() and not _LOCKED.fullmatch(each) for each in given) else ""


def _written(call: Call) -> str:
    """What echo or printf writes; empty for other programs, and where that is not known."""
    values = [value for value in call.values if value is None or not value.startswith("-")]
    if call.name not in ("echo", "printf") or None in values or not values:
        return ""
    words = [value for value in values if value]
    if call.name == "echo":
        return " ".join(words)
    given = iter(words[1:])
    return _FORMAT.sub(lambda _: next(given, ""), "".join(words[:1]))
