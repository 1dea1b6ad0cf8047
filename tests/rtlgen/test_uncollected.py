"""Garbage is not looked for while designs are made, but not forgotten either."""

import gc
import weakref

import pytest

from rtlgen import uncollected as module
from rtlgen.uncollected import uncollected


class Cycle:
    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def _nothing_left():
    gc.collect()
    module._left.clear()
    yield
    module._left.clear()


def test_cycles_stay_until_a_full_collection():
    with uncollected():
        assert not gc.isenabled()
        left = weakref.ref(Cycle())
        _ = [[] for _ in range(gc.get_threshold()[0] + 1)]
    assert gc.isenabled()
    gc.collect(1)
    assert left() is not None
    gc.collect()
    assert left() is None


def test_many_objects_are_collected_before_more_are_made(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 1000)
    with uncollected():
        left = [weakref.ref(Cycle()) for _ in range(400)]
    with uncollected():
        assert all(ref() is not None for ref in left)
        left += [weakref.ref(Cycle()) for _ in range(700)]
    with uncollected():
        assert all(ref() is None for ref in left)
    assert sum(module._left) < 1000


def test_who_collects_nothing_is_left_alone():
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_frozen_stays_so():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with uncollected():
            pass
        assert gc.get_freeze_count() == frozen
    finally:
        gc.unfreeze()


def test_an_error_leaves_collection_on():
    with pytest.raises(ZeroDivisionError), uncollected():
        _ = 1 / 0
    assert gc.isenabled()
