"""Go's build cache and module cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jettison.closure.command import commands
from jettison.commands.model import Run
from jettison.commands.tables import go
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.clean import Told, cleaned, cleaned_in_text
from jettison.synthesis.go_programs import CACHES
from jettison.synthesis.left_in_text import Filling, fillings

NAME = "go-cache-left-behind"
_TOGETHER = "let one RUN do both and remove them there, or give each a cache mount"
TITLE = "remove Go's caches in the RUN that fills them"
_ASKS = {("env",), ("version",), ("help",), ("doc",)}  # these compile and download nothing
_COMPILES = {"go", "make", "air", "dlv", "gow", "reflex", "CompileDaemon"}  # at run time


@rule("JT104")
def go_cache_left_behind(subject: Subject) -> Iterator[Finding]:
    """Go's build cache, or the modules that it downloaded, stay in a layer.

    **What it costs.** The compiled form of every package of the standard library that the program uses, and of every
    module, a hundred MB for a small server; and each module's sources, once packed and once unpacked.

    **The fix** removes the folders where the bytes were found, in the RUN that filled them. Where a later RUN calls go
    again, or the container does (`go run`), nothing is changed: it would compile, or download, anew. A build stage of
    its own, or a cache mount (`RUN --mount=type=cache,target=/root/.cache/go-build`), saves as much and keeps later
    builds fast.

    **Safety.** TESTED: the tree loses these files and no others. A program that was built needs neither.

    ```dockerfile bad
    FROM golang:1.22
    WORKDIR /app
    COPY . .
    RUN go build -o server .
    CMD ["./server"]
    ```
    ```layers bad
    3 app/main.go 200
    4 app/server 8000000
    4 root/.cache/go-build/0a/0a1b-d 90000000
    4 go/pkg/mod/github.com/gorilla/mux@v1.8.1/mux.go 20000
    ```
    ```dockerfile good
    FROM golang:1.22
    WORKDIR /app
    COPY . .
    RUN go build -o server . && \\
        rm -rf /root/.cache/go-build /go/pkg/mod
    CMD ["./server"]
    ```
    """
    calling = [run.instruction for run in subject.text.shipped if _calls_go(run)]
    starts = next(
        (each[0] for each in commands(subject.tree, subject.image.runtime) if _name(each[0]) in _COMPILES), ""
    )
    for finding in cleaned(subject, NAME, CACHES, TITLE):
        if starts:
            reason = f"the container runs {starts}, which compiles when it starts"
            yield replace(finding, fix=None, refusal=reason)
            continue
        later = [run for run in calling if finding.instruction and run.span.start > finding.instruction.span.start]
        if later:
            reason = f"line {later[0].line} calls go again, and would fill them anew"
            yield replace(finding, fix=None, refusal=reason)
        else:
            yield finding


@seen_in_text(go_cache_left_behind)
def compiled_and_kept(text: Text) -> Iterator[Finding]:
    """`go build` in a RUN that ships, where the container does not compile when it starts.

    The last RUN that calls go is offered the change; the earlier ones are told: go is called again behind them.
    """
    filled = list(fillings(text, go.BUILDS, go.MODULES))
    if not filled:
        return
    entries = [each for each in text.stage.instructions if each.keyword in ("CMD", "ENTRYPOINT")]
    if any(_name(word) in _COMPILES for each in entries for word in (each.exec_form or each.value.split())):
        return
    last = next((run.instruction for run in reversed(text.shipped) if _calls_go(run)), None)
    for each in filter(_is_told, filled):
        if each.instruction is last:
            yield from cleaned_in_text(text, [each], Told(NAME, "Go's caches", TITLE))
        elif last is not None and each.instruction.span.start < last.span.start:
            message = f"line {each.instruction.line} leaves Go's caches in its layer"
            yield Finding(NAME, message, each.instruction, 0, refusal=f"line {last.line} calls go again: {_TOGETHER}")


def _is_told(filling: Filling) -> bool:
    """Whether it is there for sure, and for nothing: what is only downloaded may be what the image is for."""
    return any(left.store is go.BUILDS for left in filling.lefts)


def _calls_go(run: Run) -> bool:
    return any(call.name == "make" or (call.name == "go" and call.values[:1] not in _ASKS) for call in run.calls)


def _name(word: str) -> str:
    return word.rpartition("/")[2]
