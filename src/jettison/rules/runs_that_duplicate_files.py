"""Neighbouring RUNs that write the same files."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.left import SHOWN, bytes_between, own_runs
from jettison.synthesis.merge import between, merged
from jettison.waste.rows import Cause

NAME = "runs-that-duplicate-files"
_CAUSES = {Cause.OVERWRITTEN_LATER, Cause.METADATA_ONLY}


@rule("JT204")
def runs_that_duplicate_files(subject: Subject) -> Iterator[Finding]:
    """Two RUNs of the stage that ships write the same files, and both copies ship.

    **What it costs.** Every file that the second RUN changed, once more: package databases that each install
    rewrites, caches, files whose owner or mode it changed.

    **The fix** merges the RUNs from the first writer to the second. RUNs that share no file are left apart: merging
    them would save nothing and cost build cache.

    **Safety.** LOSSLESS: the merged tree stays the same; the claim is checked after the build.

    ```dockerfile bad
    FROM debian:bookworm
    RUN make-assets /srv
    EXPOSE 80
    RUN chown -R www-data /srv
    RUN true
    ```
    ```layers bad
    2 srv/a 40000000
    4 srv/a 40000000 uid=33
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN make-assets /srv && \\
        chown -R www-data /srv
    EXPOSE 80
    RUN true
    ```
    """
    runs = list(own_runs(subject))
    layer_run = {layer: run for run in runs for layer in subject.alignment.layers_of(run)}
    pairs: dict[tuple[int, int], int] = {}
    for row in subject.waste:
        if row.cause in _CAUSES and row.layer != row.by_layer and {row.layer, row.by_layer} <= set(layer_run):
            pairs[row.layer, row.by_layer] = pairs.get((row.layer, row.by_layer), 0) + row.bytes
    for (layer, by_layer), dead in sorted(pairs.items()):
        first, second = layer_run[layer], layer_run[by_layer]
        between_them = runs[runs.index(first) : runs.index(second) + 1]
        message = f"line {second.line} writes again what line {first.line} wrote; both copies ship"
        rows = [row for row in subject.waste if (row.layer, row.by_layer) == (layer, by_layer)]
        paths = tuple(row.path for row in sorted(rows, key=lambda row: -row.bytes)[:SHOWN])
        try:
            text = merged(subject.dockerfile, between_them)
        except CannotEdit as error:
            yield Finding(NAME, message, second, dead, refusal=error.reason, paths=paths)
            continue
        title = f"merge the RUNs of lines {', '.join(str(run.line) for run in between_them)}"
        fix = Fix(title, Applicability.LOSSLESS, between(subject.dockerfile.text, text))
        saved = bytes_between(subject, between_them)
        yield Finding(NAME, message, second, saved, fix, ("shell-leaks",), paths=paths)
