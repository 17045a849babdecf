"""Bytecode of pip itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Applicability, Span
from jettison.dockerfile.model import Edit, Instruction
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.left import SHOWN, own_runs
from jettison.synthesis.pip import pip_calls

NAME = "installer-bytecode-left-behind"
_COMPILED = re.compile(rb"(?:(.*)/)?__pycache__/([^/]+)\.[\w-]+\d+(?:\.opt-\d)?\.pyc$")
_VARIABLE = "PYTHONDONTWRITEBYTECODE"
_PRICE = "what the application uses of the standard library is then compiled at each start"


@rule("JT108")
def installer_bytecode_left_behind(subject: Subject) -> Iterator[Finding]:
    """Running pip leaves the bytecode of pip in the layer, and that of what it imports of the standard library.

    **What it costs.** Official Python images ship without bytecode, so the first run of pip compiles itself: some ten
    megabytes that no application uses.

    **The fix** calls pip with `PYTHONDONTWRITEBYTECODE=1`. What pip installs it compiles all the same; only what lay
    in the base is not compiled on the way.

    **Safety.** TESTED. Modules of the standard library that the application shares with pip are compiled when it
    starts, as in any image in which pip has not run, one made of two stages for example. For a service on FastAPI that
    was found to take half a second more of a processor; the start-up time in the ledger says what it is here.

    ```dockerfile bad
    FROM python:3.11
    RUN pip install flask
    ```
    ```layers bad
    2 usr/local/lib/python3.11/site-packages/pip/__pycache__/main.cpython-311.pyc 9000000
    2 usr/local/lib/python3.11/site-packages/flask/app.py 3000
    2 usr/local/lib/python3.11/site-packages/flask/__pycache__/app.cpython-311.pyc 3000
    ```
    ```dockerfile good
    FROM python:3.11
    RUN PYTHONDONTWRITEBYTECODE=1 pip install flask
    ```
    """
    if not subject.alignment.known:
        return
    for run in own_runs(subject):
        calls = [call for call in pip_calls(subject.dockerfile, run) if call.verb != "cache"]
        found = sorted(_left(subject, run), reverse=True) if calls else []
        told = [call for call in calls if not any(each.startswith(_VARIABLE) for each in call.command.assignments)]
        if not found or not told:
            continue
        starts = [call.command.span.start for call in told]
        edits = tuple(Edit(Span(start, start), f"{_VARIABLE}=1 ") for start in starts)
        fix = Fix(f"call pip with {_VARIABLE}=1; {_PRICE}", Applicability.TESTED, edits)
        message = f"line {run.line} leaves the bytecode of pip itself in its layer"
        paths = tuple(path for _, path in found[:SHOWN])
        yield Finding(NAME, message, run, sum(size for size, _ in found), fix, paths=paths)


def _left(subject: Subject, run: Instruction) -> Iterator[tuple[int, bytes]]:
    """Bytecode in the layers of a RUN whose source is not the image's own."""
    tree, bottom = subject.tree, subject.alignment.base_layers
    for number in subject.alignment.layers_of(run):
        columns = subject.image.layers[number].columns
        for path, size in zip(columns.paths, columns.sizes, strict=True):
            match = _COMPILED.match(path) if size else None
            if match is None:
                continue
            source = (match[1] + b"/" if match[1] else b"") + match[2] + b".py"
            if source not in tree or tree.layer_of(source) < bottom:
                yield size, path
