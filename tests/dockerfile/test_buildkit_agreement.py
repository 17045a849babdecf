"""What BuildKit's own frontend says of the hand-written Dockerfiles, of damaged ones and of words, and what we say.

Its answers were written down by tests/support/ask_buildkit.py; each disagreement is listed in disagreements.toml.
"""

from __future__ import annotations

from typing import Any

import pytest
from buildkit_built import build_difference
from buildkit_shape import shape, theirs
from dockerfile_corpus import answers, cases, disagreements

from jettison.core.errors import DockerfileError
from jettison.dockerfile.lexer import expand, expanded_words

pytestmark = pytest.mark.usefixtures("on_the_machine_of_the_answers")
CORPUS = answers("corpus")
LISTED = disagreements()
STRANGE = {  # of the damaged ones, for the reasons of disagreements.toml
    "FROM x\nEXPOSE 80:$90\n": "what the base image decides is not judged",
    "FROM x\nRUN a--from=a \\\n\n# c\n": "blank lines behind a continuation that ends the file belong to nobody",
    "FROM x AS a\n\\\n# c\nCOPY --from=7 a b\nFROM y\n": "the line of an instruction is that of its keyword",
    "FROM x\nRUN a \\\nwhy \\\n  \x0c": "blank lines behind a continuation that ends the file belong to nobody",
}


def difference(asked: dict[str, Any], said: dict[str, Any]) -> str:
    """How we read a Dockerfile in another way than BuildKit; "" where we do not."""
    ours, their = shape(asked["text"]), theirs(said)
    if "error" in ours or "error" in their:
        return "" if "error" in ours and "error" in their else f"we: {ours}; BuildKit: {their}"
    if ours != their:
        return f"we: {ours}; BuildKit: {their}"
    return build_difference(asked, said["build"])


def test_every_case_has_an_answer_and_every_answer_its_case() -> None:
    assert cases() == {name: answer["asked"] for name, answer in CORPUS["answers"].items()}
    assert set() == set(LISTED) - set(cases())


def test_the_cases_are_taken_and_refused() -> None:
    refused = [name for name, answer in CORPUS["answers"].items() if "error" in answer["said"]]
    unbuilt = [name for name, answer in CORPUS["answers"].items() if "error" in answer["said"].get("build", {})]
    assert 100 < len(refused) < len(CORPUS["answers"]) - 300
    assert 50 < len(unbuilt)


@pytest.mark.parametrize("name", CORPUS["answers"])
def test_a_dockerfile_is_read_as_buildkit_reads_it_unless_listed(name: str) -> None:
    answer = CORPUS["answers"][name]
    found = difference(answer["asked"], answer["said"])
    if name in LISTED:
        assert found, "this disagreement is listed, and gone"
    else:
        assert "" == found


def test_damaged_dockerfiles_are_read_as_buildkit_reads_them() -> None:
    found = {}
    taken = 0
    for answer in answers("mutated")["answers"].values():
        taken += "error" not in answer["said"]
        if why := difference(answer["asked"], answer["said"]):
            found[answer["asked"]["text"]] = why
    assert 150 < taken
    assert {} == {name: why for name, why in found.items() if name not in STRANGE}
    assert set(STRANGE) == set(found)


def test_words_are_expanded_as_buildkit_expands_them() -> None:
    found, expanded = {}, 0
    for answer in answers("words")["answers"].values():
        asked, said = answer["asked"], answer["said"]
        text, variables, escape = asked["text"], asked["env"], asked["escape"]
        try:
            ours: object = (expand(text, variables, escape)[0], list(expanded_words(text, variables, escape)))
        except DockerfileError:
            ours = "refused"
        their = "refused" if "error" in said else (said["result"], said.get("words", []))
        expanded += their != "refused"
        if ours != their:
            found[text] = (ours, their)
    assert {} == found
    assert 400 < expanded
