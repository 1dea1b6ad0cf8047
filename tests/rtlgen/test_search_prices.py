"""What the sums of a search cost: by definition, and kept up to date."""

from __future__ import annotations

import numpy as np
import pytest

from rtlgen.bill import restore, update
from rtlgen.journal import revert, settle
from sim.rounding import Interval
from tests.rtlgen.search_states import (
    BYTE,
    bill_of,
    log_of,
    moved,
    priced,
    random_matrix,
    share_anew,
    shared,
    start,
)

ALIKE = [BYTE, Interval(0, 128, 0), Interval(-5, 128, 0), Interval(-128, 0, 0)]
"""The largest magnitude of all of them is the same."""


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("addend", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_price_is_that_of_the_definition(seed, addend, arity):
    state = shared(random_matrix(seed, 6, 5, 100), inputs=ALIKE)
    own, beside = bill_of(state, arity, seed, addend).totals[:2]
    assert own == priced(state, arity, seed, addend)
    assert beside == (priced(state, 2, seed, addend) if arity > 2 else 0)


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("addend", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_bill_that_is_kept_up_to_date_is_as_one_made_anew(seed, addend, arity):
    state = shared(random_matrix(seed, 8, 7, 100), inputs=ALIKE)
    kept = bill_of(state, arity, 1, addend)
    for k in range(30):
        log, before = log_of(state), kept.totals[:2].tolist()
        share_anew(state, log, moved(state, log, 100 * seed + k).fresh)
        update(state, log, kept, arity, 1, addend)
        fresh = bill_of(state, arity, 1, addend)
        assert kept.totals[:2].tolist() == fresh.totals[:2].tolist()
        if k % 2:
            settle(state, log)
        else:
            revert(state, log)
            restore(state, kept)
            assert kept.totals[:2].tolist() == before
        assert (kept.root == bill_of(state, arity, 1, addend).root).all()
        assert not kept.due.any()
    assert kept.totals[0] == priced(state, arity, 1, addend)


def test_an_output_that_shares_nothing_is_paid_for():
    state = start(np.array([[1], [3]]))
    assert bill_of(state, 2, 0, False).totals[0] == priced(state, 2, 0, False) > 0
