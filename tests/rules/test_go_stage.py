"""single-stage-build of Go programs, on handmade images: what ships, upon what, and when it holds back."""

from __future__ import annotations

from pathlib import Path

import pytest
from go_program import go_program
from handmade_tree import Piece, directory, image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.single_stage_build import single_stage_build
from jettison.subject import Subject

BUNDLE, ZONES = "etc/ssl/certs/ca-certificates.crt", "usr/local/go/lib/time/zoneinfo.zip"
BASE = {
    "bin/sh": Piece(b"ELF", 0o755),
    "usr/bin/curl": Piece(b"ELF", 0o755),
    "usr/local/go/bin/go": Piece(b"g" * 5_000_000, 0o755),
    BUNDLE: "certificates",
    ZONES: "zones",
    "usr/share/zoneinfo/UTC": "utc",
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/mime.types": "text/css css\nimage/x-icon ico\n",
    "tmp": directory(0o1777),
    "var/tmp": directory(0o1777),
    "go/bin": directory(0o777),
}
LIBRARIES = {
    "lib64/ld-linux-x86-64.so.2": "ld",
    "usr/lib/x86_64-linux-gnu/libc.so.6": "c",
    "usr/lib/x86_64-linux-gnu/libresolv.so.2": "r",
}
DISTROLESS = {
    "tmp": directory(0o1777),
    "var/tmp": directory(0o1777),
    BUNDLE: "others",
    "etc/passwd": "root:x:0:0::/:\n",
}
BASES = {
    "gcr.io/distroless/static-debian12": DISTROLESS,
    "gcr.io/distroless/base-debian12": {**DISTROLESS, **LIBRARIES},
    "gcr.io/distroless/cc-debian12": {**DISTROLESS, **LIBRARIES, "usr/lib/x86_64-linux-gnu/libstdc++.so.6": "s"},
    "debian:bookworm-slim": {"bin/sh": Piece(b"sh", 0o755), "tmp": directory(0o1777)},
}
SOURCES = {
    "app/go.mod": "module example.org/app\n",
    "app/main.go": "package main\n",
    "app/main_test.go": "package main\n",
    "app/Dockerfile": "FROM golang:1.22\n",
    "app/internal/x/x.go": "package x\n",
    "app/static/a.css": "a",
    "app/config.yaml": "b: 1",
}
CACHE = {"root/.cache/go-build/00/a-d": "c" * 1_000_000}
TEXT = """\
FROM golang:1.22

WORKDIR /app
COPY . .
RUN go build -o server .
EXPOSE 8080
CMD ["./server"]
"""
LIBC = ("libc.so.6", "libresolv.so.2")
CGO = {"CGO_ENABLED": "1"}


def findings(
    text=TEXT, program=None, *, sources=SOURCES, built=None, config=None, base=BASE, policy="same-libc", setup=None
):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    layers = [sources, {"app/server": program or go_program(), **CACHE} if built is None else built]
    if len(makers) > 2:
        layers.insert(0, setup or {})
    cmd = next((each.exec_form for each in stage.instructions if each.keyword == "CMD"), None)
    told = {"WorkingDir": "/app", "Cmd": list(cmd or ()), "Env": ["PATH=/go/bin:/usr/bin:/bin"], **(config or {})}
    whole = image(base, *layers, config=told)
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    asked = {name: image(files) for name, files in BASES.items()}
    subject = Subject(dockerfile, Path("/nonexistent"), whole, alignment, stage, base=asked.get, policy=policy)
    return whole, list(single_stage_build(subject))


def text_of(*given, **told):
    text = given[0] if given else TEXT
    _, (found,) = findings(*given, **told)
    assert found.fix is not None, found.refusal
    return apply(text, found.fix.edits)


def refusal(*given, **told):
    _, (found,) = findings(*given, **told)
    assert found.fix is None, found.fix
    return found.refusal


