"""Which proxy leads to a host, as the environment tells it.

Source: curl and Go `net/http.ProxyFromEnvironment`: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY with host names,
their ends, addresses and networks; a loopback address is never reached through a proxy.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from jettison.core.errors import RegistryError


def is_loopback(host: str) -> bool:
    """Whether a host, with or without its port, is this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def proxy_for(url: str) -> str | None:
    """The proxy's address, None for the straight way. Raises RegistryError for one that cannot be used."""
    parts, told = urlsplit(url), getproxies_environment()
    proxy = told.get(parts.scheme) or told.get("all")
    if not proxy or is_loopback(parts.netloc) or _excepted(parts.hostname or "", parts.netloc, told):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        scheme = urlsplit(proxy).scheme
        raise RegistryError(f"a proxy of the kind {scheme} is not supported", hint="name an HTTP proxy in HTTPS_PROXY")
    return proxy


def _excepted(host: str, netloc: str, told: dict[str, str]) -> bool:
    """Whether NO_PROXY names the host: itself, a domain that it is in, or a network that its address is in."""
    for each in told.get("no", "").lower().split(","):
        pattern = each.strip().removeprefix("*").removeprefix(".")
        if each.strip() == "*" or (pattern and (pattern in (host, netloc) or host.endswith(f".{pattern}"))):
            return True
        try:
            if pattern and ipaddress.ip_address(host) in ipaddress.ip_network(pattern, strict=False):
                return True
        except ValueError:
            continue
    return False
