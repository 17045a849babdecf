"""Asks tests/support/buildkit_oracle again and writes its answers down; see its README.

PYTHONPATH=src python tests/support/ask_buildkit.py PATH_OF_THE_ORACLE
PYTHONPATH=src python tests/support/ask_buildkit.py PATH_OF_THE_ORACLE FOLDER

With a folder nothing is written: what is read otherwise of the Dockerfiles below it is printed.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from dockerfile_corpus import cases, checks, write_answers

MUTATED, WORDS = 700, 1500

_BITS = [
    "\\", "\n", "\r\n", " ", "\t", "\u00a0", "\u2003", "\x0b", "\x0c", "'", '"', "`", "#", "<<", "<<-", "<<EOF", "EOF",
    "\nEOF\n", "--", "--link", "--from=a", "=", "$", "${", "}", ":-", "${X:-a <<EOF b}", "\\\n", "\\\n\n", "\\\n# c\n",
    "[", "]", ",", '["a"]', "é", "…", "à", "\ufeff", "ONBUILD ", "FROM a\n", "AS b", "ARG A\n", "RUN ", "CMD", "NONE",
    "--mount=type=cache,target=/x", "null", "1", "\x85", "# escape=`\n", "\\ ", "<",
]  # fmt: skip
_PIECES = [
    "$", "{", "}", ":", "-", "+", "?", "#", "%", "##", "%%", "/", "//", "*", "\\", "'", '"', "`", "a", "b",
    "ab", "X", "Y", "NO", "EMPTY", "${X", "${X:-", "${NO:-", "${X#", "${X%", "${X##", "${X%%", "${X/", "${X//",
    "${Y#", "${Y%", "\\}", "\\/", "\\*", " ", "\t", "$0", "$$", "\\$0", "é", "²", "٣", "$X", "1", "@", "_",
    "\u00a0", "\ufeff", ".", "[", "(", "$Y", "<", "<<", "${P//", "${Z%", "\n",
]  # fmt: skip
_ENVIRONMENTS = [
    {"X": "abab", "EMPTY": "", "Y": "a.b.tar.gz", "P": "/a/b/a", "Z": "a*b\\c", "1": "one"},
    {"X": "a b  c", "Y": "aab$0b", "P": "\\", "Z": "x\ny*a\nb"},
    {},
]


def mutated(text: str, choice: random.Random) -> str:
    """A text with one to three places cut out, doubled, or written over with what matters to a parser."""
    for _ in range(choice.choice([1, 1, 1, 2, 3])):
        at = choice.randint(0, len(text))
        end = min(len(text), at + choice.randint(0, 6))
        kind = choice.random()
        put = "" if 0.5 <= kind < 0.7 else text[at:end] * 2 if kind >= 0.85 else choice.choice(_BITS)
        text = text[:at] + put + text[at if kind < 0.5 else end :]
    return text


def word(choice: random.Random) -> dict[str, Any]:
    """A word made of what matters to the shell lexer, with variables."""
    text = "".join(choice.choice(_PIECES) for _ in range(choice.randint(1, 9)))
    return {"text": text, "escape": choice.choice("\\\\\\`"), "env": choice.choice(_ENVIRONMENTS)}


def main(oracle: str) -> None:
    """Writes the four files of answers."""
    written = cases()
    choice = random.Random(20261121)
    texts = [case["text"] for case in written.values() if len(case["text"]) > 12]
    strange = {str(n): {"text": mutated(choice.choice(texts), choice)} for n in range(MUTATED)}
    words = [word(choice) for _ in range(WORDS)]
    for name, files in (("corpus", written), ("mutated", strange), ("checks", checks())):
        said = _ask(oracle, {"files": files})
        both = {key: {"asked": case, "said": said["files"][key]} for key, case in files.items()}
        write_answers(name, said["buildkit"], both)
    said = _ask(oracle, {"words": words})
    pairs = zip(words, said["words"], strict=True)
    both = {str(n): {"asked": asked, "said": answer} for n, (asked, answer) in enumerate(pairs)}
    write_answers("words", said["buildkit"], both)


def differences(oracle: str, folder: Path) -> None:
    """Print how each Dockerfile below a folder is read in another way than BuildKit reads it."""
    from buildkit_built import build_difference
    from buildkit_shape import shape, theirs

    files = {
        str(path.relative_to(folder)): {"text": path.read_bytes().decode("utf-8", "replace")}
        for path in sorted(folder.rglob("Dockerfile"))
    }
    said = _ask(oracle, {"files": files})["files"]
    refused = 0
    for name, asked in files.items():
        ours, their = shape(asked["text"]), theirs(said[name])
        both = "error" in ours and "error" in their
        refused += both
        why = (
            ""
            if both
            else "taken or refused, or read otherwise"
            if ours != their
            else build_difference(asked, said[name]["build"])
        )
        if why:
            print(f"{name}: {why}")
    print(f"{len(files)} Dockerfiles, {refused} of them refused by both")


def _ask(oracle: str, questions: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run([oracle], input=json.dumps(questions), capture_output=True, check=True, encoding="utf-8")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    if sys.argv[2:]:
        differences(sys.argv[1], Path(sys.argv[2]))
    else:
        main(sys.argv[1])
