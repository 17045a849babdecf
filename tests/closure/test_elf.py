from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
import tree_sitter
from handmade_tree import Files, Piece, executable, symlink, tree, without
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.closure import elf
from jettison.closure.elf import Object, parse
from jettison.closure.lost import lost

TRUE = Path("/bin/true").read_bytes()


def extension() -> bytes:
    """A C extension of the Python that runs this test."""
    return Path(tree_sitter._binding.__file__).read_bytes()


def made(
    *needed: str, runpath: str = "", interpreter: str = "", wide: bool = True, order: str = "<", base: int = 0x1000
) -> bytes:
    """A small ELF file: header, program headers, dynamic section, strings."""
    strings = b"\0"
    offsets = []
    for text in [*needed, runpath]:
        offsets.append(len(strings))
        strings += text.encode() + b"\0"
    tags = [(1, offset) for offset in offsets[:-1]] + ([(29, offsets[-1])] if runpath else [])
    word, header, size = ("Q", 64, 56) if wide else ("I", 52, 32)
    count = 3 if interpreter else 2
    at = header + size * count
    dynamic_length = struct.calcsize(order + word * 2) * (len(tags) + 3)
    text_at = at + dynamic_length
    tags += [(5, base + text_at), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack(order + word * 2, *tag) for tag in tags)
    named = interpreter.encode() + b"\0"
    segments = [(1, 0, base, text_at + len(strings)), (2, at, base + at, len(dynamic))]
    if interpreter:
        segments.append((3, text_at + len(strings), 0, len(named)))
    head = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    head += struct.pack(order + "HHI", 3, 62, 1) + struct.pack(order + word * 3, 0, header, 0)
    head += struct.pack(order + "IHHHHHH", 0, header, size, count, 0, 0, 0)
    table = b""
    for kind, offset, address, length in segments:
        if wide:
            table += struct.pack(order + "IIQQQQQQ", kind, 4, offset, address, address, length, length, 8)
        else:
            table += struct.pack(order + "IIIIIIII", kind, offset, address, address, length, length, 4, 4)
    return head + table + dynamic + strings + (named if interpreter else b"") + bytes(64)


def reported(files: Files, *gone: str, env: list[str] | None = None) -> list[str]:
    found = lost(tree(files), tree(without(files, *gone)), {"Env": env or []})
    return [each.evidence for each in found if each.what == "shared libraries"]


LIBC = "usr/lib/x86_64-linux-gnu/libc.so.6"
LINKER = "usr/lib64/ld-linux-x86-64.so.2"
MERGED: Files = {
    "lib": symlink("usr/lib"),
    "lib64": symlink("usr/lib64"),
    "bin": symlink("usr/bin"),
    LIBC: executable(made()),
    LINKER: executable(made()),
    "usr/bin/true": executable(made("libc.so.6", interpreter="/lib64/ld-linux-x86-64.so.2")),
}


def test_a_real_program_says_what_it_needs() -> None:
    parsed = parse(io.BytesIO(TRUE))
    assert parsed is not None
    assert b"libc.so.6" in parsed.needed
    assert parsed.interpreter.startswith(b"/lib")


def test_a_real_extension_needs_libraries_and_no_interpreter() -> None:
    parsed = parse(io.BytesIO(extension()))
    assert parsed is not None
    assert (b"", True) == (parsed.interpreter, b"libc.so.6" in parsed.needed)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_both_sizes_and_both_byte_orders_are_read(wide: bool, order: str) -> None:
    data = made("libz.so.1", "libm.so.6", runpath="$ORIGIN/../lib:/opt", interpreter="/ld", wide=wide, order=order)
    expected = Object(b"/ld", (b"libz.so.1", b"libm.so.6"), (b"$ORIGIN/../lib", b"/opt"))
    assert expected == parse(io.BytesIO(data))


@settings(deadline=None)
@given(st.data())
def test_damaged_files_are_no_error(data: st.DataObject) -> None:
    good = bytearray(made("libz.so.1", runpath="/x", interpreter="/ld"))
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(4, len(good) - 1))] = data.draw(st.integers(0, 255))
    parse(io.BytesIO(bytes(good)[: data.draw(st.integers(0, len(good)))]))


def test_the_real_programs_of_this_host_find_the_real_libraries() -> None:
    parsed = parse(io.BytesIO(TRUE))
    assert parsed is not None
    places = [next(Path(top).rglob(name.decode()), None) for name in parsed.needed for top in ("/lib64", "/usr/lib")]
    libraries = {str(place)[1:]: Piece(place.read_bytes()) for place in places if place is not None}
    interpreter = Path(parsed.interpreter.decode())
    files = {**libraries, "bin/true": executable(TRUE), str(interpreter)[1:]: executable(interpreter.read_bytes())}
    needs = list(elf.needs(tree(files), {}))
    assert set(parsed.needs) <= {need.name for need in needs if need.path == b"bin/true"}
    broken = without(files, *libraries)
    config = {"Cmd": ["/bin/true"]}
    assert any("/bin/true needs libc.so.6" in each.evidence for each in lost(tree(files), tree(broken), config))


