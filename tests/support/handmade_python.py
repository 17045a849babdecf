"""Installed Python distributions for handmade images: modules, programs, data files, and the records of pip."""

from __future__ import annotations

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
