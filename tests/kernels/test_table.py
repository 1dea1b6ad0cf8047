"""Tables."""

import pytest

from kernels.table import Rows, Table
from sim.errors import NotRepresentable, OutOfInterval, ShapeError
from sim.fixed import Fixed
from sim.rounding import Interval
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights, zeros


def entries(op, values):
    lo, _, exp = op.domain
    table = op.values.to_float()[0]
    return [table[(values[0] * 2.0**-exp - lo).astype(int)]]


def table(lo, hi, exp, seed=0):
    return Table(weights(hi - lo + 1, seed=seed, limit=100, exp=-5), Interval(lo, hi, exp))


def entry_rows(op, values):
    """By numpy; the last axis of the input is the only number that is looked up."""
    lo, _, exp = op.domain
    places = (values[0][..., 0] * 2.0**-exp - lo).astype(int)
    return [op.values.to_float()[0][places]]


def rows(lo, hi, n, exp=0, seed=0):
    return Rows(weights(hi - lo + 1, n, seed=seed, limit=100, exp=-5), Interval(lo, hi, exp))


ROWS = (
    Case("one", rows(3, 3, 1), (alike(1, lo=3, hi=3, exp=0),), entry_rows),
    Case("of a vector", rows(-8, 7, 3), (alike(1, exp=0),), entry_rows),
    Case("of a sequence", rows(-8, 7, 3, seed=1), (alike(1, 4, 1, exp=0),), entry_rows),
    Case("part", rows(-8, 7, 5, -1, 2), (alike(2, 3, 1, lo=-2, hi=5),), entry_rows),
    Case("mixed", rows(-512, 511, 2, -3), (mixed(3, 1),), entry_rows),
    Case("zeros", Rows(zeros(16, 2), Interval(-8, 7, 0)), (alike(2, 1, exp=0),), entry_rows),
)
CASES = (
    *ROWS,
    Case(
        "one entry",
        Table(Fixed.constant([5]), Interval(3, 3, 0)),
        (alike(1, lo=3, hi=3, exp=0),),
        entries,
    ),
    Case("exhaustive", table(-128, 127, -1), (alike(1, lo=-128, hi=127),), entries),
    Case("part of the domain", table(-128, 127, -1, 1), (alike(2, lo=-3, hi=20),), entries),
    Case("coarser than the domain", table(-64, 63, -3), (alike(2, lo=-7, hi=7),), entries),
    Case("mixed", table(-512, 511, -3), (mixed(3, 4),), entries),
    Case("single finer values", table(-8, 8, 0), (alike(2, lo=12, hi=12, exp=-2),), entries),
    Case("zero", table(-8, 8, 3), (alike(2, lo=0, hi=0, exp=0),), entries),
    Case("all alike", Table(Fixed.constant([7] * 16), Interval(-8, 7, -1)), (alike(3),), entries),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED: dict[str, list[str]] = {}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


def test_a_value_outside_of_the_domain_is_refused():
    for x in (Fixed.constant([4]), Fixed.constant([-5]), alike(1, lo=-1, hi=4, exp=0)):
        with pytest.raises(OutOfInterval) as error:
            table(-4, 3, 0).forward(x)
        assert str(error.value) == "a value is outside of the table's domain s3 e0"


def test_a_value_off_the_grid_is_refused():
    with pytest.raises(NotRepresentable) as error:
        table(-4, 3, 0).forward(Fixed.constant([1], -1))
    assert str(error.value) == "a value is not a multiple of its step 2**0"
    with pytest.raises(OutOfInterval):
        table(-4, 3, 0).forward(alike(1, lo=0, hi=1, exp=-1))


def test_rows_are_read_by_one_number():
    with pytest.raises(ShapeError) as error:
        rows(0, 3, 2).forward(alike(2, 3, lo=0, hi=3, exp=0))
    assert str(error.value) == "[2, 3] has more than one number on its last axis"
