"""single-stage-build of Go programs: commands that need more than the program, files that others may read."""

from __future__ import annotations

import pytest
from go_image import BASE, CACHE, SOURCES, TEXT, ZONES, findings, refusal, text_of
from go_program import go_program
from handmade_tree import Piece, directory

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
        ({"sources": {**SOURCES, "app/static/own": Piece(b"x", uid=7)}}, "several owners"),
        ({"sources": {**SOURCES, "app/a b.txt": "x"}}, "cannot stand in a COPY"),
        ({"sources": {"app": directory(uid=7), **SOURCES}}, "an owner or a mode"),
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


def test_a_program_that_root_built_of_the_files_of_a_user_ships_as_roots():
    sources = {path: Piece(text.encode(), uid=5, gid=6) for path, text in SOURCES.items()}
    found = text_of(sources={**sources, "app/uploads": directory(uid=5, gid=6)})
    assert "COPY --from=build --chown=5:6 /app/config.yaml /app/\nCOPY --from=build /app/server /app/\n" in found
    assert "COPY --from=build --chown=5:6 /app/uploads /app/uploads\n" in found


def test_files_keep_their_owner():
    sources = {path: Piece(text.encode(), uid=5, gid=6) for path, text in SOURCES.items()}
    built = {"app/server": Piece(go_program().data, 0o755, uid=5, gid=6)}
    assert "COPY --from=build --chown=5:6 /app/static /app/static\n" in text_of(sources=sources, built=built)


@pytest.mark.parametrize("command", ["make", "go test ./...", "go mod download"])
def test_nothing_is_said_where_nothing_is_built_with_go(command):
    assert [] == findings(TEXT.replace("go build -o server .", command))[1]
