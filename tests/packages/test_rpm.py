"""Packages of RPM: two real headers (made by rpmbuild 4.18), in each kind of database.

The SQLite file has rpm's own table; files of ndb and of Berkeley DB are written here from the sources of their
formats (rpm `lib/backend/ndb/rpmpkg.cc`; Berkeley DB `src/dbinc/db_page.h`).
"""

from __future__ import annotations

import base64
import sqlite3
import struct
import zlib
from contextlib import closing, suppress

import pytest
from handmade_tree import image
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jettison.packages.rpm import Package, installed, parse_database

OTHER = (
    "c-"
    "oDXPiP%Q9LMLqx7D<^8cD5IJOuQRg70N_XLe@>3KA>YfYyKt3RRrH$>K|1*nJ5}sbIaR=t1$|K@T2!^5oTnAP8RdsNg|F!HUs(5f9ZkoB6&pY6S;"
    "=`+J}H{h68H{^l(q<TN44G$G`HAU6}ztAcLX2ALvpbi(`(LEjXl3%&xL0{;j;3jQhR!$EEZ?|@H&e-"
    "1hcG7J6%@%Mp$g?$eE8|?Rke@DI){0Ho(!GD4ujGQFM_h{5fYwHC$4?YaG;3M!Kf^WfDFM^Lo?hx>?s5@9ExefN?;A!w2_;}o32m4L#K>QNycf$X"
    "9*zbaUCGImh3Hum)H~3TV9P)pK_(u@`4f3A_Uj;A5`0nI9Pe<KN5dRG9c;5-"
    "?)}4m`v#`&Cp96ESj{E6uBHn^u1UvA{U=Mx;JOsZ69%KFYk$(gHA$Sw(e-"
    "i64^ET{X#`u}fknd~ockurf{C)KAp&w_iM0*eY*y+H25qt>u=cRamI>%!E-kY%B4*m%JiMsc$;XH?+C-"
    "px8J*odPcvAnB1AW*zLq_8jSCedz5=t7i-"
    "OR>`_#`iMKDc*twM{+q`eTbvlBd?1b!RGHIZKAs+Qt@H8>!l?;J)|B{+N07(&dGng`G>6Co^rXgCd1frDHzNN}qepbSb^}Qd7m4V7Z~96s1w6C_M"
    "E=VGR?eu+-"
    "};OSyI|q~t~w+6pc`mDEaW(?Vy=Q=zPtCiSM&C6~GI+~+ngGo3re70sO!c_tktHyZV5H2y!2y%P09<@$8c)Mikxuaez=43x1g{E>+SzhR~4&Wu*q"
    "Yu7Z+K3ommIkoDVQv|kl=AmlYHRJ1ZOKN*KQhUzLS+(hwYUiu1Q-"
    "luE0qbXk4a%^UR>x;11}Xl7|0P|#s{}`$+B?Pd672gNYzC{wid=B@s3G$kO+BxxwfXp~Sy8q7+wZ-"
    "I8_cvh=1KqYe73(#%z8B<%NMG3BGE>D>vW~o`mweCd+eWM;fXVgi?d_5H72&Iof(hn?a7%o#=b9zEsVB2V_9k~O^wM@Rd^wIP7U*1WNGL^<$ake="
    "~SUgQ`(ef!BaRLn$E>sRJbyPS*uts9b<(mgfleDoL42a#wcfX&P2hqFCFJHrB;<HS5#=KZB8a1%H7>-U*JO-"
    "sD782>YdNuyZYArIr+x<k8`RNw@#&!8I|*lmqk%<CuKpoPnB}oh5U+ZQYe;sp^f%5&3NH8cZHRV<)R4Jsa-"
    "kT0?Cb&hAYXe^O<Ae9ylhAw8G*(#!{WQr+wEg{{;egLhk"
)
HELLO = (
    "c-"
    "oDX?Q0xG9LMMGwwl%yE2*_g!Juyv@GiSMPrHJYkfM#C7Odbi%+5oyc*&i+myi?@3KfcdA>teHbwTkj=*#*>1oeMVsL)j7!y7615NB_`*G8@295b_"
    "@`Of_A_nZ06E+OOzLZah@kdwaNO-ScW-yiYS_&P;GY5DQ%zQ4=YHh2d-1-"
    "=2E27mAS2(}vj!S@G!Jqq3hKMej6^XI@n!QNxwU!cd}U!gPbP1wu8e?UJ4{uBIk;3$H<v!Ra~t%JB5J_zoE4`KcYd=Fy30G<xqngSmVeQO$gFZ2`"
    "OBj6Z(H2BwoztR0z|047UFn<;Lap=R~XY?TSx4;j9zXZ?0{<m2F6xLsd{nOx^;N`HsJ&6Z?v~j-"
    "COVDw?(W}tmSM(b6Iq>V?li(uw(|#N44fq|f1-}b+;P=3N@cUq#OZyYp-vD0$Z{q*I2>UVf0rYRe`kBvR?;7|T=HCE+7v^`6k25<#?;syrE$A1(2"
    "XLP*hC9$Y9PD>Kgnl3RGvw#b@H0X@2hdOU|Jc4fYsOdh<x#_{`|_x@L{@FTKOjjjCN$jPcCEJS*)SYhU*2ea`pD*5^E7kmndP(Oh4p%9b?HiLNWW"
    "a)*dpr#Rq0i{2Rh_dnYnoW^5X8|?)l4;k;c~knrBuC%UqfWm%4%#B6rT^1yzh?EY&m<nb1mP+)>B5(Ja&4P*)^LEDPJ*YpE44OeS+jb82#9VqPT7"
    "(M%bW>)2^g2$`pulP)!>NQ%@lsc33#mL|ES<W8j;3`YN_8E;b8?_ihq>Pq*j;TqZdN11G-"
    "KY&A%>gV;#Vs2@$Hmq!2Tk~Yux6i6ITh9|{&B&>8#nz+SV`tQMf1t*b>(gq}o~f)Wx8@1$#XZ(d2<r*&O4Eln$$Bx~&Ht)xoK=L7r_#sAagf{Z^D"
    "t+BIv6!l<eaSrHCfoGtA(OmUkFe2s;cbYp2sWhFw)pqAl>KE+3pI_!*W1Y&Xq%wBaOPo7NuJ6hSd7+ax0F-=a-"
    "h3XGeBxL`+#(JsMQolbAL}uA33&6DRe*JfTjfh0;8eP8-"
    "3}%v$55p*)Tm)2Y!`<Xps=D|}`cs!WndZG$aMrPa(NPVrR6LTFxCZ#Xu&l9|snnZ=Y_DWw)Mr%KR78>T4Zg;X(><Bc7EK=<~3zlx8Zr%NCA23Hoo"
    "{^-PSuWWy{Gyn3{!Z8~AVwKX$`^kh(X+jlO!e!2-"
    "R&kLVZix05C)Or)vfxf9Dpfv6p=0hGr#|zAHZsp8Pq=r(rYdKNO1P0eOdm%Uhx_<w*s5dAH>cC^UsR+--T"
)
PACKAGES = [
    Package(
        "other",
        "1.0-3",
        "noarch",
        tuple(b"usr/bin/other usr/share/other usr/share/other/data usr/share/other/data/zeros".split()),
    ),
    Package(
        "hello",
        "2:1.0-3",
        "noarch",
        tuple(b"usr/bin/hello usr/share/hello usr/share/hello/data usr/share/hello/data/zeros".split()),
    ),
]


