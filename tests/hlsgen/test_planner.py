"""From graphs to programs: what is in the way of a kernel, and odd graphs whose C++ is run."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.naming import Names
from hlsgen.options import Options
from hlsgen.planner import plan
from hlsgen.project import build
from hlsgen.style import Directive, Io, Strategy
from kernels.base import Operator
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Add, Neg, Relu
from kernels.pool import MaxPool
from kernels.shape import Concat, Identity, Pad, Reshape, Slice, Split, Transpose
from rtlgen.graph import Graph, Node
from sim.errors import NotStreamable, ShapeError
from sim.fixed import Fixed
from tests.cpp import coded
from tests.harness import alike, weights, zeros
from tests.hlsgen.projects import differing

Step = tuple[Operator, str, str]
"""An operator, the names that it takes and those that it gives."""


def graph(
    inputs: dict[str, tuple[int, ...]], *steps: Step, outputs: str = "y", **constants: Fixed
) -> Graph:
    nodes = tuple(
        Node(op, tuple(given.split()), tuple(made.split()), f"node{i}")
        for i, (op, given, made) in enumerate(steps)
    )
    types = {name: alike(*shape) for name, shape in inputs.items()}
    return Graph(types, nodes, tuple(outputs.split()), constants).check()


WIDE = Fixed.constant(np.array([[1 << 100], [7 - (1 << 99)], [3]], object))
FINE = Fixed.constant(np.array([(1 << 110) + 1], object), -3)

ODD = {
    "input_as_output": graph({"x": (1, 3)}, outputs="x"),
    "input_as_output_and_read": graph({"x": (1, 3)}, (Relu(), "x", "y"), outputs="x y"),
    "input_as_two_outputs": graph({"x": (1, 3)}, (Identity(), "x", "y"), outputs="x y"),
    "output_and_read": graph({"x": (1, 3)}, (Relu(), "x", "y"), (Neg(), "y", "z"), outputs="y z"),
    "one_value_as_two_outputs": graph(
        {"x": (1, 3)}, (Relu(), "x", "y"), (Identity(), "y", "z"), outputs="y z"
    ),
    "unread_input": graph({"x": (1, 3), "u": (1, 2, 4)}, (Relu(), "x", "y")),
    "dead_node": graph({"x": (1, 3)}, (Relu(), "x", "y"), (Neg(), "x", "dead")),
    "no_input_is_read": graph({"x": (1, 3)}, (Relu(), "c", "y"), c=weights(2, 3)),
    "both_operands": graph({"x": (1, 3)}, (Add(), "x x", "y")),
    "unused_part": graph({"x": (1, 4, 2)}, (Split((1, 3), axis=1), "x", "a b"), (Relu(), "b", "y")),
    "only_shapes": graph(
        {"x": (1, 4)}, (Reshape((4, 1)), "x", "a"), (Reshape((2, 2)), "a", "y"), outputs="y a"
    ),
    "constant_that_moves": graph(
        {"x": (1, 3)}, (Transpose(), "c", "t"), (MatMul(), "x t", "y"), c=weights(2, 3)
    ),
    "constants_alone": graph(
        {"x": (1, 3)}, (MatMul(), "c d", "e"), (Add(), "x e", "y"), c=weights(1, 2), d=weights(2, 3)
    ),
    "part_of_nothing": graph(
        {"x": (1, 3)}, (Slice((3,), (3,), axes=(1,)), "x", "e"), (Concat(1), "x e", "y")
    ),
    "padding_alone": graph(
        {"x": (1, 2)}, (Pad((1, 1), 0.5), "e", "p"), (Add(), "x p", "y"), e=zeros(0)
    ),
    "scalars": graph({"x": ()}, (Relu(), "x", "a"), (Add(), "a c", "y"), c=weights()),
    "zero_weights": graph({"x": (1, 3)}, (MatMul(), "x c", "y"), c=zeros(3, 2)),
    "wide": graph({"x": (1, 3)}, (MatMul(), "x c", "a"), (Add(), "a d", "y"), c=WIDE, d=FINE),
    "names_of_ours": graph(
        {"y#1": (1, 3)}, (Gemm(beta=0.5), "y#1 w c", "y"), w=weights(3, 2), c=weights(2)
    ),
    "bias_of_a_convolution": graph(
        {"x": (1, 1, 3, 3)},
        (Conv(), "x w", "a"),
        (Add(), "a b", "y"),
        w=weights(2, 1, 2, 2),
        b=weights(2, 1, 1, exp=-5),
    ),
    "stack_of_constants": graph({"x": (3, 3, 2)}, (MatMul(), "c x", "y"), c=weights(2, 1, 2, 3)),
    "stack_times_constants": graph({"x": (2, 1, 2, 3)}, (MatMul(), "x c", "y"), c=weights(3, 3, 2)),
}
UNSTREAMED = {"constant_that_moves", "stack_of_constants", "stack_times_constants"}


@pytest.mark.slow
def test_odd_graphs(tmp_path):
    asked = [(Io.PARALLEL, None), (Io.PARALLEL, Strategy.RESOURCE), (Io.STREAM, None)]
    projects = [
        build(coded(made), Options(io=io, strategy=strategy, top=f"{name}_{i}", samples=20))
        for name, made in ODD.items()
        for i, (io, strategy) in enumerate(asked)
        if not (io is Io.STREAM and name in UNSTREAMED)
    ]
    assert differing(projects, tmp_path) == []


def kernels(made: Graph, io: Io = Io.STREAM) -> list[str]:
    return [call.kernel for call in plan(made, {}, io, Names()).calls]


@pytest.mark.parametrize(
    ("name", "parallel", "stream"),
    [
        ("input_as_output", ["fork"], ["fork"]),
        ("input_as_two_outputs", ["fork"], ["fork"]),
        ("unread_input", ["elementwise"], ["fork", "elementwise"]),
        ("dead_node", ["elementwise"], ["elementwise"]),
        ("both_operands", ["elementwise"], ["fork", "elementwise"]),
        ("unused_part", ["gather", "elementwise"], ["merge", "elementwise"]),
        ("bias_of_a_convolution", ["conv"], ["conv_lines"]),
        ("wide", ["dense"], ["dense"]),
    ],
)
def test_the_kernels_of_odd_graphs(name, parallel, stream):
    assert (kernels(ODD[name], Io.PARALLEL), kernels(ODD[name])) == (parallel, stream)


# -- refusals --------------------------------------------------------------------------------------

THREE_AXES = (
    "over 3 spatial axes has no kernel that takes one position after the other, which streams and "
    "the strategy 'resource' need; use --io parallel and the strategy 'latency'"
)
SINGLE = (
    "MatMul of what comes in a stream needs a single constant matrix beside it; use --io parallel"
)
IMAGE = {"x": (1, 2, 3, 3)}
CUBE = {"x": (1, 1, 3, 3, 3)}
BACKWARDS = Slice((2,), (-9,), axes=(2,), steps=(-1,))
REFUSED = [
    (graph({"x": (4, 3), "w": (3, 2)}, (MatMul(), "x w", "y")), f"'node0': {SINGLE}"),
    (graph({"x": (2, 4, 3)}, (MatMul(), "x w", "y"), w=weights(2, 3, 2)), f"'node0': {SINGLE}"),
    (
        graph({"x": (1, 1, 5), "w": (2, 1, 3)}, (Conv(), "x w", "y")),
        (
            "'node0': Conv needs all weights 'w', which are computed, for every window; use --io "
            "parallel"
        ),
    ),
    (graph(CUBE, (Conv(), "x w", "y"), w=weights(1, 1, 2, 2, 2)), f"'node0': Conv {THREE_AXES}"),
    (
        graph(CUBE, (MaxPool(kernel_shape=(2, 2, 2)), "x", "y")),
        f"'node0': MaxPool {THREE_AXES}",
    ),
]


REORDERED = [
    (graph(IMAGE, (BACKWARDS, "x", "y")), ["recall"]),
    # what a kernel needs of its input, where two want different things
    (
        graph(
            IMAGE,
            (MatMul(), "x w", "a"),
            (Relu(), "a", "b"),
            (MaxPool(kernel_shape=(2, 2)), "b", "y"),
            w=weights(3, 3),
        ),
        ["dense", "elementwise", "recall", "pool_lines"],
    ),
    # and what is broadcast for one, by no node of the model
    (graph({"x": (1, 2, 3), "v": (2, 1)}, (Add(), "x v", "y")), ["recall", "elementwise"]),
    # lanes along different axes, joined
    (
        graph(
            {"x": (1, 2, 3), "v": (1, 2, 3)},
            (MatMul(), "x w", "a"),
            (Concat(2), "v a", "y"),
            w=weights(3, 3),
        ),
        ["dense", "recall", "follow"],
    ),
]


@pytest.mark.parametrize(("made", "expected"), REORDERED)
def test_elements_in_another_order_than_they_come(made, expected):
    assert kernels(made) == expected


@pytest.mark.parametrize(("made", "text"), REFUSED)
def test_what_is_not_streamable(made, text):
    with pytest.raises(NotStreamable) as error:
        plan(made, {}, Io.STREAM, Names())
    assert str(error.value) == f"node {text}"


def test_three_axes_of_arrays_position_by_position():
    made = graph({"x": (1, 1, 3, 3, 3)}, (MaxPool(kernel_shape=(2, 2, 2)), "x", "y"))
    with pytest.raises(NotStreamable):
        plan(made, {"node0": Directive(Strategy.RESOURCE)}, Io.PARALLEL, Names())
    assert kernels(made, Io.PARALLEL) == ["pool"]


@pytest.mark.parametrize("io", Io)
@pytest.mark.parametrize(
    ("made", "name"),
    [
        (graph({"x": (1, 3)}, (Slice((3,), (3,), axes=(1,)), "x", "y")), "y"),
        (graph({"x": (1, 0), "v": (1, 3)}, (Relu(), "v", "y")), "x"),
    ],
)
def test_a_port_of_nothing_is_refused(made, name, io):
    with pytest.raises(ShapeError) as error:
        plan(made, {}, io, Names())
    assert str(error.value) == f"{name!r} has no elements, so it cannot be a port; leave it out"
