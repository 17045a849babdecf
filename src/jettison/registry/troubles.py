"""What can go wrong between us and a server, each told with what to do about it."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import urllib3.exceptions as wrong

from jettison.core.errors import RegistryError

# what is worth another try: the bytes stopped, not the will
PASSING = (wrong.ProtocolError, wrong.ReadTimeoutError, wrong.IncompleteRead, ConnectionError)
UNREACHED = (wrong.NewConnectionError, wrong.ConnectTimeoutError)  # whatever is spoken there
ANY = (wrong.HTTPError, OSError, ValueError)
_OFFLINE = "are you offline? a proxy is told by HTTPS_PROXY, a mirror by registries.conf"


def is_passing(error: Exception) -> bool:
    """Whether the same request may go better a moment later."""
    if isinstance(error, wrong.SSLError):
        return not isinstance(_reason(error), ssl.SSLCertVerificationError) and "EOF" in str(error)
    return isinstance(error, PASSING)


def speaks_no_tls(error: Exception) -> bool:
    """Whether the other side answered a TLS greeting with something else."""
    told = str(error.__cause__ or error).upper()
    return any(each in told for each in ("WRONG_VERSION_NUMBER", "RECORD LAYER FAILURE", "UNKNOWN_PROTOCOL", "EOF"))


def shown(url: str) -> str:
    """An address for people: without the query, in which signatures and tokens travel."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"[:200]
    except ValueError:
        return "an address that cannot be read"


def place(url: str) -> str:
    """`host[:port]` of an address."""
    return shown(url).partition("://")[2].partition("/")[0]


def told(error: Exception, url: str) -> RegistryError:
    """The error that people see for what the HTTP library raised."""
    host = place(url)
    match error:
        case wrong.ProxyError():
            inner = error.original_error
            return RegistryError(f"the proxy for {host} does not let us through: {inner}", hint="look at HTTPS_PROXY")
        case wrong.SSLError():
            return _tls(error, host)
        case wrong.NameResolutionError():
            return RegistryError(f"the name {host} is not known here", hint=_OFFLINE)
        case wrong.NewConnectionError():
            why = getattr(error.__cause__, "strerror", None) or "no connection"
            return RegistryError(f"{host} cannot be reached: {why}", hint=f"is a registry there? {_OFFLINE}")
        case wrong.ConnectTimeoutError():
            return RegistryError(f"{host} does not answer", hint=_OFFLINE)
        case wrong.ReadTimeoutError():
            return RegistryError(f"{host} stalled: it stopped sending", hint="try again; look at the registry's log")
        case wrong.LocationValueError() | ValueError():
            return RegistryError(f"{shown(url)} is no address that can be asked", hint="look at the registry's name")
    if isinstance(getattr(error, "status", None), int):
        return RegistryError(f"{host} answers {error.status}", hint="try again later")  # type: ignore[attr-defined]
    return RegistryError(f"{host} cut the connection", hint="try again; look at the registry's log")


def _reason(error: Exception) -> object:
    return error.args[0] if error.args and isinstance(error.args[0], Exception) else error.__cause__


def _tls(error: Exception, host: str) -> RegistryError:
    reason = _reason(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RegistryError(
            f"{host} is not to be believed: {reason.verify_message or reason}",
            hint=f"name its authority's certificate in SSL_CERT_FILE, or put it into "
            f"~/.config/containers/certs.d/{host}/ca.crt; --insecure asks for no proof",
        )
    if speaks_no_tls(error):
        return RegistryError(
            f"{host} does not speak TLS", hint="does it speak plain HTTP? then --insecure, or insecure = true"
        )
    return RegistryError(f"no TLS with {host}: {reason or error}", hint="look at the registry's log")
