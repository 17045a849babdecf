"""What an ignore file would keep out of a build, as a change of the project: its new text, and what it would do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jettison.context.derive import Build, Line, derive, text_with
from jettison.context.ignore import Ignore
from jettison.context.others import other_builds
from jettison.context.walk import Context, excluded, walk, with_file
from jettison.dockerfile.graph import needed
from jettison.subject import IGNORE_FILE, IgnoreFile, Text


@dataclass(frozen=True)
class KeptOut:
    """Lines that an ignore file lacks: nothing that they name is read by the build or the program."""

    own: IgnoreFile  # the one that counts
    context: Context  # as it will be
    lines: tuple[Line, ...]

    @property
    def sure(self) -> KeptOut:
        """The same without documentation and tests: only a look at the sources tells that nobody reads these."""
        return replace(self, lines=tuple(line for line in self.lines if not line.unread))

    @property
    def text(self) -> str:
        """The ignore file with these lines."""
        return text_with(self.own.text or "", self.lines)

    @property
    def gone(self) -> frozenset[str]:
        """The files of the context that it would leave out, those that it leaves out now with them."""
        return excluded(self.context, Ignore.parse(self.text, self.own.dialect))

    @property
    def overruled(self) -> str:
        """Why a `.dockerignore` would do nothing; empty where it counts."""
        counts = self.own.name == IGNORE_FILE and not self.own.given
        return "" if counts else f"{self.own.name} is the ignore file that counts here"

    @property
    def title(self) -> str:
        """What is done, for people."""
        count = f"{len(self.lines)} {'line' if len(self.lines) == 1 else 'lines'}"
        return f"write a {IGNORE_FILE} of {count}" if self.own.text is None else f"add {count} to {IGNORE_FILE}"

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The one file that is written: its name and its text."""
        return ((self.own.name, self.text),)

    def upon(self, text: Text) -> Text:
        """The same Dockerfile as it is built once the file is written."""
        return replace(text, ignore=replace(self.own, text=self.text))


def kept_out(text: Text) -> KeptOut:
    """The lines that the ignore file lacks, maybe none. Raises UsageError where it or the context cannot be read."""
    own = text.ignore
    left_out = own.text is not None and Ignore.parse(own.text, own.dialect).excludes(IGNORE_FILE)
    context = text.sent if left_out else with_file(text.sent, IGNORE_FILE)  # once written, a COPY would take it as well
    stages = needed(text.dockerfile, text.stage, text.build_args)
    build = Build(text.dockerfile, stages, text.build_args, own.text or "", own.dialect)
    found = derive(context, build)
    if found.lines and not own.given:
        others = other_builds(walk(text.context), text.path, build).builds
        found = derive(context, build, others) if others else found
    return KeptOut(own, context, found.lines)