def test_the_program_ships_on_an_empty_base_with_what_it_may_read():
    assert (
        text_of()
        == """\
FROM golang:1.22 AS build

WORKDIR /app
COPY . .
RUN go build -o server .

FROM scratch
WORKDIR /app
COPY --from=build /app/config.yaml /app/server /app/
COPY --from=build /app/static /app/static
COPY --from=build /tmp /tmp
COPY --from=build /var/tmp /var/tmp
EXPOSE 8080
CMD ["./server"]
"""
    )


def test_the_prediction_is_what_is_left_behind():
    whole, (found,) = findings()
    kept = sum(len(each) for each in ("a", "b: 1")) + len(go_program().data)
    assert whole.sizes.unpacked - kept == found.predicted


def test_the_price_is_said():
    _, (found,) = findings()
    assert "docker debug" in found.fix.title


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ({"strings": ["/etc/ssl/certs/ca-certificates.crt"]}, f"/{BUNDLE} /{BUNDLE}"),
        ({"functions": ["time.LoadLocation"]}, f"/{ZONES} /{ZONES}"),
        ({"functions": ["os/user.Lookup"]}, "/etc/passwd /etc/passwd"),
    ],
    ids=["certificates", "zones", "users"],
)
def test_what_linked_functions_read_of_the_system_is_copied(program, line):
    assert f"\nCOPY --from=build {line}\n" in text_of(program=go_program(**program))
    assert line not in text_of()


def test_a_program_that_knows_no_goroot_is_told_where_the_zones_are():
    settings = {"-trimpath": "true", "CGO_ENABLED": "0"}
    found = text_of(program=go_program(functions=["time.LoadLocation"], settings=settings))
    assert f"\nENV ZONEINFO=/{ZONES}\n" in found


def test_zones_within_the_program_are_not_copied():
    functions = ["time.LoadLocation", "time/tzdata.loadFromEmbeddedTZData"]
    assert ZONES not in text_of(program=go_program(functions=functions))


def test_a_time_zone_of_the_environment_needs_zones():
    assert f"/{ZONES}" in text_of(config={"Env": ["TZ=Europe/Rome", "PATH=/bin"]})
    assert f"/{ZONES}" not in text_of(config={"Env": ["TZ=UTC", "PATH=/bin"]})


def test_media_types_are_copied_where_files_ship_that_go_does_not_know():
    program = go_program(functions=["mime.TypeByExtension"])
    assert "mime.types" not in text_of(program=program)
    assert "/etc/mime.types /etc/mime.types" in text_of(
        program=program, sources={**SOURCES, "app/static/favicon.ico": "i"}
    )


def test_a_named_user_takes_the_accounts_along_and_a_number_does_not():
    text = TEXT.replace("CMD", "USER root\nCMD")
    assert "/etc/passwd /etc/passwd" in text_of(text, config={"User": "root"})
    assert "/etc/passwd" not in text_of(TEXT.replace("CMD", "USER 65532\nCMD"), config={"User": "65532"})


# embedded, or read from the disk


EMBEDS = 'package main\n//go:embed static/*.css "config.yaml"\nvar files embed.FS\n'


def test_files_within_the_program_stay_behind():
    found = text_of(sources={**SOURCES, "app/main.go": EMBEDS})
    assert "\nWORKDIR /app\nCOPY --from=build /app/server /app/\nCOPY --from=build /tmp" in found


@pytest.mark.parametrize(
    ("line", "ships"),
    [
        ('data, _ := os.ReadFile("static/a.css")', True),
        ('page := template.Must(template.ParseFiles("./static/a.css"))', True),
        ('http.Handle("/static/", http.FileServer(http.Dir("static")))', True),
        ('const folder = "static"', True),
        ('const folder = "/app/static"', True),
        ('data, _ := files.ReadFile("static/a.css")', False),
        ('page := template.Must(template.ParseFS(files, "static/*.css"))', False),
        ('sub, _ := fs.Sub(files, "static")', False),
        ('http.Handle("/static/", http.FileServerFS(files))', False),
    ],
)
def test_an_embedded_file_that_is_opened_by_its_path_ships_as_well(line, ships):
    found = text_of(sources={**SOURCES, "app/main.go": f"{EMBEDS}{line}\n"})
    assert ships == ("/app/static" in found)


