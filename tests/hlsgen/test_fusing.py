"""Biases: added by the product where nobody sees it without them, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hlsgen.calls import Call, Variable
from hlsgen.fusing import PRODUCTS, fuse_biases
from hlsgen.options import Options
from hlsgen.project import build
from hlsgen.style import Io
from kernels.conv import Conv
from kernels.dense import MatMul
from kernels.elementwise import Add, Relu
from rtlgen.graph import Graph
from sim.rounding import Interval
from tests.cpp import coded
from tests.harness import weights, zeros
from tests.hlsgen.programs import call, constant, variable
from tests.hlsgen.projects import differing
from tests.hlsgen.stream_graphs import Growing

X, A, B, Y, Z = (variable(name, 2, 3) for name in "xabyz")
SUMS = Interval(-100, 100, -2)


def product(y: Variable, bias=(0,), kernel: str = "dense") -> Call:
    operands = [X, constant("weights", [1, 2], [3, 4]), constant("bias", bias)]
    return replace(call(kernel, [y], operands), accumulator=SUMS)


def addition(y: Variable, *operands, functor: str = "Add") -> Call:
    return call("elementwise", [y], operands, template=(functor, "2", "1"))


ROW = constant("operand", [1, 2, 3], format_=Interval(1, 3, -5))
ONE = constant("operand", [7])
COLUMN = constant("operand", [1], [2])


@pytest.mark.parametrize("kernel", PRODUCTS)
@pytest.mark.parametrize("bias", [ROW, ONE])
@pytest.mark.parametrize("turned", [False, True])
def test_a_bias_is_fused(kernel, bias, turned):
    operands = [bias, A] if turned else [A, bias]
    calls = [product(A, kernel=kernel), addition(Y, *operands)]
    (made,) = fuse_biases(calls, [Y])
    assert (made.kernel, made.writes, made.operands[:-1]) == (kernel, (Y,), calls[0].operands[:-1])
    assert made.operands[-1] == replace(bias, role="bias") or made.operands[-1].role == "bias"
    assert made.operands[-1].texts is bias.texts


def test_sums_are_as_fine_as_all_that_is_added_and_as_wide_as_the_result():
    (made,) = fuse_biases([product(A), addition(Y, A, ROW)], [Y])
    assert made.accumulator == Y.format.at(-5)
    (made,) = fuse_biases([product(A), addition(Y, A, ONE)], [Y])
    assert made.accumulator == Y.format.at(-2)


KEPT = {
    "two readers": ([product(A), addition(Y, A, ROW), addition(Z, A, ONE)], [Y, Z]),
    "the sum is an output, too": ([product(A), addition(Y, A, ROW)], [Y, A]),
    "twice itself": ([product(A), addition(Y, A, A)], [Y]),
    "another function": ([product(A), addition(Y, A, ROW, functor="Mul")], [Y]),
    "a number for each position": ([product(A), addition(Y, A, COLUMN)], [Y]),
    "three operands": ([product(A), addition(Y, A, ROW, ONE)], [Y]),
    "data": ([product(A), addition(Y, A, X)], [Y]),
    "a bias is there": ([product(A, bias=(0, 5)), addition(Y, A, ROW)], [Y]),
    "no product": ([call("elementwise", [A], [X], template=("Relu",)), addition(Y, A, ROW)], [Y]),
    "something between": (
        [product(A), call("elementwise", [B], [A], template=("Relu",)), addition(Y, B, ROW)],
        [Y],
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_fused(name):
    calls, outputs = KEPT[name]
    assert fuse_biases(calls, outputs) == calls


def test_only_the_first_of_two_additions_is_fused():
    calls = [product(A), addition(B, A, ROW), addition(Y, B, ONE)]
    first, second = fuse_biases(calls, [Y])
    assert (first.writes, second) == ((B,), calls[2])


def test_the_order_of_calls_is_kept():
    other = call("elementwise", [Z], [X], template=("Relu",))
    calls = [product(A), other, addition(Y, A, ROW)]
    assert [made.kernel for made in fuse_biases(calls, [Y, Z])] == ["dense", "elementwise"]
    assert fuse_biases(calls, [Y, Z])[1] is other


def biased(op, shape, matrix, bias, *, before: bool = False) -> Graph:
    """A product of an input, with a bias on either side."""
    graph = Growing({"x": shape})
    operands = ["x", graph.constant(weights(*matrix, exp=-3))]
    a = graph.add(op, *operands)
    sums = [a, graph.constant(bias)]
    y = graph.add(Add(), *(reversed(sums) if before else sums))
    return graph.graph(graph.add(Relu(), y))


GRAPHS = {
    "row": biased(MatMul(), (1, 4), (4, 3), weights(3, exp=-6)),
    "first": biased(MatMul(), (1, 4), (4, 3), weights(1, 3, exp=2), before=True),
    "one": biased(MatMul(), (3, 4), (4, 3), weights(1, limit=1000)),
    "column": biased(MatMul(), (3, 4), (4, 3), weights(3, 1)),
    "whole": biased(MatMul(), (3, 4), (4, 3), weights(3, 3)),
    "zeros": biased(MatMul(), (1, 4), (4, 3), zeros(3)),
    "wider": biased(MatMul(), (1, 4), (4, 3), weights(2, 3)),
    "conv": biased(Conv(), (1, 2, 3, 3), (3, 2, 2, 2), weights(3, 1, 1, limit=300)),
    "pixels": biased(Conv(), (1, 2, 3, 3), (3, 2, 2, 2), weights(1, 1, 2, 2)),
}
FUSED = {"row", "first", "one", "zeros", "conv"}


def additions(graph: Graph) -> int:
    project = build(coded(graph), Options())
    return sum(c.kernel == "elementwise" and c.template[0] == "Add" for c in project.program.calls)


@pytest.mark.parametrize("name", GRAPHS)
def test_what_is_fused_in_networks(name):
    assert additions(GRAPHS[name]) == (name not in FUSED)


@pytest.mark.slow
def test_the_same_numbers(tmp_path):
    projects = [
        build(coded(made), Options(io=io, strategy="resource", top=f"{name}_{io}", samples=20))
        for name, made in GRAPHS.items()
        for io in Io
        if not (name == "wider" and io is Io.STREAM)  # which broadcasts data
    ]
    assert differing(projects, tmp_path) == []
