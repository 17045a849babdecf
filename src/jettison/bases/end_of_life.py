"""When the releases behind official images stop getting security fixes, as their projects say.

Source: endoflife.date; nodejs/Release schedule.json; devguide.python.org/versions; Debian LTS (the free support for a
limited set of architectures counts); alpinelinux.org/releases; go.dev/doc/devel/release (a release ends with the second
after it); wiki.ubuntu.com/Releases (the free five years); php.net/supported-versions.php; wiki.centos.org;
ruby-lang.org/en/downloads/branches; postgresql.org/support/versioning; Oracle's Lifetime Support Policy for MySQL;
dotnet.microsoft.com/platform/support/policy; aws.amazon.com/amazon-linux-2/faqs. Read on 2026-11-22; a release that is
not here is unknown.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from jettison.bases.catalogue import stands_on
from jettison.bases.names import DEBIAN, UBUNTU, Name, familiar, official

_TEXT = """
node 4 2018-04-30, 5 2016-06-30, 6 2019-04-30, 7 2017-06-30, 8 2019-12-31, 9 2018-06-30, 10 2021-04-30, 11 2019-06-30,
     12 2022-04-30, 13 2020-06-01, 14 2023-04-30, 15 2021-06-01, 16 2023-09-11, 17 2022-06-01, 18 2025-04-30,
     19 2023-06-01, 20 2026-04-30, 21 2024-06-01, 22 2027-04-30, 23 2025-06-01, 24 2028-04-30
python 2.7 2020-01-01, 3.4 2019-03-18, 3.5 2020-09-13, 3.6 2021-12-23, 3.7 2023-06-27, 3.8 2024-10-07, 3.9 2025-10-31,
     3.10 2026-10-31, 3.11 2027-10-31, 3.12 2028-10-31, 3.13 2029-10-31, 3.14 2030-10-31
debian 7 2018-05-31, 8 2020-06-30, 9 2022-07-01, 10 2024-06-30, 11 2026-08-31, 12 2028-06-30, 13 2030-06-30
php 5.6 2018-12-31, 7.0 2019-01-10, 7.1 2019-12-01, 7.2 2020-11-30, 7.3 2021-12-06, 7.4 2022-11-28, 8.0 2023-11-26,
     8.1 2025-12-31, 8.2 2026-12-31, 8.3 2027-12-31, 8.4 2028-12-31
ruby 2.5 2021-04-05, 2.6 2022-04-12, 2.7 2023-03-31, 3.0 2024-04-23, 3.1 2025-03-26, 3.2 2026-03-31, 3.3 2027-03-31,
     3.4 2028-03-31
postgres 9.6 2021-11-11, 10 2022-11-10, 11 2023-11-09, 12 2024-11-21, 13 2025-11-13, 14 2026-11-12, 15 2027-11-11,
     16 2028-11-09, 17 2029-11-08
mysql 5.6 2021-02-05, 5.7 2023-10-31, 8.0 2026-04-30
dotnet 3.1 2022-12-13, 5.0 2022-05-10, 6.0 2024-11-12, 7.0 2024-05-14, 8.0 2026-11-10, 9.0 2026-11-10, 10.0 2028-11-14
amazonlinux 1 2023-12-31, 2 2026-06-30
centos 6 2020-11-30, 7 2024-06-30, 8 2021-12-31
alpine 3.3 2017-11-01, 3.4 2018-05-01, 3.5 2018-11-01, 3.6 2019-05-01, 3.7 2019-11-01, 3.8 2020-05-01, 3.9 2020-11-01,
     3.10 2021-05-01, 3.11 2021-11-01, 3.12 2022-05-01, 3.13 2022-11-01, 3.14 2023-05-01, 3.15 2023-11-01,
     3.16 2024-05-23, 3.17 2024-11-22, 3.18 2025-05-09, 3.19 2025-11-01, 3.20 2026-04-01, 3.21 2026-11-01,
     3.22 2027-05-01, 3.23 2027-11-01
golang 1.8 2018-02-16, 1.9 2018-08-24, 1.10 2019-02-25, 1.11 2019-09-03, 1.12 2020-02-25, 1.13 2020-08-11,
     1.14 2021-02-16, 1.15 2021-08-16, 1.16 2022-03-15, 1.17 2022-08-02, 1.18 2023-02-01, 1.19 2023-09-06,
     1.20 2024-02-06, 1.21 2024-08-13, 1.22 2025-02-11, 1.23 2025-08-12, 1.24 2026-02-11, 1.25 2026-08-19
