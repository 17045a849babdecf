"""A clone with all its history."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.files import clone
from jettison.commands.model import Call, Run
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.removals import Removals

NAME = "git-history-shipped"
_REASON = "say --depth 1, and remove .git in the same RUN where nothing asks for it"
_ANOTHER = (
    "a later command takes another commit, which --depth 1 leaves out: clone that one alone (`--branch TAG --depth 1`, "
    "or `git init && git fetch --depth 1 URL COMMIT && git checkout FETCH_HEAD`); remove .git behind the last that asks"
)
_ASKS = {"checkout", "switch", "reset", "worktree", "cherry-pick", "merge", "rebase", "describe", "log", "rev-list"}


@text_rule("JT212")
def git_history_shipped(text: Text) -> Iterator[Finding]:
    """`git clone` in the stage that ships brings every commit there ever was, and its .git stays.

    **What it costs.** Often more than the files themselves: .git holds each version of each file, packed.

    **The fix** is yours: `--depth 1` brings the last commit alone, `ADD --keep-git-dir=false URL#TAG /folder` none, and
    `rm -rf .git` in the same RUN takes it away; whether a build asks git for a version, or a later command for another
    commit, the text alone does not tell.

    **Safety.** Told, never applied. A clone that the same RUN removes, .git or all of it, is left alone.

    ```dockerfile bad
    FROM debian:bookworm
    RUN git clone https://example.com/tool.git /opt/tool && make -C /opt/tool install
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN git clone --depth 1 https://example.com/tool.git /opt/tool && make -C /opt/tool install && rm -rf /opt/tool
    ```
    """
    asks = _last_that_asks(text)
    for run in (each for each in text.shipped if each.readable):
        gone = Removals(run)
        for call in run.calls:
            found = clone(call)
            if found is None or found.depth is not None or _mounted(run, found.to) or _removed(gone, call, found.to):
                continue
            what = found.url or "a repository"
            message = f"line {run.instruction.line} clones {what} with all its history"
            yield Finding(
                NAME, message, run.instruction, 0, refusal=_ANOTHER if run.instruction.span.start <= asks else _REASON
            )


def _last_that_asks(text: Text) -> int:
    """Where the last RUN begins that asks git for a commit that is not the last; -1 where none does."""
    starts = (
        run.instruction.span.start
        for run, call in text.called("git")
        if not _ASKS.isdisjoint(each for each in call.values[:5] if each)
    )
    return max(starts, default=-1)


def _removed(gone: Removals, call: Call, folder: str | None) -> bool:
    """Whether one of the RUN's removals, behind the call, may take the clone, or its .git, away."""
    if folder is None:
        return gone.any_behind(call)
    return gone.may_take(folder, call) or gone.any_of_git_behind(call)


def _mounted(run: Run, folder: str | None) -> bool:
    targets = [mount.target for mount in run.mounts if mount.target]
    return any(f"{folder}/".startswith(f"{target}/") for target in targets)
