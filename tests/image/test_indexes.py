"""Which image of an index is opened: by tag, digest, platform; nested, partly present, with attestations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from handmade import (
    INDEX,
    MANIFEST,
    Made,
    classic_files,
    descriptor,
    entry,
    index,
    layout_files,
    named,
    tar,
    write_archive,
    write_layout,
)

from jettison.core.errors import ImageError, UsageError
from jettison.core.platform import Platform, host, parse
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.transports.layout import read_directory

AMD = Made((tar(entry("amd", b"1")),), architecture="amd64")
ARM = Made((tar(entry("arm", b"22")),), architecture="arm64")
S390 = Made((tar(entry("s390", b"333")),), architecture="s390x")
THIS = {"amd64": AMD, "arm64": ARM, "s390x": S390}[host().architecture]


def _platform(made: Made) -> dict[str, object]:
    return {"platform": {"os": "linux", "architecture": made.architecture}}


def many(root: Path, *images: Made, nested: bool = False, without: tuple[Made, ...] = ()) -> str:
    """A layout with one index of several platforms, behind another index where `nested`."""
    inner = index(*(descriptor(made.manifest, MANIFEST, **_platform(made)) for made in images))
    files = layout_files(*images, top=inner)
    if nested:
        top = descriptor(inner, INDEX, annotations={"org.opencontainers.image.ref.name": "1"})
        files |= {"index.json": index(top), "blobs/" + top["digest"].replace(":", "/"): inner}
    for made in without:
        for name in set(made.files) - set(AMD.files if made is not AMD else {}):
            files.pop(name)
    return str(write_layout(files, root))


def _names(image: Image) -> list[bytes]:
    return [path for layer in image.layers for path in layer.columns.paths]


@pytest.mark.parametrize("nested", [False, True])
def test_of_several_platforms_this_machine_s_is_opened_and_the_others_are_named(tmp_path: Path, nested: bool) -> None:
    image = open_image("oci:" + many(tmp_path, ARM, AMD, S390, nested=nested))
    assert (f"linux/{THIS.architecture}", _names(open_image(f"oci:{tmp_path}"))) == (image.platform, _names(image))
    assert {"linux/amd64", "linux/arm64", "linux/s390x"} - {image.platform} == set(image.other_platforms)


def test_a_platform_that_is_asked_for_is_opened(tmp_path: Path) -> None:
    where = many(tmp_path, ARM, AMD)
    assert [b"arm"] == _names(read_directory(where, Platform("linux", "arm64")))
    assert [b"arm"] == _names(read_directory(where, Platform("linux", "arm64", "v8")))
    assert [b"amd"] == _names(read_directory(where, Platform("linux", "amd64")))


def test_a_platform_that_is_asked_for_holds_for_single_images_too(tmp_path: Path) -> None:
    path = write_archive(classic_files(ARM), tmp_path / "x.tar")
    assert "linux/arm64" == open_image(str(path), Platform("linux", "arm64")).platform
    with pytest.raises(ImageError, match="for linux/arm64, not for linux/amd64") as caught:
        open_image(str(path), Platform("linux", "amd64"))
    assert "ask for linux/arm64" == caught.value.hint
    where = many(tmp_path / "many", ARM, AMD)
    assert "linux/arm64" == open_image(f"oci:{where}", Platform("linux", "arm64")).platform


def test_a_platform_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no image for linux/s390x") as caught:
        read_directory(many(tmp_path, ARM, AMD), Platform("linux", "s390x"))
    assert "there is linux/amd64, linux/arm64" == caught.value.hint
    with pytest.raises(ImageError, match="no image for linux/arm64"):
        read_directory(many(tmp_path / "one", AMD), Platform("linux", "arm64"))


def test_a_single_image_is_opened_whatever_its_platform(tmp_path: Path) -> None:
    image = open_image("oci:" + many(tmp_path, S390))
    assert ("linux/s390x", ()) == (image.platform, image.other_platforms)


def test_platforms_whose_blobs_were_not_saved_are_not_offered(tmp_path: Path) -> None:
    """Docker's containerd store saves the whole index and the blobs of one platform."""
    others = tuple(made for made in (ARM, AMD, S390) if made is not THIS)
    image = open_image("oci:" + many(tmp_path, ARM, AMD, S390, nested=True, without=others))
    assert (f"linux/{THIS.architecture}", ()) == (image.platform, image.other_platforms)
    absent = many(tmp_path / "none", ARM, without=(ARM,))
    with pytest.raises(ImageError, match="holds no manifest sha256"):
        open_image("oci:" + absent)


def test_attestations_are_no_images(tmp_path: Path) -> None:
    """BuildKit puts provenance beside each image, of the platform unknown/unknown."""
    note = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "sha256:" + "0" * 64}
    unknown = {"platform": {"os": "unknown", "architecture": "unknown"}, "annotations": note}
    inner = index(
        descriptor(THIS.manifest, MANIFEST, **_platform(THIS)), descriptor(S390.manifest, MANIFEST, **unknown)
    )
    write_layout(layout_files(THIS, S390, top=inner), tmp_path)
    assert (_names(open_image(f"oci:{tmp_path}")), ()) == ([*THIS_NAMES], open_image(f"oci:{tmp_path}").other_platforms)


THIS_NAMES = {"amd64": [b"amd"], "arm64": [b"arm"], "s390x": [b"s390"]}[host().architecture]


