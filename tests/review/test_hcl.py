"""HCL as bake files use it: what is read, what it comes to, what is not known, and what is refused."""

from __future__ import annotations

import time

import pytest

from jettison.review.bake import plain, targets
from jettison.review.hcl import read, template
from jettison.review.hcl_values import Unknown, Value

NAMES = {"X": "x", "L": ["a", "b"], "O": {"k": "v"}, "T": True, "N": None, "E": ""}


def value(text: str) -> Value:
    """What an expression comes to."""
    return read(f"a = {text}\n").attributes["a"](lambda name: NAMES.get(name, Unknown(name)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a"', "a"), ("1", 1), ("1.5", 1.5), ("-2e3", -2000), ("true", True), ("!T", False), ("null", None),
        ('"${X}-$${X} %%{X} $X 5%"', "x-${X} %{X} $X 5%"), ('"${L}"', ["a", "b"]), ('"${ "${X}y" }"', "xy"),
        ('"\\u00e9\\t\\"\\\\"', 'é\t"\\'), ('""', ""), ('"é"', "é"),
        ("[1, \"b\",\n # why\n X,\n]", [1, "b", "x"]), ("[]", []), ("{}", {}),
        ('{ a = 1, "b-c" : X\n d = [2]\n (X) = 3 }', {"a": 1, "b-c": "x", "d": [2], "x": 3}),
        ("O.k", "v"), ('O["k"]', "v"), ("L[1]", "b"), ("L.0", "a"),
        ('X == "x" ? "yes" : "no"', "yes"), ('X != "x" ? 1 : T ? 2 : 3', 2),
        ('(\n E == "" && !(1 > 2) || false\n)', True),
        ("1 + 2 * 3 - 4 / 2 % 3", 5), ("1 <= 1", True), ("true == 1", False), ("-7 % 3", -1),
        ('"${1 + 1}${T}"', "2true"),
        ("<<EOT\n a ${X}\n\\n\nEOT", " a x\n\\n\n"), ("<<-EOT\n    a\n      b\n  EOT", "a\n  b\n"),
        ("/* one */ X // two", "x"), ("X # three", "x"),
    ],
)  # fmt: skip
def test_an_expression_comes_to_its_value(text: str, expected: Value) -> None:
    assert expected == value(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Q", "Q"), ('"a${Q}"', "Q"), ('upper("a")', "upper()"), ('f(g(1), [2]...)', "f()"), ('Q ? 1 : 2', "Q"),
        ("[for x in L : x if x != 1]", "[for ...]"), ("{for k, v in O : k => v...}", "{for ...}"), ("L[*]", "[*]"),
        ("L.*.a", ".*"), ("O.q", ".q"), ("L[9]", ".9"), ("X.y", ".y"), ('"%{if T}a%{endif}"', "%{...}"),
        ('"a${L}"', "a string with a list or null in it"), ('"a${N}"', "a string with a list or null in it"),
        ('X ? 1 : 2', "a condition that is none"), ('X + 1', "an operation upon what is no number"),
        ("1 / 0", "an operation upon what is no number"), ("-X", "an operation upon what is no number"),
        ('"a ${~ X ~} b"', "${~ ... ~}"), ("N < 1", "an operation upon what is no number"),
    ],
)  # fmt: skip
def test_what_only_bake_knows_is_not_known(text: str, what: str) -> None:
    assert Unknown(what) == value(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('target "x" {\n', 2), ("a = \n", 1), ("a = 1 2\n", 1), ("\n= 1\n", 2), ('a = "b\n"\n', 1), ("a = [1 2]", 1),
        ("a = {b}", 1), ("a = f(1 2)", 1), ('a = "\\q"', 1), ("a = <<E\nb\n", 1), ("/* a", 1), ("a = (1", 1),
        ("x {\n}\n}\n", 3), ('a = "${b"', 1), ("a b", 1), ("a = ${b}", 1), ("\x00", 1), ('a = "', 1), ("a = 1 ? 2", 1),
        ("a = <<E\nb\n${c\nE\n", 4), ("\na = <<-E\n  b\n\n  ${f(1 2)}\n  E\n", 5),
    ],
)  # fmt: skip
def test_what_is_no_hcl_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ValueError, match=f"line {line}: "):
        read(text)


@pytest.mark.parametrize("bracket", ["(", "[", "{a=", "!", "-", "x {\n", '"${', "f("])
def test_what_is_nested_without_end_is_refused(bracket: str) -> None:
    with pytest.raises((RecursionError, ValueError)):
        read(("" if bracket[0] == "x" else "a = ") + bracket * 20_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" + "1," * 100_000 + "]", 'a = "' + "$" * 200_000 + '"', "#" * 200_000, "a = 1 " + "/* */" * 50_000,
        "a = " + "1+" * 100_000 + "1", " " * 200_000 + "a", "a = <<E\n" + "E \n E" * 50_000, 'a = "' + "%{" * 50_000,
        "\n".join(f"a{n} = a{n + 1}" for n in range(10_000)), "a = 1" + "9" * 100_000,
    ],
)  # fmt: skip
def test_what_is_huge_takes_no_time(text: str) -> None:
    begin = time.process_time()
    try:
        targets(text, is_json=False)
    except (ValueError, RecursionError):
        pass
    assert time.process_time() - begin < 5


def test_a_string_that_doubles_itself_does_not_fill_the_memory() -> None:
    lines = [f'a{n} = "${{a{n + 1}}}${{a{n + 1}}}"' for n in range(60)]
    text = "\n".join([*lines, 'a60 = "0123456789"', 'target "x" { context = a0 }'])
    assert {"x": {"context": Unknown("a string that grows and grows")}} == targets(text, is_json=False)


