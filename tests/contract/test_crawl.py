from __future__ import annotations

import json

import pytest
from fake_sandbox import FakeSandbox, Page, Program, site
from handmade_tree import Files, tree
from hypothesis import example, given
from hypothesis import strategies as st

from jettison.contract import crawl as crawling
from jettison.contract.crawl import IMPOSSIBLE, WELL_KNOWN, Crawled, crawl, links
from jettison.contract.http import Address, Answer
from jettison.contract.routes import mined_routes
from jettison.engine.model import RunOptions

BASE = Address(8000, "/")


def crawled(pages: dict[str, Page], extra: tuple[str, ...] = ()) -> Crawled:
    with FakeSandbox(Program({8000: site(pages)}), RunOptions()) as sandbox:
        return crawl(sandbox, BASE, extra)


def found(pages: dict[str, Page], extra: tuple[str, ...] = ()) -> list[str]:
    """Paths that were asked, less those that always are."""
    return [a.path for a, _ in crawled(pages, extra).answers if a.path not in (*WELL_KNOWN, "/", IMPOSSIBLE)]


def test_the_home_page_comes_first_and_an_impossible_address_is_asked() -> None:
    asked = [address.path for address, _ in crawled({"/": Page("hello")}).answers]
    assert ["/", IMPOSSIBLE] == asked[:2]
    assert {"/health", "/metrics", "/openapi.json"} <= set(asked)


def test_links_scripts_images_and_styles_are_followed() -> None:
    html = (
        '<a href="a?x=1#top">a</a><script src="/app.js"></script><img srcset="/s.png 1x, /l.png 2x">'
        '<link href="style.css"><p style="background: url(/bg.png)"><style>@import url("/more.css")</style>'
        '<script>fetch("/api/items")</script><a href="#here"><a href="data:text/plain,x"><a href="mailto:a@b">'
    )
    pages = {
        "/": Page(html),
        "/style.css": Page("body { background: url('img/dot.png') } a { src: url(data:x) }", "text/css"),
        "/app.js": Page("fetch('/api/late'); x = `/api/template`; y = 'no/path'", "text/javascript"),
    }
    expected = {
        "/a?x=1", "/app.js", "/s.png", "/l.png", "/style.css", "/bg.png", "/more.css", "/api/items",
        "/img/dot.png", "/api/late", "/api/template",
    }  # fmt: skip
    assert expected == set(found(pages))


def test_minified_scripts_are_not_mined() -> None:
    pages = {"/": Page('<script src="/x.min.js">'), "/x.min.js": Page("'/junk'", "application/javascript")}
    assert ["/x.min.js"] == found(pages)


def test_get_paths_of_an_openapi_document_are_asked_with_parameters_filled() -> None:
    paths = {"/items/{id}": {"get": {}}, "/write": {"post": {}}, "/a": {"get": {}, "delete": {}}}
    document = Page(json.dumps({"paths": paths}), "application/json")
    assert ["/items/1", "/a"] == found({"/": Page("x"), "/openapi.json": document})


@pytest.mark.parametrize("text", ["[]", "{", '{"paths": []}', '{"paths": {"/x": null}}', '{"paths": null}', "[" * 9999])
def test_a_strange_openapi_document_leads_nowhere(text: str) -> None:
    assert [] == found({"/": Page("x"), "/openapi.json": Page(text, "application/json")})


def test_a_redirect_is_asked_on_its_own() -> None:
    assert ["/home"] == found({"/": Page("", "", 302, ("Location: http://localhost:8000/home",)), "/home": Page("x")})


@pytest.mark.parametrize(
    "path", ["/logout", "/user/log-out", "/items/1/delete", "/remove?id=3", "/Unsubscribe", "/signout", "/x/destroy"]
)
def test_what_may_do_harm_is_never_asked(path: str) -> None:
    assert ["/fine"] == found({"/": Page(f'<a href="{path}"><a href="/fine">')}, (path,))


@pytest.mark.parametrize(
    "link",
    [
        "http://example.org/", "//example.org/x", "https://localhost:8000/x", "http://localhost:9000/x", "ftp://x",
        "http://[::1", "http://localhost:99999/", "http://localhost:x/", "javascript:void(0)", "/caf\u00e9", "/a\x01b",
        "/" + "a" * 600, "http://user@example.org:8000/",
    ],
)  # fmt: skip
def test_other_hosts_and_what_is_no_address_are_never_asked(link: str) -> None:
    answer = Answer(200, "text/html", body=f'<a href="{link}">'.encode())
    assert [] == list(links(BASE, "/", answer))


