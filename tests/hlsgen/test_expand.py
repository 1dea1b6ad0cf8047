"""Graphs with one kernel for each operator compute what they did before."""

from __future__ import annotations

from math import prod
from random import Random

import numpy as np
import pytest

from hlsgen.expand import expand
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Add, Max, Min, Mul, PRelu, Sub, Sum
from rtlgen.graph import Graph, Node
from sim.fixed import Fixed
from tests.harness import alike, draw, mixed, numbers, weights

Shape = tuple[int, ...]
ELEMENTWISE = (Add, Max, Min, Mul, PRelu, Sub, Sum)


def graph(op, shapes: list[Shape], constants: set[int], seed: int) -> Graph:
    """One operator on data and constants of these shapes."""
    names = [f"y#{i}" for i in range(len(shapes))]  # what names of ours look like
    inputs = {
        names[i]: mixed(*s, seed=seed + i) if s else alike()
        for i, s in enumerate(shapes)
        if i not in constants
    }
    fixed = {names[i]: weights(*shapes[i], seed=seed + i) for i in constants}
    return Graph(inputs, (Node(op, tuple(names), ("y",), "node"),), ("y",), fixed).check()


def matrices(random: Random) -> list[Shape]:
    """Two stacks that broadcast, matrices, or vectors, which can be multiplied."""
    rows, inner, columns = (random.randint(1, 3) for _ in range(3))
    stack = [random.randint(1, 3) for _ in range(random.choice((0, 0, 1, 2)))]

    def part() -> Shape:
        own = [random.choice((1, n)) for n in stack]
        return tuple(own[random.randint(0, len(own)) :])

    a = (inner,) if random.random() < 0.2 else (*part(), rows, inner)
    b = (inner,) if random.random() < 0.2 else (*part(), inner, columns)
    return [a, b]


def gemm(random: Random) -> tuple[Gemm, list[Shape]]:
    rows, inner, columns = (random.randint(1, 3) for _ in range(3))
    op = Gemm(
        random.choice((1.0, 0.5, -3.0)),
        random.choice((1.0, 0.25, 0.0)),
        random.randrange(2),
        random.randrange(2),
    )
    a = (inner, rows) if op.transA else (rows, inner)
    b = (columns, inner) if op.transB else (inner, columns)
    c = [(), (1,), (columns,), (1, columns), (rows, 1), (rows, columns)]
    return op, [a, b, *random.choices(c, k=random.randrange(2))]


def random_graph(seed: int) -> Graph:
    random = Random(seed)
    match random.randrange(4):
        case 0:
            op, shapes = MatMul(), matrices(random)
        case 1:
            op, shapes = gemm(random)
        case 2:
            op, shapes = PRelu(), [(2, 3), random.choice([(3,), (2, 1), (2, 3)])]
            return graph(op, shapes, set(random.sample([1], random.randrange(2))), seed)
        case _:
            op = random.choice([Add, Max, Min, Mul, Sub, Sum])()
            shape = tuple(random.randint(1, 3) for _ in range(3))
            small = tuple(random.choice((1, n)) for n in shape)[random.randrange(4) :]
            shapes = [shape, small]
            random.shuffle(shapes)
    constants = set(random.sample(range(len(shapes)), random.randrange(len(shapes))))
    return graph(op, shapes, constants, seed)


def evaluated(made: Graph, seed: int) -> Fixed:
    types = list(made.inputs.values())
    data = numbers(types, draw(types, seed, samples=8))
    return made.predict(dict(zip(made.inputs, data, strict=True)))["y"]


@pytest.mark.parametrize("seed", range(0, 400, 40))
def test_the_same_numbers(seed):
    for each in range(seed, seed + 40):
        before = random_graph(each)
        after = expand(before)
        a, b = evaluated(before, each), evaluated(after, each)
        assert a.shape == b.shape
        exp = min(a.exp, b.exp)
        np.testing.assert_array_equal(a.at(exp), b.at(exp))


def has_kernel(made: Graph, node: Node) -> bool:
    """A matrix beside a single constant one; what else there is, without broadcasting of data."""
    shapes = {name: type_.shape for name, type_ in made.types().items()}
    result, taken = shapes[node.outputs[0]], [shapes[name] for name in node.inputs]
    constant = [name in made.constants for name in node.inputs]
    match node.op:
        case Gemm():
            return False
        case MatMul() if constant[1] and len(taken[1]) == 2:
            return len(taken[0]) >= 2
        case MatMul():
            whole = [len(s) >= 2 and s[:-2] == result[:-2] for s in taken]
            alone = [c and prod(s[:-2]) == 1 for c, s in zip(constant, taken, strict=True)]
            return all(w or a for w, a in zip(whole, alone, strict=True))
        case op if type(op) in ELEMENTWISE:
            return all(s == result or c for s, c in zip(taken, constant, strict=True))
        case _:
            return True


