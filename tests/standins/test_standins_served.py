"""Real: stand-ins made, served and built upon. The images are made once and kept in the usual directory."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from steady_buildah import steady

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "standins.py"
sys.path.insert(0, str(SCRIPT.parent))

from standins.house import House, default_directory  # noqa: E402

from standins import bakery, mirror  # noqa: E402

pytestmark = pytest.mark.engine
IMAGE = "debian:bookworm-slim"


def call(house, *arguments, before=()):
    return subprocess.run(
        [*before, sys.executable, str(SCRIPT), "--directory", str(house.root), *arguments],
        capture_output=True,
        text=True,
        timeout=1200,
    )


def build(house, context, *options):
    command = ["buildah", "bud", "--layers", "--format", "docker", "--isolation", "chroot", "--network", "host"]
    return steady(
        partial(
            subprocess.run,
            [*command, "--pull=false", *options, str(context)],
            env={**os.environ, **house.environment()},
            capture_output=True,
            text=True,
            timeout=600,
        )
    )


def listed(house):
    text = subprocess.run(
        ["buildah", "images", "--json"], env={**os.environ, **house.environment()}, capture_output=True, check=True
    ).stdout
    return {name: image["id"] for image in json.loads(text) or [] for name in image["names"] or []}


@pytest.fixture(scope="module")
def usual():
    """The usual directory, with the image made (about a minute, the first time)."""
    house = House(default_directory())
    ended = call(house, "ensure", IMAGE)
    assert (0, "") == (ended.returncode, ended.stdout), ended.stderr
    return house


@pytest.fixture(scope="module")
def other(usual, tmp_path_factory):
    """A directory of its own, whose public registry is the usual directory's mirror."""
    house = House(tmp_path_factory.mktemp("standins"))
    ended = call(house, "ensure", IMAGE, "--hub", f"http://127.0.0.1:{mirror.running(usual).port}")
    assert 0 == ended.returncode, ended.stderr
    yield house
    call(house, "stop")
    subprocess.run(["umount", "-l", str(house.graph / "overlay")], capture_output=True)


