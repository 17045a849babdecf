"""The values that an instruction takes once its variables are filled in: ports, signals, modes, mounts, paths.

Behaves as moby/buildkit's `dockerfile2llb/convert.go`, `convert_copy.go`, `convert_expose.go`, `convert_runmount.go`
and moby/sys's `signal`.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterator

from jettison.dockerfile.graph import named_stage
from jettison.dockerfile.heredoc import heredoc_word
from jettison.dockerfile.lexer import BODY, expand, expanded_words
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.mounts import Mount, mounts
from jettison.dockerfile.names import digest_problem, image_problem
from jettison.dockerfile.scope import State, Surroundings, pairs

_SIGNALS = {
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
    *(f"RTMIN+{n}" for n in range(1, 16)), *(f"RTMAX-{n}" for n in range(1, 15)),
}  # fmt: skip
_MODE = re.compile(r"[ugoa]*(?:[-+=](?:[ugo]|[rwxXst]*))+(?:,[ugoa]*(?:[-+=](?:[ugo]|[rwxXst]*))+)*")
_GIT = re.compile(r"(?:git|ssh)://|[A-Za-z0-9._-]+@[^/]+:|https?://[^#?]*\.git(?:[#?]|$)")
_URL = re.compile(r"https?://")


def problems(dockerfile: Dockerfile, each: Instruction, around: Surroundings, state: State) -> Iterator[str]:
    """Why the builder would refuse an instruction where this state is in force.

    Raises DockerfileError (NotSet among them) where an expansion is none. What is not known is not judged.
    """
    for text in expanded(each, around):
        expand(text, state.variables, around.escape)
    if each.keyword in ("ADD", "COPY"):
        for heredoc in each.heredocs:
            if heredoc.expand:
                expand(heredoc.body.of(dockerfile.text), state.variables, "\\", BODY)
        yield from _copy(each, around, state)
    elif each.keyword == "EXPOSE":
        yield from _expose(each, around, state)
    elif each.keyword == "STOPSIGNAL":
        signal = around.value(each.value, state)
        if signal is not None and not _is_signal(signal):
            yield f"{signal} is no signal"
    elif each.keyword == "VOLUME" and any(around.value(text, state) == "" for text in arguments(each)):
        yield "a volume is empty"
    elif each.keyword == "RUN":
        yield from _mounts(dockerfile, each, around, state)


def arguments(each: Instruction) -> tuple[str, ...]:
    """The words of an instruction, or the items of its JSON form."""
    return each.exec_form if each.exec_form is not None else tuple(word.text for word in each.words)


def expanded(each: Instruction, around: Surroundings) -> Iterator[str]:
    """The texts of an instruction in which the builder fills in variables."""
    if each.keyword in ("ENV", "LABEL"):
        yield from (text for pair in pairs(each) for text in pair)
    elif each.keyword in ("ADD", "COPY"):
        names = ("chown", "chmod", "checksum") if each.keyword == "ADD" else ("chown", "chmod")
        yield from (flag.value or "" for flag in each.flags if flag.name in names)
        yield from paths(each)
    elif each.keyword in ("STOPSIGNAL", "USER", "WORKDIR"):
        yield each.value
    elif each.keyword == "VOLUME":
        yield from arguments(each)
    elif each.keyword == "ARG":
        for word in each.words:
            name, _, default = word.text.partition("=")
            if name not in around.build_args:
                yield default


def paths(each: Instruction) -> Iterator[str]:
    """The sources that are files, and the destination, of a COPY or ADD."""
    *sources, destination = arguments(each)
    yield from (source for source in sources if not heredoc_word(source))
    yield destination


def _copy(each: Instruction, around: Surroundings, state: State) -> Iterator[str]:
    flags = {flag.name: around.value(flag.value or "", state) for flag in each.flags}
    sources = [around.value(text, state) for text in paths(each)][:-1]
    mode = flags.get("chmod")
    if mode and not _is_mode(mode):
        yield f"--chmod={mode} is no mode: write 755 or u=rwX,go=rX"
    owner = flags.get("chown")
    if owner and _is_linked(each) and not re.fullmatch(r"[0-9]*(?::[0-9]*)?", owner):
        yield f"--chown={owner} names a user, which --link cannot look up: write numbers"
    for source in sources:
        if source and each.keyword == "COPY" and (_GIT.match(source) or _URL.match(source)):
            yield f"COPY takes no address: {source}"
    checksum = flags.get("checksum")
    if checksum and None not in sources:
        yield from _checksum(checksum, [source or "" for source in sources])


def _is_linked(each: Instruction) -> bool:
    return any(flag.name == "link" and (flag.value or "true").lower() == "true" for flag in each.flags)


def _checksum(checksum: str, sources: list[str]) -> Iterator[str]:
    if len(sources) != 1:
        yield "--checksum is for one source"
    elif not (_GIT.match(sources[0]) or _URL.match(sources[0])):
        yield "--checksum is for addresses alone"
    elif not _GIT.match(sources[0]) and (why := digest_problem(checksum)):
        yield f"--checksum={checksum}: {why}"


def _is_mode(mode: str) -> bool:
    if re.fullmatch(r"[0-7]+", mode):
        return int(mode[-30:], 8) <= 0o7777
    return _MODE.fullmatch(mode) is not None


def _is_signal(signal: str) -> bool:
    if re.fullmatch(r"[+-]?[0-9]+", signal):
        return int(signal[:30]) != 0
    return signal.upper().removeprefix("SIG") in _SIGNALS


def _expose(each: Instruction, around: Surroundings, state: State) -> Iterator[str]:
    for word in each.words:
        if around.value(word.text, state) is not None:
            for port in expanded_words(word.text, state.variables, around.escape):
                if not _is_port(port):
                    yield f"{port} is no port"
        else:
            expanded_words(word.text, state.variables, around.escape)


def _is_port(text: str) -> bool:
    """`[ADDRESS:[PORT]:]PORT[-PORT][/PROTOCOL]`."""
    *before, rest = text.split(":")
    ports, _, protocol = rest.partition("/")
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        return False
    address, above = ":".join(before[:-1]), before[-1] if before else ""
    inner, outer = _range(ports), _range(above) if above else None
    if inner is None or (above and outer is None) or (address and not _is_address(address)):
        return False
    return outer is None or inner == 1 or inner == outer


def _range(ports: str) -> int | None:
    """How many ports `80` or `80-90` are; None where they are none."""
    first, dash, last = ports.partition("-")
    ends = [first, last] if dash and first != last else [first]
    if not all(re.fullmatch(r"[+]?[0-9]{1,9}", end) and int(end) <= 65535 for end in ends):
        return None
    count = int(ends[-1]) - int(ends[0]) + 1
    return count if count > 0 else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _mounts(dockerfile: Dockerfile, each: Instruction, around: Surroundings, state: State) -> Iterator[str]:
    try:
        for mount in mounts(each, lambda text: around.filled(text, state)):
            if mount is not None:
                yield from _mount(dockerfile, mount, around, state)
    except ValueError as error:
        yield f"a --mount is none: {error}"


def _mount(dockerfile: Dockerfile, mount: Mount, around: Surroundings, state: State) -> Iterator[str]:
    if mount.from_ and named_stage(dockerfile, mount.from_) is None and (why := image_problem(mount.from_)):
        yield f"from={mount.from_} names no image: {why}"
    if mount.type not in ("secret", "ssh"):
        workdir = state.workdir or ("/" if around.empty else "?")
        if posixpath.normpath(posixpath.join("/", workdir, mount.target)) in ("/", "//"):
            yield f"a mount's target is {mount.target or 'nothing'}, which is the root"
