"""Images loaded into a Docker daemon, spoken by a small server on a Unix socket."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from handmade import Made, digest, entry, layout_files, tar, write_layout
from test_daemon import Answers, Server

from jettison.core.errors import ImageError, UsageError
from jettison.core.reference import parse
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.write import write

APP = Made((tar(entry("a", b"x" * 3000)), tar(entry(".wh.a"), entry("b", b"y" * 100))))


class Loading(Answers):
    """`load` is the answer to an image, whose bytes are kept in `taken`; `deaf` ends before it has heard all."""

    load: tuple[int, bytes]
    taken: list[bytes]
    deaf = False

    def do_POST(self) -> None:
        assert ("/images/load?quiet=1", "application/x-tar") == (self.path, self.headers["Content-Type"])
        data = b""
        while not self.deaf and (size := int(self.rfile.readline(), 16)):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.taken.append(data)
        self.send_response(self.load[0])
        self.send_header("Content-Length", str(len(self.load[1])))
        self.end_headers()
        self.wfile.write(self.load[1])
        self.close_connection = True


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import threading

    ids = json.loads(APP.config)["rootfs"]["diff_ids"]
    answers = {
        "/_ping": (200, b"OK", -1),
        "/images/app:1/json": (200, json.dumps({"Id": "x", "RootFS": {"Layers": ids}}).encode(), -1),
    }
    told = {"told": answers, "load": (200, b'{"stream":"Loaded image: app:1\\n"}\n'), "taken": []}
    kind = type("Told", (Loading,), told)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    server = Server(str(tmp_path / "docker.sock"), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def app(root: Path, made: Made = APP) -> Image:
    return open_image(f"oci:{write_layout(layout_files(made), root / 'in')}")


def to(name: str) -> Any:
    return parse(f"docker-daemon:{name}")


def test_the_daemon_is_given_what_docker_save_writes(docker: Any, tmp_path: Path) -> None:
    assert digest(APP.config) == write(app(tmp_path), to("app:1"))
    with tarfile.open(fileobj=io.BytesIO(docker.taken[0])) as archive:
        found = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    (row,) = json.loads(found["manifest.json"])
    assert ["app:1"] == row["RepoTags"]
    assert APP.config == found[row["Config"]]
    assert list(APP.layers) == [found[each] for each in row["Layers"]]


@pytest.mark.parametrize(
    "load",
    [
        (200, b'{"status":"Loading"}\n{"errorDetail":{"message":"no room"},"error":"no room"}\n'),
        (500, b'{"message":"no room"}\n'),
        (500, b""),
        (404, b"not here"),
    ],
)
@pytest.mark.parametrize("deaf", [False, True])
def test_what_the_daemon_says_against_it_is_told(load: Any, deaf: bool, docker: Any, tmp_path: Path) -> None:
    docker.load, docker.deaf = load, deaf
    with pytest.raises(ImageError) as caught:
        write(app(tmp_path), to("app:1"))
    assert caught.value.hint
    if b"no room" in load[1] and not deaf:
        assert "no room" in caught.value.message


def test_something_else_of_that_name_is_noticed(docker: Any, tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        write(app(tmp_path, Made((tar(entry("other")),))), to("app:1"))
    assert "something else" in caught.value.message


def test_without_a_daemon_nothing_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(ImageError) as caught:
        write(app(tmp_path), to("app:1"))
    assert "there is no Docker daemon" in caught.value.message
    for name in ("UPPER", "app@sha256:" + "0" * 64):
        with pytest.raises(UsageError):
            write(app(tmp_path), to(name))
