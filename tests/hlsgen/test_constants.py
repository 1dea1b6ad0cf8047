"""Constants as text: numbers of any width, and what they broadcast to."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen import constants
from hlsgen.constants import broadcast, literal
from hlsgen.layout import Layout
from sim.fixed import Fixed
from sim.rounding import Interval
from tests.harness import weights


def value(text: str) -> int:
    """What a C++ expression of integers is."""
    return eval(re.sub(r"integer<\d+>", "int", text))


@given(st.integers(-(1 << 300), 1 << 300) | st.integers(-(1 << 64), 1 << 64))
def test_a_number_of_any_width(code):
    text = literal(code, 310)
    assert value(text) == code
    assert max(int(digits) for digits in re.findall(r"(?<!<)\b\d+", text)) < 1 << 62
    assert set(re.findall(r"integer<\d+>", text)) <= {"integer<310>"}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (-7, "-7"),
        ((1 << 62) - 1, "4611686018427387903"),
        (1 << 62, "integer<70>(1) * (integer<70>(1) << 62) + integer<70>(0)"),
        (-(1 << 62), "integer<70>(-1) * (integer<70>(1) << 62) + integer<70>(0)"),
        (
            -(1 << 62) - 1,
            "integer<70>(-2) * (integer<70>(1) << 62) + integer<70>(4611686018427387903)",
        ),
    ],
)
def test_a_compiler_reads_numbers_of_62_bits(code, text):
    assert literal(code, 70) == text


def test_a_matrix_is_codes_in_one_step():
    x = Fixed.constant(np.array([[3, 0], [-4, 8]]), -2)
    made = constants.matrix("weights", x)
    assert (made.role, made.type, made.format) == (
        "weights",
        "constant<5, 3, true>",
        Interval(-4, 8, -2),
    )
    assert made.texts.tolist() == [["3", "0"], ["-4", "8"]]
    assert made.dims == "[2][2]"


def test_a_step_is_as_coarse_as_can_be():
    made = constants.matrix("weights", Fixed.constant(np.array([[4, 0, 12]]), -3))
    assert (made.type, made.texts.tolist()) == ("constant<2, 1, false>", [["1", "0", "3"]])


def test_zeros_have_a_bit():
    made = constants.matrix("bias", Fixed.constant(np.zeros((1, 2), int)))
    assert (made.type, made.texts.tolist()) == ("constant<1, 1, false>", [["0", "0"]])


def test_a_number_for_each_position_and_lane():
    x = Fixed.constant(np.arange(1, 13).reshape(1, 3, 2, 2))
    made = constants.whole("operand", x, Layout(x.shape, 1))
    assert made.texts.tolist() == [
        ["1", "5", "9"],
        ["2", "6", "10"],
        ["3", "7", "11"],
        ["4", "8", "12"],
    ]


@pytest.mark.parametrize(
    ("shape", "dims"),
    [
        ((), (1, 1)),
        ((1,), (1, 1)),
        ((3, 1, 1), (1, 3)),
        ((1, 3, 1, 1), (1, 3)),
        ((2, 2), (4, 1)),
        ((1, 1, 2, 2), (4, 1)),
        ((3, 2, 2), (4, 3)),
        ((2, 1), (4, 1)),
    ],
)
def test_a_constant_is_as_small_as_it_can_be(shape, dims):
    x = weights(*shape, limit=1000)
    made = constants.rows("operand", x, Layout((1, 3, 2, 2), 1))
    assert made.texts.shape == dims


@given(st.data())
def test_positions_and_lanes_take_what_numpy_broadcasts(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    layout = Layout(shape, data.draw(st.integers(0, len(shape) - 1)))
    own = tuple(data.draw(st.sampled_from((1, n))) for n in shape)
    own = own[data.draw(st.integers(0, len(own))) :]
    numbers = np.arange(np.prod(own, dtype=int)).reshape(own)
    index = broadcast(own, layout)
    positions, lanes = layout.index.shape
    assert index.shape in {(p, n) for p in (1, positions) for n in (1, lanes)}
    whole = np.broadcast_to(numbers, shape).reshape(-1)[layout.index]
    np.testing.assert_array_equal(np.broadcast_to(numbers.reshape(-1)[index], whole.shape), whole)


def test_a_single_position_has_no_copies_of_its_lanes():
    assert broadcast((1, 4), Layout((1, 4), 1)).tolist() == [[0, 1, 2, 3]]
    assert broadcast((4,), Layout((5, 4), 1)).tolist() == [[0, 1, 2, 3]]
    assert broadcast((5, 1), Layout((5, 4), 1)).tolist() == [[0], [1], [2], [3], [4]]
    assert broadcast((5, 1), Layout((5, 4), 0)).tolist() == [[0, 1, 2, 3, 4]]
