"""What each example is for, tried from outside as its users would: jettison is never shown these tests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jettison.engine.model import Phase, RunOptions, Sandbox

SECONDS = 30.0  # until an application answers


@dataclass(frozen=True)
class Answer:
    """Status, type and body of one answer."""

    status: int
    kind: str
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """One running application."""

    sandbox: Sandbox
    port: int

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        """One request over HTTP/1.0; raises OSError."""
        head = f"{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nContent-Type: {kind}"
        with self.sandbox.connect(self.port, 10.0) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n" + body)
            with connection.makefile("rb") as stream:
                text = stream.read()
        top, _, rest = text.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        return Answer(int(lines[0].split()[1]), headers.get("content-type", ""), rest)


def node_hello(client: Client) -> None:
    assert (200, b"Hello World!") == (client.ask("GET", "/").status, client.ask("GET", "/").body)
    assert 404 == client.ask("GET", "/elsewhere").status
    assert 404 == client.ask("POST", "/").status


def node_api(client: Client) -> None:
    assert {"id": "2", "to": "Bergen", "grams": 480} == client.ask("GET", "/parcels/2").document
    assert (404, {"error": "no such parcel"}) == (
        client.ask("GET", "/parcels/9").status,
        client.ask("GET", "/parcels/9").document,
    )
    assert "text/css" in client.ask("GET", "/public/style.css").kind
    assert "text/html" in client.ask("GET", "/").kind
    counts = [client.ask("GET", "/receipts").document["receipts"] for _ in range(3)]
    assert [counts[0], counts[0] + 1, counts[0] + 2] == counts
    assert {"carrier": "on its way"} == client.ask("GET", "/carrier").document
    assert 403 == client.ask("GET", "/public/../package.json").status


def apt_service(client: Client) -> None:
    before = client.ask("GET", "/visits").document["visits"]
    assert before + 1 == client.ask("GET", "/visits").document["visits"]
    assert b"in stock" == client.ask("GET", "/supplier").body
    assert {"items", "mean", "deviation"} == set(client.ask("GET", "/statistics").document)
    assert 20 >= len(client.ask("GET", "/catalogue").document) > 0
    assert 405 == client.ask("POST", "/catalogue").status


def go_server(client: Client) -> None:
    expected = {
        "Albatross": "2026-07-01T18:30:00+02:00",
        "Bonito": "2026-07-01T14:30:00-02:30",
        "Curlew": "2026-12-01T09:00:00+05:45",
    }
    assert expected == client.ask("GET", "/departures").document
    assert {"pilot": "on board"} == client.ask("GET", "/pilot").document
    visits = [client.ask("GET", "/visits").document["visits"] for _ in range(2)]
    assert [visits[0], visits[0] + 1] == visits
    assert {"bytes": 70000} == client.ask("POST", "/upload", b"m" * 70000, "text/plain").document
    assert 405 == client.ask("GET", "/upload").status
    assert "text/css" in client.ask("GET", "/static/style.css").kind
    assert 404 == client.ask("GET", "/static/none.css").status


def python_api(client: Client) -> None:
    assert {"ship": "Aurora", "utc": "2025-03-30T00:30:00Z", "there": "2025-03-30T01:30:00+01:00"} == {
        key: value.replace("+00:00", "Z") for key, value in client.ask("GET", "/berths/1").document.items()
    }
    assert 404 == client.ask("GET", "/berths/9").status
    assert 422 == client.ask("GET", "/berths/first").status
    assert {"customs": "cleared"} == client.ask("GET", "/customs").document
    picture = client.ask("GET", "/sample").body
    form = (
        b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n' + picture + b"\r\n--edge--"
    )
    kept = client.ask("POST", "/photos", form, "multipart/form-data; boundary=edge")
    assert {"width": 160, "height": 120, "small": 64} == kept.document
    assert 500 == client.ask("POST", "/photos", form[:90] + form[-10:], "multipart/form-data; boundary=edge").status


TESTS: Mapping[str, tuple[int, Callable[[Client], None]]] = {
    "apt-service": (8000, apt_service),
    "node-hello": (3000, node_hello),
    "node-api": (3000, node_api),
    "go-server": (8080, go_server),
    "python-api": (8000, python_api),
}


def check(engine: Any, image: str, example: str) -> None:
    """Start the image and use it; raises AssertionError where it does not do what the example is for."""
    port, test = TESTS[example]
    with engine.start(image, RunOptions(label="functional")) as sandbox:
        deadline = time.monotonic() + SECONDS
        while not any(each.port == port for each in sandbox.listeners()):
            assert sandbox.state().phase is Phase.RUNNING, (sandbox.state(), sandbox.logs())
            assert time.monotonic() < deadline, f"nobody listens on {port}: {sandbox.logs()}"
            time.sleep(0.1)
        test(Client(sandbox, port))
