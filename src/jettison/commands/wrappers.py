"""Programs that start other programs: what is started, as if it stood there alone.

Sources: sudo(8), doas(1), env(1), nice(1), timeout(1), xargs(1), stdbuf(1), time(1), POSIX `command` and `exec`,
gosu's and su-exec's README, Corepack's README ("corepack yarn ..."), su(1), BusyBox ("busybox APPLET").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from jettison.commands.model import Word
from jettison.commands.tool import words
from jettison.core.dataclass import dataclass

SHELLS = {"sh", "bash", "ash", "dash", "ksh", "zsh"}
_COREPACK = {"npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg"}
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class _Wrapper:
    """`valued` options take the next word; `operands` stand before the program; `user` names who it is run as."""

    valued: frozenset[str] = frozenset()
    operands: int = 0
    assignments: bool = False
    user: tuple[str, ...] = ()


_WRAPPERS = {
    "sudo": _Wrapper(
        words("-u --user -g --group -h --host -p --prompt -C -r -t -D --chdir -R -T -U"),
        assignments=True, user=("-u", "--user"),
    ),
    "doas": _Wrapper(frozenset(("-u", "-C")), user=("-u",)),
    "env": _Wrapper(frozenset(("-u", "--unset", "-C", "--chdir")), assignments=True),
    "exec": _Wrapper(frozenset(("-a",))),
    "command": _Wrapper(), "builtin": _Wrapper(), "nohup": _Wrapper(), "setsid": _Wrapper(), "eatmydata": _Wrapper(),
    "busybox": _Wrapper(), "corepack": _Wrapper(), "chronic": _Wrapper(),
    "nice": _Wrapper(frozenset(("-n", "--adjustment"))),
    "ionice": _Wrapper(frozenset(("-c", "-n", "--class", "--classdata"))),
    "time": _Wrapper(frozenset(("-f", "-o", "--format", "--output"))),
    "stdbuf": _Wrapper(frozenset(("-i", "-o", "-e", "--input", "--output", "--error"))),
    "timeout": _Wrapper(frozenset(("-k", "-s", "--kill-after", "--signal")), operands=1),
    "gosu": _Wrapper(operands=1, user=("",)), "su-exec": _Wrapper(operands=1, user=("",)),
    "xargs": _Wrapper(
        words("-a --arg-file -d --delimiter -E -I -L --max-lines -n --max-args -P --max-procs -s --max-chars")
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Peeled:
    """A command without its wrappers. `words` begins with the program; `script` is the text that a shell is given."""

    words: tuple[Word, ...]
    wrappers: tuple[str, ...] = ()
    own: Mapping[str, str | None] = field(default_factory=dict)
    user: str | None = None
    script: Word | None = None
    positional: tuple[str | None, ...] = ()
    options: tuple[str, ...] = ()  # of that shell
    reads: bool = False  # a shell without a script: it reads its standard input


def base_name(word: Word | None) -> str | None:
    """A program's name without its folder."""
    return word.value.rpartition("/")[2] or word.value if word is not None and word.value is not None else None


def peel(given: tuple[Word, ...]) -> Peeled:
    """What a command runs in the end."""
    found = Peeled(given)
    while found.words:
        name = base_name(found.words[0])
        if name in SHELLS:
            return _shell(found, name)
        if name == "su":
            return _su(found)
        inner = _inner(found, name) if name in _WRAPPERS else None
        if inner is None:
            return found
        found = inner
    return found


def _inner(outer: Peeled, name: str) -> Peeled | None:
    """One wrapper taken off; None where it starts no program, or one that the text does not tell."""
    wrapper = _WRAPPERS[name]
    own, user, left = dict(outer.own), outer.user, wrapper.operands
    replaced: str | None = None
    rest = list(enumerate(outer.words))[1:]
    waiting: Iterator[tuple[int, Word]] = iter(rest)
    for at, word in waiting:
        value = word.value
        if value is None:
            return None
        if name == "command" and re.fullmatch(r"-p*[vV]p*", value):
            return None
        if value == "--":
            continue
        if value.startswith("-") and value != "-":
            option, equals, inline = value.partition("=")
            taken = inline if equals else None
            if option in wrapper.valued and not equals:
                _, following = next(waiting, (0, None))
                taken = following.value if following else None
            user = taken if option in wrapper.user else user
            if name == "xargs" and re.fullmatch(r"-I.+", value):
                replaced = value[2:]
                continue
            replaced = taken if option == "-I" else "{}" if value == "-i" and name == "xargs" else replaced
        elif wrapper.assignments and (match := _ASSIGNMENT.fullmatch(value)):
            own[match[1]] = match[2]
        elif left:
            user = value.partition(":")[0] if "" in wrapper.user else user
            left -= 1
        else:
            inside = outer.words[at:]
            if name == "corepack" and value.partition("@")[0] not in _COREPACK:
                return None
            if name == "xargs":
                inside = _with_more(inside, replaced)
            return replace(outer, words=inside, wrappers=(*outer.wrappers, name), own=own, user=user)
    return None


def _with_more(inside: tuple[Word, ...], replaced: str | None) -> tuple[Word, ...]:
    """What xargs starts: with words that only its input tells."""
    if replaced:
        return tuple(
            replace(each, value=None, pattern=None) if replaced in (each.value or "") else each for each in inside
        )
    return (*inside, Word("", None, inside[-1].span))


def _shell(found: Peeled, name: str) -> Peeled:
    options: list[str] = []
    rest = list(found.words[1:])
    while rest and (rest[0].value or "").startswith(("-", "+")) and rest[0].value not in ("-", "--"):
        option = rest.pop(0).value or ""
        options.append(option)
        if (re.fullmatch(r"[-+][a-zA-Z]*[oO]", option) and rest and "c" not in option) or (
            re.fullmatch(r"-[a-zA-Z]*o[a-zA-Z]*", option) and rest
        ):
            options.append(rest.pop(0).value or "")
    if rest and rest[0].value in ("-", "--"):
        rest.pop(0)
    given = any(re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", each) for each in options)
    if given and rest:
        return replace(
            found, wrappers=(*found.wrappers, name), script=rest[0], options=tuple(options),
            positional=tuple(each.value for each in rest[2:]),
        )  # fmt: skip
    return replace(found, reads=not rest, options=tuple(options))


def _su(found: Peeled) -> Peeled:
    """`su - USER -c TEXT`, in any order."""
    rest = list(found.words[1:])
    script: Word | None = None
    user: str | None = "root"
    while rest:
        word = rest.pop(0)
        value = word.value
        if value in ("-c", "--command", "-lc") and rest:
            script = rest.pop(0)
        elif value in ("-s", "--shell", "-g", "-G") and rest:
            rest.pop(0)
        elif value is None or not value.startswith("-"):
            user = value
            break
    for at, word in enumerate(rest):
        if word.value in ("-c", "--command", "-lc") and at + 1 < len(rest):
            script = rest[at + 1]
    return found if script is None else replace(found, wrappers=(*found.wrappers, "su"), user=user, script=script)