def test_every_name_of_this_host_is_this_host() -> None:
    text = '<a href="http://127.0.0.1:8000/a"><a href="http://localhost/b"><a href="//localhost:8000/c">'
    assert ["/a", "/b", "/c"] == list(links(BASE, "/", Answer(200, "text/html", body=text.encode())))


def test_the_number_of_addresses_has_an_end_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "ADDRESSES", 40)
    pages = {"/": Page("".join(f'<a href="/p{n}">' for n in range(500)))}
    done = crawled(pages)
    assert (40, "stopped after 40 addresses") == (len(done.answers), done.cut)


def test_routes_that_sources_name_are_asked_though_a_page_has_endless_links() -> None:
    pages = {"/": Page("".join(f'<a href="/p{n}">' for n in range(500)))}
    asked = found(pages, ("/mined",))
    assert "/mined" in asked
    assert "/p60" in asked


def test_a_server_that_answers_nothing_is_left_at_the_first_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "get", lambda *_: Answer(error="no answer in time"))
    assert 1 == len(crawled({}).answers)


def test_four_addresses_in_a_row_without_an_answer_end_the_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_: object, address: Address) -> Answer:
        return Answer(200, "text/html", body=b"x") if address.path == "/" else Answer(error="no answer in time")

    monkeypatch.setattr(crawling, "get", hang)
    done = crawled({})
    assert (5, "stopped: 4 addresses in a row did not answer") == (len(done.answers), done.cut)


def test_what_speaks_no_http_is_left_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "get", lambda *_: Answer(error="what answers there is not HTTP"))
    assert "speaks no HTTP" == crawled({}).cut


@given(st.text(st.sampled_from("<>![]-/\"'= abchrefx?&;:%#\n"), max_size=80))
@example("<![x[ y ]]>")
@example("<!ELEMENT br [")
def test_no_page_however_broken_is_an_error(text: str) -> None:
    for kind in ("text/html", "text/css", "text/javascript"):
        list(links(BASE, "/", Answer(200, kind, text, (), text.encode())))


SOURCES: Files = {
    "app/main.py": "@app.route('/items')\n@app.get(\"/items/<int:id>\")\npath('shop/<slug:name>/', view)\n",
    "app/urls.py": "re_path(r'^blog/(?P<year>[0-9]{4})/$')\nos.environ.get('HOME')\nrequests.get('http://x/y')\n",
    "app/server.js": "app.get('/api/events', f); router.use(`/api/:id/x`); process.env.get('PORT'); app.use('*')",
    "app/api.go": 'http.HandleFunc("/go", f)',
    "app/A.java": '@GetMapping("java/{id}")',
    "app/nginx.conf": "  location /static { }\n location ~ \\.php$ {}\n  location = /exact {}\n",
    "app/node_modules/x/index.js": "app.get('/junk1')",
    "app/static/y.js": "app.get('/junk2')",
    "app/vendor.min.js": "app.get('/junk3')",
    "app/tests/t.py": "get('/junk4')",
    "other/z.py": "app.get('/junk5')",
    "app/data.txt": "app.get('/junk6')",
}


def test_routes_are_mined_from_the_applications_own_sources() -> None:
    expected = {
        "/items", "/items/1", "/shop/1/", "/blog/1/", "/api/events", "/api/1/x", "/go", "/java/1", "/static", "/exact",
    }  # fmt: skip
    assert expected == set(mined_routes(tree(SOURCES), {"WorkingDir": "/app"}))


def test_routes_are_only_looked_for_where_the_application_is() -> None:
    assert ("/junk5",) == mined_routes(tree(SOURCES), {"Cmd": ["python", "/other/z.py"]})
    assert () == mined_routes(tree(SOURCES), {"Cmd": ["nginx"]})
    assert () == mined_routes(tree(SOURCES), {"WorkingDir": "/absent"})


def test_no_more_than_a_hundred_routes_are_mined() -> None:
    text = "\n".join(f"app.get('/r{n}')" for n in range(500))
    assert 100 == len(mined_routes(tree({"app/a.js": text}), {"WorkingDir": "/app"}))
