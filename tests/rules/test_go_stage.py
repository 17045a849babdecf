"""single-stage-build of Go programs, on handmade images: what ships, upon what, and built how."""

from __future__ import annotations

import pytest
from go_image import BASE, BUNDLE, CGO, LIBC, LIBRARIES, SOURCES, TEXT, ZONES, findings, refusal, text_of
from go_program import go_program
from handmade_tree import directory


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
    assert f"/{ZONES}" in text_of(
        TEXT.replace("CMD", "ENV TZ=Europe/Rome\nCMD"), config={"Env": ["TZ=Europe/Rome", "PATH=/bin"]}
    )
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


def test_empty_folders_stay_behind_with_the_repository_they_lie_in_and_ship_among_sources():
    empty = {"app/.git/HEAD": "ref", "app/.git/refs/tags": directory(), "app/pkg/a.go": "", "app/pkg/up": directory()}
    found = text_of(sources={**SOURCES, **empty})
    assert (False, True) == (".git" in found, "COPY --from=build /app/pkg/up /app/pkg/up\n" in found)


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


@pytest.mark.parametrize(
    ("pattern", "ships"),
    [
        ("static/*.css", ["sub/b.css", "c.html"]),
        ("static/*", []),
        ("static/?.css static/[c-d].html", ["sub/b.css"]),
        ("all:static", []),
        ("static/sub", ["a.css", "c.html"]),
    ],
)
def test_patterns_of_embed_name_what_go_embeds(pattern, ships):
    more = {"app/static/sub/b.css": "b", "app/static/c.html": "c"}
    found = text_of(sources={**SOURCES, **more, "app/main.go": f"//go:embed {pattern}\nvar files embed.FS\n"})
    copied = {path for path in ("a.css", "sub/b.css", "c.html") if f"/app/static/{path}" in found}
    copied |= {"sub/b.css"} if "/app/static/sub /app" in found else set()
    assert set(ships) == copied


def test_vendored_modules_and_test_data_stay_behind():
    more = {"app/vendor/modules.txt": "m", "app/vendor/x/readme": "r", "app/testdata/t": "t", "app/go.sum": "s"}
    assert text_of() == text_of(sources={**SOURCES, **more})


@pytest.mark.parametrize("mention", ["", "// see docs"])
def test_what_lies_about_stays_behind_unless_a_source_mentions_it(mention):
    more = {"app/coverage/lcov.info": "c", "app/docs/a.md": "d", "app/README.md": "r", "app/notes/b.md": "n"}
    found = text_of(sources={**SOURCES, **more, "app/more.go": f"package main\n{mention}\n"})
    shipped = {name for name in ("coverage", "docs", "README.md", "notes") if f"/app/{name}" in found}
    assert {"notes", *(["docs"] if mention else [])} == shipped


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


def test_variables_that_the_base_sets_for_the_application_are_set_again():
    config = {"Env": ["PATH=/bin", "GOLANG_VERSION=1.22", "REGION=north"]}
    found = text_of(config=config)
    assert "COPY --from=build /var/tmp /var/tmp\nENV REGION=north\nEXPOSE" in found
    assert "GOLANG_VERSION" not in found


def test_a_policy_that_wants_a_shell_gets_debian():
    assert "FROM debian:bookworm-slim\nWORKDIR" in text_of(policy="smallest-with-shell")


def test_a_policy_that_keeps_the_base_is_heeded():
    assert "--base keep" in refusal(policy="keep")
