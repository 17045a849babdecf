"""Layers that are hard to read, each named after what it is hard for. Imports nothing of jettison.

Headers that tarfile would not write are put together by hand, after POSIX.1-2017 `pax` and the GNU tar manual
("Basic Tar Format", "Storing Sparse Files"). What is seen was asked of umoci, Docker and containers/storage
(test_hard_cases_engines).
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, field
from typing import Any

from handmade import directory, entry, hard_link, symlink, tar

GNU = tarfile.GNU_FORMAT
END = bytes(1024)


def overlay(view: str) -> dict[str, str]:
    """What Docker and containers/storage see, who unpack a layer alone and let the kernel lay it over the others."""
    return {"docker": view, "containers-storage": view}


NO_TYPE = {"umoci": "refused", **overlay("refused")}  # "unhandled tar header type": Go's reader would take it
TWICE = overlay("refused")  # "duplicates of file paths not supported": tar-split, which both keep to


@dataclass(frozen=True)
class Case:
    """`seen`: `name/`, `name->target`, `name=content` (`name#bytes` where long), hard links `name==first`.

    `otherwise` has an engine's own view: a listing, `refused`, or `not asked: ...`; `but` tells why its modes, owners,
    times or attributes are others.
    """

    layers: tuple[bytes, ...]
    seen: str
    effective: int
    otherwise: dict[str, str] = field(default_factory=dict)
    but: dict[str, str] = field(default_factory=dict)


def header(name: bytes, flag: bytes = b"0", size: int | bytes = 0, **fields: bytes) -> bytes:
    """A header block; `fields` are written as they are given, the checksum over all of it."""
    told = {"mode": b"0000755\0" if flag == b"5" else b"0000644\0", "uid": b"0000000\0", "gid": b"0000000\0"}
    told |= {"size": b"%011o\0" % size if isinstance(size, int) else size, "mtime": b"%011o\0" % 1_000_000}
    told |= {"magic": b"ustar\x0000", **fields}
    places = {"mode": 100, "uid": 108, "gid": 116, "size": 124, "mtime": 136, "link": 157, "magic": 257, "major": 329}
    places |= {"minor": 337, "prefix": 345, "sparse": 386, "more": 482, "realsize": 483, "trailer": 508}
    block = bytearray(512)
    block[: len(name)] = name
    block[156:157] = flag
    for key, value in told.items():
        block[places[key] : places[key] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def raw(name: bytes, data: bytes = b"", flag: bytes = b"0", **fields: bytes) -> bytes:
    """A member, header and payload."""
    return header(name, flag, len(data), **fields) + padded(data)


def pax(flag: bytes = b"x", **values: bytes) -> bytes:
    """An extended header; keys are spelled with `__` for a dot."""
    out = b""
    for key, value in values.items():
        rest = b" " + key.replace("__", ".").encode() + b"=" + value + b"\n"
        length = len(rest)
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        out += str(length).encode() + rest
    return raw(b"PaxHeaders/x", out, flag)


def pairs(*numbers: int) -> bytes:
    return b"".join(b"%011o\0" % number for number in numbers)


def old_sparse(name: bytes, pieces: list[tuple[int, bytes]], real: int) -> bytes:
    """A GNU `S` member: four pieces in its header, 21 in each block behind it."""
    numbers = [number for offset, data in pieces for number in (offset, len(data))]
    stored = b"".join(data for _, data in pieces)
    fields = {"sparse": pairs(*numbers[:8]), "more": bytes([len(numbers) > 8]), "realsize": pairs(real)}
    out = header(name, b"S", len(stored), magic=b"ustar  \0", **fields)
    for at in range(8, len(numbers), 42):
        block = pairs(*numbers[at : at + 42])
        out += block.ljust(504, b"\0") + bytes([len(numbers) > at + 42]) + bytes(7)
    return out + padded(stored)


def one(*members: bytes, end: bytes = END) -> tuple[bytes, ...]:
    """A single layer of raw members."""
    return (b"".join(members) + end,)


def over(*members: Any) -> tuple[bytes, ...]:
    """A layer over one that has all kinds of names."""
    return (BELOW, tar(*members))


BELOW = tar(
    directory("d"),
    entry("d/x", b"low"),
    directory("d/e"),
    entry("d/e/y", b"deep"),
    entry("f", b"file"),
    hard_link("h", "f"),
    directory("real"),
    symlink("s", "real"),
)
LOW = "d/ d/e/ d/e/y=deep d/x=low f=file h==f real/ s->real"
LONG = "n" * 99 + "/" + "m" * 99 + "/" + "o" * 99
LONG_SEEN = "/".join(LONG.split("/")[:1]) + "/ " + "/".join(LONG.split("/")[:2]) + "/ "

HEADERS: dict[str, Case] = {
    "a name of a hundred bytes without an end": Case(one(raw(b"a" * 100, b"1")), "a" * 100 + "=1", 1),
    "a link's target of a hundred bytes": Case(one(raw(b"l", flag=b"2", link=b"t" * 100)), "l->" + "t" * 100, 0),
    "a ustar prefix": Case(one(raw(b"b", b"1", prefix=b"p/q")), "p/ p/q/ p/q/b=1", 1),
    "a ustar prefix of 155 bytes": Case(
        one(raw(b"b", b"1", prefix=b"p" * 77 + b"/" + b"q" * 77)),
        "p" * 77 + "/ " + "p" * 77 + "/" + "q" * 77 + "/ " + "p" * 77 + "/" + "q" * 77 + "/b=1",
        1,
    ),
    "times where a prefix would be, as star writes": Case(
        one(raw(b"b", b"1", prefix=b"p".ljust(131, b"\0") + b"00000000000 00000000000 ", trailer=b"tar\0")),
        "p/ p/b=1",
        1,
    ),
    "times where a prefix would be, as GNU writes": Case(
        one(raw(b"b", b"1", magic=b"ustar  \0", prefix=b"00000000000\00000000000000\0")), "b=1", 1
    ),
    "GNU's long name": Case((tar(entry(LONG, b"1"), format=GNU),), LONG_SEEN + LONG + "=1", 1),
    "GNU's long link": Case((tar(symlink("l", LONG), format=GNU),), "l->" + LONG, 0),
    "a long name of a hard link in GNU": Case(
        (tar(entry(LONG, b"1"), hard_link(LONG[:-1] + "p", LONG), format=GNU),),
        LONG_SEEN + LONG + "=1 " + LONG[:-1] + "p==" + LONG,
        1,
    ),
    "a path in PAX": Case(one(pax(path=LONG.encode()), raw(b"x", b"1")), LONG_SEEN + LONG + "=1", 1),
    "a linkpath in PAX": Case(one(pax(linkpath=b"there"), raw(b"l", flag=b"2", link=b"not")), "l->there", 0),
    "a name in GNU and in PAX": Case(
        one(pax(path=b"pax"), raw(b"././@LongLink", b"gnu\0", b"L"), raw(b"a", b"1")), "gnu=1", 1
    ),
    "an empty value in PAX": Case(one(pax(path=b"", linkpath=b""), raw(b"a", b"1")), "a=1", 1),
    "a global header with a path": Case(
        one(pax(b"g", path=b"everywhere", comment=b"1"), raw(b"a", b"1"), raw(b"b", b"2")),
        "a=1 b=2",
        2,
        {"umoci": "refused"},
    ),
    "a size in PAX above the header's": Case(
        one(pax(size=b"600"), header(b"a") + padded(b"x" * 600), raw(b"b", b"1")), "a#600 b=1", 601
    ),
    "a size in base 256": Case(
        one(header(b"a", size=b"\x80" + bytes(9) + b"\2\x58") + padded(b"x" * 600)), "a#600", 600
    ),
    "an owner in base 256": Case(one(raw(b"a", b"1", uid=b"\x80" + bytes(4) + b"\x0f\x42\x40")), "a=1", 1),
    "an owner in PAX": Case(one(pax(uid=b"3000000", gid=b"3000001"), raw(b"a", b"1")), "a=1", 1),
    "a time before 1970 in base 256": Case(
        one(raw(b"a", b"1", mtime=b"\xff" * 11 + b"\0")), "a=1", 1, but=overlay("times are not before 1970")
    ),
    "a time with a fraction in PAX": Case(one(pax(mtime=b"1700000000.123456789"), raw(b"a", b"1")), "a=1", 1),
    "numbers with blanks around": Case(one(raw(b"a", b"1", mode=b"  644 \0 ", uid=b"     0 \0")), "a=1", 1),
    "numbers of eight digits": Case(one(raw(b"a", b"1", mode=b"00000644")), "a=1", 1),
    "a header without numbers": Case(one(raw(b"a", b"1", uid=bytes(8), gid=bytes(8), mtime=bytes(12))), "a=1", 1),
    "a header of the seventh Unix": Case(one(raw(b"a", b"1", b"\0", magic=bytes(8))), "a=1", 1),
    "a directory of the seventh Unix": Case(
        one(raw(b"old/", flag=b"\0", magic=bytes(8)), raw(b"old/a", b"1", b"\0", magic=bytes(8))), "old/ old/a=1", 1
    ),
    "a size on a directory of the seventh Unix": Case(
        one(header(b"./", b"\0", 600, magic=bytes(8)), header(b"old/", b"\0", 600, magic=bytes(8)), raw(b"a", b"1")),
        "a=1 old/",
        1,
    ),
    "an owner below nobody": Case(one(raw(b"a", b"1", uid=b"\xff" * 8, gid=b"\xff" * 8)), "a=1", 1),
    "an owner below nobody in PAX": Case(one(pax(uid=b"-2", gid=b"-1"), raw(b"a", b"1")), "a=1", 1),
    "an owner beyond 32 bits": Case(one(pax(uid=b"4294967303", gid=b"4294967296"), raw(b"a", b"1")), "a=1", 1),
    "two extended headers for one member": Case(one(pax(uid=b"7"), pax(gid=b"8"), raw(b"a", b"1")), "a=1", 1),
    "a path in PAX with a slash at its end": Case(one(pax(path=b"d/e/"), raw(b"a", b"1")), "d/ d/e=1", 1),
    "a size on a pipe and on a hard link": Case(
        one(raw(b"a", b"1"), header(b"h", b"1", 600, link=b"a"), header(b"p", b"6", 600), raw(b"b", b"1")),
        "a=1 b=1 h==a p!",
        2,
    ),
    "a mode of more bits than there are": Case(one(raw(b"a", b"1", mode=b"0107755\0")), "a=1", 1),
    "a size behind blanks": Case(one(header(b"a", size=b"          1 ") + padded(b"1")), "a=1", 1),
    "a file with a slash at its end": Case(one(raw(b"a/", b"1")), "a=1", 1),
    "a contiguous file": Case(one(raw(b"a", b"1", b"7")), "a=1", 1, NO_TYPE),
    "a size on a directory and a link": Case(
        one(
            header(b"d/", b"5", 600),
            header(b"l", b"2", 600, link=b"t"),
            raw(b"a", b"1"),
        ),
        "a=1 d/ l->t",
        1,
    ),
    "a checksum of signed bytes": Case((b"",), "", 0),  # filled in below
    "no end marker": Case(one(raw(b"a", b"1"), end=b""), "a=1", 1),
    "one block of an end marker": Case(one(raw(b"a", b"1"), end=bytes(512)), "a=1", 1),
    "a second archive behind the end": Case(one(raw(b"a", b"1"), END, raw(b"b", b"2")), "a=1", 1),
    "noise behind the end": Case(one(raw(b"a", b"1"), END, b"noise" * 1000), "a=1", 1),
}


def _signed(block: bytes) -> bytes:
    """The header with its checksum summed over signed bytes, as some old tars did."""
    rest = block[:148] + b" " * 8 + block[156:512]
    told = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in rest)
    return block[:148] + told + block[156:]


HEADERS["a checksum of signed bytes"] = Case(one(_signed(raw("é".encode(), b"1"))), "é=1", 1)

HOLES = {
    "an old sparse file": Case(one(old_sparse(b"a", [(0, b"x"), (4096, b"y" * 512)], 9000)), "a#9000", 9000, NO_TYPE),
    "an old sparse file of thirty pieces": Case(
        one(old_sparse(b"a", [(n * 1024, b"z" * 512) for n in range(30)], 40_000), raw(b"b", b"1")),
        "a#40000 b=1",
        40_001,
        NO_TYPE,
    ),
    "an old sparse file of nothing but a hole": Case(
        one(old_sparse(b"a", [(5000, b"")], 5000)), "a#5000", 5000, NO_TYPE
    ),
    "a sparse file of PAX 0.0": Case(
        one(
            raw(
                b"PaxHeaders/x",
                b"24 GNU.sparse.size=5000\n26 GNU.sparse.numblocks=2\n23 GNU.sparse.offset=0\n"
                b"25 GNU.sparse.numbytes=3\n26 GNU.sparse.offset=4000\n25 GNU.sparse.numbytes=3\n",
                b"x",
            ),
            raw(b"a", b"onetwo"),
        ),
        "a#5000",
        5000,
    ),
    "a sparse file of PAX 0.1": Case(
        one(
            pax(GNU__sparse__size=b"5000", GNU__sparse__numblocks=b"2", GNU__sparse__map=b"0,3,4000,3"),
            raw(b"a", b"onetwo"),
        ),
        "a#5000",
        5000,
    ),
    "a sparse file of PAX 1.0 with its name apart": Case(
        one(
            pax(
                GNU__sparse__major=b"1",
                GNU__sparse__minor=b"0",
                GNU__sparse__name=b"real",
                GNU__sparse__realsize=b"5000",
            ),
            raw(b"GNUSparseFile.1/real", b"2\n0\n3\n4000\n3\n".ljust(512, b"\0") + b"onetwo"),
            raw(b"b", b"1"),
        ),
        "b=1 real#5000",
        5001,
    ),
    "a sparse file that a later layer removes": Case(
        (*one(old_sparse(b"a", [(0, b"x")], 9000)), tar(entry(".wh.a"))), "", 0, NO_TYPE
    ),
    "a sparse file with a second name": Case(
        one(old_sparse(b"a", [(0, b"x")], 9000), raw(b"b", flag=b"1", link=b"a")), "a#9000 b==a", 9000, NO_TYPE
    ),
}

NAMES = {
    "a name that is not UTF-8": Case(one(raw(b"\xff\xfe", b"1")), "\udcff\udcfe=1", 1),
    "a name that is not UTF-8 in PAX": Case(
        one(pax(hdrcharset=b"BINARY", path=b"\xff\xfe"), raw(b"a", b"1")), "\udcff\udcfe=1", 1
    ),
    "a target that is not UTF-8": Case(one(raw(b"l", flag=b"2", link=b"\xff")), "l->\udcff", 0),
    "two spellings of one letter": Case(
        one(raw("\u00e9".encode(), b"1"), raw("e\u0301".encode(), b"2")), "e\u0301=2 \u00e9=1", 2
    ),
    "names that differ in case": Case(one(raw(b"a", b"1"), raw(b"A", b"2")), "A=2 a=1", 2),
    "a dot and a slash before names": Case(
        one(raw(b"./", flag=b"5"), raw(b"./d/", flag=b"5"), raw(b"./d/a", b"1")), "d/ d/a=1", 1
    ),
    "absolute names": Case(one(raw(b"/d/", flag=b"5"), raw(b"/d/a", b"1")), "d/ d/a=1", 1),
    "doubled slashes and dots in names": Case(one(raw(b"d//./a", b"1"), raw(b"d/b/../c", b"2")), "d/ d/a=1 d/c=2", 2),
    "names that climb out": Case(one(raw(b"../../a", b"1"), raw(b"/../b", b"2")), "a=1 b=2", 2, {}),
    "an absolute target of a hard link": Case(
        one(raw(b"a", b"1"), raw(b"b", flag=b"1", link=b"/a"), raw(b"c", flag=b"1", link=b"./a")), "a=1 b==a c==a", 1
    ),
    "a name of 255 bytes": Case((tar(entry("n" * 255, b"1")),), "n" * 255 + "=1", 1),
    "names with blanks, quotes and line ends": Case(
        one(raw(b"a b", b"1"), raw(b'"q"', b"2"), raw(b"l\nm", b"3"), raw(b"\\", b"4")),
        '"q"=2 \\=4 a b=1 l\nm=3',
        4,
    ),
    "a folder named like a whiteout": Case(one(raw(b".wh.d/x", b"1")), ".wh.d/ .wh.d/x=1", 1),
    "names that sound like whiteouts": Case(
        one(raw(b"wh.a", b"1"), raw(b"a.wh.", b"2"), raw(b"d.wh.d/x", b"3")), "a.wh.=2 d.wh.d/ d.wh.d/x=3 wh.a=1", 3
    ),
}
