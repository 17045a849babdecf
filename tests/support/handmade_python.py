"""Installed Python distributions for handmade images: modules, programs, data files, and the records of pip."""

from __future__ import annotations

import struct

from handmade_tree import Files, Piece, executable

SITE = "usr/local/lib/python3.11/site-packages"
WHEEL = "cp311-cp311-manylinux_2_17_x86_64"
PURE = "py3-none-any"
BUILT = "cp311-cp311-linux_x86_64"


def distribution(
    name: str,
    modules: Files | None = None,
    *,
    version: str = "1.0",
    requires: tuple[str, ...] = (),
    tag: str = PURE,
    programs: tuple[str, ...] = (),
    data: Files | None = None,
    direct_url: str = "",
    site: str = SITE,
) -> dict[str, Piece | bytes | str]:
    """What pip leaves of one project; `data` are paths below the prefix, `programs` names in its bin."""
    prefix = site.partition("/lib/python")[0]
    record = f"{site}/{name}-{version}.dist-info"
    files: dict[str, Piece | bytes | str] = {f"{site}/{path}": each for path, each in (modules or {}).items()}
    files |= {f"{prefix}/bin/{each}": executable(f"#!/{prefix}/bin/python3.11\n") for each in programs}
    files |= {f"{prefix}/{path}": each for path, each in (data or {}).items()}
    lines = [f"Requires-Dist: {each}\n" for each in requires]
    files[f"{record}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{''.join(lines)}\nText: x\n"
    )
    files[f"{record}/WHEEL"] = f"Wheel-Version: 1.0\nTag: {tag}\n"
    files[f"{record}/INSTALLER"] = "pip\n"
    if direct_url:
        files[f"{record}/direct_url.json"] = direct_url
    up = "../" * 3
    listed = [each.removeprefix(site + "/") if each.startswith(site) else up + each.removeprefix(prefix + "/")
              for each in [*files, f"{record}/RECORD"]]  # fmt: skip
    files[f"{record}/RECORD"] = "".join(f"{each},,\n" for each in listed)
    return files


def weigh(*many: Files) -> int:
    """Bytes of these files."""
    return sum(
        len(each.data) if isinstance(each, Piece) else len(each.encode() if isinstance(each, str) else each)
        for files in many
        for each in files.values()
    )


def shared_object(*needed: str) -> Piece:
    """A small 64-bit ELF file that needs libraries of these names."""
    strings, offsets = b"\0", []
    for name in needed:
        offsets.append(len(strings))
        strings += name.encode() + b"\0"
    at, base = 64 + 56 * 2, 0x1000
    length = 16 * (len(offsets) + 3)
    tags = [*((1, offset) for offset in offsets), (5, base + at + length), (10, len(strings)), (0, 0)]
    segments = [(1, 0, base, at + length + len(strings)), (2, at, base + at, length)]
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQ", 3, 62, 1, 0, 64, 0)
    head += struct.pack("<IHHHHHH", 0, 64, 56, 2, 0, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", kind, 4, o, a, a, size, size, 8) for kind, o, a, size in segments)
    return executable(head + table + b"".join(struct.pack("<QQ", *tag) for tag in tags) + strings + bytes(64))
