"""What needs no engine: names, recipes, parts, the page."""

import base64
import hashlib
import http.server
import json
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "standins.py"
sys.path.insert(0, str(SCRIPT.parent))

from standins.ensure import MADE, Wish  # noqa: E402
from standins.errors import StandInError  # noqa: E402
from standins.house import House, default_directory  # noqa: E402
from standins.names import canonical, full, origin, split  # noqa: E402
from standins.recipes import ENTRYPOINT, RECIPES, Published, Recipe, chain  # noqa: E402

from standins import authorities, debian, parts, public, table  # noqa: E402


def call(*arguments, env=None):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, env=env, timeout=60
    )


class Answers(http.server.BaseHTTPRequestHandler):
    """Serves what the server was given: path -> (status, bytes)."""

    def do_GET(self):
        status, content = self.server.pages.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        running.pages = {}
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["debian:bookworm", "library/debian:bookworm", "docker.io/library/debian:bookworm"])
def test_every_spelling_of_an_official_name_is_one_name(name):
    assert "debian:bookworm" == canonical(name)


def test_a_distroless_image_without_a_tag_has_the_tag_that_a_dockerfile_means():
    assert "gcr.io/distroless/cc-debian12:latest" == canonical("gcr.io/distroless/cc-debian12")
    assert "gcr.io/distroless/nodejs:8" == canonical("gcr.io/distroless/nodejs:8")


@pytest.mark.parametrize(
    "name",
    [
        "debian",
        "quay.io/library/debian:bookworm",
        "someone/debian:bookworm",
        "gcr.io/someone/image:tag",
        "gcr.io/distroless/below/image:tag",
        "gcr.io/distroless/cc-debian12@sha256:0",
    ],
)
def test_what_is_neither_an_official_image_with_a_tag_nor_a_distroless_one_is_refused(name):
    with pytest.raises(StandInError) as raised:
        canonical(name)
    assert 2 == raised.value.code


def test_names_of_two_registries_never_meet_in_the_mirror():
    places = {name: split(name) for name in (*RECIPES, "distroless:latest")}
    assert len(places) == len(set(places.values()))
    assert ("library/debian", "bookworm") == places["debian:bookworm"]
    assert ("gcr.io/distroless/static-debian12", "latest") == places["gcr.io/distroless/static-debian12:latest"]


def test_buildah_is_sent_where_the_mirror_keeps_each_registry(tmp_path):
    """The location of a mirror takes the place of the prefix: what comes after it is the repository there."""
    house = House(tmp_path)
    house.point_at(5)
    registries = tomllib.loads(house.registries_conf.read_text())["registry"]
    locations = {registry["prefix"]: registry["mirror"][0]["location"] for registry in registries}
    for name in RECIPES:
        prefix = next(prefix for prefix in locations if full(name).startswith(f"{prefix}/"))
        assert f"127.0.0.1:5/{':'.join(split(name))}" == full(name).replace(prefix, locations[prefix], 1)


def test_each_name_is_looked_for_in_its_own_public_registry():
    wish = Wish((), hub="https://hub", gcr="https://google")
    assert ("docker.io", "library/node:20") == origin("node:20")
    assert "https://hub" == wish.registry("node:20")
    assert ("gcr.io", "distroless/cc-debian12:latest") == origin("gcr.io/distroless/cc-debian12:latest")
    assert "https://google" == wish.registry("gcr.io/distroless/cc-debian12:latest")


def test_a_recipe_stands_upon_the_recipes_its_dockerfile_names():
    for recipe in RECIPES.values():
        named = re.findall(r"^FROM (\S+)$", recipe.dockerfile, re.MULTILINE)
        assert ([recipe.on] if recipe.on else []) == named


def test_the_chain_begins_with_debian_and_ends_with_the_image():
    expected = [
        "debian:bookworm",
        "buildpack-deps:bookworm-curl",
        "buildpack-deps:bookworm-scm",
        "buildpack-deps:bookworm",
        "node:20",
    ]
    assert expected == [recipe.name for recipe in chain("node:20")]


