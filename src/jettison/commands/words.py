"""A word of a script as the shell expands it: quotes, variables, splitting, braces, patterns.

Source: POSIX.1-2017, Shell Command Language, 2.2 (Quoting) and 2.6 (Word Expansions); GNU Bash manual, "Brace
Expansion". What depends on files, on other programs or on variables that nothing here sets is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from jettison.core.dataclass import dataclass
from jettison.core.errors import DockerfileError
from jettison.dockerfile.lexer import expand

_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_BRACED = re.compile(r"[A-Za-z_]\w*(?::?[-+#%/].*)?", re.DOTALL)
_BRACES = re.compile(r"\{([^{}$`'\"\\\s]*,[^{}$`'\"\\\s]*)\}")
_WILD = re.compile(r"[*?\[]")
_MOST_WORDS = 64
_PLAIN = re.compile(r"[\w./:=,+@%-]+")
_RUN = re.compile(r"[^'\"\\$`<>*?\[{]+")  # of characters that mean themselves in a word
_QUOTED = re.compile(r"[^\"\\$`]+")  # in double quotes


@dataclass(frozen=True)
class Field:
    """One word after expansion, as `Word` has it."""

    value: str | None
    pattern: str | None


@dataclass(frozen=True)
class Known:
    """What a word is expanded with: variables (None: not known), positional ones, the home folder, bash or not."""

    variables: Mapping[str, str | None]
    positional: tuple[str | None, ...] | None = None
    home: str | None = None
    bash: bool = False


def is_plain(text: str) -> bool:
    """Whether every character of a word means itself, so that its value is what is written."""
    return _PLAIN.fullmatch(text) is not None


def fields(text: str, known: Known) -> list[Field]:
    """The words that one word of a script becomes: none where it is an empty variable, several for `$pkgs`."""
    if is_plain(text):
        return [Field(text, text)]
    texts = _braces(text) if "{" in text and "," in text else [text]
    if len(texts) > 1 and not known.bash:
        return [Field(None, None)]  # dash leaves braces as they are, bash does not, and /bin/sh may be either
    found: list[Field] = []
    for each in texts:
        found += _Scanner(each, known).scan()
    return found


def joined(text: str, known: Known) -> str | None:
    """The value that an assignment gives: nothing is split, no file names are made."""
    scanner = _Scanner(text, known, whole=True)
    found = scanner.scan()
    return found[0].value if found else ""


def _braces(text: str) -> list[str]:
    """`a{b,c}` as two; as it is where quotes may stand around the braces."""
    waiting: list[str] = [text]
    done: list[str] = []
    while waiting and len(waiting) + len(done) <= _MOST_WORDS:
        each = waiting.pop(0)
        match = None if re.search(r"['\"\\]", each) else _BRACES.search(each)
        if match is None or each[: match.start()].endswith("$"):
            done.append(each)
        else:
            waiting += [each[: match.start()] + part + each[match.end() :] for part in match[1].split(",")]
    return done + waiting


@dataclass
class _Scanner:
    """A reading position in one word; never shared."""

    text: str
    known: Known
    whole: bool = False  # an assignment: one field, patterns are characters
    at: int = 0
    done: list[Field] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    begun: bool = False
    lost: bool = False
    is_pattern: bool = False
    home_unknown: bool = False
    ranged: bool = False

    def __post_init__(self) -> None:
        self.ranged = not self.whole and ".." in self.text

    def scan(self) -> list[Field]:
        if self.text.startswith("~"):
            self.tilde()
        while self.at < len(self.text):
            character = self.text[self.at]
            if run := _RUN.match(self.text, self.at):
                self.literal(run[0])
                self.at = run.end()
            elif character == "'":
                end = self.text.find("'", self.at + 1)
                self.literal(self.text[self.at + 1 : end if end >= 0 else None])
                self.at = end + 1 if end >= 0 else len(self.text)
            elif character == '"':
                self.quoted()
            elif character == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                self.literal("" if following == "\n" else following)
                self.at += 2
            elif character == "$":
                self.dollar(quoted=False)
            elif character == "`":
                self.backtick()
            elif character in "<>" and self.text[self.at + 1 : self.at + 2] == "(":
                self.at = _closing(self.text, self.at + 1)
                self.unknown()
            else:
                self.bare(character)
                self.at += 1
        self.end()
        return self.done

    def bare(self, character: str) -> None:
        if character == "{" and self.ranged:
            self.unknown()
        elif character in "*?[" and not self.whole:
            self.begun = self.is_pattern = True
            self.values.append(character)
            self.patterns.append(character)
        else:
            self.literal(character)

    def literal(self, text: str) -> None:
        self.begun = True
        self.values.append(text)
        self.patterns.append(_WILD.sub(r"[\g<0>]", text) if _WILD.search(text) else text)

    def unknown(self) -> None:
        self.begun = self.lost = True

    def end(self) -> None:
        """The field that was read so far is complete."""
        if self.begun:
            value = None if self.lost or self.is_pattern or self.home_unknown else "".join(self.values)
            self.done.append(Field(value, None if self.lost else "".join(self.patterns)))
        self.values, self.patterns = [], []
        self.begun = self.lost = self.is_pattern = self.home_unknown = False

    def tilde(self) -> None:
        if self.text == "~" or self.text.startswith("~/"):
            self.home()
            self.at = 1
        else:  # ~name, ~+
            self.unknown()
            self.at = len(self.text)

    def home(self) -> None:
        self.begun = True
        self.values.append(self.known.home or "")
        self.patterns.append(self.known.home or "~")
        self.home_unknown = self.home_unknown or self.known.home is None

    def quoted(self) -> None:
        self.begun = True
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            character = self.text[self.at]
            if character == "$":
                self.dollar(quoted=True)
            elif character == "`":
                self.backtick()
            elif run := _QUOTED.match(self.text, self.at):
                self.literal(run[0])
                self.at = run.end()
            elif character == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                kept = following if following in '$`"\\' else "" if following == "\n" else "\\" + following
                self.literal(kept)
                self.at += 2
        self.at += 1

    def backtick(self) -> None:
        end = self.text.find("`", self.at + 1)
        self.at = end + 1 if end >= 0 else len(self.text)
        self.unknown()

    def dollar(self, *, quoted: bool) -> None:
        rest = self.text[self.at + 1 : self.at + 2]
        if rest == "(":
            self.at = _closing(self.text, self.at + 1)
            self.unknown()
        elif rest == "{":
            end = _closing(self.text, self.at + 1)
            inside = self.text[self.at + 2 : end - 1]
            self.at = end
            self.value(inside, self.braced(inside), quoted=quoted)
        elif rest in ("'", '"') and not quoted:  # bash's own quotes; dash has a dollar sign there
            self.unknown()
            self.at = len(self.text)
        elif match := _NAME.match(self.text, self.at + 1):
            self.at = match.end()
            if match[0] in ("@", "*"):
                self.arguments(quoted=quoted)
            else:
                self.value(match[0], self.variable(match[0]), quoted=quoted)
        else:
            self.literal("$")
            self.at += 1

    def variable(self, name: str) -> str | None:
        if name.isdigit():
            number, given = int(name), self.known.positional
            return (given[number - 1] if number <= len(given) else "") if number and given is not None else None
        return self.known.variables.get(name)

    def braced(self, inside: str) -> str | None:
        name = re.match(r"\w*", inside)
        if name is None or not _BRACED.fullmatch(inside):
            return self.variable(inside) if inside.isdigit() else None
        value = self.variable(name[0])
        if value is None or name[0] == inside:
            return value
        if re.search(r"['\"\\`]|\$\(", inside):
            return None
        named = {each: self.known.variables.get(each) for each in re.findall(r"\w+", inside)}
        variables = {key: each for key, each in named.items() if each is not None}
        try:
            result, missing = expand("${" + inside + "}", variables)
        except DockerfileError:
            return None
        return None if missing else result

    def arguments(self, *, quoted: bool) -> None:
        if self.known.positional is None:
            self.unknown()
            return
        for number, each in enumerate(self.known.positional):
            if number:
                self.end()
            self.value("@", each, quoted=quoted)

    def value(self, name: str, value: str | None, *, quoted: bool) -> None:
        """A variable's value put in; split where it is not quoted."""
        if name == "HOME" and value is None:
            self.home()
        elif value is None:
            self.unknown()
        elif quoted or self.whole:
            self.literal(value)
        else:
            self.split(value)

    def split(self, value: str) -> None:
        parts = re.split(r"[ \t\n]+", value)
        for number, part in enumerate(parts):
            if number:
                self.end()
            for character in part:
                self.bare(character)


def _closing(text: str, start: int) -> int:
    """The index behind the bracket that closes the one at `start`; the end of the text where none does."""
    pairs = {"(": ")", "{": "}"}
    stack: list[str] = []
    at = start
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
        elif character == "'" and '"' not in stack:
            end = text.find("'", at + 1)
            at = end if end >= 0 else at
        elif character == '"':
            if stack and stack[-1] == '"':
                stack.pop()
            else:
                stack.append('"')
        elif character in pairs and (character == "(" or text[at - 1] == "$"):
            stack.append(pairs[character])
        elif stack and character == stack[-1]:
            stack.pop()
            if not stack:
                return at + 1
        at += 1
    return len(text)
