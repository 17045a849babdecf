"""Programs that fetch, unpack, remove and change files, as data.

Sources: curl(1), wget(1), tar(1), unzip(1), git-clone(1), rm(1), find(1), chmod(1), chown(1), useradd(8), BusyBox
`adduser` and `addgroup`, sed(1).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.commands.invocation import Invocation, invoked
from jettison.commands.model import Call, Word
from jettison.commands.tool import Action, Tool, words

_DO = Action.DOWNLOAD  # these have no verbs
CURL = Tool(
    "curl", ("curl",), {}, default=_DO,
    valued=words(
        "-o --output -H --header -u --user -x --proxy -d --data -A --user-agent -m --max-time --retry --retry-delay "
        "--retry-max-time --connect-timeout -X --request -F --form -b --cookie -c --cookie-jar -e --referer -T "
        "--upload-file --cacert --cert -E --key --output-dir -K --config --proto --proto-redir --tlsv --limit-rate -w "
        "--write-out -z --time-cond --data-binary --data-raw --data-urlencode -C --continue-at --resolve --url -r "
        "--range --max-redirs --ciphers --create-file-mode -D --dump-header -Y -y"
    ),
)  # fmt: skip
WGET = Tool(
    "wget", ("wget",), {}, default=_DO,
    valued=words(
        "-O --output-document -P --directory-prefix -o --output-file -a --append-output -t --tries -T --timeout "
        "--header -U --user-agent --user --password -i --input-file --cut-dirs -A --accept -R --reject -e --execute "
        "--ca-certificate --waitretry --read-timeout --connect-timeout --dns-timeout --limit-rate -w --wait -Q -B "
        "--base --progress -l --level -D --domains -I -X --post-data --method --body-data --retry-on-http-error"
    ),
)  # fmt: skip
_TAR = Tool(
    "tar", ("tar", "bsdtar", "gtar"), {}, default=_DO,
    valued=words(
        "-f --file -C --directory --strip-components --exclude -T --files-from --transform --xform -X --owner --group "
        "--mode --wildcards-match -I --use-compress-program --one-top-level"
    ),
)  # fmt: skip
_UNZIP = Tool("unzip", ("unzip",), {}, default=_DO, valued=words("-d -x"))
_GIT = Tool(
    "git", ("git",), {("clone",): _DO, ("pull",): _DO, ("fetch",): _DO, ("submodule", "update"): _DO},
    valued=words(
        "-C -c -b --branch --depth -o --origin --reference -u --upload-pack --config --filter -j --jobs --template "
        "--shallow-since --shallow-exclude --separate-git-dir --git-dir --work-tree --server-option --bundle-uri "
        "--revision"
    ),
)  # fmt: skip
_USERS = Tool(
    "useradd", ("useradd", "adduser", "groupadd", "addgroup", "usermod"), {}, default=_DO,
    valued=words(
        "-u --uid -g --gid -G --groups -d --home --home-dir -s --shell -c --comment --gecos -h -k -K --key -b -e -f -p "
        "--ingroup --groups --password --expiredate --inactive --base-dir --skel --conf"
    ),
)  # fmt: skip
_PLAIN = Tool("rm", ("rm", "chmod", "chown", "chgrp"), {}, default=_DO)
TOOLS = {
    program: tool
    for tool in (CURL, WGET, _TAR, _UNZIP, _GIT, _USERS, _PLAIN)
    for program in tool.programs
}  # fmt: skip
_PACKED = re.compile(r"\.(?:tar(?:\.(?:gz|xz|bz2|zst|lz|lzma|Z))?|tgz|txz|tbz2?|zip|7z|gz|xz|bz2|zst|deb|rpm|whl)$")


@dataclass(frozen=True)
class Download:
    """What curl or wget fetches, and where it goes: a path; None where it is not known; "" where it goes to a pipe
    or to the screen. `fails` says that an HTTP error is an error (curl alone takes it for a success)."""

    call: Call
    urls: tuple[str | None, ...]
    to: str | None
    fails: bool
    follows: bool = True


@dataclass(frozen=True)
class Unpacking:
    """What tar or unzip takes out of an archive: its path ("" for standard input), and the folder they go to."""

    call: Call
    archive: str | None
    to: str | None


@dataclass(frozen=True)
class Clone:
    """A `git clone`: the folder that it makes, and what bounds the history that it brings (None: nothing does)."""

    call: Call
    url: str | None
    to: str | None
    depth: str | None


@dataclass(frozen=True)
class Removal:
    """What `rm` or `find -delete` takes away: patterns of paths, each with what names must match (find's -name)."""

    call: Call
    patterns: tuple[str, ...]
    recursive: bool = True
    name: str = "*"
    unknown: bool = False


@dataclass(frozen=True)
class Change:
    """chmod, chown or chgrp: what is set, on which paths."""

    call: Call
    what: str | None
    paths: tuple[str | None, ...]
    recursive: bool


@dataclass(frozen=True)
class NewUser:
    """useradd or adduser (groupadd, addgroup with `group`): a name, its number where one is given."""

    call: Call
    name: str | None
    number: str | None
    group: bool
    no_log: bool  # useradd -l: nothing is written to lastlog and faillog, whose size is by the largest number


def path_of(call: Call, word: Word | str | None) -> str | None:
    """The path that a word means: absolute, below `~`, or relative to where the RUN begins."""
    pattern = word.pattern if isinstance(word, Word) else word
    if not pattern:
        return None
    if pattern.startswith(("/", "~")):
        return posixpath.normpath(pattern)
    return posixpath.normpath(posixpath.join(call.folder, pattern)) if call.folder is not None else None


def download(call: Call) -> Download | None:
    """What a call of curl or wget fetches; None for other programs, and where it asks for nothing."""
    found = _found(call, CURL, WGET)
    if found is None:
        return None
    urls = tuple(word.value or _url(word) for word in found.operands) + tuple(
        option.value for option in found.options if option.name == "--url"
    )
    if not urls:
        return None
    fails = found.tool is WGET or found.has("-f", "--fail", "--fail-with-body")
    follows = found.tool is WGET or found.has("-L", "--location", "--location-trusted")
    return Download(call, urls, _to(found, urls), fails, follows)


def _url(word: Word) -> str | None:
    """A URL whose `?` the shell takes for a pattern that no file matches."""
    return word.pattern if word.pattern and "://" in word.pattern else None


def _to(found: Invocation, urls: tuple[str | None, ...]) -> str | None:
    call = found.call
    names = ("-o", "--output") if found.tool is CURL else ("-O", "--output-document")
    word = _value(found, *names)
    if word is not None:
        return "" if word.value in ("-", "/dev/stdout") else path_of(call, word)
    below = _value(found, "--output-dir", "-P", "--directory-prefix")
    if found.tool is CURL and not found.has("-O", "--remote-name", "-J", "--remote-header-name", "--remote-name-all"):
        if not call.outputs:
            return ""
        return "" if call.outputs[-1].value == "/dev/null" else path_of(call, call.outputs[-1])
    url = urls[0]
    name = posixpath.basename((url or "").partition("?")[0].partition("#")[0])
    if url is None or not name or len(urls) > 1 or found.has("-J", "--content-disposition", "-r", "-i", "--recursive"):
        return None
    return path_of(call, posixpath.join(below.pattern or "", name) if below is not None else name)


def _value(found: Invocation, *names: str) -> Word | None:
    """The word that is the value of the last of these options."""
    for option in reversed(found.options):
        if option.name in names:
            if len(option.words) > 1:
                return option.words[1]
            text = option.value or ""
            return Word(text, text or None, option.words[0].span, text or None)
    return None


def unpacking(call: Call) -> Unpacking | None:
    """What a call of tar or unzip unpacks; None for other programs, and where it packs or lists."""
    found = _found(call, _TAR, _UNZIP)
    if found is None or not call.words:
        return None
    if found.tool is _UNZIP:
        archive = path_of(call, found.operands[0]) if found.operands else None
        return Unpacking(call, archive, path_of(call, _value(found, "-d")) or call.folder)
    letters = "".join(option.name[1:] for option in found.options if re.fullmatch(r"-\w+", option.name))
    operands = list(found.operands)
    if operands and operands[0] is call.words[0] and re.fullmatch(r"[a-zA-Z]+", operands[0].value or ""):
        letters += operands.pop(0).value or ""  # `tar xzf`, without a dash
    if "x" not in letters and not found.has("--extract", "--get"):
        return None
    word = _value(found, "-f", "--file")
    if word is None and "f" in letters:
        word = operands[0] if operands else None
        if word is None:
            return Unpacking(call, None, None)
    to = _value(found, "-C", "--directory")
    archive = "" if word is None or word.value == "-" else path_of(call, word)
    return Unpacking(call, archive, path_of(call, to) if to is not None else call.folder)


def clone(call: Call) -> Clone | None:
    """What a `git clone` brings; None for anything else."""
    found = _found(call, _GIT)
    if found is None or [word.value for word in found.verb] != ["clone"]:
        return None
    url = found.operands[0].value if found.operands else None
    name = posixpath.basename((url or "").rstrip("/")).removesuffix(".git")
    to = path_of(call, found.operands[1]) if len(found.operands) > 1 else path_of(call, name)
    shallow = found.value("--depth", "--shallow-since", "--shallow-exclude", "--filter")
    return Clone(call, url, to, shallow)


def removal(call: Call) -> Removal | None:
    """What a call of rm, or of find with -delete, takes away; None for anything else."""
    if call.name == "find":
        return _find(call)
    found = _found(call, _PLAIN)
    if found is None or call.name != "rm":
        return None
    paths = [path_of(call, word) for word in found.operands]
    recursive = found.has("-r", "-R", "--recursive", "-d")
    return Removal(call, tuple(each for each in paths if each), recursive, unknown=None in paths)


def _find(call: Call) -> Removal | None:
    values = list(call.values)
    start = next((at for at, each in enumerate(values) if (each or "-").startswith(("-", "(", "!"))), len(values))
    if values[:1] in (["-L"], ["-H"], ["-P"]):
        start = next((at for at, each in enumerate(values) if at and (each or "-").startswith(("-", "("))), len(values))
    tests = values[start:]
    executed = [tests[at + 1] for at, each in enumerate(tests[:-1]) if each in ("-exec", "-execdir")]
    if "-delete" not in tests and not any((each or "").rpartition("/")[2] == "rm" for each in executed):
        return None
    roots = [path_of(call, word) for word in call.words[:start] if word.value not in ("-L", "-H", "-P")]
    names = [call.words[start + at + 1].value for at, each in enumerate(tests[:-1]) if each in ("-name", "-iname")]
    other = {"-path", "-wholename", "-regex", "-mtime", "-size", "-newer", "-user", "-prune", "-o", "-or", "!", "-not",
             "-empty", "-perm", "-samefile", "-links"}  # fmt: skip
    odd = None in values or bool(other & set(tests)) or len(names) > 1
    below = tuple(each for each in roots or [path_of(call, ".")] if each)
    return Removal(call, below, name=(names or ["*"])[0] or "*", unknown=odd)


def change(call: Call) -> Change | None:
    """What a call of chmod, chown or chgrp sets; None for anything else."""
    found = _found(call, _PLAIN)
    if found is None or call.name == "rm":
        return None
    operands = list(found.operands)
    paths = tuple(path_of(call, word) for word in operands[1:])
    return Change(call, operands[0].value if operands else None, paths, found.has("-R", "--recursive"))


def new_user(call: Call) -> NewUser | None:
    """The user or group that a call makes; None for anything else."""
    found = _found(call, _USERS)
    if found is None or call.name == "usermod" or not found.operands:
        return None
    group = call.name in ("groupadd", "addgroup")
    number = found.value("-g", "--gid") if group else found.value("-u", "--uid")
    name = found.operands[-1] if call.name == "useradd" else found.operands[0]
    return NewUser(call, name.value, number, group, found.has("-l", "--no-log-init"))


def is_packed(path: str) -> bool:
    """Whether a path is an archive by its name."""
    return _PACKED.search(path) is not None


def _found(call: Call, *tools: Tool) -> Invocation | None:
    tool = TOOLS.get(call.name or "")
    return invoked(call, TOOLS) if tool is not None and tool in tools else None


def removals(calls: tuple[Call, ...]) -> Iterator[Removal]:
    """Every removal among these calls, in order."""
    for call in calls:
        found = removal(call)
        if found is not None:
            yield found