def test_other_authorities_make_another_image():
    for recipe in RECIPES.values():
        assert recipe.fingerprint("") != recipe.fingerprint("another")
        assert recipe.fingerprint("") == recipe.fingerprint("")


def test_no_placeholder_is_left_in_a_recipe():
    for recipe in RECIPES.values():
        assert [] == re.findall(
            r"@[A-Z]+@|\{(?:extra|on|node|yarn|modules|before|after|corepack|version)\}", recipe.dockerfile
        )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--version"], "node --version"),
        (["app.js"], "node app.js"),
        (["echo", "as it is"], "as it is"),
        (["nonsense", "x"], "node nonsense x"),
    ],
)
def test_the_entrypoint_gives_node_what_is_no_command(tmp_path, arguments, expected):
    node = tmp_path / "node"
    node.write_text('#!/bin/sh\necho node "$@"\n')
    node.chmod(0o755)
    (tmp_path / "entry").write_text(ENTRYPOINT)
    (tmp_path / "app.js").write_text("0")
    ended = subprocess.run(
        ["sh", "entry", *arguments],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert expected == ended.stdout.strip()


def test_authorities_come_only_where_the_host_is_told_to_trust_them(tmp_path, monkeypatch):
    for name in authorities.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert None is authorities.of_host()
    own = "-----BEGIN CERTIFICATE-----\nbm90IGluIERlYmlhbg==\n-----END CERTIFICATE-----"
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(f"{own}\n")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    found = authorities.of_host()
    assert (own,) == found.own
    found.install(tmp_path / "rootfs")
    assert f"{own}\n" == (tmp_path / "rootfs" / authorities.BUNDLE).read_text()
    assert f"{own}\n" == (tmp_path / "rootfs/usr/local/share/ca-certificates/host-1.crt").read_text()


def test_a_debian_image_without_authorities_has_the_environment_of_the_official_one(tmp_path):
    tar = tmp_path / "bookworm.tar"
    tar.write_bytes(b"not read as a tar here")
    out = debian.package(tar, 0, debian.Base("bookworm", slim=False), None)
    manifest = json.loads((out / "manifest.json").read_text())
    config = json.loads((out / manifest["config"]["digest"].partition(":")[2]).read_text())
    assert {"Env": [debian.PATH], "Entrypoint": None, "Cmd": ["bash"]} == config["config"]
    for blob in (manifest["config"], *manifest["layers"]):
        content = (out / blob["digest"].partition(":")[2]).read_bytes()
        assert (blob["size"], blob["digest"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")


def page_of(content, promised):
    digest = base64.b64encode(hashlib.sha512(promised).digest()).decode()
    return json.dumps({"dist": {"tarball": content, "integrity": f"sha512-{digest}"}}).encode()


def test_without_npm_a_part_is_fetched_and_checked(server, tmp_path, monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{server.url}/")
    monkeypatch.setattr(parts.shutil, "which", lambda program: None)
    server.pages["/yarn/1.0.0"] = (200, page_of(f"{server.url}/yarn.tgz", b"real"))
    server.pages["/yarn.tgz"] = (200, b"real")
    into = tmp_path / "into"
    into.mkdir()
    parts.gather({"yarn": "1.0.0"}, tmp_path, into)
    assert b"real" == (into / "yarn.tgz").read_bytes()
    server.pages.clear()
    parts.gather({"yarn": "1.0.0"}, tmp_path, into)  # from the shelf


def test_a_part_that_is_not_what_the_registry_promised_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", server.url)
    server.pages["/yarn/1.0.0"] = (200, page_of(f"{server.url}/yarn.tgz", b"real"))
    server.pages["/yarn.tgz"] = (200, b"changed on the way")
    with pytest.raises(StandInError, match="is not what"):
        parts.download("yarn", "1.0.0", tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(("status", "expected"), [(200, True), (401, True), (403, False), (503, False)])
def test_a_registry_answers_with_200_or_with_a_place_to_get_a_token(server, status, expected):
    server.pages["/v2/"] = (status, b"")
    assert expected == public.answers(server.url)
    assert expected == public.answers(f"{server.url}/a/path/of/its/repositories")


def test_a_registry_that_is_not_there_does_not_answer():
    assert False is public.answers("http://127.0.0.1:9")


def weighed(size):
    return {"source": MADE, "unpacked": size, "transfer": 1, "layers": 1, "date": "2026-01-01"}


@pytest.mark.parametrize(
    ("size", "expected"),
    [(115, "+15.0 %"), (116, "+16.0 %, not used in a claim"), (84, "-16.0 %, not used in a claim"), (85, "-15.0 %")],
)
def test_a_difference_above_15_percent_is_not_used_in_a_claim(size, expected):
    recipe = Recipe("x:y", "parts", published=Published(100, "x:y of a day"))
    assert expected == table.row(recipe, weighed(size)).split(" | ")[5]


def test_a_pulled_image_is_not_in_the_table():
    known = {"debian:bookworm": {**weighed(1), "source": "public registry"}, "node:20": weighed(1)}
    assert ["node:20"] == re.findall(r"^\| `(\S+)` ", table.document(known), re.MULTILINE)


def test_the_committed_page_has_every_compared_image_and_its_arithmetic_is_right():
    page = (ROOT / "docs" / "standins.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.split(" | ")] for line in page.splitlines() if line.startswith("| `")]
    by_name = {row[0].strip("|` "): row for row in rows}
    for name, recipe in RECIPES.items():
        if recipe.published is not None:
            unpacked = float(by_name[name][3].removesuffix(" MB").replace(",", "")) * 1_000_000
            told = float(by_name[name][5].split()[0])
            assert pytest.approx(table.difference(unpacked, recipe.published.size), abs=0.15) == told
            assert (abs(told) > table.LIMIT) == ("not used" in by_name[name][5])
    assert all(path not in page for path in ("/tmp", "/root/"))


def test_without_the_programs_the_one_line_to_type_is_told(tmp_path):
    ended = call("--directory", tmp_path, "ensure", "debian:bookworm", env={"PATH": str(tmp_path)})
    # /usr/sbin and /sbin are always looked at; none of these programs lives there on Debian but debuerreotype's.
    assert 3 == ended.returncode
    assert "apt-get install --yes --no-install-recommends buildah skopeo docker-registry" in ended.stderr


def test_env_before_ensure_is_wrong_usage(tmp_path):
    ended = call("--directory", tmp_path / "none", "env")
    assert (2, "") == (ended.returncode, ended.stdout)
    assert not (tmp_path / "none").exists()


def test_stores_lie_beside_each_other_and_share_what_serves_them(tmp_path):
    houses = [House(tmp_path, store) for store in ("", "1", "two")]
    for house in houses:
        house.furnish()
        house.point_at(5000)
    told = [call("--directory", tmp_path, "--store", house.store, "env").stdout for house in houses]
    assert told == [call("--directory", tmp_path, "env").stdout, *told[1:]]
    found = [dict(line.removeprefix("export ").split("=") for line in text.splitlines()) for text in told]
    assert 1 == len({each["CONTAINERS_REGISTRIES_CONF"] for each in found})
    settings = [Path(each["CONTAINERS_STORAGE_CONF"]).read_text() for each in found]
    assert [True] * 3 == [f'"{house.graph}"' in text for house, text in zip(houses, settings, strict=True)]
    assert 3 == len({house.graph for house in houses})


def test_the_name_of_a_store_is_no_path(tmp_path):
    ended = call("--directory", tmp_path, "--store", "../x", "env")
    assert (2, "") == (ended.returncode, ended.stdout)
    assert "'../x' is not of letters a to z and digits" in ended.stderr


def test_state_lies_below_the_cache_directory(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert Path("/somewhere/jettison-standins") == default_directory()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative, so not valid")
    assert Path.home() / ".cache" / "jettison-standins" == default_directory()


def test_damaged_records_are_as_none(tmp_path):
    (tmp_path / "standins.json").write_text("{")
    house = House(tmp_path)
    assert {} == house.records()
    house.record("a:b", {"source": MADE})
    assert {"a:b": {"source": MADE}} == house.records()
