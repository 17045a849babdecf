"""The search for garbage is on again, whatever happened meanwhile."""

from __future__ import annotations

import gc

import pytest

from jettison.core.collection import without_collection


def test_it_is_off_within_and_on_again_behind_an_error() -> None:
    with pytest.raises(ValueError), without_collection():
        with without_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()  # the inner one leaves it as it was
        raise ValueError
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
