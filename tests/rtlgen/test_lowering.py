"""How many products and operations a node has, against counts by hand; and lowering itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Add, Mul, Relu
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, SumPool
from kernels.quant import Threshold
from kernels.shape import Pad, Transpose
from kernels.table import Table
from rtlgen.dataflow import Const, Input
from rtlgen.graph import Graph, Node
from rtlgen.lowering import lower
from rtlgen.progress import Silent
from rtlgen.size import Products, check_size, operations, products
from sim.errors import TooLarge
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval


def graph(op, *shapes, constants=(), op_name="n") -> Graph:
    """One node on tensors of these shapes; those in ``constants`` hold 0, 1, 2, 0, 1, 2, …."""
    names = [f"v{i}" for i in range(len(shapes))]
    inputs, fixed = {}, {}
    for i, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        if i in constants:
            fixed[name] = Fixed.constant(np.arange(int(np.prod(shape))).reshape(shape) % 3)
        else:
            inputs[name] = Intervals.full(shape, Interval(-8, 7, 0))
    return Graph(inputs, (Node(op, tuple(names), ("y",), op_name),), ("y",), fixed)


def counted(count, g: Graph):
    return count(g.nodes[0], g.evaluate(g.inputs), g)


CASES = [
    # 3 rows of 4, times 4 x 6: 3 * 4 * 6 products; 16 of the 24 weights are not 0
    (MatMul(), [(3, 4), (4, 6)], (1,), Products(72, 16, 48)),
    (MatMul(), [(4,), (4, 6)], (1,), Products(24, 16, 16)),
    (MatMul(), [(3, 4), (4,)], (1,), Products(12, 2, 6)),
    (MatMul(), [(3, 4), (4, 6)], (0,), Products(72, 8, 48)),
    (MatMul(), [(2, 3, 4), (2, 4, 6)], (1,), Products(144, 32, 96)),
    (MatMul(), [(5, 3, 4), (4, 6)], (1,), Products(360, 16, 240)),
    (MatMul(), [(3, 4), (4, 6)], (), Products(72, 0, 72)),
    (Gemm(), [(1, 4), (4, 6)], (1,), Products(24, 16, 16)),
    (Gemm(transB=1), [(1, 4), (6, 4)], (1,), Products(24, 16, 16)),
    (Gemm(transA=1), [(4, 2), (4, 6)], (1,), Products(48, 16, 32)),
    (Gemm(), [(1, 4), (4, 6), (6,)], (1, 2), Products(24, 16, 16)),
    (Gemm(), [(1, 4), (4, 6), (6,)], (2,), Products(24, 0, 24)),  # c is no weight
    # 3 x 3 windows of a 5 x 6 picture, 2 channels, 4 filters: 3 * 4 positions
    (Conv(), [(1, 2, 5, 6), (4, 2, 3, 3)], (1,), Products(864, 48, 576)),
    (Conv(strides=(2, 1)), [(1, 2, 5, 6), (4, 2, 3, 3)], (1,), Products(576, 48, 384)),
    (Conv(group=2), [(1, 2, 5, 6), (4, 1, 3, 3)], (1,), Products(432, 24, 288)),
    (Conv(group=2), [(1, 2, 5), (2, 1, 3), (2,)], (1, 2), Products(18, 4, 12)),
    (Conv(pads=(1, 1)), [(1, 1, 4), (1, 1, 3)], (1,), Products(12, 2, 8)),
    (Mul(), [(3, 2), (2,)], (1,), Products(6, 1, 3)),
    (Mul(), [(3, 2), (3, 2)], (), Products(6, 0, 6)),
    (Add(), [(3, 2), (2,)], (1,), Products()),
]


@pytest.mark.parametrize(("op", "shapes", "constants", "expected"), CASES)
def test_products(op, shapes, constants, expected):
    assert counted(products, graph(op, *shapes, constants=constants)) == expected


def test_a_weight_without_elements():
    g = graph(MatMul(), (3, 0), (0, 6), constants=(1,))
    assert (
        products(g.nodes[0], {"v0": g.inputs["v0"], **g.constants, "y": y(3, 6)}, g) == Products()
    )


def y(*shape: int) -> Intervals:
    return Intervals.full(shape, Interval(0, 0, 0))


STAIRS = Threshold(Fixed.constant([[1, 3, 5]]), Fixed.constant(0), Fixed.constant(1))


@pytest.mark.parametrize(
    ("op", "shapes", "constants", "expected"),
    [
        (MatMul(), [(3, 4), (4, 6)], (1,), 48),
        (Add(), [(3, 2), (2,)], (1,), 6),
        (Relu(), [(3, 2)], (), 6),
        (STAIRS, [(2, 4)], (), 24),  # three comparisons each
        (Table(Fixed.constant([3] * 16), Interval(-8, 7, 0)), [(2, 4)], (), 16),  # 8 entries each
        (MaxPool(kernel_shape=(2, 2), strides=(2, 2)), [(1, 3, 4, 4)], (), 48),
        (SumPool(kernel_shape=(2,)), [(1, 3, 4)], (), 18),
        (GlobalMaxPool(), [(1, 3, 4, 4)], (), 48),
        (GlobalSumPool(), [(1, 3, 4, 4)], (), 48),
        (Transpose(perm=(1, 0)), [(3, 2)], (), 0),
    ],
)
def test_operations(op, shapes, constants, expected):
    assert counted(operations, graph(op, *shapes, constants=constants)) == expected


def test_a_small_table_is_an_operation():
    op = Table(Fixed.constant([3]), Interval(0, 0, 0))
    node = Node(op, ("x",), ("y",), "table")
    assert operations(node, {"x": y(2, 4), "y": y(2, 4)}, Graph({}, (node,), ("y",))) == 8


def test_padding_is_no_operation():
    padded = {"x": y(2, 2), "y": y(4, 4)}
    node = Node(Pad(pads=(1, 1, 1, 1)), ("x",), ("y",), "pad")
    assert operations(node, padded, Graph({}, (node,), ("y",))) == 0


@pytest.mark.parametrize(
    ("op", "x", "w"),
    [
        (MatMul(), (1, 20), (20, 16)),
        (Gemm(transB=1), (1, 20), (16, 20)),
        (Conv(), (1, 2, 5, 6), (4, 2, 3, 3)),
        (Conv(group=2), (1, 2, 5, 6), (4, 1, 3, 3)),
    ],
)
def test_the_estimate_of_a_product_is_near_what_is_made(op, x, w):
    """Sharing makes fewer of them; weights of several digits make more."""
    weights = np.random.default_rng(0).integers(-32, 32, w)
    g = replace(graph(op, x, w, constants=(1,)), constants={"v1": Fixed.constant(weights)})
    assert counted(operations, g) / 2 <= made(g) <= 2 * counted(operations, g)


@pytest.mark.parametrize(
    ("op", "x"),
    [
        (STAIRS, (2, 4)),
        (MaxPool(kernel_shape=(2, 2)), (1, 3, 4, 4)),
        (SumPool(kernel_shape=(2, 2)), (1, 3, 4, 4)),
        (GlobalMaxPool(), (1, 3, 4, 4)),
        (Relu(), (3, 2)),
        (Transpose(perm=(1, 0)), (3, 2)),
    ],
)
def test_the_estimate_is_near_what_is_made(op, x):
    g = graph(op, x)
    assert counted(operations, g) / 2 <= made(g) <= 2 * counted(operations, g)


def made(g: Graph) -> int:
    return sum(not isinstance(op, Const | Input) for op in lower(g).ops)


def test_a_network_that_is_too_large():
    g = graph(MatMul(), (3, 4), (4, 6), constants=(1,), op_name="fc")
    check_size(g, 48, "COMMAND")
    with pytest.raises(TooLarge) as caught:
        check_size(g, 47, "COMMAND")
    assert str(caught.value) == (
        "node 'fc': the network unrolls into about 48 operations before any are shared, 48 of "
        "them here, and the limit is 47; raise it with --limit, or make HLS C++ of the network: "
        "COMMAND"
    )


def test_the_progress_of_lowering_is_a_step_for_each_node():
    steps = []

    class Noting(Silent):
        def step(self, name: str) -> None:
            steps.append(name)

    flow = lower(graph(Relu(), (3, 2), op_name="act"), Noting())
    assert steps == ["act"]
    assert len(flow.outputs) == 6
    assert set(flow.origins[6:]) == {"act"}
