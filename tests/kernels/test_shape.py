"""Operators that only move elements."""

import numpy as np
import pytest

from kernels.base import OnnxNode, Operator
from kernels.shape import (
    Concat,
    Dropout,
    Expand,
    Flatten,
    Identity,
    Pad,
    PadMode,
    Reshape,
    Slice,
    Split,
    Squeeze,
    Tile,
    Transpose,
    Unsqueeze,
)
from sim.errors import NotRepresentable, ShapeError, UnsupportedAttribute
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights
from tests.oracles import runtime

INT64 = (1 << 63) - 1
CASES = (
    Case("scalar", Identity(), (alike(),)),
    Case("mixed", Identity(), (mixed(2, 3),)),
    Case("mixed", Dropout(), (mixed(2, 3),)),
    Case("ratio", Dropout(ratio=0.25), (mixed(2, 3),)),
    *(
        Case(f"{shape}", Reshape(shape), (mixed(2, 3, 4),))
        for shape in ((24,), (-1,), (0, -1), (4, 0, 2), (1, 2, 3, 4, 1), (0, 0, 0), (-1, 0, 2))
    ),
    Case("to a scalar", Reshape(()), (mixed(1, 1),)),
    Case("allowzero", Reshape((6, -1), allowzero=1), (mixed(2, 3, 4),)),
    Case("allowzero, empty", Reshape((0, 3), allowzero=1), (mixed(2, 0),)),
    *(Case(f"axis {axis}", Flatten(axis), (mixed(2, 3, 4),)) for axis in (0, 1, 2, 3, -1, -3)),
    Case("default", Flatten(), (mixed(1, 3, 2, 2),)),
    Case("all", Squeeze(), (mixed(1, 3, 1),)),
    Case("axes", Squeeze((0, -1)), (mixed(1, 3, 1, 1),)),
    Case("axes", Unsqueeze((0, 3)), (mixed(2, 3),)),
    Case("negative axes", Unsqueeze((-1, 1)), (mixed(2, 3),)),
    Case("scalar", Unsqueeze((0,)), (alike(),)),
    Case("default", Transpose(), (mixed(2, 3, 4),)),
    Case("perm", Transpose((1, 2, 0)), (mixed(2, 3, 4),)),
    Case("one input", Concat(0), (mixed(2, 3),)),
    Case("three inputs", Concat(1), (mixed(2, 3), mixed(2, 1, seed=1), mixed(2, 2, seed=2))),
    Case("negative axis", Concat(-2), (mixed(2, 3), mixed(1, 3, seed=1))),
    Case("constant first", Concat(0), (weights(2, 3), mixed(1, 3))),
    Case("constant last", Concat(0), (mixed(1, 3), weights(2, 3), mixed(2, 3, seed=1))),
    Case("sizes", Split((1, 3)), (mixed(4, 2),)),
    Case("axis", Split((1, 2, 1), axis=1), (mixed(2, 4),)),
    Case("negative axis", Split((1, 2), axis=-2), (mixed(2, 3, 2),)),
    Case("one part", Split(num_outputs=1), (mixed(3, 2),)),
    Case("even", Split(num_outputs=2, axis=1), (mixed(1, 4),)),
    Case("uneven", Split(num_outputs=3, axis=1), (mixed(1, 8),)),
    Case("defaults", Slice((1,), (3,)), (mixed(4, 2),)),
    Case("negative", Slice((-3,), (-1,), axes=(-1,)), (mixed(2, 5),)),
    Case("clamped", Slice((-9, 1), (INT64, 99)), (mixed(2, 5),)),
    Case("steps", Slice((0, 4), (9, 1), axes=(0, 1), steps=(2, -2)), (mixed(3, 5),)),
    Case("reversed", Slice((-1,), (-INT64,), axes=(1,), steps=(-1,)), (mixed(2, 5),)),
    Case("reversed, clamped", Slice((99,), (-99,), axes=(1,), steps=(-3,)), (mixed(2, 5),)),
    Case("from before the first", Slice((-9,), (-9,), (0,), (-1,)), (mixed(2, 3),), runtime),
    Case("empty", Slice((3,), (1,)), (mixed(4, 2),)),
    Case("zeros", Pad((1, 0, 2, 3)), (mixed(2, 3),)),
    Case("value", Pad((1, 1), -0.75), (mixed(3),)),
    Case("axes", Pad((1, 2), axes=(-1,)), (mixed(2, 3),)),
    Case("cropped", Pad((-1, 2, 1, -1)), (mixed(3, 4),), runtime),
    Case("cropped to its padding", Pad((3, -2, -2, 3), 0.5), (mixed(2, 1),), runtime),
    *(
        Case(f"{mode.name}", Pad((1, 2, 1, 0), mode=mode), (mixed(2, 3),))
        for mode in list(PadMode)[1:]
    ),
    *(
        Case(f"{mode.name}, cropped", Pad((-1, 2, 1, -1), mode=mode), (mixed(3, 4),), runtime)
        for mode in list(PadMode)[1:]
    ),
    Case("more axes", Expand((2, 1, 3)), (mixed(4, 1),)),
    Case("ones keep", Expand((1, 1)), (mixed(2, 3),)),
    Case("repeats", Tile((2, 1, 3)), (mixed(1, 2, 2),)),
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


def node(op_type, attributes, inputs=("x",), outputs=("y",), **constants):
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    return OnnxNode("n", op_type, inputs, outputs, attributes, arrays)


@pytest.mark.parametrize(
    ("op", "shape", "text"),
    [
        (Split((1, 2)), (4, 2), "parts of (1, 2) are not the 4 elements of axis 0"),
        (Split(num_outputs=4), (5, 2), "parts of (2, 2, 2, -1) are not the 5 elements of axis 0"),
        (
            Pad((1, -3, 0, -3)),
            (2, 5),
            "pads=(1, -3, 0, -3) take away more than there is of [2, 5]",
        ),
        (
            Pad((1, 2, 3)),
            (4,),
            "pads=(1, 2, 3) are not two for each of the axes (0,)",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(op, shape, text):
    with pytest.raises(ShapeError) as error:
        op.forward(alike(*shape))
    assert str(error.value) == text


def test_a_pad_that_is_no_number_is_refused():
    with pytest.raises(NotRepresentable) as error:
        Pad((1, 1), -np.inf).forward(alike(2))
    assert str(error.value) == "-inf is not a number"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            node("Dropout", {}, ("x", "", "t"), t=True),
            (
                "node 'n': operator Dropout is not supported with training_mode=True; "
                "supported is training_mode=False"
            ),
        ),
        (
            node("Dropout", {}, outputs=("y", "mask")),
            (
                "node 'n': operator Dropout is not supported with the further output 'mask'; "
                "supported is at most 1 output"
            ),
        ),
        (
            node("Pad", {"mode": "cubic"}, ("x", "p"), p=[1, 1]),
            (
                "node 'n': operator Pad is not supported with mode='cubic'; supported is "
                "'constant' or 'reflect' or 'edge' or 'wrap'"
            ),
        ),
        (
            node("Split", {"num_outputs": 3}, outputs=("a", "b")),
            (
                "node 'n': operator Split is not supported with 3 parts for 2 outputs; "
                "supported is one for each"
            ),
        ),
        (
            node("Reshape", {}, ("x", "s")),
            (
                "node 'n': input 1 of Reshape, 's', must be a constant, but the model computes it; "
                "make it an initializer"
            ),
        ),
        (
            node("Concat", {}),
            "node 'n': operator Concat is not supported with no axis; supported is a given axis",
        ),
    ],
)
def test_nodes_are_refused(given, text):
    with pytest.raises(UnsupportedAttribute) as error:
        Operator.named(given).from_onnx(given)
    assert str(error.value) == text


def test_split_without_sizes_shares_alike():
    even = node("Split", {"axis": 1}, outputs=("a", "b", "c"))
    assert Split.from_onnx(even) == Split(axis=1, num_outputs=3)
    sized = node("Split", {"split": [1, 2]}, outputs=("a", "b"))
    assert Split.from_onnx(sized) == Split((1, 2))
