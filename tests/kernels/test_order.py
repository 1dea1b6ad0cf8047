"""Which elements are the largest, and where they are."""

from itertools import product

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from kernels.base import OnnxNode
from kernels.order import ArgMax, ArgMin, TopK, selection
from sim.errors import ShapeError, UnsupportedAttribute
from sim.fixed import Fixed
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed
from tests.oracles import model


def both(op, values):
    """ONNX's reference with both outputs."""
    proto = model(op, values)
    proto.graph.node[0].output.append("places")
    proto.graph.output.add().name = "places"
    return ReferenceEvaluator(proto).run(None, {"x0": values[0]})


SETTINGS = (
    ("one element", {}, mixed(1)),
    ("first axis", {}, mixed(3, 2)),
    ("last axis", {"axis": -1}, mixed(2, 5)),
    ("middle, dropped", {"axis": 1, "keepdims": 0}, mixed(2, 4, 2)),
    ("of one", {"axis": 1}, mixed(2, 1, 3)),
    ("ties", {"axis": 0}, alike(3, lo=0, hi=3)),
    ("last of ties", {"axis": 0, "select_last_index": 1}, alike(3, lo=0, hi=3)),
    ("last of many", {"axis": 1, "select_last_index": 1}, alike(2, 7, lo=-1, hi=1)),
    ("first of many", {"axis": 1}, alike(2, 7, lo=-1, hi=1)),
    ("all alike", {"axis": -1}, alike(2, 3, lo=2, hi=2)),
)
LARGEST = (
    ("one element", {"k": (1,)}, mixed(1)),
    ("all", {"k": (3,)}, mixed(2, 3)),
    ("first axis", {"k": (2,), "axis": 0}, mixed(4, 2)),
    ("smallest", {"k": (2,), "largest": 0}, mixed(2, 5)),
    ("ties", {"k": (4,)}, alike(4, lo=0, hi=2)),
    ("smallest ties", {"k": (3,), "largest": 0}, alike(4, lo=0, hi=2)),
    ("many ties", {"k": (5,)}, alike(2, 9, lo=-1, hi=1)),
    ("one of many", {"k": (1,), "axis": 1}, mixed(1, 7, 2)),
)
CASES = (
    *(Case(n, op(**fields), (x,)) for op in (ArgMax, ArgMin) for n, fields, x in SETTINGS),
    *(Case(n, TopK(**fields), (x,), both) for n, fields, x in LARGEST),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case, samples=48)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED = {
    "stream-latency": [
        *("ArgMax-first axis", "ArgMax-middle, dropped", "ArgMin-first axis"),
        *("ArgMin-middle, dropped", "TopK-first axis"),
    ]
}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


@pytest.mark.parametrize("count", range(1, 11))
def test_zeros_and_ones_are_sorted_and_so_is_everything(count):
    """A network that is right on all of these is on all numbers (Knuth, 5.3.4, theorem Z)."""
    for k, bits in product(range(1, count + 1), product((0, 1), repeat=count)):
        row = list(bits)
        pairs, ends = selection(count, k)
        for i, j in pairs:
            row[i], row[j] = max(row[i], row[j]), min(row[i], row[j])
        assert [row[i] for i in ends] == sorted(bits, reverse=True)[:k]


def test_what_comes_to_lie_behind_is_not_sorted():
    counts = {k: len(selection(16, k)[0]) for k in (1, 2, 4, 16)}
    assert counts == {1: 15, 2: 29, 4: 44, 16: 63}


def test_places_of_every_row_that_there_is():
    every = np.array(list(product(range(-1, 2), repeat=4)))
    values, places = TopK(k=(4,)).forward(Fixed(every))
    order = np.argsort(-every, axis=1, kind="stable")
    assert places.codes.tolist() == order.tolist()
    assert values.codes.tolist() == np.take_along_axis(every, order, 1).tolist()


@pytest.mark.parametrize("k", [0, 4])
def test_too_many_are_refused(k):
    with pytest.raises(ShapeError) as error:
        TopK(k=(k,)).forward(alike(2, 3))
    assert str(error.value) == f"there are no {k} largest of 3 elements along axis -1"


def test_nothing_has_no_largest_element():
    with pytest.raises(ShapeError) as error:
        ArgMax(axis=1).forward(alike(2, 0))
    assert str(error.value) == "there are no elements along axis 1 of [2, 0]"


def test_how_many_must_be_known():
    with pytest.raises(UnsupportedAttribute) as error:
        TopK.from_onnx(OnnxNode("top", "TopK", ("x", "n"), ("y", "i")))
    assert str(error.value) == (
        "node 'top': input 1 of TopK, 'n', must be a constant, but the model computes it; make it "
        "an initializer"
    )
