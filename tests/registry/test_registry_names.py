"""Names of images, challenges, proxies and pauses: what is read out of text that others wrote."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.core import reference
from jettison.core.errors import RegistryError, UsageError
from jettison.image.open import open_image
from jettison.registry.challenge import Challenge, challenges
from jettison.registry.names import Name, parse
from jettison.registry.patience import Patience, retry_after
from jettison.registry.proxies import is_loopback, proxy_for

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("debian", Name("docker.io", "library/debian", "latest")),
        ("debian:12", Name("docker.io", "library/debian", "12")),
        ("team/app", Name("docker.io", "team/app", "latest")),
        ("docker.io/debian", Name("docker.io", "library/debian", "latest")),
        ("index.docker.io/a/b:1", Name("docker.io", "a/b", "1")),
        ("R.io/app", Name("r.io", "app", "latest")),
        ("localhost/app:1", Name("localhost", "app", "1")),
        ("host:5000/app", Name("host:5000", "app", "latest")),
        ("[::1]:5000/app", Name("[::1]:5000", "app", "latest")),
        ("gcr.io/a/b/c-d__e.f:1.2-3_x", Name("gcr.io", "a/b/c-d__e.f", "1.2-3_x")),
        (f"r.io/app@{DIGEST}", Name("r.io", "app", "", DIGEST)),
        (f"r.io/app:1@{DIGEST}", Name("r.io", "app", "1", DIGEST)),
    ],
)
def test_a_name_is_completed_as_docker_completes_it(text: str, expected: Name) -> None:
    assert expected == parse(text)
    assert expected == parse(str(expected))


@pytest.mark.parametrize(
    "text",
    [
        "", ":1", "App", "app:", "app@", "a//b", "/app", "app/", "r.io/", "r.io/app:a b", "r.io/app:" + "x" * 129,
        "r.io/app@sha256:1", "r.io/app@md5:" + "a" * 32, "https://r.io/app", "r.io/../app", "r.io/app?x", "r.io/a\n",
        "r.io/" + "a" * 300, "user:pw@r.io/app", "r.io:port/app", "-r.io/app", "r.io/app:1:2", "r.io/a___b", "..",
    ],
)  # fmt: skip
def test_what_is_no_name_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.hint


def test_a_password_in_a_name_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse("ann:s3cret@r.io/app")
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_the_image_called_docker_is_no_transport() -> None:
    assert None is reference.parse("docker:24-dind")
    assert "docker://r.io/app" == str(reference.parse("docker://r.io/app"))
    with pytest.raises(UsageError) as caught:
        reference.parse("docker://")
    assert "write docker://HOST/NAME" == caught.value.hint


def test_an_address_of_the_web_is_told_how_to_be_written() -> None:
    with pytest.raises(UsageError) as caught:
        open_image("https://r.io/app:1")
    assert "a registry's image is docker://r.io/app:1" == caught.value.hint


@given(st.text(alphabet="aB0./:@-_[]?#%\n \\", max_size=30))
def test_a_name_that_passes_leads_no_address_astray(text: str) -> None:
    try:
        name = parse(text)
    except UsageError:
        return
    assert not set(name.host + name.repository + name.reference) & set("?#%\n \\@") - {"@"}
    assert ".." not in name.repository.split("/")
    assert name == parse(str(name))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', [Challenge("basic", {"realm": "x"})]),
        ('Bearer realm="https://a/t?b=c",service="d e",scope="repository:a/b:pull,push"', [
            Challenge("bearer", {"realm": "https://a/t?b=c", "service": "d e", "scope": "repository:a/b:pull,push"}),
        ]),
        ('Negotiate, BASIC Realm=x , Bearer realm = "q\\"z"', [
            Challenge("negotiate"), Challenge("basic", {"realm": "x"}), Challenge("bearer", {"realm": 'q"z'}),
        ]),
        ("Negotiate abc==, Bearer realm=https://x/t,service=y", [
            Challenge("negotiate"), Challenge("bearer", {"realm": "https://x/t", "service": "y"}),
        ]),
        ("", []),
        ('"', []),
        (",,,", []),
        ('Bearer realm="open', [Challenge("bearer")]),
    ],
)  # fmt: skip
def test_challenges_are_read_as_the_rfc_writes_them(header: str, expected: list[Challenge]) -> None:
    assert expected == challenges([header])


@given(st.lists(st.text(max_size=200), max_size=3))
def test_no_header_makes_the_reader_fall(headers: list[str]) -> None:
    challenges(headers)


def test_a_megabyte_of_header_takes_no_time() -> None:
    started = time.monotonic()
    for text in ("a" * 10**6, "a=" * 10**6, 'a="' + "\\" * 10**6, ", " * 10**6, "a " * 10**6, 'B a="b",' * 10**5):
        challenges([text])
    assert 8 > time.monotonic() - started


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True), ("localhost:5000", True), ("127.0.0.1:1", True), ("127.8.9.1", True), ("[::1]:5000", True),
        ("r.localhost", True), ("localhost.evil.com", False), ("127.0.0.1.evil.com", False), ("10.0.0.1", False),
        ("0.0.0.0", False), ("", False), ("[", False), ("[::2]", False),
    ],
)  # fmt: skip
def test_which_hosts_are_this_machine(host: str, expected: bool) -> None:
    assert expected is is_loopback(host)


def test_proxies_are_told_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    assert None is proxy_for("https://r.io/")
    monkeypatch.setenv("HTTPS_PROXY", "proxy.local:3128")
    monkeypatch.setenv("NO_PROXY", "internal, .example.com,10.0.0.0/8 ,*.star.io,p.io:5000,")
    assert "http://proxy.local:3128" == proxy_for("https://r.io/")
    assert None is proxy_for("http://r.io/")
    for host in ("internal", "a.internal", "example.com", "a.example.com", "10.1.2.3", "x.star.io", "p.io:5000"):
        assert None is proxy_for(f"https://{host}/"), host
    for host in ("external", "myinternal", "11.1.2.3", "p.io"):
        assert "http://proxy.local:3128" == proxy_for(f"https://{host}/"), host
    for host in ("localhost:5000", "127.0.0.1", "[::1]"):
        assert None is proxy_for(f"https://{host}/")
    monkeypatch.setenv("NO_PROXY", "*")
    assert None is proxy_for("https://r.io/")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.local")
    with pytest.raises(RegistryError, match="a proxy of the kind socks5 is not supported"):
        proxy_for("https://r.io/")


@pytest.mark.parametrize(
    ("told", "expected"),
    [("7", 7.0), (" 0 ", 0.0), ("", None), ("soon", None), ("-1", None), ("1" * 400, None), ("Mon, 99 Foo", None)],
)
def test_how_long_a_server_asks_us_to_wait(told: str, expected: float | None) -> None:
    assert expected == retry_after({"Retry-After": told})
    assert None is retry_after({})


def test_a_server_may_name_the_hour() -> None:
    told = retry_after({"Retry-After": formatdate(time.time() + 100, usegmt=True)})
    assert 97 < (told or 0) <= 100
    assert 0.0 == retry_after({"Retry-After": formatdate(0, usegmt=True)})


def test_pauses_grow_twofold_with_jitter_and_never_too_long() -> None:
    patience = Patience(first=1, longest=8)
    for failures, most in enumerate([1, 2, 4, 8, 8, 8]):
        pauses = {patience.pause(failures) for _ in range(50)}
        assert most / 2 <= min(pauses)
        assert max(pauses) <= most
        assert 20 < len(pauses)
    assert 30 == patience.pause(0, {"Retry-After": "30"})
