"""What is kept in registries and layouts as images are, and is none: each told by its word and with its way out.

Source: OCI image-spec v1.1 `manifest.md` "Guidelines for Artifact Usage" (artifactType, the empty config); Helm
`pkg/registry/constants.go`; cosign `specs/SIGNATURE_SPEC.md`; in-toto attestations as BuildKit stores them; wasm-to-oci
and the Wasm working group of the CNCF; Docker Engine "Plugin V2 Manifest"; BuildKit `cache/remotecache`.
"""

from __future__ import annotations

from collections.abc import Sequence

from jettison.core.errors import ImageError
from jettison.image.transports.indexes import Descriptor

_GIVE = "give the image itself"
_KINDS = (  # what a media type begins with, the word, the way out
    ("application/vnd.cncf.helm.", "a Helm chart", "give an image that its templates name (`helm template CHART`)"),
    ("application/vnd.dev.cosign.", "a signature of cosign", _GIVE),
    ("application/vnd.dev.sigstore.", "a signature of sigstore", _GIVE),
    ("application/vnd.cncf.notary.", "a signature of Notary", _GIVE),
    ("application/vnd.in-toto", "an attestation (provenance or a bill of materials)", "give the image it speaks of"),
    ("application/vnd.dsse.", "an attestation", "give the image it speaks of"),
    ("application/spdx", "a bill of materials", "give the image it speaks of"),
    ("text/spdx", "a bill of materials", "give the image it speaks of"),
    ("application/vnd.cyclonedx", "a bill of materials", "give the image it speaks of"),
    ("application/vnd.wasm.", "a WebAssembly module", "only container images can be read"),
    ("application/wasm", "a WebAssembly module", "only container images can be read"),
    ("application/vnd.docker.plugin.", "a Docker plugin", "only container images can be read"),
    ("application/vnd.buildkit.cacheconfig.", "a build cache of BuildKit", "give the image that was built with it"),
    ("application/vnd.docker.ai.", "a model", "only container images can be read"),
    ("application/vnd.cncf.model.", "a model", "only container images can be read"),
    ("application/vnd.ollama.", "a model", "only container images can be read"),
    ("application/vnd.cncf.flux.", "a bundle of Flux", "only container images can be read"),
    ("application/vnd.docker.compose.", "a project of Compose", "give an image of its services"),
)
_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/octet-stream",  # of early registries
    "",
)
_NO_LAYERS = ("application/json", "text/", "application/octet-stream", "application/vnd.oci.empty.")


def refuse(config: Descriptor, layers: Sequence[Descriptor], artifact_type: str) -> None:
    """Raises ImageError where a manifest's media types are those of something else than a container image."""
    told = [config.media_type, artifact_type, *(one.media_type for one in layers)]
    for media_type in told:
        for beginning, word, hint in _KINDS:
            if media_type.startswith(beginning):
                raise ImageError(f"this is {word}, no container image", hint=hint)
    if artifact_type and config.media_type not in _CONFIGS[:2]:
        raise ImageError(f"this is an artifact ({artifact_type[:100]}), no container image", hint=_GIVE)
    if config.media_type.startswith("application/vnd.oci.empty."):
        raise ImageError("this is an artifact without a config, no container image", hint=_GIVE)
    if config.media_type in _CONFIGS[:2]:
        for one in layers:
            if one.media_type.startswith(_NO_LAYERS):
                raise ImageError(
                    f"layer {one.digest} is of the type {one.media_type}, which holds no files", hint=_GIVE
                )
