"""registries.conf: mirrors, other locations, blocked registries, and what a real registry makes of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_proxy import Exchange, Proxy
from handmade import Made, entry, tar
from registry_server import Server, digest_of

from jettison.core.errors import RegistryError, UsageError
from jettison.image.open import open_image
from jettison.image.transports import registry as transport
from jettison.registry.mirrors import read_registries, sources
from jettison.registry.names import parse
from jettison.registry.patience import Patience

APP = Made((tar(entry("a", b"x" * 5000)),))
DIGEST = "sha256:" + "0" * 64


def asked(name: str, conf: str, home: Path) -> list[str]:
    """The places that are asked for a name, in turn."""
    (home / "registries.conf").write_text(conf)
    found = sources(parse(name), read_registries())
    return [f"{each.name}{' insecure' if each.insecure else ''}{' mirror' if each.mirror else ''}" for each in found]


def test_without_configuration_the_registry_itself_is_asked(nobody: Path) -> None:
    assert ["r.io/app:1"] == asked("r.io/app:1", "", nobody)


def test_mirrors_come_first_and_the_longest_prefix_decides(nobody: Path) -> None:
    conf = """
[[registry]]
location = "r.io"
[[registry.mirror]]
location = "m.io/r"
[[registry.mirror]]
location = "127.0.0.1:5000"
insecure = true

[[registry]]
prefix = "r.io/team"
location = "other.io:444/moved"
insecure = true
"""
    expected = ["m.io/r/app:1 mirror", "127.0.0.1:5000/app:1 insecure mirror", "r.io/app:1"]
    assert expected == asked("r.io/app:1", conf, nobody)
    assert ["other.io:444/moved/app:1 insecure"] == asked("r.io/team/app:1", conf, nobody)
    assert ["m.io/r/teams/app:1 mirror"] == asked("r.io/teams/app:1", conf, nobody)[:1]
    for other in ("r.io:5000/app:1", "xr.io/app:1", "r.io.evil.com/app:1", "s.io/r.io/app:1"):
        assert [other] == asked(other, conf, nobody)


def test_the_names_of_the_hub_are_completed_first(nobody: Path) -> None:
    conf = '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "127.0.0.1:5000"\n'
    assert ["127.0.0.1:5000/library/debian:12 mirror", "docker.io/library/debian:12"] == asked(
        "debian:12", conf, nobody
    )


def test_a_prefix_may_be_all_hosts_of_a_domain(nobody: Path) -> None:
    conf = '[[registry]]\nprefix = "*.example.com"\ninsecure = true\n'
    assert ["a.b.example.com/app:1 insecure"] == asked("a.b.example.com/app:1", conf, nobody)
    for other in ("example.com/app:1", "r.io/a.example.com/app:1", "xexample.com/app:1"):
        assert [other] == asked(other, conf, nobody)
    moved = '[[registry]]\nprefix = "*.example.com"\nlocation = "one.io/all"\n'
    assert ["one.io/all/app:1"] == asked("a.example.com/app:1", moved, nobody)


def test_some_mirrors_are_for_digests_or_for_tags_alone(nobody: Path) -> None:
    conf = """