@pytest.fixture
def context(tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN cat /etc/os-release /etc/apt/apt.conf.d/docker-clean\n")
    return tmp_path


def test_an_unchanged_dockerfile_builds_upon_the_stand_in(usual, context):
    name = f"localhost/standins-test-{os.getpid()}"
    ended = build(usual, context, "--no-cache", "--tag", name)
    assert 0 == ended.returncode, ended.stderr
    subprocess.run(["buildah", "rmi", name], env={**os.environ, **usual.environment()}, capture_output=True, check=True)
    assert "VERSION_CODENAME=bookworm" in ended.stdout
    assert "DPkg::Post-Invoke" in ended.stdout


def test_a_second_ensure_does_nothing(usual):
    def state():
        files = [usual.root / "standins.json", usual.registries_conf, usual.storage_conf, usual.registry_conf]
        return [path.stat().st_mtime_ns for path in files], mirror.processes(usual), listed(usual)

    before = state()
    ended = call(usual, "ensure", IMAGE)
    assert 0 == ended.returncode, ended.stderr
    assert f"standins: {IMAGE}: here (stand-in)\n" == ended.stderr or "here (public registry)" in ended.stderr
    assert before == state()


def test_where_a_public_registry_answers_its_image_is_taken(usual, other):
    theirs, ours = usual.records()[IMAGE], other.records()[IMAGE]
    assert ("public registry", theirs["digest"]) == (ours["source"], ours["digest"])
    assert (theirs["unpacked"], theirs["transfer"]) == (ours["unpacked"], ours["transfer"])


def test_an_image_that_no_one_pulled_comes_from_the_mirror_while_building(other, context):
    env = {**os.environ, **other.environment()}
    subprocess.run(["buildah", "rmi", "--all", "--force"], env=env, capture_output=True, check=True)
    assert {} == listed(other)
    ended = build(other, context)
    assert 0 == ended.returncode, ended.stderr
    assert f"docker.io/library/{IMAGE}" in listed(other)


def test_two_at_once_make_one_registry(usual, tmp_path):
    house = House(tmp_path / "new")
    command = [sys.executable, str(SCRIPT), "--directory", str(house.root), "ensure", IMAGE]
    hub = ["--hub", f"http://127.0.0.1:{mirror.running(usual).port}"]
    both = [subprocess.Popen([*command, *hub], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(2)]
    try:
        assert [0, 0] == [process.communicate(timeout=300) and process.returncode for process in both]
        assert 1 == len(mirror.processes(house))
    finally:
        assert 0 == call(house, "stop").returncode
        subprocess.run(["umount", "-l", str(house.graph / "overlay")], capture_output=True)
    assert [] == mirror.processes(house)


def test_a_registry_that_died_is_started_again_and_has_the_images(other):
    digest = mirror.running(other).digest("library/debian", "bookworm-slim")
    assert 0 == call(other, "stop").returncode
    assert None is mirror.running(other)
    ended = call(other, "ensure", IMAGE, "--hub", "http://127.0.0.1:9")
    assert 0 == ended.returncode, ended.stderr
    assert digest == mirror.running(other).digest("library/debian", "bookworm-slim")


def test_the_users_own_images_are_neither_read_nor_written(other, context, tmp_path):
    """For these commands alone an empty folder takes the place of the user's images: no storage may appear in it.

    A list of digests seen does: the containers library keeps it there, whatever the storage.
    """
    empty = tmp_path / "empty"
    empty.mkdir()
    theirs = Path("/var/lib/containers")
    theirs.mkdir(exist_ok=True)
    hide = ["unshare", "--mount", "sh", "-c", f'mount --bind "{empty}" {theirs} && exec "$@"', "sh"]
    env = {**os.environ, **other.environment()}
    subprocess.run(["buildah", "rmi", "--all", "--force"], env=env, capture_output=True, check=True)
    call(other, "stop")
    ended = call(other, "ensure", IMAGE, before=hide)
    assert 0 == ended.returncode, ended.stderr
    built = subprocess.run(
        [*hide, "buildah", "bud", "--layers", "--isolation", "chroot", "--pull=false", str(context)],
        env=env,
        capture_output=True,
        text=True,
    )
    assert 0 == built.returncode, built.stderr
    assert ["cache", "cache/blob-info-cache-v1.boltdb"] == sorted(
        str(path.relative_to(empty)) for path in empty.rglob("*")
    )


def test_clearing_the_workshop_never_reaches_through_a_mount(tmp_path):
    house, outside = House(tmp_path / "house"), tmp_path / "outside"
    point = house.work / "root fs" / "dev"
    for folder in (point, outside):
        folder.mkdir(parents=True)
    (outside / "precious").write_text("kept")
    subprocess.run(["mount", "--bind", str(outside), str(point)], check=True)
    assert [point] == bakery.mounted(house.work)
    bakery.clear(house)
    assert "kept" == (outside / "precious").read_text()
    assert not house.work.exists()


@pytest.mark.parametrize("answers", [False, True])
def test_an_image_that_cannot_be_had_and_has_no_recipe_is_refused(usual, other, answers):
    hub = f"http://127.0.0.1:{mirror.running(usual).port}" if answers else "http://127.0.0.1:9"
    ended = call(other, "ensure", "nosuch:tag", "--hub", hub)
    assert answers == ("manifest unknown" in ended.stderr)
    assert 2 == ended.returncode
    assert "no recipe for nosuch:tag" in ended.stderr
    assert IMAGE in ended.stderr


def test_an_image_of_google_comes_from_the_mirror_and_from_googles_registry_where_that_answers(usual, other, tmp_path):
    image = "gcr.io/distroless/static-debian12"
    ended = call(usual, "ensure", image)
    assert 0 == ended.returncode, ended.stderr
    google = f"http://127.0.0.1:{mirror.running(usual).port}/gcr.io"
    ended = call(other, "ensure", image, "--gcr", google)
    assert 0 == ended.returncode, ended.stderr
    theirs, ours = usual.records()[f"{image}:latest"], other.records()[f"{image}:latest"]
    assert ("public registry", theirs["digest"]) == (ours["source"], ours["digest"])
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nCOPY Dockerfile /\n")
    env = {**os.environ, **other.environment()}
    subprocess.run(["buildah", "rmi", "--all", "--force"], env=env, capture_output=True, check=True)
    ended = build(other, tmp_path)
    assert 0 == ended.returncode, ended.stderr
    assert f"{image}:latest" in listed(other)
