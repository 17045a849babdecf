"""The same image as each tool's archive has it. Imports nothing of jettison.

From each tool's own writer: containers/image `docker/internal/tarfile/writer.go` (podman, buildah, skopeo),
go-containerregistry `pkg/v1/tarball/write.go` (kaniko, crane, ko), Jib `ImageTarball.java`, moby
`image/tarexport/save.go` (Docker to 24, and 25 and later), containerd `images/archive/exporter.go` (Docker 29 with the
containerd store, nerdctl, ctr), rules_oci `oci/private/tarball.sh.tpl` (Bazel), nixpkgs `dockerTools`. None of the
tools was run to make these.
"""

from __future__ import annotations

import json
import tarfile

from handmade import (
    INDEX,
    LAYER,
    MANIFEST,
    Made,
    blob_path,
    classic_files,
    descriptor,
    digest,
    directory,
    entry,
    index,
    layout_files,
    modern_files,
    packed,
    symlink,
    tar,
)

Member = tuple[tarfile.TarInfo, bytes]
_ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}


def _hex(data: bytes) -> str:
    return digest(data).removeprefix("sha256:")


def _row(config: str, made: Made, layers: list[str]) -> bytes:
    return json.dumps([{"Config": config, "RepoTags": [made.name], "Layers": layers}]).encode()


def podman(made: Made) -> list[Member]:
    """Layers by diff ID, each once; the first format's directories beside, with links to them; a full name."""
    names = [f"{_hex(layer)}.tar" for layer in made.layers]
    members = [entry(name, data) for name, data in dict(zip(names, made.layers, strict=True)).items()]
    config = f"{_hex(made.config)}.json"
    members.append(entry(config, made.config))
    for number, name in enumerate(names):
        place = _hex(f"{number}{name}".encode())
        members += [symlink(f"{place}/layer.tar", f"../{name}"), entry(f"{place}/VERSION", b"1.0")]
        members.append(entry(f"{place}/json", json.dumps({"id": place}).encode()))
    full = Made(made.layers, f"docker.io/library/{made.name}")
    return [*members, entry("manifest.json", _row(config, full, names)), entry("repositories", b"{}")]


def kaniko(made: Made) -> list[Member]:
    """The config by its digest with its algorithm, layers compressed and by the digest of that; no directories."""
    blobs = [packed(layer, "gzip") for layer in made.layers]
    names = [f"{_hex(blob)}.tar.gz" for blob in blobs]
    config = digest(made.config)
    members = [entry(config, made.config)]
    members += [entry(name, data) for name, data in dict(zip(names, blobs, strict=True)).items()]
    return [*members, entry("manifest.json", _row(config, made, names))]


def jib(made: Made) -> list[Member]:
    """The config by a plain name."""
    blobs = [packed(layer, "gzip") for layer in made.layers]
    names = [f"{_hex(blob)}.tar.gz" for blob in blobs]
    members = [entry(name, data) for name, data in dict(zip(names, blobs, strict=True)).items()]
    return [*members, entry("config.json", made.config), entry("manifest.json", _row("config.json", made, names))]


def bazel(made: Made) -> list[Member]:
    """Blobs as in a layout, those of layers with an ending."""
    blobs = [packed(layer, "gzip") for layer in made.layers]
    names = [f"{blob_path(blob)}.tar.gz" for blob in blobs]
    members = [entry(blob_path(made.config), made.config)]
    members += [entry(name, data) for name, data in dict(zip(names, blobs, strict=True)).items()]
    return [*members, entry("manifest.json", _row(blob_path(made.config), made, names))]


def nix(made: Made) -> list[Member]:
    """Layers in directories by diff ID, names with `./` before them, the manifest last."""
    names = [f"{_hex(layer)}/layer.tar" for layer in made.layers]
    config = f"{_hex(made.config)}.json"
    members = [entry(f"./{name}", data) for name, data in dict(zip(names, made.layers, strict=True)).items()]
    return [
        directory("."),
        *members,
        entry(f"./{config}", made.config),
        entry("./manifest.json", _row(config, made, names)),
    ]


def docker24(made: Made) -> list[Member]:
    """A directory a layer, with its own json; a layer that comes twice is a link to the first."""
    files, seen = classic_files(made), dict[str, str]()
    members: list[Member] = []
    for name, data in files.items():
        if name.endswith("/layer.tar"):
            place = name.partition("/")[0]
            members += [directory(place), entry(f"{place}/VERSION", b"1.0"), entry(f"{place}/json", b"{}")]
            first = seen.setdefault(digest(data), name)
            members.append(entry(name, data) if first == name else symlink(name, f"../{first}"))
        else:
            members.append(entry(name, data))
    return members


def docker25(made: Made) -> list[Member]:
    """An OCI layout of plain layers with manifest.json and `repositories` beside it."""
    plain = Made(made.layers, made.name, "")
    files = modern_files(plain) | {"repositories": b'{"app": {"1": "x"}}'}
    places = [directory("blobs"), directory("blobs/sha256")]
    return [*places, *(entry(name, data) for name, data in files.items())]


def docker29(made: Made) -> list[Member]:
    """The containerd store: compressed layers, an index of platforms within the index, with an attestation beside."""
    statement = json.dumps({"_type": "https://in-toto.io/Statement/v0.1"}).encode()
    proof = descriptor(statement, "application/vnd.in-toto+json")
    note = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(made.config, LAYER), "layers": [proof]}
    attestation = json.dumps(note).encode()
    here = {"os": "linux", "architecture": made.architecture}
    absent = descriptor(b"of another platform", MANIFEST, platform={"os": "linux", "architecture": "s390x"})
    inner = index(
        descriptor(made.manifest, MANIFEST, platform=here),
        absent,
        descriptor(
            attestation,
            MANIFEST,
            platform={"os": "unknown", "architecture": "unknown"},
            annotations=_ATTESTATION | {"vnd.docker.reference.digest": digest(made.manifest)},
        ),
    )
    names = {"io.containerd.image.name": f"docker.io/library/{made.name}", "org.opencontainers.image.ref.name": "1"}
    files = layout_files(made, top=index(descriptor(inner, INDEX, annotations=names)))
    files |= {blob_path(each): each for each in (inner, attestation, statement)}
    names_of = [blob_path(blob) for blob in made.blobs]
    return [
        *(entry(name, data) for name, data in files.items()),
        entry("manifest.json", _row(blob_path(made.config), made, names_of)),
    ]


WRITERS = {
    "docker24": docker24,
    "docker25": docker25,
    "docker29": docker29,
    "podman": podman,
    "kaniko": kaniko,
    "jib": jib,
    "bazel": bazel,
    "nix": nix,
}


def several(*images: Made) -> bytes:
    """One archive of several images that share layers, as `docker save A B` and `podman save -m` write it."""
    rows, members = [], dict[str, bytes]()
    for made in images:
        files = classic_files(made)
        rows += json.loads(files.pop("manifest.json"))
        members |= files
    return tar(
        *(entry(name, data) for name, data in members.items()), entry("manifest.json", json.dumps(rows).encode())
    )
