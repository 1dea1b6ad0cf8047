"""The harness itself: for each agreement, an operator that breaks it, and only it."""

from dataclasses import dataclass
from typing import Any

import pytest

from kernels.base import Operator
from kernels.dense import MatMul
from kernels.elementwise import LeakyRelu, Max, Relu
from rtlgen.wires import Wires
from sim.array import Array
from sim.errors import Mismatch, UnsupportedOperator
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval
from tests import harness
from tests.cpp import Style
from tests.harness import (
    Case,
    Disagreement,
    agree,
    agree_in_cpp,
    agree_in_verilog,
    alike,
    weights,
)


@dataclass(frozen=True, eq=False)
class Plus(Operator):
    """``x``, plus something in one of its meanings."""

    meaning: type[Array]
    extra: Fixed

    def forward(self, x: Array) -> Array:
        return x + self.extra if isinstance(x, self.meaning) else x


@dataclass(frozen=True)
class AlmostRelu(Operator):
    """What a wrong reading of the specification makes."""

    def forward(self, x: Array) -> Array:
        return x.maximum(Fixed.constant(1))


AlmostRelu.onnx = ("Relu",)  # after the class is made, for the name is taken


def message(op: Operator, *inputs: Any, oracle: Any = None) -> str:
    with pytest.raises(Disagreement) as error:
        agree(Case("broken", op, inputs or (alike(1, lo=0, hi=3, exp=0),), oracle))
    return str(error.value)


def test_agreement_1_numbers_outside_of_their_interval():
    assert message(Plus(Fixed, Fixed.constant(1))) == (
        "element 0 is 4, which is not in Interval(lo=0, hi=3, exp=0)"
    )


def test_agreement_1_numbers_off_their_grid():
    text = message(Plus(Fixed, Fixed.constant(1, -1)), alike(1, lo=0, hi=0, exp=0))
    assert text == "element 0 is 1/2, which is not in Interval(lo=0, hi=0, exp=0)"


def test_agreement_1_shapes():
    text = message(Plus(Fixed, Fixed.constant([[1], [1]])))
    assert text == "shape of numbers and intervals differ: (2, 1) and (1,)"


def test_agreement_2_wires_wider_than_their_type():
    assert message(Plus(Wires, Fixed.constant(1))) == (
        "the wire of element 0 may be Interval(lo=1, hi=4, exp=0), "
        "its type is Interval(lo=0, hi=3, exp=0)"
    )


def test_agreement_3_another_operation():
    class Capped(Relu):
        def forward(self, x: Array) -> Array:
            return x.minimum(Fixed.constant(2)) if isinstance(x, Wires) else x

    assert message(Capped()).endswith("in the graph and in numbers differ: 2 and 3")


def test_agreement_3_a_wire_that_is_said_to_be_narrower_than_it_is():
    class Promised(Relu):
        def forward(self, x: Array) -> Array:
            y = x[:1] + x[1:]
            return y.within(Intervals.full((1,), Interval(0, 2, 0))) if isinstance(x, Wires) else y

    with pytest.raises(AssertionError, match="which is outside of"):
        agree(Case("broken", Promised(), (alike(2, lo=0, hi=3, exp=0),), None))


def test_agreement_4_another_meaning():
    text = message(AlmostRelu(), alike(1, lo=-1, hi=-1, exp=0), oracle=harness.reference)
    assert text == "sample 0 of the oracle and in numbers differ: [0.0] and [1.0]"


def test_agreement_4_an_attribute_that_is_not_read(monkeypatch):
    monkeypatch.setattr(LeakyRelu, "from_onnx", classmethod(lambda cls, _: cls()))
    text = message(LeakyRelu(alpha=0.5), oracle=harness.reference)
    assert text == (
        "what is read back and the operator differ: LeakyRelu() and LeakyRelu(alpha=0.5)"
    )


@pytest.mark.slow
def test_agreement_5_other_verilog(monkeypatch, tmp_path):
    true = harness.emit
    monkeypatch.setattr(harness, "emit", lambda *args: true(*args).replace("y = a", "y = ~a"))
    with pytest.raises(Mismatch):
        agree_in_verilog([Case("sum", MatMul(), (alike(1, 2), weights(2, 1)))], tmp_path)


def message_in_cpp(monkeypatch, folder, change, case):
    true = harness.cpp.source
    assert change[0] in true([harness.cpp.project(case, Style(), 0)])
    monkeypatch.setattr(harness.cpp, "source", lambda *args: true(*args).replace(*change))
    with pytest.raises(Disagreement) as error:
        agree_in_cpp([case], folder, Style())
    return str(error.value)


@pytest.mark.slow
def test_agreement_6_another_kernel(monkeypatch, tmp_path):
    ends = Intervals.full((1,), Interval(1, 1, -1)), Intervals.full((1,), Interval(2, 2, -1))
    change = ("T(a) < T(b) ? T(b)", "T(b) < T(a) ? T(b)")
    text = message_in_cpp(monkeypatch, tmp_path, change, Case("two", Max(), ends))
    assert text == "Max-two: element 0 of sample 0 in C++ and in numbers differ: 1 and 2"


@pytest.mark.slow
def test_agreement_6_a_format_that_is_too_narrow(monkeypatch, tmp_path):
    seven = Case("seven", Relu(), (Intervals.full((1,), Interval(7, 7, 0)),))
    change = (
        "using y0_t = kernels::fixed<3, 3, false>",
        "using y0_t = kernels::fixed<2, 2, false>",
    )
    text = message_in_cpp(monkeypatch, tmp_path, change, seven)
    assert text == "Relu-seven: element 0 of sample 0 in C++ and in numbers differ: 3 and 7"


def test_agreement_6_an_operator_that_calls_no_kernel():
    case = Case("broken", Plus(Fixed, Fixed.constant(1)), (alike(1),))
    with pytest.raises(UnsupportedOperator) as error:
        harness.cpp.project(case, Style(), 0)
    assert str(error.value) == (
        "node 'node': operator Plus has no C++ kernel; kernels/README.md shows how to write one"
    )


def test_few_inputs_are_all_tried():
    codes = harness.draw([alike(2, lo=-1, hi=1)], seed=0, samples=4)
    assert sorted(codes) == [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]


def test_many_inputs_are_sampled_from_corner_to_corner():
    codes = harness.draw([alike(30), alike(1, lo=5, hi=9)], seed=0, samples=8)
    assert len(codes) == 10
    assert codes[0] == (*[-8] * 30, 5)
    assert codes[1] == (*[7] * 30, 9)
    assert codes == harness.draw([alike(30), alike(1, lo=5, hi=9)], seed=0, samples=8)
