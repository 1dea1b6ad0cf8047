"""Operators that pick elements by constant indices."""

import numpy as np
import pytest

from kernels.gather import Compress, Gather, GatherElements, GatherND, ReverseSequence
from sim.errors import ShapeError
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed
from tests.oracles import runtime


def drawn(*shape, size, seed=0):
    """Indices into an axis of this size, negative ones among them."""
    random = np.random.default_rng(seed)
    return tuples(random.integers(-size, size, shape))


def tuples(array):
    return tuple(map(tuples, array)) if array.ndim else int(array)


CASES = (
    Case("one", Gather(2), (mixed(4, 2),)),
    Case("one of a vector", Gather(-1), (mixed(3),)),
    Case("some", Gather((0, -1, 0), axis=1), (mixed(2, 3),)),
    Case("matrix", Gather(((0, 1), (2, -3)), axis=-1), (mixed(2, 3),)),
    Case("none", Gather((), axis=1), (mixed(2, 3),), runtime),
    Case("one", GatherElements((0,)), (alike(1),)),
    Case("axis 0", GatherElements(drawn(2, 3, size=4)), (mixed(4, 3),)),
    Case("axis 1", GatherElements(drawn(2, 5, size=3), axis=1), (mixed(2, 3),)),
    Case("negative axis", GatherElements(drawn(2, 2, 3, size=2), axis=-2), (mixed(2, 2, 3),)),
    Case("fewer rows", GatherElements(drawn(1, 4, size=3), axis=1), (mixed(2, 3),), runtime),
    Case("elements", GatherND(((0, 0), (-1, 1))), (mixed(2, 3),)),
    Case("one element", GatherND((1, -1)), (mixed(2, 3),), runtime),
    Case("blocks", GatherND(((1,), (0,), (-1,))), (mixed(2, 3),)),
    Case("places in places", GatherND((((0, 1),), ((1, 0),))), (mixed(2, 2, 3),)),
    Case("batch", GatherND(drawn(2, 1, size=3), batch_dims=1), (mixed(2, 3, 2),)),
    Case("batch of lists", GatherND(drawn(2, 4, 1, size=3), batch_dims=1), (mixed(2, 3),)),
    Case("two batch axes", GatherND(drawn(2, 3, 2, 1, size=2), batch_dims=2), (mixed(2, 3, 2),)),
    Case("rows", Compress((False, True, True), axis=0), (mixed(3, 2),)),
    Case("negative axis", Compress((True, False, True), axis=-1), (mixed(2, 3),)),
    Case("short", Compress((False, True), axis=1), (mixed(2, 4),)),
    Case("flattened", Compress((True, False, False, True, True)), (mixed(2, 3),)),
    Case("nothing", Compress((False, False), axis=0), (mixed(2, 3),)),
    Case("usual", ReverseSequence((1, 4, 2)), (mixed(4, 3, 2),)),
    Case("batch first", ReverseSequence((3, 0), batch_axis=0, time_axis=1), (mixed(2, 4, 2),)),
    Case("one step", ReverseSequence((1,)), (mixed(1, 1),)),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == []


def test_every_sequence_has_a_length():
    with pytest.raises(ShapeError) as error:
        ReverseSequence((1, 2)).forward(alike(3, 4))
    assert str(error.value) == "2 lengths are not those of the 4 sequences on axis 1"