def headers() -> list[bytes]:
    return [zlib.decompress(base64.b85decode(text)) for text in (OTHER, HELLO)]


def sqlite(blobs: list[bytes], *, logged: bool = True) -> bytes:
    """As rpm leaves it: marked for a write-ahead log."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
        database.commit()
        data = database.serialize()
    return data[:18] + b"\2\2" + data[20:] if logged else data


def ndb(blobs: list[bytes]) -> bytes:
    """One page of slots, then the blobs in blocks of 16 bytes."""
    slots, body, at = b"", b"", 4096 // 16
    for number, blob in enumerate(blobs, 1):
        padded = blob + bytes(-(len(blob) + 12) % 16)
        whole = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + padded
        whole += struct.pack("<III", 0, len(blob), int.from_bytes(b"BlbE", "little"))
        slots += struct.pack("<4sIII", b"Slot", number, at, len(whole) // 16)
        body += whole
        at += len(whole) // 16
    head = struct.pack("<4sIIII", b"RpmP", 0, 1, 1, len(blobs) + 1) + bytes(12)
    return (head + slots).ljust(4096, b"\0") + body


def berkeley(blobs: list[bytes], size: int = 1024) -> bytes:
    """A page of the hash whose values lie on pages of their own."""
    pages, items, overflow = [], [], []
    first = 2
    for number, blob in enumerate(blobs, 1):
        parts = [blob[at : at + size - 26] for at in range(0, len(blob), size - 26)]
        items += [b"\1" + struct.pack("<I", number), b"\3\0\0\0" + struct.pack("<II", first, len(blob))]
        for part in parts:
            following = first + 1 if part is not parts[-1] else 0
            overflow.append(_page(first, following, 1, len(part), 7, part, size))
            first += 1
    at, offsets, tail = size, b"", b""
    for item in items:
        at -= len(item)
        offsets += struct.pack("<H", at)
        tail = item + tail
    middle = offsets.ljust(size - 26 - len(tail), b"\0") + tail
    meta = bytes(12) + struct.pack("<III", 0x061561, 9, size) + b"\0\x08"
    pages = [meta.ljust(size, b"\0"), _page(1, 0, len(items), at, 13, middle, size), *overflow]
    return b"".join(pages)


def _page(number: int, following: int, entries: int, offset: int, kind: int, body: bytes, size: int) -> bytes:
    head = struct.pack("<QIIIHHBB", 0, number, 0, following, entries, offset, 0, kind)
    return (head + body).ljust(size, b"\0")


DATABASES = {
    "var/lib/rpm/rpmdb.sqlite": sqlite,
    "usr/lib/sysimage/rpm/rpmdb.sqlite": sqlite,
    "usr/lib/sysimage/rpm/Packages.db": ndb,
    "var/lib/rpm/Packages": berkeley,
}


@pytest.mark.parametrize("path", DATABASES)
def test_each_kind_of_database_is_read(path: str) -> None:
    assert PACKAGES == list(installed(image({path: DATABASES[path](headers())}).tree))


def test_a_database_without_a_log_is_read_as_well() -> None:
    assert PACKAGES == list(parse_database(sqlite(headers(), logged=False)))


def test_an_image_without_one_has_no_packages() -> None:
    assert () == installed(image({"etc/os-release": b"ID=debian"}).tree)


@pytest.mark.parametrize("make", [sqlite, ndb, berkeley])
def test_a_broken_header_is_passed_over(make: object) -> None:
    broken = [headers()[0][:200], b"", b"\xff" * 64, headers()[1]]
    assert PACKAGES[1:] == list(parse_database(make(broken)))  # type: ignore[operator]


@pytest.mark.parametrize("make", [sqlite, ndb, berkeley])
def test_a_cut_database_ends_without_an_error(make: object) -> None:
    data = make(headers())  # type: ignore[operator]
    for length in range(0, len(data), 97):
        found = list(parse_database(data[:length]))
        assert len(found) <= 2
    assert [] == list(parse_database(b"something else"))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT 1 UNION ALL SELECT blob FROM n) SELECT blob FROM n",
        "CREATE VIEW Packages AS SELECT zeroblob(900000000) AS blob",
        "CREATE TABLE Packages (hnum INTEGER, blob AS (zeroblob(900000000)))",
        "CREATE TABLE Packages (hnum INTEGER)",
    ],
)
def test_a_database_that_is_a_program_ends(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    monkeypatch.setattr("jettison.packages.rpm._WORK", 100)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(statement)
        with suppress(sqlite3.Error):
            database.execute("INSERT INTO Packages (hnum) VALUES (1)")
        database.commit()
        data = database.serialize()
    assert [] == list(parse_database(data))


@given(
    st.sampled_from([sqlite, ndb, berkeley]),
    st.lists(st.tuples(st.integers(0, 9000), st.binary(max_size=8)), max_size=6),
)
@example(sqlite, [(3997, b"\x80")])  # a column's name that is no UTF-8, in the library's message
@settings(max_examples=150, deadline=None)
def test_a_damaged_database_is_read_as_far_as_it_goes(make: object, damage: list[tuple[int, bytes]]) -> None:
    data = bytearray(make(headers()))  # type: ignore[operator]
    for at, piece in damage:
        data[at : at + len(piece)] = piece[: max(0, len(data) - at)]
    for each in parse_database(bytes(data)):
        assert each.name


def test_keys_are_no_packages() -> None:
    blob = headers()[0].replace(b"other\x00", b"gpg-pubkey\x00", 1)
    assert () == installed(image({"var/lib/rpm/rpmdb.sqlite": sqlite([blob])}).tree)
