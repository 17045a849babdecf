"""Stacks that are hard to merge, beside those of test_merge: kinds, links, whiteouts and layers in every order."""

from __future__ import annotations

import tarfile

from handmade import directory, entry, hard_link, symlink, tar
from hard_cases import LOW, TWICE, Case, one, over, overlay, pax, raw

FIFO, CHARACTER, BLOCK = tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE
CAPABLE = "\1\0\0\2\0\4\0\0" + "\0" * 12  # cap_net_bind_service

KINDS = {
    "devices and pipes": Case(
        one(
            raw(b"null", flag=b"3", major=b"0000001\0", minor=b"0000003\0"),
            raw(b"loop", flag=b"4", major=b"0000007\0", minor=b"0000000\0"),
            raw(b"pipe", flag=b"6"),
        ),
        "loop! null! pipe!",
        0,
    ),
    "a device over a file, and a file over a device": Case(
        (
            tar(entry("a", b"1"), entry("b", type=FIFO)),
            tar(entry("a", type=FIFO), entry("b", b"22")),
        ),
        "a! b=22",
        2,
    ),
    "bits of setuid, setgid and sticky": Case(
        (tar(entry("a", b"1", mode=0o4755), entry("b", b"2", mode=0o2711), directory("d", mode=0o1777)),),
        "a=1 b=2 d/",
        2,
    ),
    "setuid of another owner": Case((tar(entry("a", b"1", mode=0o4755, uid=1000, gid=1000)),), "a=1", 1),
    "a file that nobody may read": Case((tar(directory("d", mode=0), entry("d/a", b"1", mode=0)),), "d/ d/a=1", 1),
    "capabilities": Case(
        one(
            pax(SCHILY__xattr__security__capability=b"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            raw(b"a", b"1"),
        ),
        "a=1",
        1,
    ),
    "attributes of a user": Case(
        one(
            pax(SCHILY__xattr__user__a=b"1\n=2"),
            raw(b"a", b"1"),
            pax(SCHILY__xattr__user__d=b"v"),
            raw(b"d/", flag=b"5"),
        ),
        "a=1 d/",
        1,
    ),
    "attributes as libarchive writes them": Case(
        one(pax(LIBARCHIVE__xattr__user__a=b"MQ=="), raw(b"a", b"1")),
        "a=1",
        1,
        but=dict.fromkeys(("umoci", "containers-storage"), "only SCHILY.xattr is taken"),
    ),
    "links to themselves, to nothing, and out": Case(
        (tar(symlink("a", "a"), symlink("b", "nothing"), symlink("c", "../../../etc/passwd"), symlink("d", "/")),),
        "a->a b->nothing c->../../../etc/passwd d->/",
        0,
    ),
    "the root itself": Case((tar(directory("./", mode=0o700), entry("a", b"1")),), "a=1", 1),
}

LINKS = {
    "a hard link whose target a later layer removes": Case(
        over(entry(".wh.f")), LOW.replace("f=file h==f", "h=file"), 11
    ),
    "a hard link whose target a later layer replaces": Case(
        over(entry("f", b"new")), LOW.replace("f=file h==f", "f=new h=file"), 14
    ),
    "a hard link whose target is replaced in its layer": Case(
        (tar(entry("a", b"1"), hard_link("b", "a"), entry("a", b"22"), hard_link("c", "a")),), "a=22 b=1 c==a", 3, TWICE
    ),
    "three names, taken by three layers": Case(
        (
            tar(entry("a", b"123"), hard_link("b", "a"), hard_link("c", "b")),
            tar(entry(".wh.a")),
            tar(entry("b", b"4")),
            tar(directory("c")),
        ),
        "b=4 c/",
        1,
    ),
    "a chain of hard links": Case(
        (tar(entry("a", b"1"), hard_link("b", "a"), hard_link("c", "b"), hard_link("d", "c")),), "a=1 b==a c==a d==a", 1
    ),
    "a hard link brought again": Case(
        (tar(entry("a", b"1"), hard_link("b", "a"), hard_link("b", "a")),), "a=1 b==a", 1, TWICE
    ),
    "a hard link with another owner and mode": Case(
        one(raw(b"a", b"1"), raw(b"b", flag=b"1", link=b"a", uid=b"0000007\0", mode=b"0000600\0")),
        "a=1 b==a",
        1,
        but={"umoci": "what the link's header says is given to nobody"},
    ),
    "hard links that each tell something else": Case(
        (
            tar(
                entry("a", b"1", uid=1, pax_headers={"SCHILY.xattr.user.a": "1", "SCHILY.xattr.user.b": "1"}),
                entry("b", type=tarfile.LNKTYPE, linkname="a", uid=2, mode=0o4711, mtime=2000),
                entry("c", type=tarfile.LNKTYPE, linkname="b", uid=3, pax_headers={"SCHILY.xattr.user.b": "2"}),
            ),
            tar(entry(".wh.c")),
        ),
        "a=1 b==a",
        1,
        but={"umoci": "what the links' headers say is given to nobody"},
    ),
    "a hard link to a symbolic link, with another owner and mode": Case(
        (tar(entry("a"), symlink("s", "a"), entry("t", type=tarfile.LNKTYPE, linkname="s", uid=7, mode=0o600)),),
        "a= s->a t==s",
        0,
        but={"umoci": "what the link's header says is given to nobody"},
    ),
    "a hard link that tells another owner of a capable program": Case(
        (
            tar(
                entry("a", b"1", mode=0o755, pax_headers={"SCHILY.xattr.security.capability": CAPABLE}),
                entry("b", type=tarfile.LNKTYPE, linkname="a", mode=0o755, uid=7),
            ),
        ),
        "a=1 b==a",
        1,
        but={"umoci": "what the link's header says is given to nobody"},
    ),
    "a hard link to a pipe": Case((tar(entry("p", type=FIFO), hard_link("q", "p")),), "p! q==p", 0),
    "a hard link over an empty directory": Case(
        (tar(entry("a", b"1"), directory("d"), hard_link("d", "a")),), "a=1 d==a", 1, TWICE
    ),
    "a copy of a file and its link, made by a later layer": Case(
        over(entry("f", b"file", uid=7), entry("h", type=tarfile.LNKTYPE, linkname="f", uid=7)), LOW, 11
    ),
}

REMOVALS = {
    "a whiteout, then a directory of that name": Case(
        over(entry(".wh.d"), directory("d"), entry("d/z", b"1")),
        LOW.replace("d/e/ d/e/y=deep d/x=low", "d/z=1"),
        5,
        overlay(LOW.replace("d/x=low", "d/x=low d/z=1")),  # the directory takes the whiteout's place
    ),
    "whiteouts of a directory and of what is in it": Case(
        over(entry("d/.wh.x"), entry(".wh.d")),
        LOW.replace("d/ d/e/ d/e/y=deep d/x=low", "d/"),
        4,
        {"umoci": LOW.removeprefix("d/ d/e/ d/e/y=deep d/x=low "), **overlay("refused")},
    ),
    "opaque, and a whiteout beside it": Case(
        over(entry("d/.wh.x"), entry("d/.wh..wh..opq"), entry("d/n", b"1")),
        LOW.replace("d/e/ d/e/y=deep d/x=low", "d/n=1"),
        5,
    ),
    "whiteouts that are folders, links and files with content": Case(
        (*over(), *one(raw(b".wh.f", flag=b"2", link=b"x"), raw(b".wh.s", flag=b"5"), raw(b"d/.wh..wh..opq", b"data"))),
        "d/ h=file real/",
        4,
    ),
    "opaque within opaque": Case(
        over(entry("d/e/n", b"1"), entry("d/e/.wh..wh..opq"), entry("d/.wh..wh..opq")),
        LOW.replace("d/e/ d/e/y=deep d/x=low", "d/e/ d/e/n=1"),
        5,
    ),
    "opaque of what is a file below": Case(
        over(directory("f"), entry("f/.wh..wh..opq")), LOW.replace("f=file h==f", "f/ h=file"), 11
    ),
    "opaque twice, in two layers": Case(
        (*over(entry("d/.wh..wh..opq"), entry("d/1", b"1")), tar(entry("d/.wh..wh..opq"), entry("d/2", b"22"))),
        LOW.replace("d/e/ d/e/y=deep d/x=low", "d/2=22"),
        6,
    ),
    "a whiteout in a directory that the layer makes anew": Case(
        over(directory("n"), entry("n/.wh.x"), entry("n/y", b"1")), LOW.replace("real/", "n/ n/y=1 real/"), 12
    ),
    "a whiteout below a link of a lower layer": Case(
        (tar(directory("real"), entry("real/x", b"1"), symlink("s", "real")), tar(entry("s/.wh.x"))),
        "real/ real/x=1 s/",
        1,
        {"umoci": "real/ s->real"},
    ),
    "a whiteout of a link to a directory": Case(over(entry(".wh.s")), LOW.replace(" s->real", ""), 11),
    "what AUFS left behind": Case(
        (
            tar(
                entry(".wh..wh.aufs"),
                directory(".wh..wh.orph"),
                directory(".wh..wh.plnk"),
                entry(".wh..wh.plnk/57.2949", b"linked"),
                entry("a", b"1"),
            ),
        ),
        "a=1",
        1,
        dict.fromkeys(("umoci", "docker", "containers-storage"), ".wh..wh.plnk/ .wh..wh.plnk/57.2949=linked a=1"),
    ),
    "a whiteout of what only begins alike": Case(
        (tar(entry("ab", b"1"), entry("a", b"2"), directory("a-b")), tar(entry(".wh.a"))), "a-b/ ab=1", 1
    ),
}

TURNS = {
    "a file, a directory, a file again": Case(
        (tar(entry("a", b"1")), tar(directory("a"), entry("a/x", b"22")), tar(entry("a", b"333"))), "a=333", 3
    ),
    "a directory, a file, a directory again": Case(
        (tar(directory("a"), entry("a/x", b"1")), tar(entry("a", b"22")), tar(directory("a"), entry("a/y", b"333"))),
        "a/ a/y=333",
        3,
    ),
    "a directory, a link, a directory again": Case(
        (tar(directory("a"), entry("a/x", b"1"), directory("b")), tar(symlink("a", "b")), tar(directory("a"))),
        "a/ b/",
        0,
    ),
    "a file twice in one layer, the second of another kind": Case(
        (tar(entry("a", b"1"), symlink("a", "x"), entry("b", b"2"), directory("b")),), "a->x b/", 0, TWICE
    ),
    "a directory twice in one layer, with files between": Case(
        (tar(directory("d", mode=0o700), entry("d/a", b"1"), directory("d", mode=0o755)),), "d/ d/a=1", 1, TWICE
    ),
    "a file over a directory of its own layer": Case(
        (tar(directory("d"), entry("d/a", b"1"), entry("d", b"22")),), "d=22", 2, TWICE
    ),
    "parents that are links of their own layer": Case(
        (
            tar(
                directory("u"),
                directory("u/b"),
                symlink("b", "u/b"),
                entry("b/x", b"1"),
                symlink("c", "/b"),
                entry("c/y", b"2"),
            ),
        ),
        "b->u/b c->/b u/ u/b/ u/b/x=1 u/b/y=2",
        2,
    ),
    "a parent that is a link up and over": Case(
        (tar(directory("p"), directory("q"), symlink("p/l", "../q"), entry("p/l/x", b"1")),), "p/ p/l->../q q/ q/x=1", 1
    ),
    "the same layer twice, with a removal between": Case(
        (tar(entry("a", b"123")), tar(entry(".wh.a")), tar(entry("a", b"123"))), "a=123", 3
    ),
    "only the mode changed": Case(over(entry("d/x", b"low", mode=0o600)), LOW, 11),
    "layers of nothing between others": Case(
        (tar(), *over(entry("n", b"1")), tar()), LOW.replace("real/", "n=1 real/"), 12
    ),
    "no layers at all": Case((), "", 0, {"containers-storage": "not asked: an image of no layers cannot be mounted"}),
    "a hundred layers": Case(tuple(tar(entry("a", b"%03d" % n)) for n in range(100)), "a=099", 3),
}

STACKS = {**KINDS, **LINKS, **REMOVALS, **TURNS}
