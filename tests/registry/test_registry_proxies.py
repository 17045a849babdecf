"""Registries behind a proxy: the way there, what it is shown, and what is said where it leads nowhere."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_proxy import Proxy
from handmade import Made, entry, tar

from jettison.core.errors import RegistryError
from jettison.image.transports import registry as transport
from jettison.registry.patience import Patience

APP = Made((tar(entry("a", b"x" * 5000)),))


@pytest.fixture(autouse=True)
def _pushed(push: Callable[..., str], nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(APP, "behind/app:1")
    (nobody / "registries.conf").write_text('[[registry]]\nlocation = "r.invalid"\ninsecure = true\n')
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def behind(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy)


def test_a_registry_is_reached_through_the_proxy(
    faulty: Callable[..., Proxy], quick: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = faulty()
    behind(f"http://ann:s3%40cret@{proxy.host}", monkeypatch)
    assert 5000 == transport.read("r.invalid/behind/app:1", patience=quick).sizes.unpacked
    # `CONNECT` for the protected way is not known to this proxy, so the plain one was gone
    assert {"http://r.invalid/v2/behind/app"} == {path[:30] for path in proxy.paths("/behind/")}
    shown = {one.asked.get("proxy-authorization") for one in proxy.log}
    assert {"Basic " + base64.b64encode(b"ann:s3@cret").decode()} == shown


def test_a_proxy_that_is_not_there_is_told(quick: Patience, monkeypatch: pytest.MonkeyPatch) -> None:
    behind("http://ann:s3cret@127.0.0.1:1", monkeypatch)
    with pytest.raises(RegistryError, match=r"the proxy for r\.invalid does not let us through") as caught:
        transport.read("r.invalid/behind/app:1", patience=quick)
    assert "HTTPS_PROXY" in caught.value.hint
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_a_proxy_that_refuses_is_told(
    faulty: Callable[..., Proxy], quick: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = faulty(lambda one: one.answer(407, b"who are you?"))
    behind(f"http://{proxy.host}", monkeypatch)
    with pytest.raises(RegistryError, match="the proxy wants a login") as caught:
        transport.read("r.invalid/behind/app:1", patience=quick)
    assert "HTTPS_PROXY" in caught.value.hint