def test_what_an_embedded_folder_leaves_out_ships():
    sources = {**SOURCES, "app/main.go": "//go:embed static\nvar f embed.FS\n", "app/static/.hidden": "h"}
    assert "COPY --from=build /app/static/.hidden /app/static/\n" in text_of(sources=sources)


def test_vendored_modules_and_test_data_stay_behind():
    more = {"app/vendor/modules.txt": "m", "app/vendor/x/readme": "r", "app/testdata/t": "t", "app/go.sum": "s"}
    assert text_of() == text_of(sources={**SOURCES, **more})


def test_a_folder_called_vendor_that_holds_no_modules_ships():
    assert "/app/vendor /app/vendor" in text_of(sources={**SOURCES, "app/vendor/app.js": "j"})


def test_a_folder_with_sources_and_more_is_copied_without_the_sources():
    sources = {**SOURCES, "app/web/web.go": "package web\n", "app/web/pages/a.html": "a", "app/web/b.html": "b"}
    found = text_of(sources=sources)
    assert "COPY --from=build /app/web/b.html /app/web/\nCOPY --from=build /app/web/pages /app/web/pages\n" in found


def test_many_copies_become_few_by_taking_sources_along():
    many = {f"app/web/{each}/{name}": "x" for each in range(30) for name in ("a.go", "a.html")}
    found = text_of(sources={**SOURCES, **many})
    assert "COPY --from=build /app/web /app/web\n" in found
    assert "internal" not in found


# cgo


def test_a_program_linked_with_libc_for_names_alone_is_built_without_cgo():
    program = go_program(needed=LIBC, settings=CGO, functions=["net._C2func_getaddrinfo"])
    assert "RUN CGO_ENABLED=0 go build -o server .\n\nFROM scratch\n" in text_of(program=program)
    _, (found,) = findings(program=program)
    assert "mDNS" in found.fix.title


def test_one_built_on_musl_for_names_alone_is_built_without_cgo_as_well():
    program = go_program(needed=("libc.musl-x86_64.so.1",), settings=CGO, interpreter="/lib/ld-musl-x86_64.so.1")
    assert "CGO_ENABLED=0 go build" in text_of(program=program)


CALLS_C = go_program(needed=LIBC, settings=CGO, functions=["example.org/app/zip._Cfunc_deflate"])


def test_a_program_that_calls_c_stands_on_the_same_c_library_and_is_built_as_it_was():
    found = text_of(program=CALLS_C, base={**BASE, **LIBRARIES})
    assert "RUN go build -o server .\n\nFROM gcr.io/distroless/base-debian12\nWORKDIR /app\nCOPY" in found
    assert "/tmp" not in found


def test_one_that_needs_more_than_that_stands_on_the_least_that_has_it():
    program = go_program(needed=(*LIBC, "libstdc++.so.6"), settings=CGO)
    base = {**BASE, **LIBRARIES, "usr/lib/x86_64-linux-gnu/libstdc++.so.6": "s"}
    assert "FROM gcr.io/distroless/cc-debian12\n" in text_of(program=program, base=base)