def test_manifests_without_a_platform_are_told_apart_by_their_configs(tmp_path: Path) -> None:
    bare = index(*(descriptor(made.manifest, MANIFEST) for made in (ARM, AMD)))
    where = str(write_layout(layout_files(ARM, AMD, top=bare), tmp_path))
    assert [b"arm"] == _names(read_directory(where, Platform("linux", "arm64")))


def test_images_are_had_by_tag_by_digest_and_by_number(tmp_path: Path) -> None:
    write_layout(layout_files(AMD, ARM, top=index(named(AMD, "one"), named(ARM, "two"))), tmp_path)
    arm = descriptor(ARM.manifest, MANIFEST)["digest"]
    assert [[b"arm"]] * 3 == [_names(open_image(f"oci:{tmp_path}:{which}")) for which in ("two", f"@{arm}", "@1")]
    with pytest.raises(ImageError, match="holds 2 images") as caught:
        open_image(f"oci:{tmp_path}")
    assert "say which, as PATH:NAME; it has one, two" == caught.value.hint
    with pytest.raises(ImageError, match="no image three"):
        open_image(f"oci:{tmp_path}:three")


def test_a_full_name_is_found_by_its_tag(tmp_path: Path) -> None:
    write_layout(layout_files(AMD, top=index(named(AMD, "docker.io/library/app:1"))), tmp_path)
    assert [b"amd"] == _names(open_image(f"oci:{tmp_path}:1")) == _names(open_image(f"oci:{tmp_path}:app:1"))


def test_one_image_under_two_names_is_one_image(tmp_path: Path) -> None:
    write_layout(layout_files(AMD, top=index(named(AMD, "1"), named(AMD, "latest"))), tmp_path)
    assert [b"amd"] == _names(open_image(f"oci:{tmp_path}"))


def test_two_images_of_one_platform_are_refused_with_their_digests(tmp_path: Path) -> None:
    other = Made((tar(entry("other")),))
    top = index(*(descriptor(made.manifest, MANIFEST, **_platform(AMD)) for made in (AMD, other)))
    where = str(write_layout(layout_files(AMD, other, top=top), tmp_path))
    with pytest.raises(ImageError, match="2 images for linux/amd64") as caught:
        read_directory(where, Platform("linux", "amd64"))
    assert descriptor(other.manifest, MANIFEST)["digest"] in caught.value.hint


def test_an_index_without_media_types_is_read_by_its_content(tmp_path: Path) -> None:
    inner = json.dumps({"schemaVersion": 2, "manifests": [descriptor(AMD.manifest, "")]}).encode()
    top = index({**descriptor(inner, ""), "mediaType": ""})
    files = layout_files(AMD, top=top) | {"blobs/" + descriptor(inner, "")["digest"].replace(":", "/"): inner}
    assert [b"amd"] == _names(open_image(f"oci:{write_layout(files, tmp_path)}"))


def test_indexes_in_indexes_without_end_are_refused(tmp_path: Path) -> None:
    files, inner = layout_files(AMD), AMD.manifest
    media_type = MANIFEST
    for _ in range(20):
        inner, media_type = index(descriptor(inner, media_type)), INDEX
        files["blobs/" + descriptor(inner, INDEX)["digest"].replace(":", "/")] = inner
    files["index.json"] = index(descriptor(inner, INDEX))
    with pytest.raises(ImageError, match="without end"):
        open_image(f"oci:{write_layout(files, tmp_path)}")


def test_an_index_that_claims_to_hold_itself_is_refused(tmp_path: Path) -> None:
    """No digest is its own content's: the cycle is a lie and shows as one."""
    lie = "sha256:" + "1" * 64
    inner = index({"mediaType": INDEX, "digest": lie, "size": 0})
    inner = index({"mediaType": INDEX, "digest": lie, "size": len(inner)})
    files = layout_files(AMD) | {"blobs/sha256/" + "1" * 64: inner}
    files["index.json"] = index({"mediaType": INDEX, "digest": lie, "size": len(inner)})
    with pytest.raises(ImageError, match="not what its digest says"):
        open_image(f"oci:{write_layout(files, tmp_path)}")


def test_an_index_of_a_hundred_thousand_is_refused(tmp_path: Path) -> None:
    files = layout_files(AMD) | {"index.json": index(*[{"digest": "x", "size": 1}] * 100_000)}
    with pytest.raises(ImageError, match="lists 100000 images"):
        open_image(f"oci:{write_layout(files, tmp_path)}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("linux/arm/v7", Platform("linux", "arm", "v7")),
    ],
)
def test_platforms_are_spelled_as_in_go(text: str, expected: Platform) -> None:
    assert expected == parse(text)
    assert text.replace("x86_64", "amd64") == str(expected)


@pytest.mark.parametrize("text", ["linux", "", "linux/", "/amd64", "a/b/c/d"])
def test_what_is_no_platform_is_a_wrong_use(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_a_platform_fits_with_the_variant_that_it_implies() -> None:
    assert Platform("linux", "arm64").fits(Platform("linux", "arm64", "v8"))
    assert Platform("linux", "arm", "v6").fits(Platform("linux", "arm"))
    assert not Platform("linux", "arm", "v6").fits(Platform("linux", "arm", "v7"))
    assert not Platform("linux", "amd64").fits(Platform("linux", "386"))
