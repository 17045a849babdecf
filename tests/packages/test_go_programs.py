"""What Go programs say of themselves: build information, functions, and the bytes of their debug information."""

from __future__ import annotations

import struct

import pytest
from go_program import build_info as written
from go_program import elf, go_program
from handmade_tree import Piece, tree

from jettison.packages.elf_sections import debug_bytes, sections
from jettison.packages.go import Module, Program, build_info, programs

MODULES = """\
path\texample.org/app/cmd/api
mod\texample.org/app\tv1.2.0\th1:x=
dep\tgithub.com/gorilla/mux\tv1.8.0\th1:y=
=>\texample.org/fork\tv0.1.0\th1:z=
dep\tgolang.org/x/sys\tv0.5.0\th1:w=
build\t-ldflags="-X main.version=1"
build\tCGO_ENABLED=1
"""


def test_modules_replacements_and_settings_are_read():
    found = build_info(elf({".go.buildinfo": written(MODULES)}))
    assert ("go1.22.10", "example.org/app/cmd/api") == (found.go, found.package)
    assert Module("example.org/app", "v1.2.0") == found.main
    assert (Module("example.org/fork", "v0.1.0"), Module("golang.org/x/sys", "v0.5.0")) == found.modules
    assert {"-ldflags": '"-X main.version=1"', "CGO_ENABLED": "1"} == found.settings


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n",
        b"\x7fELF",
        b"\x7fELF\x02\x01" + b"\xff" * 300,
        elf({".text": b"x"}),
        elf({".go.buildinfo": b"something else"}),
        elf({".go.buildinfo": b"\xff Go buildinf:\x08\x00".ljust(32, b"\0")}),  # Go 1.17: pointers
        elf({".go.buildinfo": written(MODULES)[:60]}),
        elf({".go.buildinfo": b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + b"\xff" * 8}),
    ],
    ids=["empty", "script", "head", "nonsense", "no-go", "magic", "old", "cut", "length"],
)
def test_what_is_no_go_program_has_no_build_information(data):
    assert build_info(data) is None


def test_debug_information_and_symbols_are_counted_as_stored_with_their_names():
    data = elf({".text": b"t" * 100, ".debug_info": b"d" * 1000, ".symtab": b"s" * 300, ".strtab": b"n" * 50})
    assert 1350 + len(".debug_info\0.symtab\0.strtab\0") == debug_bytes(data)
    assert {".text": 100, ".debug_info": 1000} == {
        each.name: each.size for each in sections(data) if each.name in (".text", ".debug_info")
    }


def test_leaving_the_sections_out_is_what_the_prediction_says():
    kept, left_out = {".text": b"t" * 100}, {".debug_line": b"d" * 999, ".symtab": b"s" * 24, ".strtab": b"n" * 8}
    whole, stripped = elf({**kept, **left_out}), elf(kept)
    headers = 64 * len(left_out)  # Go's linker has room for them in the first page, whether or not they are there
    assert len(whole) - len(stripped) - headers == debug_bytes(whole)


def test_a_section_that_stores_nothing_counts_nothing():
    data = bytearray(elf({".debug_info": b"d" * 1000}))
    (table,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<I", data, table + 64 + 4, 8)  # NOBITS
    assert 0 == debug_bytes(bytes(data))


def test_functions_are_found_by_their_whole_name():
    program = _program(functions=["os/exec.Command", "time.LoadLocationX"])
    assert (True, False) == (program.links("os/exec.Command"), program.links("time.LoadLocation"))


def test_packages_that_call_c_are_named_but_for_those_of_go():
    program = _program(functions=["net._C2func_getaddrinfo", "github.com/mattn/go-sqlite3._Cfunc_sqlite3_open_v2"])
    assert ("github.com/mattn/go-sqlite3",) == program.calls_c
    assert () == _program(functions=["net._Cfunc_freeaddrinfo", "os/user._Cfunc_mygetpwuid_r"]).calls_c


def test_programs_of_a_tree_are_executable_go_programs():
    made = tree({"app/server": go_program(), "app/data": Piece(go_program().data, 0o644), "bin/sh": "#!/bin/sh"})
    assert [b"app/server"] == [each.path for each in programs(made, [b"app/server", b"app/data", b"bin/sh", b"gone"])]


def _program(**told):
    data = go_program(**told).data
    return Program(b"app/server", build_info(data), data)