@pytest.mark.parametrize(
    ("base", "told", "reason"),
    [
        (
            "golang:1.22",
            {"needed": (*LIBC, "libsqlite3.so.0")},
            "calls C (x), and gcr.io/distroless/cc-debian12 lacks shared libraries: /app/server needs libsqlite3.so.0",
        ),
        (
            "golang:1.22-alpine",
            {"needed": ("libc.musl-x86_64.so.1",), "interpreter": "/lib/ld-musl-x86_64.so.1"},
            "calls C (x), and gcr.io/distroless/cc-debian12 lacks",
        ),
    ],
    ids=["library", "musl"],
)
def test_a_program_that_no_base_is_known_for_is_left_alone(base, told, reason):
    more = ("usr/lib/x86_64-linux-gnu/libsqlite3.so.0", "lib/libc.musl-x86_64.so.1", "lib/ld-musl-x86_64.so.1")
    program = go_program(settings=CGO, functions=["x._Cfunc_a"], **told)
    found = refusal(TEXT.replace("golang:1.22", base), program, base={**BASE, **LIBRARIES, **dict.fromkeys(more, "l")})
    assert reason in found


@pytest.mark.parametrize(
    "line", ["ENV CGO_ENABLED=1\nRUN go", "RUN export CGO_ENABLED=1 && go", "RUN CGO_ENABLED=1 go"]
)
def test_where_cgo_is_asked_for_it_stays_on(line):
    text = TEXT.replace("RUN go", line)
    found = text_of(text, go_program(needed=LIBC, settings=CGO), base={**BASE, **LIBRARIES})
    assert f"{line} build -o server .\n\nFROM gcr.io/distroless/base-debian12\n" in found


# policies and users


def test_another_user_than_root_gets_a_base_whose_tmp_is_for_all():
    text = TEXT.replace("CMD", "USER 7\nCMD")
    found = text_of(text, config={"User": "7"})
    assert "FROM gcr.io/distroless/static-debian12\n" in found
    assert "/tmp" not in found


def test_files_that_the_build_leaves_in_tmp_do_not_ship():
    found = text_of(built={"app/server": go_program(), "tmp/left": "x"})
    assert "FROM gcr.io/distroless/static-debian12\n" in found


def test_what_the_base_brings_is_not_copied():
    program = go_program(strings=["/etc/ssl/certs/ca-certificates.crt"])
    assert BUNDLE not in text_of(TEXT.replace("CMD", "USER 7\nCMD"), program, config={"User": "7"})


def test_a_user_that_the_dockerfile_makes_is_taken_along():
    text = TEXT.replace("WORKDIR", "RUN useradd -m app\nWORKDIR").replace("CMD", "USER app\nCMD")
    accounts = {"etc/passwd": "app:x:7:7::/:\n", "etc/group": "app:x:7:\n", "etc/.pwd.lock": "", "home/app/.rc": "x"}
    found = text_of(text, config={"User": "app"}, setup=accounts)
    assert "FROM gcr.io/distroless/static-debian12\n" in found
    assert "COPY --from=build /etc/passwd /etc/passwd\nCOPY --from=build /etc/group /etc/group\n" in found


def test_a_policy_that_wants_a_shell_gets_debian():
    assert "FROM debian:bookworm-slim\nWORKDIR" in text_of(policy="smallest-with-shell")


def test_a_policy_that_keeps_the_base_is_heeded():
    assert "--base keep" in refusal(policy="keep")


# commands


def test_a_program_found_by_the_search_path_is_named_by_its_path():
    text = TEXT.replace("go build -o server .", "go install .").replace("./server", "server")
    found = text_of(text, built={"go/bin/server": go_program()})
    assert "COPY --from=build /go/bin/server /go/bin/server\n" in found
    assert 'CMD ["/go/bin/server"]\n' in found


def test_a_shell_that_is_not_needed_is_left_out():
    text = TEXT.replace('["./server"]', "./server -v 'a b'")
    assert 'CMD ["./server", "-v", "a b"]\n' in text_of(text, config={"Cmd": ["/bin/sh", "-c", "./server -v 'a b'"]})


