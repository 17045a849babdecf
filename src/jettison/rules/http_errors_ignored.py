"""curl that takes an error page for the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.files import TOOLS, Download, download, path_of
from jettison.commands.invocation import invoked
from jettison.commands.model import Call, Run
from jettison.commands.pipes import reader
from jettison.core.values import Applicability
from jettison.dockerfile.lines import line_at
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text
from jettison.synthesis.options import behind_name
from jettison.synthesis.verified import is_verified

NAME = "http-errors-ignored"
_MOVES = re.compile(
    r"https?://(?:github\.com/[^/]+/[^/]+/(?:releases/(?:latest/)?download|archive|raw)/|(?:bit\.ly|git\.io|aka\.ms)/)"
)  # these answer with another address, and with nothing in it
_CONFIGURED = re.compile(r"curlrc|CURL_HOME")
# what of these reads an error page ends with an error: gzip's, xz's and zip's first bytes, a key, a package
_NOTICES = re.compile(
    r"(?:bsd|g)?tar|g?un(?:zip|xz|lzma|zstd)|bunzip2|[gxb]?zcat|(?:xz|bz|lz|zstd)cat|gzip|xz|bzip2|zstd|cpio|gpgv?2?|apt-key"
    r"|dpkg|apt(?:-get)?|rpm|dnf|yum"
)
_SENDS = (
    "-I", "--head", "-X", "--request", "-T", "--upload-file", "-F", "--form", "--form-string", "-K", "--config", "-d",
    "--data", "--data-ascii", "--data-binary", "--data-raw", "--data-urlencode", "--json",
)  # fmt: skip
_HTTP = re.compile(r"https?://|(?!.*://)", re.IGNORECASE)  # what names no protocol is HTTP as a rule


@text_rule("JT219")
def http_errors_ignored(text: Text) -> Iterator[Finding]:
    """curl without `-f` keeps whatever the server answers: an error page ships as the file, and the RUN succeeds.

    **What it costs.** A build that is green and an image that is broken: "404: Not Found" in the place of a program,
    or a shell that is given HTML. Without `-L` an address that has moved gives an empty file in the same way; it is
    told for addresses that are known to move (GitHub's releases and archives, short links).

    **The fix** adds `-f`, and `-L` where the address moves: an HTTP error is then an error of the RUN.

    **Safety.** PROPOSED: what is fetched stays the same wherever the server answers well, and a build that worked by
    an error page ends. Nothing is said where curl only prints, asks for headers, sends something, speaks another
    protocol, or has a configuration of its own, nor where the RUN checks a sum or a signature, or gives what came to
    tar, unzip, gpg or dpkg: these refuse the page.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -sS -o /usr/local/bin/tool https://example.com/tool && chmod +x /usr/local/bin/tool
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -f -sS -o /usr/local/bin/tool https://example.com/tool && chmod +x /usr/local/bin/tool
    ```
    """
    if _CONFIGURED.search(text.dockerfile.text):
        return
    for run, call in text.called("curl"):
        fetched = download(call)
        if fetched is None or not _is_kept(run, fetched) or _may_say_more(fetched) or is_verified(run, call):
            continue
        if _is_noticed(run, fetched):
            continue
        missing = [] if fetched.fails else ["-f"]
        moves = next((url for url in fetched.urls if url and _MOVES.match(url)), None)
        if moves and not fetched.follows:
            missing.append("-L")
        if missing:
            yield _finding(text, run, call, missing)


def _is_kept(run: Run, fetched: Download) -> bool:
    """Whether an answer by HTTP goes to a file, or to another program: of what only prints, nothing is kept."""
    read = invoked(fetched.call, TOOLS)
    if (read is not None and read.has(*_SENDS)) or not any(_HTTP.match(url or "") for url in fetched.urls):
        return False
    return fetched.to not in ("", "/dev/null") or reader(run, fetched.call) is not None


def _is_noticed(run: Run, fetched: Download) -> bool:
    """Whether a program that the RUN's end hears of reads what came, and ends at what is none of its own."""
    piped = reader(run, fetched.call)
    if piped is not None:
        return piped.fatal is not False and _NOTICES.fullmatch(piped.name or "") is not None
    return run.places[id(fetched.call)] < _noticed(run).get(fetched.to, 0)


def _noticed(run: Run) -> dict[str | None, int]:
    """Where the last of these programs stands that a path is given to; looked for once."""
    known = run.calls[0].known
    if _noticed not in known:
        known[_noticed] = {
            path_of(call, word): place
            for place, call in enumerate(run.calls)
            if call.fatal is not False and _NOTICES.fullmatch(call.name or "") is not None
            for word in call.words
        }
    found: dict[str | None, int] = known[_noticed]
    return found


def _may_say_more(fetched: Download) -> bool:
    """Whether a word that the shell computes may be the option: none that is quoted, and not the only address."""
    unknown = [word for word in fetched.call.words if word.value is None and word.text.startswith("$")]
    return bool(unknown) and len(fetched.urls) > 1


def _finding(text: Text, run: Run, call: Call, missing: list[str]) -> Finding:
    line, options = line_at(text.dockerfile.text, call.span.start), " ".join(missing)
    what = "an error page is taken for the file" if "-f" in missing else "the address has moved, and nothing comes"
    message = f"line {line} calls curl without {' and '.join(missing)}: {what}"
    change = behind_name(text, call, options)
    if change is None:
        return Finding(NAME, message, run.instruction, 0, refusal=f"give curl {options}", at=call.span)
    fix = Fix(f"call curl with {options}", Applicability.PROPOSED, (change,))
    return Finding(NAME, message, run.instruction, 0, fix, at=call.span)