def test_a_lost_library_is_told_with_who_needs_it() -> None:
    assert ["/usr/bin/true needs libc.so.6"] == reported(MERGED, LIBC)


def test_a_lost_interpreter_is_told_through_the_link_to_its_directory() -> None:
    assert ["/usr/bin/true needs /lib64/ld-linux-x86-64.so.2"] == reported(MERGED, LINKER)
    assert ["/usr/bin/true needs /lib64/ld-linux-x86-64.so.2"] == reported(MERGED, "lib64")


def test_a_versioned_library_behind_its_short_name_is_missed() -> None:
    files: Files = {
        "usr/lib/libz.so.1": symlink("libz.so.1.2.13"),
        "usr/lib/libz.so.1.2.13": executable(made()),
        "usr/bin/app": executable(made("libz.so.1")),
    }
    assert ["/usr/bin/app needs libz.so.1"] == reported(files, "usr/lib/libz.so.1.2.13")
    assert [] == reported({**files, "usr/lib/libz.so": symlink("libz.so.1")}, "usr/lib/libz.so")


def test_origin_is_the_directory_of_the_file_that_names_it() -> None:
    for word in ("$ORIGIN/../libs", "${ORIGIN}/../libs"):
        files: Files = {
            "opt/pkg/libs/libown.so": made(),
            "opt/pkg/bin/tool": executable(made("libown.so", runpath=word)),
            "opt/other/libs/libown.so": made(),
        }
        assert ["/opt/pkg/bin/tool needs libown.so"] == reported(files, "opt/pkg/libs/libown.so")
        assert [] == reported(files, "opt/other/libs/libown.so")


def test_what_is_for_another_machine_or_for_the_compiler_was_never_found() -> None:
    """As with an addon that its package brings for several processors and C libraries."""
    other = bytearray(made("liba.so"))
    other[18:20] = struct.pack("<H", 40)  # EM_ARM
    script = "/* GNU ld script\n   Use the shared library */\nGROUP ( /lib/liba.so.6 )\n"
    for library, expected in ((made(), []), (script, []), (bytes(other), ["/opt/arm.node needs liba.so"])):
        files: Files = {"usr/lib/liba.so": library, "opt/arm.node": bytes(other)}
        assert expected == reported(files, "usr/lib/liba.so")
    files = {"usr/lib/liba.so": made(), "opt/x.node": made("liba.so")}
    assert ["/opt/x.node needs liba.so"] == reported(files, "usr/lib/liba.so")


def test_a_library_that_is_found_elsewhere_is_not_lost() -> None:
    files = {**MERGED, "usr/local/lib/libc.so.6": executable(made())}
    assert [] == reported(files, LIBC)


def test_ld_library_path_and_ld_so_conf_are_looked_at() -> None:
    files: Files = {
        "opt/a/liba.so": made(),
        "opt/b/libb.so": made(),
        "etc/ld.so.conf.d/b.conf": "# ours\n/opt/b\n",
        "usr/bin/app": executable(made("liba.so", "libb.so")),
    }
    env = ["LD_LIBRARY_PATH=/opt/a:"]
    assert ["/usr/bin/app needs libb.so"] == reported(files, "opt/b/libb.so", env=env)
    assert ["/usr/bin/app needs liba.so"] == reported(files, "opt/a/liba.so", env=env)


def test_what_was_missing_from_the_start_is_not_told() -> None:
    files = {**MERGED, "usr/bin/odd": executable(made("libnever.so.1", "libc.so.6")), "usr/lib/libx.so": made()}
    assert [] == reported(files, "usr/lib/libx.so")


def test_a_program_that_went_with_its_library_is_not_told() -> None:
    files = {**MERGED, "usr/lib/libx.so": made(), "usr/bin/x": executable(made("libx.so"))}
    assert [] == reported(files, "usr/lib/libx.so", "usr/bin/x")


def test_a_program_that_was_linked_anew_without_the_library_is_not_told() -> None:
    before = {**MERGED, "usr/lib/libx.so": made(), "usr/bin/x": executable(made("libx.so"))}
    after = {**MERGED, "usr/bin/x": executable(made("libc.so.6"))}
    assert [] == [each for each in lost(tree(before), tree(after), {}) if each.what == "shared libraries"]


def test_a_node_addon_is_looked_at_without_an_exec_bit() -> None:
    files: Files = {"app/x.node": made("libz.so.1"), "usr/lib/libz.so.1": made()}
    assert ["/app/x.node needs libz.so.1"] == reported(files, "usr/lib/libz.so.1")


def test_only_headers_and_tables_are_read() -> None:
    class Counting(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.count += len(data)
            return data

    stream = Counting(made("libz.so.1") + bytes(10_000_000))
    assert parse(stream) is not None
    assert stream.count < 1000


def test_nothing_gone_reads_nothing() -> None:
    original, candidate = tree(MERGED), tree(MERGED)
    assert [] == list(lost(original, candidate, {}))
    opened = original._layers[0].source.opened  # type: ignore[attr-defined]
    assert [] == opened
