"""The nearest smaller base: the same system, the same C library, the same release, less of it."""

from __future__ import annotations

from jettison.bases.catalogue import Candidate, Family, candidates


def smaller(name: str) -> Candidate | None:
    """The slim variant of an official image; None where the name is pinned by digest, foreign, or slim already.

    `node:20` -> `node:20-slim`, `python:3.12-bookworm` -> `python:3.12-slim-bookworm`, `debian:bookworm` ->
    `debian:bookworm-slim`; `node:20-bookworm` -> `node:20-bookworm-slim`.
    """
    return next((each for each in candidates(name) if each.family is Family.SLIM), None)
