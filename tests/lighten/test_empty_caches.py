"""Cold builds find cache mounts empty."""

from __future__ import annotations

import pytest

from jettison.lighten.empty_caches import with_empty_caches

ONE = "FROM x\nRUN --mount=type=cache,target=/c a\n"


@pytest.mark.parametrize(
    ("mount", "made"),
    [
        ("type=cache,target=/c", "type=tmpfs,target=/c"),
        ("target=/c,type=cache,id=name,sharing=locked", "type=tmpfs,target=/c"),
        ("type=cache,destination=/c", "type=tmpfs,target=/c"),
        ("type=cache,dst=$HOME/.cache", "type=tmpfs,target=$HOME/.cache"),
        ("type=cache,target=/c,uid=1000", None),
        ("type=cache,target=/c,from=base", None),
        ("type=cache,target=/c,ro", None),
        ('type=cache,"target=/a,b"', None),
        ("type=bind,target=/c,source=type=cache", None),
        ("type=cache", None),
    ],
)
def test_a_cache_of_one_run_becomes_a_tmpfs(mount: str, made: str | None) -> None:
    before = f"FROM x\nRUN --mount={mount} --network=none a \\\n  b\n"
    after = before if made is None else before.replace(mount, made)
    assert after == with_empty_caches(before)


def test_what_two_runs_share_stays_for_one_may_need_what_the_other_left() -> None:
    shared = "FROM x\nRUN --mount=type=cache,id=c,target=/a fill\nRUN --mount=type=cache,target=/b,id=c use\n"
    assert shared == with_empty_caches(shared)
    alone = "RUN --mount=type=cache,target=/own c\n"
    assert shared + alone.replace("cache", "tmpfs") == with_empty_caches(shared + alone)


def test_a_text_without_any_is_the_same() -> None:
    text = "# type=cache\nFROM x\nRUN echo type=cache\n"
    assert text == with_empty_caches(text)
