"""Any text of a RUN is followed or given up, never a crash; whatever is found has its place in the RUN."""

from __future__ import annotations

from dockerfile_texts import mutated
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.commands import files
from jettison.commands.invocation import deprecated, invoked, misspelled, without_development
from jettison.commands.left import dead_cleans, left_behind
from jettison.commands.read import runs
from jettison.commands.tables.all import TOOLS
from jettison.core.errors import DockerfileError
from jettison.dockerfile.parse import parse

_PIECES = (
    "apt-get", "install", "update", "-y", "--no-install-recommends", "pip", "-r", "rm -rf", "/var/lib/apt/lists/*",
    "~", "$X", "${X:-a b}", "${X%%.*}", "$(", ")", "`", "'", "\"", "\\", "&&", "||", ";", "|", "&", "(", "{", "}",
    "if", "then", "else", "fi", "for i in", "do", "done", "while", "case", "esac", "in", "f()", "f", "A=1", "A='b c'",
    "export", "set -e", "set -o pipefail", "cd", "exit", "exec", "sudo", "xargs", "sh -c", "bash -lc", "env", "eval",
    "find", "-delete", ">", "<", "<<E", "\nE\n", "\n", "#", "é", "*", "{a,b}", "-c", "curl -o", "tar xf", "git clone",
    "python -m", "-", "--", "$@", "$1", "npm ci --only=production", "su - b -c", "-exec", "[ -f x ]", "!", "time",
    "useradd -u", "sed -i", "break", "return",
)  # fmt: skip


def check(text: str) -> None:
    try:
        dockerfile = parse(text)
    except DockerfileError:
        return
    for stage in dockerfile.stages:
        found = list(runs(dockerfile, stage))
        dead_cleans(found)
        for run in found:
            left_behind(run)
            for call in run.calls:
                inside = run.instruction.span
                assert inside.start <= call.span.start < call.span.end <= inside.end
                assert all(inside.start <= word.span.start < word.span.end <= inside.end for word in call.words)
                if call.exact and "sh" not in " ".join(call.wrappers) and "su" not in call.wrappers:
                    assert all(word.text in text or word.span.of(text) for word in call.words)
                invocation = invoked(call, TOOLS)
                if invocation is not None:
                    list(misspelled(invocation))
                    list(deprecated(invocation))
                    without_development(invocation)
                for each in (files.download, files.unpacking, files.clone, files.removal, files.change, files.new_user):
                    each(call)


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join))
def test_any_script_is_followed_or_given_up(text: str) -> None:
    check("FROM debian\nRUN " + text + "\n")


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
def test_any_script_without_blanks_is_followed_or_given_up(text: str) -> None:
    check("FROM debian\nRUN <<END\n" + text + "\nEND\n")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_word_is_expanded_or_not_known(text: str) -> None:
    check(f'FROM debian\nARG X="a b"\nRUN apt-get install {text}\n')


@settings(deadline=None)
@given(mutated())
def test_any_dockerfile_is_read(text: str) -> None:
    check(text)
