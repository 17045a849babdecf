"""Dockerfiles for property tests: any text, well-formed files, damaged ones."""

from __future__ import annotations

from hypothesis import strategies as st

_COMMANDS = (
    "a", "apt-get update", "echo 'x y'", 'echo "$Z"', "cd /x", "export A=1", "set -e", "b > /log", "c | d", "e || f",
    "(g; h)", "for i in 1 2; do i; done", "test -f \\\n  /x", "[ -d /y ]", "! j", "echo é€😀", "k # note", "A=b", "m;",
    "if n; then o; fi", "p \\\n# why\n  q", "\\\n\n  r", "s $(t)", "u 2>&1", "`v`", "exit 3", "w &",
)  # fmt: skip
_OTHERS = (
    "ENV A=1 B='x y'", "ENV C the rest", "ARG D", "ARG E=1 F", "COPY a b /c/", 'COPY ["a b", "/c"]',
    "ADD --chown=1:1 x y", "WORKDIR /a b", "USER app", "EXPOSE 80 81/udp", "LABEL a=b \\\n  c=d", 'CMD ["x", "y"]',
    "CMD x y", "ENTRYPOINT x", "HEALTHCHECK --interval=5s CMD curl x", "HEALTHCHECK NONE", "VOLUME /v",
    "STOPSIGNAL SIGINT", 'SHELL ["/bin/sh", "-c"]', "ONBUILD RUN x", "MAINTAINER me", 'RUN ["x", "-y"]',
    "RUN <<EOF\nx\n#y\nEOF", "RUN <<-A cat <<B\n\tx\n\tA\ny\nB", "COPY <<'E' /x\n$a\nE", "# a comment", "", "   ",
    "#", "RUN --mount=type=cache,target=/c make",
)  # fmt: skip
_JOINTS = (" && ", " && \\\n    ", " ; ", " || ", " \\\n    # why\n    && ", "\\\n&&")


def any_text() -> st.SearchStrategy[str]:
    """Any text at all, lone surrogates and NUL included, with a bias for what matters here."""
    lumps = st.sampled_from(
        ["FROM a\n", "RUN ", "\\\n", "`\n", "\r\n", "#", "<<EOF", "EOF\n", '["', "'", '"', "${", "\ufeff"]
    )
    anything = st.text(alphabet=st.characters(codec=None), max_size=8)
    return st.lists(st.one_of(lumps, anything), max_size=12).map("".join)


@st.composite
def runs(draw: st.DrawFn) -> str:
    """A RUN of one to four commands."""
    commands = draw(st.lists(st.sampled_from(_COMMANDS), min_size=1, max_size=4))
    text = commands[0]
    for command in commands[1:]:
        text += draw(st.sampled_from(_JOINTS)) + command
    return f"RUN {text}"


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    """A Dockerfile of one or two stages that parses; LF or CRLF, with or without a last line ending."""
    parts = [draw(st.sampled_from(["", "# syntax=docker/dockerfile:1\n", "# escape=\\\n\n", "ARG V=1\n"]))]
    for number in range(draw(st.integers(1, 2))):
        body = draw(st.lists(st.one_of(runs(), st.sampled_from(_OTHERS)), max_size=6))
        parts += [f"{line}\n" for line in [f"FROM base AS s{number}", *body]]
    text = "".join(parts)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text if draw(st.booleans()) else text.rstrip("\r\n")


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A Dockerfile with a few places cut out, doubled or overwritten."""
    text = draw(dockerfiles())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 6)))
        text = (
            text[:at]
            + draw(st.sampled_from(["", text[at:end] * 2, "\\", "\n", "<<", "'", "#", "\r", "`", "&&"]))
            + text[end:]
        )
    return text


_RUNNABLE = (
    "true", "false", "echo a", "echo $A", "A=1", "cd /usr", "pwd", "set -e", "export A=2", "(false; echo b)",
    "! false", "for i in 1 2; do false; echo $i; done", "if false; then echo c; fi", "{ false; echo d; }",
    "f() { false; echo e; }",
    "f", "false | true", "echo g > /dev/null", "(cd /bin && pwd)", "exit 0", "test -n \"$A\"", "[ -d /usr ]",
    "umask 27", "echo 'h # i'", "echo j # k", "umask", "set +e", "(set -e; false; echo l)",
)  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """One to four harmless commands that a shell can run, joined in any way."""
    commands = draw(st.lists(st.sampled_from(_RUNNABLE), min_size=1, max_size=4))
    text = commands[0]
    for command in commands[1:]:
        text += draw(st.sampled_from([" && ", " && ", "; ", " || ", " && \\\n  ", " \\\n  # why\n  && "])) + command
    return text
