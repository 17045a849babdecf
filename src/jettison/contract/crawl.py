"""Which addresses to ask, found by asking: links, scripts, well-known places, mined routes, one that cannot exist."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from jettison.contract.http import NO_ANSWER, Address, Answer, get
from jettison.engine.model import Sandbox

ADDRESSES = 200  # a hundred of them may be mined
SECONDS = 45.0  # a whole crawl of one port
TIMEOUTS = 4  # in a row: it waits for something that is not there
IMPOSSIBLE = "/jettison-asks-for-what-cannot-exist"
WELL_KNOWN = [
    "/robots.txt", "/favicon.ico", "/sitemap.xml", "/openapi.json", "/swagger.json", "/health", "/healthz", "/ready",
    "/live", "/ping", "/status", "/version", "/metrics", "/docs", "/redoc", "/api", "/login", "/admin/",
]  # fmt: skip
_HARMFUL = re.compile(r"logout|log-out|signout|sign-out|delete|remove|unsubscribe|destroy", re.IGNORECASE)
_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)")
_QUOTED = re.compile(r"[\"'`](/[\w./-]+)[\"'`]")


@dataclass(frozen=True)
class Crawled:
    """Addresses in the order they were asked, each with its answer."""

    answers: tuple[tuple[Address, Answer], ...]
    cut: str = ""  # why it ended early


def crawl(sandbox: Sandbox, base: Address, extra: Sequence[str] = ()) -> Crawled:
    """Ask `/` and what it leads to on one port. The order is the contract's order."""
    end = time.monotonic() + SECONDS
    queue = ["/", IMPOSSIBLE, *WELL_KNOWN, *extra]
    asked: dict[str, Answer] = {}
    hanging = 0
    while queue:
        path = queue.pop(0)
        if path in asked or _HARMFUL.search(path):
            continue
        if len(asked) >= ADDRESSES:
            return _crawled(base, asked, f"stopped after {ADDRESSES} addresses")
        if time.monotonic() > end:
            return _crawled(base, asked, f"stopped after {SECONDS:.0f} s")
        answer = get(sandbox, Address(base.port, path, base.loopback, base.host))
        asked[path] = answer
        hanging = hanging + 1 if answer.error == NO_ANSWER else 0
        if hanging >= TIMEOUTS:
            return _crawled(base, asked, f"stopped: {TIMEOUTS} addresses in a row did not answer")
        if path == "/" and answer.error:
            return _crawled(base, asked, "" if answer.error == NO_ANSWER else "speaks no HTTP")
        queue += [link for link in links(base, path, answer) if link not in asked]
    return _crawled(base, asked, "")


def _crawled(base: Address, asked: dict[str, Answer], cut: str) -> Crawled:
    pairs = ((Address(base.port, path, base.loopback, base.host), answer) for path, answer in asked.items())
    return Crawled(tuple(pairs), cut)


def links(base: Address, path: str, answer: Answer) -> Iterator[str]:
    """Paths on the same host that an answer names."""
    here = f"http://{base.host}:{base.port}{path}"
    for raw in _raw_links(path, answer):
        try:
            parts = urlsplit(urljoin(here, raw.strip()))
            port = parts.port
        except ValueError:
            continue
        if parts.scheme != "http" or parts.hostname not in (base.host, "localhost", "127.0.0.1"):
            continue
        if port not in (base.port, None):
            continue
        found = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if len(found) <= 500 and found.isascii() and found.isprintable() and " " not in found:
            yield found


def _raw_links(path: str, answer: Answer) -> Iterator[str]:
    if answer.location:
        yield answer.location
    text = answer.body.decode("utf-8", "replace")
    if answer.type in ("text/html", "application/xhtml+xml"):
        yield from _html_links(text)
    elif answer.type == "text/css":
        yield from (match[1] for match in _CSS.finditer(text) if not match[1].startswith("data:"))
    elif "javascript" in answer.type and not path.endswith(".min.js") and len(text) < 200_000:
        yield from (match[1] for match in _QUOTED.finditer(text))
    elif path in ("/openapi.json", "/swagger.json") and answer.status == 200:
        yield from _described(text)


def _described(text: str) -> Iterator[str]:
    """GET paths of an OpenAPI document, parameters replaced by 1."""
    try:
        paths = json.loads(text).get("paths", {})
        yield from [re.sub(r"\{[^}]*\}", "1", path) for path, methods in paths.items() if "get" in methods]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._raw = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._raw = tag in ("script", "style")
        for name, value in attributes:
            if name in ("href", "src", "data-src", "poster") and value and not value.startswith(("#", "data:")):
                self.found.append(value)
            elif name == "srcset" and value:
                self.found += [one.split()[0] for one in value.split(",") if one.split()]
            elif name == "style" and value:
                self.found += _CSS.findall(value)

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.found += _CSS.findall(data) + _QUOTED.findall(data)


def _html_links(text: str) -> list[str]:
    parser = _Links()
    with contextlib.suppress(AssertionError):  # html.parser before 3.14 raises it at `<![x[`
        parser.feed(text)
    return parser.found
