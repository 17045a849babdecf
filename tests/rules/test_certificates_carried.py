"""A base without certificates: the old one's go along where the application needs them, and only there."""

from __future__ import annotations

from typing import Any

from handmade_bases import BASES, FULL, NODE_CONFIG, Stage
from handmade_tree import symlink

SLIM, BUNDLE = "node:20-slim", "etc/ssl/certs/ca-certificates.crt"
CERTIFICATES: dict[str, Any] = {
    BUNDLE: "PEM" * 1000,
    "etc/ssl/certs/0a0a0a0a.0": symlink("A.pem"),
    "etc/ssl/certs/A.pem": symlink("/usr/share/ca-certificates/mozilla/A.crt"),
    "usr/share/ca-certificates/mozilla/A.crt": "PEM",
}
OPENSSL = ["node", "--use-openssl-ca", "server.js"]
COPIES = (
    "COPY --from=node:20 /etc/ssl/certs /etc/ssl/certs\n"
    "COPY --from=node:20 /usr/share/ca-certificates /usr/share/ca-certificates\n"
)


def stage(
    cmd: list[str] = OPENSSL, *, base: dict[str, Any] = CERTIFICATES, head: str = "FROM node:20\n", **config: Any
) -> Stage:
    bases = {**BASES, "node:20": ({**FULL, **base}, NODE_CONFIG)}
    text = f"{head}WORKDIR /app\nCOPY . .\nCMD {cmd}\n".replace("'", '"')
    files = {"app/server.js": "require('https').get('https://example.org')\n", **config.pop("files", {})}
    return Stage(text, (files,), {"WorkingDir": "/app", "Cmd": cmd, **config}, "smallest-with-shell", bases)


def test_they_are_copied_right_behind_the_from() -> None:
    expected = f'FROM {SLIM}\n{COPIES}WORKDIR /app\nCOPY . .\nCMD ["node", "--use-openssl-ca", "server.js"]\n'
    assert expected == stage().upon(SLIM)


def test_their_bytes_are_in_the_prediction_and_the_title_says_it() -> None:
    without, found = stage(["node", "server.js"]).finding(SLIM), stage().finding(SLIM)
    assert 3000 + 3 == without.predicted - found.predicted
    assert found.fix is not None
    assert found.fix.title.endswith("; certificates taken along")


def test_a_variable_that_names_the_bundle_needs_it_too() -> None:
    variable = f"NODE_EXTRA_CA_CERTS=/{BUNDLE}"
    found = stage(["node", "server.js"], head=f"FROM node:20\nENV {variable}\n", Env=[variable])
    assert found.upon(SLIM).startswith(f"FROM {SLIM}\n{COPIES}ENV {variable}\n")


def test_what_needs_none_takes_none_along() -> None:
    assert "COPY --from" not in stage(["node", "server.js"]).upon(SLIM)


def test_a_base_of_a_named_platform_is_left_alone() -> None:
    """`COPY --from` of an image takes the platform that is built for, which may be another."""
    head = "FROM --platform=linux/amd64 node:20\n"
    assert "the certificates of /etc/ssl/certs, which TLS connections are checked with" == stage(head=head).refused(
        SLIM
    )


def test_what_lacks_more_than_certificates_is_refused_for_that() -> None:
    compiles = {"app/server.js": "require('child_process').execFile('gcc', ['-v'])\n"}
    expected = (
        "the certificates of /etc/ssl/certs, which TLS connections are checked with; gcc, which /app/server.js starts"
    )
    assert expected == stage(files=compiles).refused(SLIM)
