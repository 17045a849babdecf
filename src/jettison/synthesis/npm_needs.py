"""What npm needs of the base, where node-gyp was seen to compile: before a smaller one is built."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.closure.command import locate
from jettison.image.tree import Tree
from jettison.subject import Subject
from jettison.synthesis.left import own_runs

_CONFIGURED = b"build/config.gypi"  # written by `node-gyp configure`, not by what fetches a compiled addon
_TOOLS = ("make", "cc", "python3")  # what node-gyp calls


def npm_needs(subject: Subject, upon: Tree) -> Iterator[str]:
    """A sentence for each tool of the base that node-gyp used in a RUN of the stage, and that `upon` lacks."""
    config = subject.image.runtime
    for run in own_runs(subject):
        columns = [subject.image.layers[number].columns for number in subject.alignment.layers_of(run)]
        configured = (path for each in columns for path in each.paths if path.endswith(b"/" + _CONFIGURED))
        where = next(configured, None)
        missing = [name for name in _TOOLS if locate(subject.tree, name, config) and not locate(upon, name, config)]
        if where is not None and missing:
            folder = where.removesuffix(b"/" + _CONFIGURED).decode("utf-8", "replace")
            yield f"line {run.line} compiles /{folder}, which takes {missing[0]}"
