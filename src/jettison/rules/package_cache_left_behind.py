"""Caches of package managers that have no rule of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.left import Left
from jettison.commands.tables import bundle as bundler
from jettison.commands.tables import composer, conda, gem, gradle, maven, pipenv, poetry, rpm, uv
from jettison.commands.tables.cargo import REGISTRY
from jettison.commands.tables.dotnet import PACKAGES
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, append_command
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.clean import cleaned
from jettison.synthesis.foundation import image_below
from jettison.synthesis.left_in_text import emptied_later

NAME = "package-cache-left-behind"
CACHE = re.compile(
    rb"(?:var/cache/(?:dnf|yum|libdnf5|zypp)"
    rb"|(?:root|home/[^/]+)/(?:\.cache/(?:pypoetry/(?:artifacts|cache)|pipenv|composer)|\.composer/cache)"
    rb"|(?:usr/local/bundle|(?:var/lib|usr/lib/ruby|usr/local/lib/ruby)/gems/[^/]+)/(?:cache|doc))/"
)
_DOCUMENTS = {"debian", "ubuntu"}  # whose RubyGems make them unasked; Docker's Ruby images switch that off
_TITLE = "remove the cache in the RUN that fills it"
_REMOVED = {poetry.CACHE.name, pipenv.CACHE.name, composer.CACHE.name}
_TOLD = {
    uv.CACHE.name: "say --no-cache, or give uv a cache mount",
    gem.CACHE.name: 'remove the .gem files in the same RUN: rm -f "$(gem env gemdir)"/cache/*.gem',
    bundler.CACHE.name: 'remove the .gem files in the same RUN: rm -f "$(bundle exec gem env gemdir)"/cache/*.gem',
    gem.DOCUMENTS.name: "say --no-document",
    REGISTRY.name: "build in a stage of its own, or with a cache mount",
    PACKAGES.name: "build in a stage of its own, or with a cache mount",
    maven.REPOSITORY.name: "build in a stage of its own, or with a cache mount",
    gradle.HOME.name: "build in a stage of its own, or with a cache mount",
}


@rule("JT110")
def package_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """What dnf, yum, zypper, Poetry, Pipenv, Composer, RubyGems or Bundler downloaded stays in the layer.

    **What it costs.** dnf's metadata is tens to hundreds of megabytes; the others keep every package once more, as the
    archive that it came in. RubyGems makes documentation besides, where the base does not switch that off.

    **The fix** removes the folders where the bytes were found, in the RUN that filled them. Without an image it calls
    what the manager has for it (`dnf clean all`, `zypper clean --all`, `conda clean --all`), or removes the one folder
    that its manual names. uv and conda link what they install to what they keep, so there the bytes may be none; Maven,
    Gradle, Cargo and NuGet are told, and a stage of their own for building leaves all of theirs behind.

    **Safety.** TESTED: the tree loses these files and no others. Poetry's virtual environments, which lie beside its
    cache, are left alone.

    ```dockerfile bad
    FROM fedora:41
    RUN dnf install -y nginx
    ```
    ```layers bad
    2 usr/sbin/nginx 1300000
    2 var/cache/libdnf5/fedora-1234/repodata/primary.xml.zst 18000000
    ```
    ```dockerfile good
    FROM fedora:41
    RUN dnf install -y nginx && \\
        rm -rf /var/cache/libdnf5
    ```
    """
    yield from cleaned(subject, NAME, CACHE, _TITLE)


@seen_in_text(package_cache_left_behind)
def not_cleaned(text: Text) -> Iterator[Finding]:
    """The same by what the RUNs say: a manager that fills its cache, and nothing behind it that surely empties it."""
    told: set[tuple[int, str]] = set()
    later = {id(left) for left, _ in emptied_later(text)}  # of these deleted-in-a-later-layer tells
    documented = image_below(text, text.stage).partition(":")[0] in _DOCUMENTS and "gemrc" not in text.dockerfile.text
    for left in text.account.left:
        if left.store is gem.DOCUMENTS and not documented:
            continue
        key = (id(left.run), left.store.name)
        if left.doubt is None and id(left) not in later and key not in told and (command := _command(left)) is not None:
            told.add(key)
            yield _finding(text, left, command)


def _command(left: Left) -> str | None:
    """What empties a store; empty where that is told alone, None where this rule is not about it."""
    called = left.call.name or ""
    if left.store is rpm.DNF_CACHE:
        return f"{called} clean all"
    if left.store is rpm.ZYPPER_CACHE:
        return "zypper clean --all"
    if left.store is conda.CACHE:
        return f"{called} clean --all --yes"
    if left.store.name in _REMOVED:
        known = [each for each in left.places if re.fullmatch(r"[~\w./-]+", each) and each != "/tmp/cache"]
        return f"rm -rf {' '.join(known)}" if known else ""
    return "" if left.store.name in _TOLD else None


def _finding(text: Text, left: Left, command: str) -> Finding:
    run = left.run.instruction
    name = "yum's cache" if left.store is rpm.DNF_CACHE and left.call.name == "yum" else left.store.name
    message = f"line {run.line} leaves {name} in its layer"
    if not command:
        reason = _TOLD.get(left.store.name, "remove it in the same RUN; where it lies is not known")
        return Finding(NAME, message, run, 0, refusal=reason)
    try:
        if left.call.wrappers or left.call.guards:
            raise CannotEdit("it is filled in a branch, or by another user")
        change = append_command(text.dockerfile, run, command)
    except CannotEdit as error:
        return Finding(NAME, message, run, 0, refusal=error.reason)
    return Finding(NAME, message, run, 0, Fix(_TITLE, Applicability.TESTED, (change,)))