@pytest.mark.parametrize("seed", range(0, 400, 40))
def test_what_is_left_has_a_kernel(seed):
    for each in range(seed, seed + 40):
        made = expand(random_graph(each))
        assert [node for node in made.nodes if not has_kernel(made, node)] == []
        assert {node.name for node in made.nodes} == {"node"}


def test_what_is_given_has_none():
    """The check above would find it."""
    refused = [
        graph(Gemm(), [(1, 3), (3, 2)], {1}, seed=0),
        graph(MatMul(), [(3,), (3, 2)], {1}, seed=0),
        graph(MatMul(), [(2, 2, 3), (3, 2)], set(), seed=0),
        graph(MatMul(), [(2, 1, 2, 3), (2, 3, 3, 2)], {0}, seed=0),
        graph(Add(), [(2, 1), (2, 3)], {1}, seed=0),
    ]
    assert [has_kernel(made, made.nodes[0]) for made in refused] == [False] * 5


def test_names_are_unique():
    """Even where the model has names like ours."""
    names = {"y#1": (2, 3), "y#2": (3, 2), "y#3": (2,)}
    op = Gemm(0.5, 0.5, transA=1, transB=1)
    nodes = (Node(op, tuple(names), ("y",), "fc"), Node(Gemm(), ("y", "y#2"), ("y#4",), "fc"))
    shapes = [(3, 2), (2, 3), (2,)]
    inputs = {name: mixed(*shape) for name, shape in zip(names, shapes, strict=True)}
    made = expand(Graph(inputs | {"y#2": mixed(2, 3)}, nodes, ("y#4",)))
    defined = [*made.inputs, *made.constants, *(name for n in made.nodes for name in n.outputs)]
    assert len(defined) == len(set(defined))


def operators(made: Graph) -> list[str]:
    return [type(node.op).__name__ for node in made.nodes]


@pytest.mark.parametrize(
    ("op", "shapes", "constants", "expected"),
    [
        (MatMul(), [(1, 3), (3, 2)], {1}, ["MatMul"]),
        (MatMul(), [(5, 1, 3), (3, 2)], {1}, ["MatMul"]),
        (MatMul(), [(2, 3), (3, 2)], {0}, ["Transpose", "MatMul", "Transpose"]),
        (MatMul(), [(3,), (3, 2)], {1}, ["Reshape", "MatMul", "Reshape"]),
        (MatMul(), [(2, 3), (3,)], {1}, ["MatMul", "Reshape"]),
        (MatMul(), [(2, 2, 3), (3, 2)], set(), ["Expand", "MatMul"]),
        (MatMul(), [(3, 2, 3), (3, 3, 2)], {0}, ["MatMul"]),
        (Gemm(), [(1, 3), (3, 2)], {1}, ["MatMul"]),
        (Gemm(0.5, transB=1), [(1, 3), (2, 3)], {1}, ["MatMul"]),
        (Gemm(beta=0.5), [(1, 3), (3, 2), (2,)], {1, 2}, ["MatMul", "Add"]),
        (Gemm(0.5), [(1, 3), (3, 2)], {0}, ["Mul", "Transpose", "MatMul", "Transpose"]),
        (Gemm(), [(2, 3), (3, 2), (2,)], {1}, ["MatMul", "Expand", "Add"]),
        (Add(), [(2, 3), (2, 3)], set(), ["Add"]),
        (Add(), [(2, 3), (3,)], {1}, ["Add"]),
        (Add(), [(2, 3), (3,)], set(), ["Expand", "Add"]),
        (Add(), [(2, 1), (3,)], set(), ["Expand", "Expand", "Add"]),
        (Mul(), [(1,), (2, 3)], {1}, ["Expand", "Mul"]),
    ],
)
def test_as_few_operators_as_needed(op, shapes, constants, expected):
    assert operators(expand(graph(op, shapes, constants, seed=0))) == expected


@pytest.mark.parametrize(("a", "b"), [((2, 1, 2, 3), (3, 3, 2)), ((1, 2, 3), (2, 1, 3, 2))])
def test_constants_are_stacked_where_a_single_one_does_not_stand_for_all(a, b):
    """Kernels find the matrix of a stack by its number."""
    made = expand(graph(MatMul(), [a, b], {0}, seed=0))
    (product,) = (node for node in made.nodes if isinstance(node.op, MatMul))
    shapes = {name: type_.shape for name, type_ in made.types().items()}
    left, right = (shapes[name] for name in product.inputs)
    assert right[:-2] == shapes["y"][:-2]
    assert np.prod(left[:-2]) in (1, np.prod(right[:-2]))