def test_a_health_check_by_the_program_itself_is_freed_too():
    text = TEXT.replace("CMD", "HEALTHCHECK --interval=5s CMD ./server -health\nCMD")
    assert 'HEALTHCHECK --interval=5s CMD ["./server", "-health"]\n' in text_of(text)
    assert ("Healthcheck",) == findings(text)[1][0].fix.declares


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('CMD ["./server"]\n', "", "names no command"),
        ('["./server"]', "./server && echo", "more than one simple command"),
        ('["./server"]', "./server $PORT", "more than one simple command"),
        ('["./server"]', '["sh", "-c", "./server"]', "starts sh, which is not what is built here"),
        ('CMD ["./server"]', 'ENTRYPOINT ./server\nCMD ["-v"]', "not both arrays"),
        ("CMD", "HEALTHCHECK CMD curl -f http://localhost:8080/\nCMD", "HEALTHCHECK in line 7 starts curl"),
        ("CMD", "HEALTHCHECK CMD curl -f http://localhost:8080/ || exit 1\nCMD", "more than one simple command"),
    ],
    ids=["none", "list", "variable", "shell", "two", "curl", "exit"],
)
def test_a_command_that_needs_more_than_the_program_is_a_reason_not_to_try(old, new, reason):
    assert reason in refusal(TEXT.replace(old, new))


def test_a_health_check_that_is_switched_off_asks_for_nothing():
    assert "HEALTHCHECK NONE\n" in text_of(TEXT.replace("CMD", "HEALTHCHECK NONE\nCMD"))


# what else could be needed


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"program": go_program(functions=["os/exec.Command"])}, "can start other programs"),
        ({"built": CACHE}, "no program with Go's build information"),
        ({"built": {"app/server": go_program(), "srv/data": "d"}}, "line 5 writes /srv/data"),
        ({"built": {"app/server": go_program(), "data": directory()}}, "line 5 makes the folder /data"),
        ({"sources": {**SOURCES, "etc/app.conf": "c"}}, "line 4 copies /etc/app.conf"),
        ({"sources": {**SOURCES, "app/own": Piece(b"x", uid=7)}}, "several owners"),
        ({"sources": {**SOURCES, "app/a b.txt": "x"}}, "cannot stand in a COPY"),
        ({"sources": {"app": directory(uid=7), **SOURCES}}, "belongs to user 7"),
        ({"config": {"WorkingDir": "/"}}, "no WORKDIR"),
        ({"config": {"Entrypoint": ["/entry"]}}, "the base's own"),
        ({"program": go_program(functions=["time.LoadLocation"]), "base": {**BASE, ZONES: ""}}, "own file of them"),
    ],
    ids=["exec", "no-program", "data", "folder", "copy", "owners", "name", "owner", "root", "entry", "zones"],
)  # fmt: skip
def test_it_holds_back_where_more_may_be_needed(told, reason):
    text = TEXT.replace("WORKDIR /app\n", "") if "no WORKDIR" in reason else TEXT
    assert reason in refusal(text, **told)


@pytest.mark.parametrize(
    ("names", "expected"), [((), "FROM scratch"), (("/usr/share/fonts",), None)], ids=["twin", "trap"]
)
def test_packages_stay_behind_unless_the_program_names_their_data(names, expected):
    text = TEXT.replace("WORKDIR", "RUN apt-get update && apt-get install -y fonts-dejavu\nWORKDIR")
    told = {"program": go_program(strings=names), "setup": {"usr/share/fonts/a.ttf": "f", "var/lib/dpkg/status": "s"}}
    if expected:
        assert expected in text_of(text, **told)
    else:
        assert "the program names /usr/share/fonts, which line 3 installs" == refusal(text, **told)


def test_files_keep_their_owner():
    sources = {path: Piece(text.encode(), uid=5, gid=6) for path, text in SOURCES.items()}
    built = {"app/server": Piece(go_program().data, 0o755, uid=5, gid=6)}
    assert "COPY --from=build --chown=5:6 /app/static /app/static\n" in text_of(sources=sources, built=built)


@pytest.mark.parametrize("command", ["make", "go test ./...", "go mod download"])
def test_nothing_is_said_where_nothing_is_built_with_go(command):
    assert [] == findings(TEXT.replace("go build -o server .", command))[1]
