"""The targets of a bake file, HCL or JSON: variables at their defaults, what is inherited merged, a matrix spread out.

Source: docs.docker.com/build/bake/reference. What hangs on a function or on a variable without a default is `Unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from jettison.review.hcl import Body, read, template
from jettison.review.hcl_numbers import LITERAL, number
from jettison.review.hcl_values import Expression, Names, Unknown, Value, text_of

_MOST = 1000  # targets that one matrix makes
_MAPS = ("args", "contexts")
_BUILT = {"context", "contexts", "dockerfile", "dockerfile-inline", "target", "matrix"}
Table = dict[str, Value]


def targets(text: str, *, is_json: bool) -> dict[str, Table]:
    """What each target says, by its name, its own before what it inherits; args and contexts together.

    Left out is what others inherit, no group names, and that says nothing of what is built. Raises ValueError where the
    file is none, RecursionError where it is nested too deeply.
    """
    if is_json:
        import json

        body = _of_json(json.loads(text, parse_int=_number, parse_float=_number))
    else:
        body = read(text)
    names = _names(body)
    own = {name: said for block in body.blocks for name, said in _said(block, names)}
    inherited = {parent for said in own.values() for parent in _listed(said, "inherits")}
    merged: dict[str, Table] = {}
    for name in own:
        _merge(own, name, merged)
    for name in inherited - _grouped(body, names):
        if name in merged and _BUILT.isdisjoint(merged[name]):
            del merged[name]
    return merged


def _grouped(body: Body, names: Names) -> set[str]:
    """The targets that groups name."""
    groups = [inner for kind, _, inner in body.blocks if kind == "group" and "targets" in inner.attributes]
    return {each for group in groups for each in _listed({"targets": group.attributes["targets"](names)}, "targets")}


def _said(block: tuple[str, tuple[str, ...], Body], names: Names) -> Iterator[tuple[str, Table]]:
    """What the target of a block says by itself; of one with a matrix, each that it stands for."""
    kind, labels, body = block
    if kind != "target" or not labels:
        return
    for given in _combinations(body, names):
        scope = _with(names, given)
        said = {key: each(scope) for key, each in body.attributes.items() if key != "matrix"}
        name = said.pop("name", None)
        yield (name if isinstance(name, str) else labels[0]), said


def _combinations(body: Body, names: Names) -> Iterator[Table]:
    """The values of a target's matrix in all their combinations; one that is empty where there is no matrix."""
    matrix = body.attributes["matrix"](names) if "matrix" in body.attributes else {}
    if not isinstance(matrix, dict):
        yield {}
        return
    lists = [each if isinstance(each, list) else [Unknown("matrix")] for each in matrix.values()]
    for count, values in enumerate(product(*lists)):
        if count == _MOST:
            raise ValueError(f"a matrix of more than {_MOST} targets")
        yield dict(zip(matrix, values, strict=True))


def _with(names: Names, given: Table) -> Names:
    return lambda name: given[name] if name in given else names(name)


def _listed(said: Table, key: str) -> tuple[str, ...]:
    """The names in a list of them."""
    names = said.get(key)
    return tuple(each for each in names if isinstance(each, str)) if isinstance(names, list) else ()


def _merge(own: Mapping[str, Table], name: str, merged: dict[str, Table]) -> Table:
    """A target with what it inherits, once worked out: of several the last goes before the others, its own before all.

    What inherits from itself, which bake refuses, gets nothing of itself.
    """
    if name not in merged:
        merged[name] = {}
        whole: Table = {}
        for parent in _listed(own[name], "inherits"):
            if parent in own:
                whole = _both(whole, _merge(own, parent, merged))
        merged[name] = _both(whole, own[name])
    return merged[name]


def _both(below: Table, above: Table) -> Table:
    whole = {**below, **above}
    return {**whole, **{key: _together(below[key], above[key]) for key in _MAPS if key in below and key in above}}


def _together(below: Value, above: Value) -> Value:
    """Two objects as one; `Unknown` where one of them is."""
    unknown = next((each for each in (above, below) if isinstance(each, Unknown)), None)
    return unknown or {**_dictionary(below), **_dictionary(above)}


def _dictionary(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _names(body: Body) -> Names:
    """What a file's names stand for: attributes at its top, and variables with a default."""
    defined: dict[str, Expression] = dict(body.attributes)
    for kind, labels, inner in body.blocks:
        if kind == "variable" and labels and "default" in inner.attributes:
            defined[labels[0]] = inner.attributes["default"]
    known: Table = {}

    def value(name: str) -> Value:
        if name not in known:
            known[name] = Unknown(name)  # also for one that is defined by itself
            if name in defined:
                known[name] = defined[name](value)
        return known[name]

    return value


def _of_json(whole: Any) -> Body:
    """The same of the JSON form, in which blocks are tables and strings are templates."""
    table = whole if isinstance(whole, dict) else {}
    blocks = [
        (kind, (name,), Body({key: _expression(value) for key, value in said.items()}, ()))
        for kind in ("variable", "target", "group")
        for name, said in _dictionary(table.get(kind)).items()
        if isinstance(said, dict)
    ]
    rest = {key: _expression(value) for key, value in table.items() if key not in ("variable", "target", "group")}
    return Body(rest, tuple(blocks))


def _number(text: str) -> Value:
    """A number of a JSON file; `Unknown` where it is longer than any that is meant."""
    return number(text) if LITERAL.fullmatch(text.removeprefix("-")) else Unknown(text)


def _expression(value: Any) -> Expression:
    if isinstance(value, str):
        return template(value)
    if isinstance(value, list):
        items = [_expression(each) for each in value]
        return lambda names: [each(names) for each in items]
    if isinstance(value, dict):
        pairs = {key: _expression(each) for key, each in value.items()}
        return lambda names: {key: each(names) for key, each in pairs.items()}
    return lambda names: value


def plain(value: Value) -> str | None:
    """A value as the command line would have it; None where it is not known, null, or no single one."""
    return None if value is None or isinstance(value, (Unknown, list, dict)) else text_of(value)