def test_a_json_string_is_a_template_without_escapes() -> None:
    assert 'x\\n"' == template('${X}\\n"')(lambda name: NAMES[name])


BAKE = """
variable "TAG" { default = "1" }
variable "NONE" {}
variable "LOOP" { default = LOOP }
FOLDER = "api-${TAG}"
group "default" { targets = ["web", "named"] }
target "common" { args = { A = "1", B = TAG, C = NONE, D = null } }
target "named" {}
target "web" {
  inherits   = ["common", "named"]
  context    = "./${FOLDER}"
  dockerfile = TAG == "1" ? "prod.Dockerfile" : "Dockerfile"
  args       = { B = 2, E = upper("e"), F = true }
}
target "each" {
  name     = "each-${lower}-${part.key}"
  matrix   = { lower = ["a", "b"], part = [{ key = "x" }, { key = "y" }] }
  target   = part.key
  inherits = ["web"]
}
target "odd" { context = LOOP }
"""


def test_targets_are_merged_with_what_they_inherit_and_spread_over_their_matrix() -> None:
    found = targets(BAKE, is_json=False)
    assert ["named", "web", "each-a-x", "each-a-y", "each-b-x", "each-b-y", "odd"] == list(found)
    web = found["web"]
    assert ("./api-1", "prod.Dockerfile") == (web["context"], web["dockerfile"])
    args = {"A": "1", "B": 2, "C": Unknown("NONE"), "D": None, "E": Unknown("upper()"), "F": True}
    assert args == web["args"]
    assert ("x", "./api-1", args) == tuple(found["each-b-x"][key] for key in ("target", "context", "args"))
    assert Unknown("LOOP") == found["odd"]["context"]


def test_a_matrix_without_end_is_refused() -> None:
    many = ", ".join(f'm{n} = ["a", "b", "c"]' for n in range(12))
    with pytest.raises(ValueError, match="more than 1000"):
        targets(f'target "x" {{\n matrix = {{ {many} }}\n}}', is_json=False)
    assert {"x": {}} == targets('target "x" { matrix = [1] }', is_json=False)


def test_the_json_form_says_the_same() -> None:
    text = (
        '{"variable": {"T": {"default": "1"}}, "target": {"a": {"context": "./${T}", "args": {"B": 3, "C": "${T}"}}}}'
    )
    assert {"a": {"context": "./1", "args": {"B": 3, "C": "1"}}} == targets(text, is_json=True)
    for odd in ("[]", "3", '{"target": []}', '{"target": {"a": 3}}', '{"group": {"a": {"targets": 3}}}'):
        assert {} == targets(odd, is_json=True)


def test_what_is_inherited_many_times_is_worked_out_once() -> None:
    levels = "".join(
        f'target "t{at}" {{ inherits = ["t{at - 1}", "t{at - 1}"] }}\n' for at in range(1, 60)
    )  # 2 to the 59th ways to t0
    found = targets(f'target "t0" {{ dockerfile = "D" }}\n{levels}target "x" {{ inherits = ["x", "t59", "none"] }}',
        is_json=False)  # fmt: skip
    assert {"dockerfile": "D", "inherits": ["x", "t59", "none"]} == found["x"]


def test_lists_that_hold_lists_twice_are_not_compared() -> None:
    levels = "".join(f'variable "{name}{at}" {{ default = [{name}{at - 1}, {name}{at - 1}] }}\n'
        for at in range(1, 60) for name in "ab")  # fmt: skip
    text = f'a0 = 1\nb0 = 1\n{levels}target "x" {{ dockerfile = a59 == b59 ? "D" : "E" }}'
    assert isinstance(targets(text, is_json=False)["x"]["dockerfile"], Unknown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # as Go's math/big prints them, with a precision of 512 bits
        ("0.1 + 0.2", "0.3"),
        ("1 / 3", "0." + "3" * 154 + "5"),
        ("2 / 3 * 3", "2"),
        ("1 / 8", "0.125"),
        ("-1 / 8", "-0.125"),
        ("123456789012345678901234567890 + 1", "123456789012345678901234567891"),
        ("0.123456789012345678901234567890", "0.12345678901234567890123456789"),
        ("1e3", "1000"),
        ("1e-7", "0.0000001"),
        ("1e160 + 1", "1" + "0" * 160),
        ("7.5 % 2", "1.5"),
        ("-7.5 % 2", "-1.5"),
    ],
)
def test_a_number_is_printed_as_bake_prints_it(text: str, expected: str) -> None:
    assert expected == plain(value(text))


def test_numbers_without_bounds_are_not_known() -> None:
    squares = "\n".join(f"a{n} = a{n + 1} * a{n + 1}" for n in range(60))
    text = f'{squares}\na60 = 1e300\ntarget "x" {{ args = {{ A = a0 }} }}'
    assert {"x": {"args": {"A": Unknown("an operation upon what is no number")}}} == targets(text, is_json=False)


def test_numbers_of_a_json_file_are_the_same() -> None:
    text = '{"target": {"x": {"args": {"A": 0.30000000000000000001, "B": -2.50, "C": 1e99999999}}}}'
    args = targets(text, is_json=True)["x"]["args"]
    assert ["0.30000000000000000001", "-2.5", None] == [plain(args[name]) for name in "ABC"]


def test_a_string_of_a_json_file_is_refused_by_itself() -> None:
    with pytest.raises(ValueError, match=r"^in 'v-\$\{x': "):
        targets('{"target": {"x": {"context": "v-${x"}}}', is_json=True)
