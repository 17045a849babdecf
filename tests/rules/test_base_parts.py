"""What of a slim base goes along to one that is nothing but data: the interpreter, its libraries, their records."""

from __future__ import annotations

from typing import Any

import pytest
from handmade_bases import ENTRY_SCRIPT, Stage
from handmade_python import shared_object
from handmade_tree import Piece, executable, symlink

from jettison.closure import elf
from jettison.core.values import Applicability

DATA = "gcr.io/distroless/static-debian12"
LIB = "usr/lib/x86_64-linux-gnu"
STATUS = "var/lib/dpkg/status"


def package(name: str) -> str:
    return f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"


def listing(name: str, *paths: str) -> dict[str, str]:
    return {f"var/lib/dpkg/info/{name}.list": "".join(f"/{path}\n" for path in paths)}


def program(*needed: str, padding: int = 0) -> Piece:
    return executable(shared_object(*needed).data + b"\0" * padding)


DEBIAN: dict[str, Any] = {
    "usr/bin/dash": executable("ELF"),
    "bin": symlink("usr/bin"),
    "lib": symlink("usr/lib"),
    "usr/bin/sh": symlink("dash"),
    "usr/bin/env": executable("ELF"),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n",
    "etc/group": "root:x:0:\nnode:x:1000:\n",
    "usr/share/base": "b" * 3_000_000,
    f"{LIB}/libc.so.6": program(padding=20_000),
    f"{LIB}/libgcc_s.so.1": program("libc.so.6"),
    f"{LIB}/libnss_dns.so.2": program("libc.so.6"),
    f"{LIB}/libstdc++.so.6": symlink("libstdc++.so.6.0.30"),
    f"{LIB}/libstdc++.so.6.0.30": program("libc.so.6", padding=10_000),
    f"{LIB}/libz.so.1": program("libc.so.6"),
    f"{LIB}/libnobody.so.1": program("libc.so.6", padding=50_000),
    STATUS: "\n".join(map(package, ("dash", "libc6", "libgcc-s1", "libstdc++6", "zlib1g"))),
    **listing("libc6", f"{LIB}/libc.so.6", f"{LIB}/libnss_dns.so.2"),
    **listing("libgcc-s1", f"{LIB}/libgcc_s.so.1"),
    **listing("libstdc++6", "lib/x86_64-linux-gnu/libstdc++.so.6", "lib/x86_64-linux-gnu/libstdc++.so.6.0.30"),
    **listing("zlib1g", f"{LIB}/libz.so.1"),
}
NODE: dict[str, Any] = {
    **DEBIAN,
    "usr/local/bin/node": program("libstdc++.so.6", "libc.so.6", padding=200_000),
    "usr/local/bin/npm": executable("#!/usr/bin/env node\n"),
    "usr/local/bin/docker-entrypoint.sh": executable("#!/bin/sh\n" + ENTRY_SCRIPT),
}
STATIC: dict[str, Any] = {
    "etc/passwd": "root:x:0:0::/root:/sbin/nologin\n",
    "etc/group": "root:x:0:\n",
    "etc/ssl/certs/ca-certificates.crt": "PEM",
    "usr/share/zoneinfo/Europe/Oslo": "TZif",
    "tmp/keep": "",
}
PATH = "PATH=/usr/local/bin:/usr/bin:/bin"
BASES = {
    "node:20-slim": (NODE, {"Env": [PATH, "NODE_VERSION=20"], "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["node"]}),
    DATA: (STATIC, {"Env": [PATH, "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]}),
}
APP = {"app/server.js": "require('http')\n", "app/package.json": "{}"}
HEAD = "FROM node:20 AS build\n\n"
NEEDED = [f"{LIB}/{name}" for name in ("libc.so.6", "libgcc_s.so.1", "libnss_dns.so.2", "libstdc++.so.6")]


def stage(files: dict[str, Any] | None = None, *, base: dict[str, Any] | None = None, text: str = "") -> Stage:
    told = text or f'{HEAD}FROM node:20-slim\nWORKDIR /app\nCOPY --from=build /app /app\nCMD ["node", "server.js"]\n'
    bases = {**BASES, "node:20-slim": (base or NODE, BASES["node:20-slim"][1])}
    config = {"WorkingDir": "/app", "Cmd": ["node", "server.js"]}
    return Stage(told, ({**APP, **(files or {})},), config, bases=bases)


def parts(one: Stage):
    """What goes along, of the finding's own judgement."""
    from jettison.synthesis.base_parts import parts_of
    from jettison.synthesis.base_swap import own_paths

    image = one.base(DATA)
    assert image is not None
    return parts_of(one.subject, "node", own_paths(one.subject), image)


GATHERING = r"""FROM node:20-slim AS runtime
# node and 4 libraries, with the records of their packages for scanners
RUN mkdir -p /runtime/var/lib/dpkg/status.d \
    && ldd /usr/local/bin/node | sed -nE 's,^\s+(\S+\s=>\s)?(/\S+)\s.*,\2,p' | xargs realpath -s | sort -u > \
       /libraries \
    && ls /usr/lib/*-linux-gnu*/libgcc_s.so.1 /usr/lib/*-linux-gnu*/libnss_dns.so.2 >> /libraries \
    && xargs -a /libraries cp -aL --parents -t /runtime \
    && sed 's,.*/,*/,' /libraries | xargs dpkg-query -S 2>/dev/null | cut -d: -f1 | sort -u | while read -r \
       package; do dpkg-query -s $package > /runtime/var/lib/dpkg/status.d/$package; done

"""


BROUGHT = "COPY --from=runtime /usr/local/bin/node /usr/local/bin/node\nCOPY --from=runtime /runtime /\n"


def test_a_stage_gathers_what_node_needs_and_the_other_stands_on_data():
    brought = f"FROM {DATA}\n{BROUGHT}WORKDIR /app\nCOPY --from=build /app /app\n"
    assert HEAD + GATHERING + brought + 'CMD ["node", "server.js"]\n' == stage().upon(DATA)


def test_a_comment_stays_with_the_stage_that_it_speaks_of():
    text = (
        f'{HEAD}# what ships\nFROM node:20-slim\nWORKDIR /app\nCOPY --from=build /app /app\nCMD ["node", "server.js"]\n'
    )
    made = stage(text=text).upon(DATA)
    assert made.startswith(f"{HEAD}FROM node:20-slim AS runtime\n")
    assert f"done\n\n# what ships\nFROM {DATA}\n{BROUGHT}" in made


def test_the_step_is_tested_and_says_what_goes_along():
    fix = stage().finding(DATA).fix
    assert fix is not None
    assert Applicability.TESTED == fix.applicability
    assert fix.title.startswith(f"stand on {DATA} with node and 4 libraries of node:20-slim (")
    assert "no shell, no package manager" in fix.title


def test_what_it_saves_is_all_of_the_base_but_what_goes_along():
    def size(piece: Any) -> int:
        return len(piece.data) if isinstance(piece, Piece) else len(piece)

    along = ["usr/local/bin/node", *NEEDED[:3], f"{LIB}/libstdc++.so.6.0.30"]
    records = sum(len(package(name)) for name in ("libc6", "libgcc-s1", "libstdc++6"))
    expected = sum(map(size, NODE.values())) - sum(map(size, STATIC.values()))
    assert expected - sum(size(NODE[path]) for path in along) - records == stage().finding(DATA).predicted


def test_libraries_go_by_the_name_that_the_linker_looks_for_and_nobody_elses_do():
    found = parts(stage())
    assert NEEDED == [path.decode() for path in found.libraries]
    assert ("libc6", "libgcc-s1", "libstdc++6") == found.packages


def test_the_library_of_an_addon_that_ships_goes_along_and_is_named():
    one = stage({"app/build/fast.node": shared_object("libz.so.1", "libc.so.6")})
    found = parts(one)
    assert f"{LIB}/libz.so.1".encode() in found.more
    assert "zlib1g" in found.packages
    assert "/usr/lib/*-linux-gnu*/libz.so.1" in one.upon(DATA)


def test_an_addon_that_needs_what_nobody_brings_forbids_it_no_more_than_before():
    assert parts(stage({"app/build/fast.node": shared_object("libgone.so.1")})).libraries == parts(stage()).libraries


def test_what_is_gathered_is_what_the_new_base_then_has():
    one = stage()
    base = one.base(DATA)
    assert base is not None
    upon = parts(one).upon(base)
    assert upon.tree.get(b"usr/local/bin/node").size == len(NODE["usr/local/bin/node"].data)
    assert elf.linker(upon.tree, {}).finds(b"libstdc++.so.6", ())
    assert package("libc6").encode() == upon.tree.read(b"var/lib/dpkg/status.d/libc6")


def test_a_base_without_a_package_database_is_not_taken_apart():
    base = {path: piece for path, piece in NODE.items() if path != STATUS}
    assert "its base has no dpkg database" in stage(base=base).refused(DATA)


def test_a_program_that_the_sources_start_forbids_it():
    one = stage({"app/server.js": 'require("child_process").spawn("env")\n'})
    assert one.finding(DATA).fix is None


def test_a_stage_that_is_called_runtime_already_keeps_its_name():
    text = (
        'FROM node:20 AS runtime\n\nFROM node:20-slim\nWORKDIR /app\nCOPY --from=runtime /app /app\nCMD ["node", "x"]\n'
    )
    made = stage(text=text).upon(DATA)
    assert "FROM node:20-slim AS runtime-2\n" in made
    assert f"FROM {DATA}\n{BROUGHT.replace('=runtime', '=runtime-2')}" in made


def test_a_stage_that_others_count_keeps_its_number():
    text = f'{HEAD}FROM node:20-slim\nWORKDIR /app\nCOPY --from=build /app /app\nCMD ["node", "server.js"]\n'
    one = stage(text=text.replace("--from=build", "--from=1"))
    assert "line 5 counts the stages, of which there would be one more" in one.refused(DATA)


def test_an_addon_that_converts_character_sets_keeps_the_tables_of_the_c_library():
    addon = executable(shared_object("libc.so.6").data + b"iconv_open\0")
    assert "gconv: /app/build/fast.node converts character sets" in stage({"app/build/fast.node": addon}).refused(DATA)


def test_a_full_image_is_not_taken_apart():
    text = f'{HEAD}FROM node:20\nWORKDIR /app\nCOPY --from=build /app /app\nCMD ["node", "server.js"]\n'
    bases = {**BASES, "node:20": BASES["node:20-slim"]}
    found = Stage(text, (APP,), {"WorkingDir": "/app", "Cmd": ["node", "server.js"]}, bases=bases)
    assert [] == [each for each in found.findings if DATA in each.message]


@pytest.mark.parametrize("policy", ["keep", "smallest-with-shell"])
def test_a_policy_that_wants_a_shell_or_the_same_base_keeps_it(policy):
    one = stage()
    one.policy = policy
    assert [] == [each for each in one.findings if DATA in each.message]
