"""What quotes and backslashes make of a shell word. Source: POSIX.1-2017, Shell Command Language, 2.2 (Quoting)."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[\w./:=@%+,-]+", re.ASCII)  # characters that mean themselves


def constant(text: str) -> str | None:
    """The value of a shell word without expansions; None where the shell would compute it."""
    if _PLAIN.fullmatch(text):
        return text
    result: list[str] = []
    at, quote = 0, ""
    while at < len(text):
        character = text[at]
        if quote == "'":
            if character == "'":
                quote = ""
            else:
                result.append(character)
        elif character == "\\" and at + 1 < len(text):
            at += 1
            # inside double quotes a backslash quotes these alone, and stays before anything else
            result.append(text[at] if not quote or text[at] in '$`"\\' else "\\" + text[at])
        elif character in "$`":
            return None
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif not quote and _is_pattern(text, at):
            return None
        else:
            result.append(character)
        at += 1
    return "".join(result)


def _is_pattern(text: str, at: int) -> bool:
    """Whether the shell makes something else of this unquoted character: a file name pattern, a brace list, a home."""
    character = text[at]
    return character in "*?[" or (character == "~" and at == 0) or (character == "{" and ("," in text or ".." in text))