[[registry]]
location = "r.io"
[[registry.mirror]]
location = "d.io"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "t.io"
pull-from-mirror = "tag-only"
"""
    assert ["t.io/app:1 mirror", "r.io/app:1"] == asked("r.io/app:1", conf, nobody)
    assert [f"d.io/app@{DIGEST} mirror", f"r.io/app@{DIGEST}"] == asked(f"r.io/app@{DIGEST}", conf, nobody)
    conf = conf.replace('"r.io"', '"r.io"\nmirror-by-digest-only = true').replace("pull-from-mirror", "x")
    assert ["r.io/app:1"] == asked("r.io/app:1", conf, nobody)
    assert 3 == len(asked(f"r.io/app@{DIGEST}", conf, nobody))


def test_a_blocked_registry_is_not_asked(nobody: Path) -> None:
    conf = '[[registry]]\nlocation = "r.io"\nblocked = true\n'
    with pytest.raises(RegistryError, match=r"r\.io/app:1 is blocked by .*registries\.conf"):
        asked("r.io/app:1", conf, nobody)
    assert ["r.io:5000/app:1"] == asked("r.io:5000/app:1", conf, nobody)


@pytest.mark.parametrize(
    "conf",
    [
        "[",
        "\udcff",
        "[[registry]]\n",
        '[[registry]]\nlocation = "r.io"\ninsecure = "yes"\n',
        "[[registry]]\nlocation = 1\n",
        '[registry]\nlocation = "r.io"\n',
        "registry = [1]\n",
        '[[registry]]\nlocation = "r.io"\n[[registry.mirror]]\ninsecure = true\n',
        '[[registry]]\nlocation = "r.io"\n[[registry.mirror]]\nlocation = "m.io"\npull-from-mirror = "never"\n',
        '[registries.search]\nregistries = ["r.io"]\n',
    ],
)
def test_a_broken_configuration_is_wrong_use_and_names_its_file(nobody: Path, conf: str) -> None:
    (nobody / "registries.conf").write_bytes(conf.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError) as caught:
        read_registries()
    assert str(nobody / "registries.conf") in caught.value.message
    assert caught.value.hint


def test_a_location_that_makes_no_name_is_wrong_use(nobody: Path) -> None:
    with pytest.raises(UsageError, match=r"leads to .*, which is no name of an image"):
        asked("r.io/app:1", '[[registry]]\nprefix = "r.io"\nlocation = "https://m.io"\n', nobody)


def test_a_file_that_was_named_and_is_not_there_is_wrong_use(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(nobody / "none.conf"))
    with pytest.raises(UsageError, match=r"none\.conf, which is no file"):
        read_registries()


def test_the_user_s_own_file_and_his_drop_ins_count(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTAINERS_REGISTRIES_CONF")
    folder = nobody / ".config/containers"
    (folder / "registries.conf.d").mkdir(parents=True)
    (folder / "registries.conf").write_text('[[registry]]\nlocation = "r.io"\n[[registry]]\nlocation = "s.io"\n')
    (folder / "registries.conf.d/10.conf").write_text('[[registry]]\nlocation = "r.io"\ninsecure = true\n')
    (folder / "registries.conf.d/20.txt").write_text("no configuration")
    assert {"r.io": True, "s.io": False} == {each.location: each.insecure for each in read_registries()}


# --- for real


@pytest.fixture(autouse=True, scope="module")
def _pushed(push: Callable[..., str]) -> None:
    push(APP, "mirrored/app:1")


def mirrors(home: Path, *locations: str, own: str = "r.invalid") -> None:
    rows = "".join(f'[[registry.mirror]]\nlocation = "{each}"\ninsecure = true\n' for each in locations)
    (home / "registries.conf").write_text(f'[[registry]]\nprefix = "r.invalid"\nlocation = "{own}"\n{rows}')


def test_an_image_is_read_from_the_first_mirror_that_has_it(
    registry: Server, faulty: Callable[..., Proxy], nobody: Path, quick: Patience
) -> None:
    empty, whole = faulty(lambda one: one.answer(404) if one.is_manifest else None), faulty()
    mirrors(nobody, "127.0.0.1:1", f"{empty.host}/mirrored", f"{whole.host}/mirrored", registry.host)
    image = transport.read("r.invalid/app:1", patience=quick)
    assert (5000, digest_of(APP.manifest)) == (image.sizes.unpacked, image.digest)
    assert "docker://r.invalid/app:1" == str(image.reference)  # the logical name
    assert ([], 2) == (empty.paths("/blobs/"), len(whole.paths("/blobs/")))  # who has it is asked for all of it


def test_a_mirror_that_loses_a_layer_or_lies_is_passed_over(
    registry: Server, faulty: Callable[..., Proxy], nobody: Path, quick: Patience
) -> None:
    layer = digest_of(APP.blobs[0])

    def lose(one: Exchange) -> None:
        if one.path.endswith(layer):
            one.answer(404)

    def lie(one: Exchange) -> None:
        if one.path.endswith(layer):
            one.body = b"X" + one.body[1:]

    for fault in (lose, lie):
        proxy = faulty(fault)
        mirrors(nobody, f"{proxy.host}/mirrored", own=f"{registry.host}/mirrored")
        assert b"x" * 5000 == transport.read("r.invalid/app:1", patience=quick).tree.read(b"a")
        assert proxy.paths(layer)


def test_where_nobody_has_it_all_are_told(registry: Server, nobody: Path, quick: Patience) -> None:
    mirrors(nobody, "127.0.0.1:1", own=f"{registry.host}/mirrored")
    with pytest.raises(RegistryError, match="has no mirrored/app:2") as caught:
        transport.read("r.invalid/app:2", patience=quick)
    assert "127.0.0.1:1 cannot be reached: Connection refused" in caught.value.hint


def test_offline_is_told_at_once(nobody: Path) -> None:
    started = time.monotonic()
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:1 cannot be reached: Connection refused") as caught:
        open_image("docker://127.0.0.1:1/app")
    assert 10 > time.monotonic() - started
    assert "offline" in caught.value.hint
    with pytest.raises(RegistryError, match=r"the name r\.invalid is not known here"):
        open_image("docker://r.invalid/app")
