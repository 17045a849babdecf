"""What may stand for an image and for a platform.

Behaves as distribution's `reference/regexp.go` and `normalize.go`, and containerd's `platforms/platforms.go`.
"""

from __future__ import annotations

import re

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])"
_PATH = re.compile(rf"(?P<path>{_PART}(?:/{_PART})*)(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@(?P<digest>.+))?")
_DOMAIN = re.compile(rf"{_HOST}(?::[0-9]+)?")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST = 255

_SPECIFIER = re.compile(r"[A-Za-z0-9_.-]+")
_SYSTEM = re.compile(r"[A-Za-z0-9_-]+(?:\([A-Za-z0-9_.%-]*(?:\+[A-Za-z0-9_.%-]+)*\))?")
_SYSTEMS = {
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "macos",
    "nacl", "netbsd", "openbsd", "plan9", "solaris", "windows", "zos",
}  # fmt: skip
_MACHINES = {
    "386", "aarch64", "amd64", "amd64p32", "arm", "arm64", "arm64be", "armbe", "armel", "armhf", "i386",
    "loong64", "mips", "mips64", "mips64le", "mips64p32", "mips64p32le", "mipsle", "ppc", "ppc64", "ppc64le",
    "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm", "x86-64", "x86_64",
}  # fmt: skip


def image_problem(name: str) -> str:
    """Why this names no image; empty where it may."""
    if re.fullmatch(r"[a-f0-9]{64}", name):
        return "64 hexadecimal digits are no name"
    domain, slash, rest = name.partition("/")
    if not slash or not (set(domain) & set(".:") or domain == "localhost" or domain != domain.lower()):
        domain, rest = "", name
    if domain and not _DOMAIN.fullmatch(domain):
        return f"{domain} is no registry"
    before_tag = rest.partition("@")[0].partition(":")[0]
    if before_tag != before_tag.lower():
        return "names of images are lower case"
    match = _PATH.fullmatch(rest)
    if match is None:
        return "it is written as no image is: [REGISTRY/]NAME[:TAG][@DIGEST]"
    if len(domain) + len(match["path"]) + 1 > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    return digest_problem(match["digest"]) if match["digest"] else ""


def digest_problem(text: str) -> str:
    """Why this is no digest; empty where it is one."""
    kind, _, digits = text.partition(":")
    if not _DIGEST.fullmatch(text):
        return f"{text} is no digest"
    if kind not in _LENGTHS:
        return f"{kind} is no digest that is known"
    if len(digits) != _LENGTHS[kind] or digits != digits.lower():
        return f"a {kind} digest has {_LENGTHS[kind]} hexadecimal digits"
    return ""


def platform_problem(text: str) -> str:
    """Why this is no platform; empty where it is one."""
    parts = text.split("/")
    system, *others = parts
    if len(parts) > 3 or not _SYSTEM.fullmatch(system) or not all(map(_SPECIFIER.fullmatch, others)):
        return "write OS/ARCH or OS/ARCH/VARIANT"
    if not others and system.lower() not in _SYSTEMS | _MACHINES:
        return f"{system} is no operating system or architecture that is known"
    return ""
