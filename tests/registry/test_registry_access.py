"""Logins: bearer tokens and passwords, asked for rightly and wrongly, and never sent to whom they are not for."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from faulty_proxy import Exchange, Proxy
from handmade import Made, entry, tar

from jettison.core.errors import RegistryError
from jettison.image.transports import registry as transport
from jettison.registry.patience import Patience

APP = Made((tar(entry("a", b"x" * 5000)),))
GOOD = "Basic " + base64.b64encode(b"ann:s3cret").decode()
Faulty = Callable[..., Proxy]


@pytest.fixture(autouse=True, scope="module")
def _pushed(push: Callable[..., str]) -> None:
    push(APP, "team/app:1")


def login(home: Path, host: str, user: str = "ann", password: str = "s3cret", **more: object) -> Path:
    """As `docker login` keeps it."""
    entry = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode(), **more}
    file = home / ".docker" / "config.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"auths": {host: entry}}))
    return file


def refused(host: str, quick: Patience, within: float = 10) -> RegistryError:
    started = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        transport.read(f"{host}/team/app:1", patience=quick)
    assert within > time.monotonic() - started
    assert caught.value.hint
    assert "s3cret" not in str((caught.value.message, caught.value.hint))
    return caught.value


def basic(one: Exchange) -> None:
    """Wants a password."""
    if one.asked.get("authorization") != GOOD:
        one.answer(401, WWW_Authenticate='Basic realm="team"')


class Realm:
    """A token server and a registry that takes its tokens, both in one fault; each token is good `uses` times."""

    def __init__(self, uses: int = 10**6, user: str | None = GOOD) -> None:
        self.uses, self.user = uses, user
        self.given: dict[str, int] = {}
        self.asked: list[dict[str, list[str]]] = []
        self.at = ""

    def __call__(self, one: Exchange) -> None:
        if urlsplit(one.path).path == "/token":
            self._give(one)
            return
        token = one.asked.get("authorization", "").removeprefix("Bearer ")
        self.given[token] = self.given.get(token, 0) - 1
        if self.given[token] < 0:
            scope = "" if one.path == "/v2/" else ',scope="repository:team/app:pull"'
            one.answer(401, WWW_Authenticate=f'Bearer realm="{self.at}/token",service="reg"{scope}')

    def _give(self, one: Exchange) -> None:
        form = parse_qs(one.form.decode() or urlsplit(one.path).query)
        self.asked.append(form | {"method": [one.method]})
        if one.method == "POST" and form["refresh_token"] != ["long-lived"]:
            one.answer(401)
        elif one.method == "GET" and one.asked.get("authorization") != self.user:
            one.answer(401, b'{"details": "incorrect username or password"}')
        else:
            token = f"t{len(self.asked)}"
            self.given[token] = self.uses
            one.answer(200, json.dumps({"token" if len(self.asked) % 2 else "access_token": token}).encode())


def realm_of(faulty: Faulty, realm: Realm) -> Proxy:
    proxy = faulty(realm)
    realm.at = f"http://{proxy.host}"
    return proxy


def test_a_password_is_shown_where_it_is_asked_for(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    proxy = faulty(basic)
    login(nobody, proxy.host)
    image = transport.read(f"{proxy.host}/team/app:1", patience=quick)
    assert 5000 == image.sizes.unpacked
    assert None is proxy.log[0].asked.get("authorization")  # not before


def test_without_a_login_the_error_says_how_to_log_in(faulty: Faulty, quick: Patience) -> None:
    host = faulty(basic).host
    error = refused(host, quick)
    assert "asks for a password to read team/app" in error.message
    assert f"docker login {host}" in error.hint


def test_a_wrong_password_names_the_file_that_it_stands_in(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    proxy = faulty(basic)
    file = login(nobody, proxy.host, password="wrong")
    error = refused(proxy.host, quick)
    assert "does not accept the password of ann" in error.message
    assert str(file) in error.hint
    assert len(proxy.log) < 5


@pytest.mark.parametrize("user", [None, GOOD])
def test_a_token_is_had_with_a_password_or_as_nobody(
    faulty: Faulty, quick: Patience, nobody: Path, user: str | None
) -> None:
    realm = Realm(user=user)
    proxy = realm_of(faulty, realm)
    if user:
        login(nobody, proxy.host)
    assert 5000 == transport.read(f"{proxy.host}/team/app:1", patience=quick).sizes.unpacked
    expected = {"service": ["reg"], "scope": ["repository:team/app:pull"], "method": ["GET"]}
    assert [expected] == realm.asked  # one token for the whole image


def test_a_token_that_runs_out_is_asked_for_anew(faulty: Faulty, quick: Patience) -> None:
    realm = Realm(uses=1, user=None)
    assert 5000 == transport.read(f"{realm_of(faulty, realm).host}/team/app:1", patience=quick).sizes.unpacked
    assert 3 == len(realm.asked)


def test_an_identity_token_is_exchanged(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    realm = Realm()
    proxy = realm_of(faulty, realm)
    login(nobody, proxy.host, user="<token>", password="", identitytoken="long-lived")
    assert 5000 == transport.read(f"{proxy.host}/team/app:1", patience=quick).sizes.unpacked
    asked = realm.asked[0]
    assert (["POST"], ["refresh_token"], ["reg"]) == (asked["method"], asked["grant_type"], asked["service"])


def test_a_registry_token_is_shown_as_it_is(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    realm = Realm()
    proxy = realm_of(faulty, realm)
    realm.given["mine"] = 100
    login(nobody, proxy.host, registrytoken="mine")
    assert 5000 == transport.read(f"{proxy.host}/team/app:1", patience=quick).sizes.unpacked
    assert [] == realm.asked


def test_who_may_not_read_is_told_so(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    proxy = realm_of(faulty, Realm())
    assert "gives no token for team/app without a login" in refused(proxy.host, quick).message
    login(nobody, proxy.host, password="wrong")
    assert "does not accept the password of ann" in refused(proxy.host, quick).message

    def forbidden(one: Exchange) -> None:
        if one.is_manifest:
            one.answer(403, b'{"errors": [{"code": "DENIED", "message": "pay first"}]}')

    assert "does not let us read team/app:1, or has none (pay first)" in refused(faulty(forbidden).host, quick).message


def test_tokens_that_are_never_good_do_not_go_round_for_ever(faulty: Faulty, quick: Patience) -> None:
    proxy = realm_of(faulty, Realm(uses=0, user=None))
    assert "does not let us" in refused(proxy.host, quick).message
    assert len(proxy.log) < 12


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Bearer",
        'Bearer realm=""',
        'Bearer realm="token"',
        'Bearer realm="file:///etc/passwd"',
        'Bearer realm="http://["',
        'Bearer realm="http://127.0.0.1:99999999/"',
        'Bearer realm="http://user:password@127.0.0.1/"',
        'Bearer realm="https://127.0.0.1:1/token"',
        "Negotiate",
        'Digest realm="x"',
        'Bearer realm="http://example.com/token"',  # not protected
        'Bearer "',
        "," * 100_000,
    ],
)
def test_credentials_asked_for_wrongly_are_not_given(
    faulty: Faulty, quick: Patience, nobody: Path, challenge: str
) -> None:
    def ask(one: Exchange) -> None:
        one.answer(401, WWW_Authenticate=challenge[:60_000])

    proxy = faulty(ask)
    login(nobody, proxy.host)
    refused(proxy.host, quick)
    assert {None} == {one.asked.get("authorization") for one in proxy.log}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"token": 1}'),
        (200, b'{"token": "a\\r\\nX: y"}'),
        (200, b'{"token": "' + b"a" * 5_000_000 + b'"}'),
        (200, b"[" * 100_000),
        (404, b""),
        (500, b""),
    ],
)
def test_a_realm_that_gives_no_token_is_told(faulty: Faulty, quick: Patience, status: int, body: bytes) -> None:
    def give(one: Exchange) -> None:
        if one.path.startswith("/token"):
            one.answer(status, body)
        else:
            port = one.handler.server.server_address[1]  # type: ignore[index]
            one.answer(401, WWW_Authenticate=f'Bearer realm="http://127.0.0.1:{port}/token"')

    refused(faulty(give).host, quick)


def test_a_realm_that_redirects_to_itself_ends(faulty: Faulty, quick: Patience) -> None:
    def give(one: Exchange) -> None:
        port = one.handler.server.server_address[1]  # type: ignore[index]
        if one.path.startswith("/token"):
            one.answer(302, Location=one.path)
        else:
            one.answer(401, WWW_Authenticate=f'Bearer realm="http://127.0.0.1:{port}/token"')

    assert "redirects without end" in refused(faulty(give).host, quick).message


def test_a_redirection_to_another_host_carries_no_credentials(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    store = faulty()

    def elsewhere(one: Exchange) -> None:
        basic(one)
        if one.status == 200 and one.is_blob:
            one.answer(307, Location=f"http://localhost:{store.port}{one.path}")

    proxy = faulty(elsewhere)
    login(nobody, proxy.host)
    assert 5000 == transport.read(f"{proxy.host}/team/app:1", patience=quick).sizes.unpacked
    assert 2 == len(store.log)
    assert {None} == {one.asked.get("authorization") for one in store.log}


def test_who_is_led_away_and_back_shows_nothing_any_more(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    def away(one: Exchange) -> None:
        basic(one)
        port = one.handler.server.server_address[1]  # type: ignore[index]
        if one.asked.get("authorization") and one.is_blob:
            one.answer(307, Location=f"http://localhost:{port}/there")
        if one.path == "/there":
            one.answer(307, Location=f"http://127.0.0.1:{port}/back")

    proxy = faulty(away)
    login(nobody, proxy.host)
    refused(proxy.host, quick)
    shown = {one.path: one.asked.get("authorization") for one in proxy.log}
    assert (None, None) == (shown["/there"], shown["/back"])


def test_a_realm_on_another_host_is_where_the_password_belongs(faulty: Faulty, quick: Patience, nobody: Path) -> None:
    realm = Realm()
    tokens = realm_of(faulty, realm)
    proxy = faulty(realm)
    login(nobody, proxy.host)
    assert 5000 == transport.read(f"{proxy.host}/team/app:1", patience=quick).sizes.unpacked
    assert [GOOD] == [one.asked.get("authorization") for one in tokens.log]


def test_a_public_image_needs_no_helper_and_a_private_one_names_the_missing(
    faulty: Faulty, quick: Patience, nobody: Path
) -> None:
    (nobody / ".docker").mkdir()
    (nobody / ".docker/config.json").write_text('{"credsStore": "not-there"}')
    public = realm_of(faulty, Realm(user=None))
    assert 5000 == transport.read(f"{public.host}/team/app:1", patience=quick).sizes.unpacked
    error = refused(faulty(basic).host, quick)
    assert "the credential helper docker-credential-not-there is not installed" in error.hint
