"""Names of images: as they stand in a FROM, as buildah spells them out, and where the mirror keeps them."""

from __future__ import annotations

from standins.errors import StandInError

DISTROLESS = "gcr.io/distroless/"


def canonical(name: str) -> str:
    """`docker.io/library/debian:bookworm` is `debian:bookworm`; `gcr.io/distroless/cc-debian12` has the tag `latest`.

    Raises StandInError (2) for what is neither official on Docker Hub, with a tag, nor one of Google's distroless.
    """
    short = name.removeprefix("docker.io/").removeprefix("library/")
    official = not short.startswith(DISTROLESS)
    if not official and ":" not in short:
        short += ":latest"
    if "@" in short or "/" in short.removeprefix(DISTROLESS) or ":" not in short:
        hint = "names are as in `FROM debian:bookworm-slim` and `FROM gcr.io/distroless/cc-debian12`"
        raise StandInError(f"{name} is neither an official image with a tag nor a distroless one", hint, 2)
    return short


def full(name: str) -> str:
    """A canonical name, spelt out with its registry."""
    return name if name.startswith(DISTROLESS) else f"docker.io/library/{name}"


def split(name: str) -> tuple[str, str]:
    """Repository and tag in the mirror: each registry but docker.io below its own name, so that none meets another."""
    repository, _, tag = name.rpartition(":")
    return (repository if name.startswith(DISTROLESS) else f"library/{repository}"), tag


def origin(name: str) -> tuple[str, str]:
    """The public registry that has it, `docker.io` or `gcr.io`, and its repository and tag there."""
    registry, _, rest = full(name).partition("/")
    return registry, rest
