"""What a layer holds that no line of the text explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.files import clone
from jettison.dockerfile.model import Instruction
from jettison.image.model import Columns, Kind
from jettison.rule import Finding, rule
from jettison.subject import Subject
from jettison.synthesis.clean import cleaned
from jettison.synthesis.left import SHOWN, own_runs

NAME = "unexplained-leftovers"
_LEAST = 1_000_000  # bytes of a RUN: less is not worth a line, nor a build
_HOME = rb"(?:root|home/[^/]+)"
CACHES = re.compile(
    _HOME + rb"/(?:\.(?:cache/(?:node-gyp|bower|electron|electron-builder|pre-commit|typescript|ccache|sccache|helm"
    rb"|vcpkg|luarocks|bazelisk|gem/specs)|gem/specs|node-gyp|cpanm|cpan/(?:build|sources)|ccache|opam/download-cache|hex/packages))/"
)  # each is what its own manual calls a cache, and fetched or computed anew where it is missing
_OTHERS = re.compile(
    rb"(?P<temporary_files>(?:var/)?tmp/(?!tmp\.[A-Za-z0-9]{6,}/)|(?:.*/)?(?:[^/]+\.sw[op]|\.DS_Store)$)"
    rb"|(?P<logs>var/log/(?!lastlog$|faillog$)|(?:.*/)?(?:npm-debug|yarn-error|lerna-debug|hs_err_pid\d+)\.log$)"
    rb"|(?P<history>(?:.*/)?\.(?:git|hg|svn)/)"
    rb"|(?P<dumps>(?:.*/)?(?:core(?:\.\d+)?|java_pid\d+\.hprof)$)"
    rb"|(?P<package_archives>(?!var/cache/|usr/share/|.*/(?:site|dist)-packages/|.*/_bundled/|.*/node_modules/)"
    rb".*\.(?:deb|rpm|whl|crate)$)"
    rb"|(?P<caches_of_builds>opt/conda/pkgs/|(?:usr/local/cargo|" + _HOME + rb"/\.cargo)/registry/|" + _HOME +
    rb"/(?:\.m2/repository|\.gradle/caches|\.nuget/packages|\.ivy2/cache|\.cache/(?:uv|coursier|bazel)"
    rb"|\.local/share/pnpm/store)/)"
    rb"|(?P<caches>" + _HOME + rb"/\.cache/(?!pip/|yarn/|pypoetry/|pipenv/|composer/|go-build/|ms-playwright|puppeteer/"
    rb"|Cypress/|selenium/|huggingface/|torch/|whisper/|clip/|prisma/|deno/|Homebrew/|fontconfig/|node/corepack/)"
    rb"[^/]+/)",
    re.DOTALL,
)  # fmt: skip
_ELF_CORE = 4  # ELF's e_type of a core dump
_SAYS = {
    "temporary_files": "temporary files",
    "logs": "logs",
    "history": "a repository's history",
    "dumps": "memory dumps",
    "package_archives": "package archives",
    "caches_of_builds": "what a build downloaded",
    "caches": "caches",
}
_REASON = "remove them in the same RUN where nothing reads them, or build in a stage of its own"


@rule("JT215")
def unexplained_leftovers(subject: Subject) -> Iterator[Finding]:
    """A RUN's layer holds caches, logs, temporary files, memory dumps or archives that its text does not name.

    **What it costs.** Their bytes. Commands leave more than their words tell: a native module that npm compiles brings
    the headers of node (`.cache/node-gyp`), an installer its log and its archive, a dependency its `.git`.

    **The fix** removes what a tool's own manual calls a cache, in the RUN that fills it. The rest is told: whether a
    program reads what lies in /tmp, or a build's downloads when it runs, no name tells.

    **Safety.** TESTED: the tree loses these caches and no other file. What other rules account for, what has a second
    name (a hard link), and caches that programs run from (browsers, models) are left alone, and so is less than 1 MB.

    ```dockerfile bad
    FROM node:20
    RUN npm rebuild
    ```
    ```layers bad
    2 root/.cache/node-gyp/20.11.1/include/node/v8.h 60000000
    2 node_modules/bcrypt/build/Release/bcrypt.node 300000
    ```
    ```dockerfile good
    FROM node:20
    RUN npm rebuild && \\
        rm -rf /root/.cache/node-gyp
    ```
    """
    if not subject.alignment.known:
        return
    title = "remove the caches in the RUN that fills them"
    yield from (each for each in cleaned(subject, NAME, CACHES, title) if each.predicted >= _LEAST)
    cloning = {id(run.instruction) for run, call in subject.text.called("git") if clone(call) is not None}
    for run in own_runs(subject):
        found = sorted(_left(subject, run, cloned=id(run) in cloning), reverse=True)
        size = sum(size for size, _, _ in found)
        if size >= _LEAST:
            kinds = dict.fromkeys(_SAYS[kind] for _, _, kind in found)
            message = f"line {run.line} leaves {_and(list(kinds))} in its layer, which its text does not tell"
            paths = tuple(path for _, path, _ in found[:SHOWN])
            yield Finding(NAME, message, run, size, refusal=_REASON, paths=paths)


def _and(words: list[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1]) if words[1:] else words)


def _left(subject: Subject, run: Instruction, *, cloned: bool) -> Iterator[tuple[int, bytes, str]]:
    """(bytes, path, kind) of each live file of a RUN's layers that is such a leftover; no history of a clone."""
    for layer in subject.alignment.layers_of(run):
        columns = subject.image.layers[layer].columns
        linked = _linked(columns)
        for index, path in enumerate(columns.paths):
            found = _OTHERS.match(path) if columns.sizes[index] and columns.kinds[index] == Kind.FILE else None
            if found is None or path in linked or CACHES.match(path) or not _lives(subject, path, (layer, index)):
                continue
            kind = found.lastgroup or ""
            if kind == "history" and cloned:
                continue
            if kind != "dumps" or path.endswith(b".hprof") or _is_core(subject, path):
                yield columns.sizes[index], path, kind


def _lives(subject: Subject, path: bytes, place: tuple[int, int]) -> bool:
    return path in subject.tree and subject.tree.payload(path) == place


def _linked(columns: Columns) -> set[bytes]:
    """Files that have a second name in the layer."""
    return {link for index, link in columns.links.items() if columns.kinds[index] == Kind.HARDLINK}


def _is_core(subject: Subject, path: bytes) -> bool:
    """Whether a file is what a kernel writes of a program that crashed."""
    with subject.tree.open(path) as stream:
        head = stream.read(18)
    return head[:4] == b"\x7fELF" and _ELF_CORE in head[16:18]
