"""Layouts: where each element stands, and axes that are chosen so that little has to move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.layout import Layout, usual_axis
from hlsgen.layouts import layouts
from hlsgen.naming import Names
from hlsgen.planner import plan
from hlsgen.style import Io
from kernels.base import Operator
from kernels.conv import Conv
from kernels.dense import MatMul
from kernels.elementwise import Add, Relu
from kernels.pool import GlobalSumPool, MaxPool
from kernels.shape import Concat, Flatten, Reshape, Squeeze, Transpose, Unsqueeze
from rtlgen.graph import Graph
from tests.harness import weights
from tests.hlsgen.stream_graphs import Growing


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.data())
def test_a_position_has_all_elements_along_the_axis_of_lanes(shape, data):
    layout = Layout(tuple(shape), data.draw(st.integers(0, len(shape) - 1)))
    before, after = shape[: layout.axis], shape[layout.axis + 1 :]
    places = [
        int(np.ravel_multi_index((*i[: layout.axis], lane, *i[layout.axis :]), shape))
        for i in np.ndindex(*before, *after)
        for lane in range(shape[layout.axis])
    ]
    assert layout.index.reshape(-1).tolist() == places
    assert layout.index.size == layout.size == np.prod(shape)
    assert layout.index.shape == (layout.positions, layout.lanes)
    np.testing.assert_array_equal(layout.index.reshape(-1)[layout.places], np.arange(layout.size))


@pytest.mark.parametrize(
    ("shape", "axis", "dims"),
    [
        ((), 0, (1, 1)),
        ((5,), 0, (1, 5)),
        ((1, 5), 1, (1, 5)),
        ((1, 3, 8), 1, (8, 3)),
        ((1, 3, 4, 8), 1, (32, 3)),
        ((2, 3, 4, 8), 1, (64, 3)),
        ((0,), 0, (0, 0)),
        ((2, 0), 1, (0, 0)),
        ((0, 2), 1, (0, 2)),
    ],
)
def test_channels_are_lanes(shape, axis, dims):
    layout = Layout(shape, usual_axis(shape))
    assert layout.axis == axis
    assert (layout.positions, layout.lanes) == dims


def chain(shape: tuple[int, ...], *ops: Operator, **constants: tuple[int, ...]) -> Graph:
    """One operator after the other; products with weights of these shapes."""
    graph, x, rest = Growing({"x": shape}), "x", iter(constants.values())
    for op in ops:
        more = [graph.constant(weights(*next(rest)))] if isinstance(op, Conv | MatMul) else []
        x = graph.add(op, x, *more)
    return graph.graph(x)


def axes(graph: Graph) -> list[int]:
    chosen = layouts(graph, graph.types())
    return [chosen[name].axis for name in ("x", *(node.outputs[0] for node in graph.nodes))]


TO_LAST, TO_FIRST = Transpose((0, 2, 3, 1)), Transpose((0, 3, 1, 2))
CHAINS = [
    (chain((1, 3, 4, 4), Conv(), Relu(), w=(2, 3, 2, 2)), [1, 1, 1]),
    (chain((1, 4, 4, 3), TO_FIRST, Conv(), TO_LAST, w=(2, 3, 2, 2)), [3, 1, 1, 3]),
    (chain((1, 4, 4, 3), Relu(), TO_FIRST, MaxPool(kernel_shape=(2, 2))), [3, 3, 1, 1]),
    (chain((1, 7, 3), Relu(), MatMul(), Relu(), w=(3, 2)), [2, 2, 2, 2]),
    (chain((1, 3, 7), Transpose((0, 2, 1)), MatMul(), w=(3, 2)), [1, 2, 2]),
    (chain((1, 3, 4), Unsqueeze((3,)), MaxPool(kernel_shape=(2, 1)), Squeeze((3,))), [1] * 4),
    (chain((1, 4, 3), Unsqueeze((0,)), Relu(), MatMul(), w=(3, 2)), [2, 3, 3, 3]),
    (chain((1, 3, 4, 4), Reshape((1, 3, 16)), MaxPool(kernel_shape=(2,))), [1, 1, 1]),
    (chain((1, 3, 4, 4), Reshape((3, 16)), Relu(), Reshape((1, 3, 4, 4))), [1, 0, 0, 1]),
    (chain((1, 3, 2, 2), GlobalSumPool(), Flatten(), MatMul(), w=(3, 2)), [1, 1, 1, 1]),
]


@pytest.mark.parametrize(("graph", "expected"), CHAINS)
def test_lanes_are_what_kernels_want(graph, expected):
    assert axes(graph) == expected


@pytest.mark.parametrize(("graph", "_"), CHAINS)
@pytest.mark.parametrize("io", Io)
def test_nothing_moves_where_axes_follow(graph, _, io):
    made = plan(graph, {}, io, Names())
    moving = {"gather", "merge", "rearrange", "follow"}
    assert [call.kernel for call in made.calls if call.kernel in moving] == []


def test_the_first_reader_is_asked():
    graph = Growing({"x": (1, 3, 3)})
    relu = graph.add(Relu(), "x")
    dense = graph.add(MatMul(), relu, graph.constant(weights(3, 3)))
    pool = graph.add(MaxPool(kernel_shape=(1,)), relu)
    made = graph.graph(dense, pool)
    assert axes(made) == [2, 2, 2, 1]
    turned = made.with_nodes((made.nodes[0], made.nodes[2], made.nodes[1]))
    assert layouts(turned, turned.types())["v0"].axis == 1


def test_operands_of_one_operator_have_the_axis_of_the_first():
    graph = Growing({"x": (1, 3, 3), "z": (1, 3, 3)})
    dense = graph.add(MatMul(), "x", graph.constant(weights(3, 3)))
    pool = graph.add(MaxPool(kernel_shape=(1,)), "z")
    made = graph.graph(graph.add(Add(), dense, pool), graph.add(Concat(1), pool, dense))
    chosen = layouts(made, made.types())
    assert (chosen["v2"].axis, chosen["v3"].axis) == (2, usual_axis((1, 6, 3)))
