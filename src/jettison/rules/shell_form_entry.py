"""A CMD or ENTRYPOINT that a shell runs."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence

from jettison.core.values import Severity
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Instruction, Stage
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.foundation import has_no_shell

NAME = "shell-form-entry"
_BROKEN = re.compile(r"\[\s*['\"“”‘’].*\](?:\s+#.*)?$", re.DOTALL)  # json-form-broken tells it
_PLAIN = re.compile(r"[\w./:=@%+,-]+(?:\s+[\w./:=@%+,-]+)*", re.ASCII)


@text_rule("JT715", severity=Severity.NOTE)
def shell_form_entry(text: Text) -> Iterator[Finding]:
    """The container's program is started by a shell: CMD or ENTRYPOINT is no JSON form.

    **What it costs.** A shell in the image, and with ENTRYPOINT all words of CMD and of `docker run`, which the shell
    does not pass on. Where the shell stays process 1, as dash does, Debian's /bin/sh, the SIGTERM of `docker stop`
    ends nothing, and ten seconds later the container is killed.

    **The fix** is yours: an array in double quotes, in which the program is found and no variable is filled in; where
    a variable is needed, `exec` at the front keeps the shell for that and gives the program its place.

    Upon a base without a shell, as most of distroless and `scratch` are, the container does not start.

    **Safety.** Told, never applied. Only what counts in the stage that ships is told, and nothing where SHELL says
    which shell is meant, or `exec` stands at the front.

    ```dockerfile bad
    FROM node:22.1.0
    CMD node server.js
    ```
    ```dockerfile good
    FROM node:22.1.0
    CMD ["node", "server.js"]
    ```
    """
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    every = [each for stage in chain for each in stage.instructions]
    if any(each.keyword == "SHELL" for each in every):
        return
    for each in sorted(_counting(chain), key=lambda one: one.line):
        begins = each.value.split()[0] if each.value else "exec"
        if each.exec_form is not None or begins in ("exec", "[", "[[") or _BROKEN.match(each.value):
            continue
        message = f"line {each.line}: a shell runs this {each.keyword}"
        if has_no_shell(text, text.stage):
            message = f"line {each.line}: a shell is to run this {each.keyword}, and there is none: it does not start"
        yield Finding(NAME, message, each, 0, refusal=_instead(each))


def _counting(chain: Sequence[Stage]) -> Collection[Instruction]:
    """The CMD and the ENTRYPOINT that count: an ENTRYPOINT drops the CMD of the stages below."""
    last: dict[str, Instruction] = {}
    for stage in chain:
        own = {each.keyword: each for each in stage.instructions if each.keyword in ("CMD", "ENTRYPOINT")}
        last = own if "ENTRYPOINT" in own else last | own
    return last.values()


def _instead(each: Instruction) -> str:
    if _PLAIN.fullmatch(each.value) and "=" not in each.value.split()[0]:
        return f"write {each.keyword} {json.dumps(each.value.split())}"
    return (
        f'write {each.keyword} ["PROGRAM", "ARGUMENT"]; more than one command goes into a script that ends with '
        "`exec PROGRAM`"
    )
