"""What pip needs of the base, where it was seen to compile or to fetch a repository: before a smaller one is built."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.closure.command import locate
from jettison.image.tree import Tree
from jettison.packages.python import Distribution, distributions
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.pip import pip_calls

_COMPILERS = ("gcc", "cc", "clang")


def pip_needs(subject: Subject, upon: Tree) -> Iterator[str]:
    """A sentence for each tool of the base that pip used in a RUN of the stage that ships, and that `upon` lacks."""
    tree, config, bottom = subject.tree, subject.image.runtime, subject.alignment.base_layers
    lines = {number: run.line for run in own_runs(subject) for number in subject.alignment.layers_of(run)
             if any(call.verb == "install" for call in pip_calls(subject.dockerfile, run))}  # fmt: skip
    if not lines:
        return
    for each in distributions(tree):
        line = lines.get(tree.layer_of(each.record))
        if line is None:
            continue
        tools = _tools(each)
        had = [place for tool in tools if (place := locate(tree, tool, config)) is not None]
        if had and tree.layer_of(had[0]) < bottom and not any(locate(upon, tool, config) for tool in tools):
            what = "compiles" if each.compiled_here else "fetches"
            yield f"line {line} {what} {each.name}, which takes {tools[0]}"


def _tools(found: Distribution) -> tuple[str, ...]:
    """Programs of which one was needed to install it."""
    if found.compiled_here:
        return _COMPILERS
    told = found.source.get("vcs_info")
    return (str(told.get("vcs")),) if isinstance(told, dict) else ()
