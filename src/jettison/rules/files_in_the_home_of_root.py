"""What an application needs lies in /root, and the application is not root."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.foundation import libc_below

NAME = "files-in-the-home-of-root"
_ROOT = re.compile(r"(?:root|0)(?::.*)?")
_BELOW = re.compile(r"/root(?:/|$)")
_IN_PATH = re.compile(r"(?:^|[:=\"'\s])/root/[^:\s\"']*")
_ADVICE = "put it where everybody may read, /opt/venv or /usr/local for example"


@text_rule("JT612")
def files_in_the_home_of_root(text: Text) -> Iterator[Finding]:
    """A COPY puts files below /root, or PATH leads there, and the USER is another.

    **What it costs.** The start: /root is closed to everybody but root in Debian's and Alpine's images (mode 700), so
    that `pip install --user` in a builder, copied as `/root/.local`, works until the day a USER is added.

    **The fix** is yours: a folder that everybody may read. `pip install --prefix=/install`, or a virtual environment
    in /opt, needs no home.

    **Safety.** Told, never applied. Nothing is said where a RUN speaks of /root, which may open it, nor of bases whose
    /root is not known.

    This rule's example needs no layers and saves no bytes: it is tested on texts
    (tests/rules/test_users_and_homes.py).
    """
    every = [each for stage in stage_chain(text.dockerfile, text.stage, text.build_args) for each in stage.instructions]
    users = [each for each in every if each.keyword == "USER"]
    user = users[-1].value.strip("\"'") if users else "0"
    if "$" in user or _ROOT.fullmatch(user) or not libc_below(text, text.stage):
        return
    if any(each.keyword == "RUN" and re.search(r"chmod|chown|setfacl|usermod", each.value) for each in every
           if "/root" in each.value or each.heredocs):  # fmt: skip
        return
    for each in every:
        if _leads_there(text, each):
            message = f"line {each.line} needs /root, which {user} may not enter (mode 700)"
            yield Finding(NAME, message, each, 0, refusal=_ADVICE)


def _leads_there(text: Text, each: Instruction) -> bool:
    if each.keyword in ("COPY", "ADD"):
        words = arguments(each)
        if not words or words[-1].startswith(("/", "$")):
            return bool(words) and _BELOW.match(words[-1]) is not None
        folder = state_at(text.dockerfile, text.stage, each, text.build_args).workdir
        return folder is not None and _BELOW.match(posixpath.normpath(posixpath.join(folder, words[-1]))) is not None
    return (
        each.keyword == "ENV" and re.search(r"\bPATH\b", each.value) is not None and bool(_IN_PATH.search(each.value))
    )