ubuntu 12.04 2017-04-28, 14.04 2019-04-02, 16.04 2021-04-02, 17.10 2018-07-19, 18.04 2023-05-31, 18.10 2019-07-18,
     19.04 2020-01-23, 19.10 2020-07-17, 20.04 2025-05-31, 20.10 2021-07-22, 21.04 2022-01-20, 21.10 2022-07-14,
     22.04 2027-04-01, 22.10 2023-07-20, 23.04 2024-01-25, 23.10 2024-07-12, 24.04 2029-05-31, 24.10 2025-07-10,
     25.04 2026-01-17, 25.10 2026-07-01, 26.04 2031-04-30
"""


def _table(text: str) -> dict[str, dict[str, date]]:
    found: dict[str, dict[str, date]] = {}
    for image, rows in re.findall(r"^([a-z]+) ((?:[\d. \n-]+,?)+)$", text, re.MULTILINE):
        pairs = re.findall(r"([\d.]+) (\d{4}-\d{2}-\d{2})", rows)
        found[image] = {release: date.fromisoformat(day) for release, day in pairs}
    return found


_ENDS = _table(_TEXT)
_SYSTEMS = {"debian", "ubuntu", "alpine", "centos", "amazonlinux"}


@lru_cache(maxsize=1024)
def end_of_life(image_name: str) -> date | None:
    """The day on which the first of an image's parts, its language or its system, ends; None where nothing is known.

    `node:8` -> 2019-12-31, `python:3.13-bullseye` -> that of Debian 11, `gcr.io/distroless/nodejs20-debian12` -> that
    of Node 20. A tag without a version (`latest`) names no release, and so has no end.
    """
    return _first(_parts(image_name.partition("@")[0]))


def ended(image_name: str) -> date | None:
    """The same where that day is past: what stands under this name is not made anew."""
    return _past(end_of_life(image_name))


def language_ended(image_name: str) -> date | None:
    """The same of its language alone, whatever the system below it."""
    parts = [part for part in _parts(image_name.partition("@")[0]) if part[0] not in _SYSTEMS]
    return _past(_first(parts))


def _past(end: date | None) -> date | None:
    return end if end is not None and end < datetime.now(UTC).date() else None


def _first(parts: list[tuple[str, str]]) -> date | None:
    ends = [_ENDS.get(image, {}).get(release) for image, release in parts]
    return min((end for end in ends if end is not None), default=None)


def _parts(name: str) -> list[tuple[str, str]]:
    """The releases that an image is made of."""
    distroless = re.fullmatch(r"gcr\.io/distroless/([a-z]+)(\d*)(?:-debian(\d+))?(?::([\w.-]+))?", name)
    if distroless:
        kind, version, debian, tag = distroless.groups(default="")
        version = version or re.match(r"\d*", tag)[0]  # type: ignore[index]
        return [("node" if kind == "nodejs" else kind, version), ("debian", debian)]
    path, _, tag = name.partition(":")
    if path.startswith("mcr.microsoft.com/dotnet/"):
        return [("dotnet", tag.partition("-")[0])]
    image = familiar(path)
    if image == "ubuntu":
        word = tag.partition("-")[0]
        return [(image, UBUNTU.get(word, word))]
    if image == "centos":  # `7.9.2009` is a release of 7
        return [(image, tag.partition(".")[0])]
    read = official(name)
    if read is None:
        return []
    return [
        *_language(read),
        ("ubuntu", UBUNTU.get(read.system, "")),
        ("debian", str(DEBIAN.get(stands_on(name), ""))),
        ("alpine", _alpine(read)),
    ]


def _language(name: Name) -> list[tuple[str, str]]:
    """The version as the table of this image counts it: majors for node, two numbers for others."""
    numbers = list(map(str, name.numbers))
    return [(name.image, ".".join(numbers[:length])) for length in (1, 2) if len(numbers) >= length]


def _alpine(name: Name) -> str:
    return name.variant.removeprefix("alpine") if name.variant.startswith("alpine") else ""
