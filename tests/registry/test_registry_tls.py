"""Certificates: who is believed, by which file, and what is said where nobody vouches."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faulty_proxy import Exchange, Proxy, proxied
from handmade import Made, entry, tar
from registry_server import Server

from jettison.core.errors import RegistryError
from jettison.image.open import open_image
from jettison.image.transports import registry as transport
from jettison.registry.patience import Patience

APP = Made((tar(entry("a", b"x" * 5000)),))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", "key.pem", "-out", "ca.crt", "-days", "2", "-subj", "/CN=test", "-addext", names]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "ca.crt"


@pytest.fixture
def secure(registry: Server, push: Callable[..., str], certificate: Path) -> Iterator[Callable[..., Proxy]]:
    """A proxy before the registry that speaks TLS."""
    from contextlib import ExitStack

    push(APP, "tls/app:1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with ExitStack() as stack:
        yield lambda *faults: stack.enter_context(proxied(registry.port, *faults, context=context))


@pytest.fixture(autouse=True)
def _no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


def test_an_unknown_authority_is_refused_with_the_ways_out(secure: Callable[..., Proxy], quick: Patience) -> None:
    host = secure().host
    with pytest.raises(RegistryError, match=f"{host} is not to be believed: self.signed certificate") as caught:
        transport.read(f"{host}/tls/app:1", patience=quick)
    for way in ("SSL_CERT_FILE", f"certs.d/{host}/ca.crt", "--insecure"):
        assert way in caught.value.hint


def test_an_authority_is_named_by_ssl_cert_file(
    secure: Callable[..., Proxy], certificate: Path, quick: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert 5000 == transport.read(f"{secure().host}/tls/app:1", patience=quick).sizes.unpacked


def test_an_authority_for_one_host_lies_in_its_folder(
    secure: Callable[..., Proxy], certificate: Path, quick: Patience, nobody: Path
) -> None:
    host, other = secure().host, secure().host
    folder = nobody / ".config/containers/certs.d" / host
    folder.mkdir(parents=True)
    shutil.copy(certificate, folder / "ca.crt")
    assert 5000 == transport.read(f"{host}/tls/app:1", patience=quick).sizes.unpacked
    with pytest.raises(RegistryError, match="is not to be believed"):
        transport.read(f"{other}/tls/app:1", patience=quick)
    (folder / "ca.crt").write_text("no certificate")
    with pytest.raises(RegistryError, match=r"cannot use .*ca\.crt") as caught:
        transport.read(f"{host}/tls/app:1", patience=quick)
    assert "correct it, or move it away" == caught.value.hint


def test_who_asks_for_no_proof_gets_none(secure: Callable[..., Proxy], nobody: Path) -> None:
    host = secure().host
    assert 5000 == open_image(f"docker://{host}/tls/app:1", insecure=True).sizes.unpacked
    (nobody / "registries.conf").write_text(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n')
    assert 5000 == open_image(f"docker://{host}/tls/app:1").sizes.unpacked


def test_a_certificate_of_another_host_is_no_proof(
    secure: Callable[..., Proxy], certificate: Path, quick: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(RegistryError, match="is not to be believed: Hostname mismatch"):
        transport.read(f"localhost:{secure().port}/tls/app:1", patience=quick)


def test_no_redirection_leads_from_protected_to_unprotected(
    secure: Callable[..., Proxy], faulty: Callable[..., Proxy], certificate: Path, quick: Patience,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plain = faulty()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def down(one: Exchange) -> None:
        if one.is_blob:
            one.answer(307, Location=f"http://{plain.host}{one.path}")

    with pytest.raises(RegistryError, match="which is not protected"):
        transport.read(f"{secure(down).host}/tls/app:1", patience=quick)
    assert [] == plain.log


def test_no_password_is_carried_to_an_unprotected_realm(
    secure: Callable[..., Proxy], faulty: Callable[..., Proxy], certificate: Path, quick: Patience,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plain = faulty()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def ask(one: Exchange) -> None:
        one.answer(401, WWW_Authenticate=f'Bearer realm="http://{plain.host}/token"')

    with pytest.raises(RegistryError, match=r"sends us for a token to .*, which is not protected"):
        transport.read(f"{secure(ask).host}/tls/app:1", patience=quick)
    assert [] == plain.log


def test_a_protected_download_that_is_cut_goes_on(
    secure: Callable[..., Proxy], certificate: Path, quick: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def cut(one: Exchange) -> bool | None:
        if not one.is_blob or one.number > 1:
            return None
        one.send(upto=50)
        one.cut()
        return True

    assert 5000 == transport.read(f"{secure(cut).host}/tls/app:1", patience=quick).sizes.unpacked


def test_plain_http_is_for_this_machine_alone(
    registry: Server, push: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from jettison.registry import repository

    push(APP, "tls/app:1")
    monkeypatch.setattr(repository, "is_loopback", lambda _: False)  # as if it were far away
    with pytest.raises(RegistryError, match="does not speak TLS") as caught:
        open_image(f"docker://{registry.host}/tls/app:1")
    assert "--insecure" in caught.value.hint
    assert open_image(f"docker://{registry.host}/tls/app:1", insecure=True).layers


def test_the_command_line_asks_for_no_proof_with_insecure(secure: Callable[..., Proxy]) -> None:
    command = [sys.executable, "-m", "jettison", "ls", f"docker://{secure().host}/tls/app:1"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (3, "") == (refused.returncode, refused.stdout)
    assert "SSL_CERT_FILE" in refused.stderr
    done = subprocess.run([*command, "--insecure"], capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)
    assert "/a" in done.stdout
