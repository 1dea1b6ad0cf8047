"""All operators together: each has cases, and is refused by name."""

from dataclasses import fields
from importlib import import_module
from pathlib import Path

import onnx
import pytest
from onnx import helper

from hlsgen.expand import TRACED
from kernels.base import OnnxNode, Operator, Scales
from kernels.catalog import operators
from kernels.conv import Conv
from kernels.curves import Curve
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Clip, Relu
from kernels.pool import MaxPool
from kernels.quant import Quantize
from kernels.real import RealOperator
from kernels.table import Table
from kernels.windows import AutoPad
from sim.errors import UnsupportedAttribute, UnsupportedOperator
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow

FIXED = [op for op in operators() if not issubclass(op, RealOperator)]
HERE = Path(__file__).parent
FAMILIES = sorted(path.stem for path in HERE.glob("test_*.py") if path.stem != "test_registry")
CASES = [case for stem in FAMILIES for case in import_module(f"tests.kernels.{stem}").CASES]


def test_every_operator_has_a_case():
    assert {type(case.op) for case in CASES} == set(FIXED)


def test_every_field_is_off_its_default_in_a_case():
    every = {(op, f.name) for op in FIXED for f in fields(op)}
    seen = {
        (type(case.op), f.name)
        for case in CASES
        for f in fields(case.op)
        if getattr(case.op, f.name) is not f.default and getattr(case.op, f.name) != f.default
    }
    assert every - seen == {(Operator.registry["Dropout"], "training_mode")}  # is refused


def test_operators_on_real_numbers_have_no_meaning_in_fixed_point():
    with pytest.raises(AssertionError) as error:
        Curve().forward(Fixed.constant(0))
    assert str(error.value) == "Curve() is absorbed before there are fixed-point numbers"


@pytest.mark.parametrize("op", [op for op in operators() if op.onnx])
def test_defaults_are_those_of_onnx(op):
    for name in op.onnx:
        known = onnx.defs.get_schema(name).attributes
        given = {f.name: f.default for f in fields(op) if f.name in known}
        theirs = {n: helper.get_attribute_value(known[n].default_value) for n in given}
        floats = {n: value for n, value in theirs.items() if isinstance(value, float)}
        assert {n: given[n] for n in floats} == floats


def test_every_family_has_its_cpp_beside_it():
    """All that only moves elements has one C++, in shape.h."""
    folder = HERE.parents[1] / "kernels"
    own = [op for op in FIXED if not issubclass(op, TRACED) and op.scales is not Scales.MOVE]
    families = {op.__module__.rpartition(".")[2] for op in own}
    assert [name for name in families if not (folder / f"{name}.h").is_file()] == []


def test_names_of_cases_are_different():
    names = [str(case) for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (Relu(), "Relu()"),
        (MatMul(), "MatMul()"),
        (Gemm(alpha=0.5, transB=1), "Gemm(alpha=0.5, transB=1)"),
        (Conv(strides=(2, 2), auto_pad=AutoPad.VALID), "Conv(auto_pad=VALID, strides=(2, 2))"),
        (MaxPool(kernel_shape=(2,)), "MaxPool(kernel_shape=(2,))"),
        (Clip(max=6.0), "Clip(max=6.0)"),
        (
            Quantize(Intervals.full((3, 1), Interval(0, 1, 0)), overflow=Overflow.WRAP),
            "Quantize(to=3x1, overflow=WRAP)",
        ),
        (Quantize(Intervals.full((), Interval(0, 1, 0))), "Quantize(to=scalar)"),
        (
            Table(Fixed.constant([1, 2]), Interval(0, 1, -3)),
            "Table(values=2, domain=u1 e-3)",
        ),
    ],
)
def test_an_operator_shows_what_is_off_its_default(op, text):
    assert str(op) == text


@pytest.mark.parametrize(("domain", "shown"), [("", "Resize"), ("my.domain", "my.domain::Resize")])
def test_unknown_operators_are_refused(domain, shown):
    with pytest.raises(UnsupportedOperator) as error:
        Operator.named(OnnxNode("up", "Resize", ("x",), ("y",), domain=domain))
    assert str(error.value) == (
        f"node 'up': operator {shown} is not supported; "
        "kernels/README.md lists those that are, and shows how to add one"
    )


def test_values_of_an_attribute_without_effect_are_checked(monkeypatch):
    monkeypatch.setattr(Relu, "without_effect", {"consumed_inputs": (0, 1)})
    assert Relu.from_onnx(OnnxNode("r", "Relu", ("x",), ("y",), {"consumed_inputs": 1})) == Relu()
    with pytest.raises(UnsupportedAttribute) as error:
        Relu.from_onnx(OnnxNode("r", "Relu", ("x",), ("y",), {"consumed_inputs": 2}))
    assert str(error.value) == (
        "node 'r': operator Relu is not supported with consumed_inputs=2; supported is 0 or 1"
    )


def test_parameters_are_no_data():
    node = OnnxNode("c", "Clip", ("x", "", "top"), ("y",), constants={"top": 6.0})
    op = Clip.from_onnx(node)
    assert op == Clip(max=6.0)
    assert op.data_inputs(node) == ("x",)
    assert Gemm().data_inputs(OnnxNode("g", "Gemm", ("a", "b", ""), ("y",))) == ("a", "b")
