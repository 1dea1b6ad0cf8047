"""Strategies and reuse factors: who goes before whom, what is refused, and what divides what."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hlsgen.directives import Directives, _nearest_divisors, work
from hlsgen.options import Options
from hlsgen.products import reuse
from hlsgen.project import build
from hlsgen.style import Directive, Io, Strategy
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Add, Relu
from rtlgen.graph import Graph, Node
from sim.errors import ConfigError
from sim.fixed import Fixed
from tests.cpp import coded
from tests.harness import alike, weights
from tests.hlsgen.projects import differing
from tests.hlsgen.stream_graphs import Growing

LATENCY, RESOURCE = Strategy.LATENCY, Strategy.RESOURCE


def layered() -> Graph:
    """``fc1`` and ``fc2`` are products of 12 and 6, ``conv`` is one of 18 beside an addition."""
    graph = Growing({"x": (1, 2, 4, 4), "v": (1, 4)})
    conv = graph.add(Conv(), "x", graph.constant(weights(1, 2, 3, 3)))
    graph.add(Add(), conv, graph.constant(weights(1, 1, 1, 1)))
    fc1 = graph.add(MatMul(), "v", graph.constant(weights(4, 3)))
    fc2 = graph.add(Gemm(transB=1), graph.add(Relu(), fc1), graph.constant(weights(2, 3)))
    names = ("conv", "conv", "fc1", "relu", "fc2")
    nodes = [
        Node(n.op, n.inputs, n.outputs, name) for n, name in zip(graph.nodes, names, strict=True)
    ]
    return graph.graph("v1", fc2).with_nodes(tuple(nodes))


def of(hls, strategy=None, factor=None) -> dict[str, Directive]:
    return Directives.read({"hls": hls}).overridden(strategy, factor).of(layered())


def test_by_default_there_is_a_multiplier_for_every_product():
    expected = dict.fromkeys(("conv", "fc1", "relu", "fc2"), Directive(LATENCY, 1))
    assert Directives.read(None).of(layered()) == expected
    assert Directives.read({"formats": {}}).of(layered()) == expected


def test_layers_go_before_operators_and_these_before_the_model():
    made = of(
        {
            "reuse": 3,
            "operators": {"Conv": {"reuse": 9}, "Gemm": {"reuse": 6}},
            "layers": {"fc2": {"reuse": 2}},
        }
    )
    assert {name: d.reuse for name, d in made.items()} == {
        "conv": 9,
        "fc1": 3,
        "fc2": 2,
        "relu": 1,
    }
    assert {d.strategy for d in made.values()} == {RESOURCE}


def test_names_go_before_patterns_and_patterns_in_their_order():
    layers = {"fc*": {"reuse": 3}, "*2": {"reuse": 6}, "fc1": {"reuse": 4}}
    made = of({"layers": layers})
    assert (made["fc1"].reuse, made["fc2"].reuse) == (4, 3)
    made = of({"layers": dict(reversed(layers.items()))})
    assert (made["fc1"].reuse, made["fc2"].reuse) == (4, 6)


def test_a_name_with_the_signs_of_a_pattern_is_a_name():
    graph = layered()
    nodes = tuple(Node(n.op, n.inputs, n.outputs, f"[{n.name}]") for n in graph.nodes)
    directives = Directives.read({"hls": {"layers": {"[fc1]": {"reuse": 2}}}})
    assert directives.of(graph.with_nodes(nodes))["[fc1]"].reuse == 2


@pytest.mark.parametrize(
    ("hls", "expected"),
    [
        ({"reuse": 3}, Directive(RESOURCE, 3)),
        ({"reuse": 1}, Directive(LATENCY, 1)),
        ({"strategy": "resource"}, Directive(RESOURCE, 1)),
        ({"strategy": "resource", "reuse": 3}, Directive(RESOURCE, 3)),
        # a table that says one of the two implies the other, for those that it goes before
        ({"reuse": 3, "layers": {"fc1": {"strategy": "latency"}}}, Directive(LATENCY, 1)),
        ({"strategy": "latency", "layers": {"fc1": {"reuse": 4}}}, Directive(RESOURCE, 4)),
        ({"reuse": 3, "layers": {"fc1": {"reuse": 1}}}, Directive(RESOURCE, 1)),
        ({"reuse": 3, "layers": {"fc1": {"strategy": "resource"}}}, Directive(RESOURCE, 3)),
        ({"reuse": 3, "operators": {"MatMul": {"strategy": "latency"}}}, Directive(LATENCY, 1)),
        (
            {"operators": {"MatMul": {"reuse": 6}}, "layers": {"fc1": {"strategy": "latency"}}},
            Directive(LATENCY, 1),
        ),
    ],
)
def test_strategies_imply_reuse_and_reuse_implies_strategies(hls, expected):
    assert of(hls)["fc1"] == expected


def test_the_example_of_the_documentation():
    made = of(
        {
            "strategy": "resource",
            "reuse": 3,
            "operators": {"Conv": {"reuse": 9}},
            "layers": {"fc*": {"strategy": "latency"}},
        }
    )
    assert made == {
        "conv": Directive(RESOURCE, 9),
        "fc1": Directive(LATENCY),
        "fc2": Directive(LATENCY),
        "relu": Directive(RESOURCE),
    }


@pytest.mark.parametrize(
    ("model", "strategy", "factor", "expected"),
    [
        ({"reuse": 3}, None, 6, Directive(RESOURCE, 6)),
        ({"strategy": "latency"}, None, 6, Directive(RESOURCE, 6)),
        ({"reuse": 3}, LATENCY, None, Directive(LATENCY, 1)),
        ({"strategy": "latency"}, RESOURCE, None, Directive(RESOURCE, 1)),
        ({"strategy": "resource", "reuse": 3}, None, None, Directive(RESOURCE, 3)),
    ],
)
def test_what_is_asked_beside_goes_before_the_whole_model(model, strategy, factor, expected):
    assert of(model, strategy, factor)["fc1"] == expected
    layer = {"layers": {"fc1": {"reuse": 4}}}
    assert of({**model, **layer}, strategy, factor)["fc1"] == Directive(RESOURCE, 4)


def test_a_file_says_the_same_as_its_tables(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text('[hls.layers."fc*"]\nreuse = 6\n[hls]\nstrategy = "resource"\n')
    assert Directives.read(path).of(layered()) == of(
        {"layers": {"fc*": {"reuse": 6}}, "strategy": "resource"}
    )


# -- refusals --------------------------------------------------------------------------------------


REFUSED = [
    (3, "config 'config': [hls]: 3 is not a table"),
    (
        {"layer": {}},
        "config 'config': [hls] key 'layer' is unknown; did you mean 'layers'?",
    ),
    ({"layers": []}, "config 'config': [hls.layers]: [] is not a table"),
    ({"operators": {"Conv": 2}}, "config 'config': [hls.operators.'Conv']: 2 is not a table"),
    (
        {"layers": {"fc1": {"reuses": 2}}},
        "config 'config': [hls.layers.'fc1'] key 'reuses' is unknown; did you mean 'reuse'?",
    ),
    (
        {"strategy": "resources"},
        "config 'config': [hls] strategy 'resources' is unknown; did you mean 'resource'?",
    ),
    (
        {"strategy": 7},
        "config 'config': [hls] strategy 7 is unknown; known are 'latency', 'resource'",
    ),
    ({"reuse": 0}, "config 'config': [hls] reuse 0: give a whole number of 1 or more"),
    ({"reuse": 2.0}, "config 'config': [hls] reuse 2.0: give a whole number of 1 or more"),
    (
        {"operators": {"Gemm": {"reuse": True}}},
        "config 'config': [hls.operators.'Gemm'] reuse True: give a whole number of 1 or more",
    ),
    (
        {"operators": {"Cnv": {}}},
        "config: the model has no operator 'Cnv'; did you mean 'Conv'?",
    ),
    (
        {"operators": {"Softmax": {}}},
        (
            "config: the model has no operator 'Softmax'; known are 'Add', 'Conv', 'Gemm', "
            "'MatMul', 'Relu'"
        ),
    ),
    ({"layers": {"fc3": {}}}, "config: the model has no layer 'fc3'; did you mean 'fc2'?"),
    (
        {"layers": {"dense*": {"reuse": 2}}},
        "config: the model has no layer 'dense*'; known are 'conv', 'fc1', 'fc2', 'relu'",
    ),
    (
        {"layers": {"re*": {"reuse": 2}}},
        "config: reuse for the layer 're*', which multiplies no matrix; leave it out",
    ),
    (
        {"operators": {"Relu": {"reuse": 2}}},
        "config: reuse for the operator 'Relu', which multiplies no matrix; leave it out",
    ),
    (
        {"layers": {"fc1": {"strategy": "latency", "reuse": 2}}},
        (
            "node 'fc1': reuse 2 with the strategy 'latency', which has a multiplier for every "
            "product; choose the strategy 'resource', or reuse 1"
        ),
    ),
    (
        {"layers": {"fc1": {"reuse": 5}}},
        "node 'fc1': reuse 5 does not divide its 12 products; the nearest that do are 4 and 6",
    ),
    (
        {"layers": {"fc1": {"reuse": 7}}},
        "node 'fc1': reuse 7 does not divide its 12 products; the nearest that do are 6 and 12",
    ),
    (
        {"layers": {"fc1": {"reuse": 13}}},
        "node 'fc1': reuse 13 does not divide its 12 products; the nearest that does is 12",
    ),
    (
        {"layers": {"conv": {"reuse": 4}}},
        "node 'conv': reuse 4 does not divide its 18 products; the nearest that do are 3 and 6",
    ),
]


@pytest.mark.parametrize(("hls", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_is_refused(hls, text):
    with pytest.raises(ConfigError) as error:
        of(hls)
    assert str(error.value) == text


def test_a_file_is_named(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text("[hls]\nreuse = -1")
    with pytest.raises(ConfigError) as error:
        Directives.read(path)
    assert str(error.value) == f"config '{path}': [hls] reuse -1: give a whole number of 1 or more"


def test_latency_with_reuse_is_refused_beside_a_configuration():
    with pytest.raises(ConfigError) as error:
        of({}, LATENCY, 4)
    assert str(error.value) == (
        "node 'conv': reuse 4 with the strategy 'latency', which has a multiplier for every "
        "product; choose the strategy 'resource', or reuse 1"
    )


@given(st.integers(1, 5000), st.integers(2, 5000))
def test_the_nearest_factors_are_the_nearest(products, factor):
    legal = [d for d in range(1, products + 1) if products % d == 0]
    assume(factor not in legal)
    below, above = ([*filter(side, legal)] for side in (factor.__gt__, factor.__lt__))
    expected = " and ".join(map(str, [*below[-1:], *above[:1]]))
    verb = "do are" if above else "does is"
    assert _nearest_divisors(products, factor) == f"the nearest that {verb} {expected}"


# -- what is divided -------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_any_divisor_of_a_matrix_splits_its_inputs_and_its_outputs(inputs, outputs, data):
    products = inputs * outputs
    factor = data.draw(st.sampled_from([d for d in range(1, products + 1) if products % d == 0]))
    split = reuse(factor, inputs)
    assert split.factor == split.inputs * split.outputs == factor
    assert inputs % split.inputs == 0
    assert outputs % split.outputs == 0


def product(shape_a, shape_b, constant="b", op=None) -> Graph:
    graph = Growing({"ab"["ba".index(constant)]: shape_a if constant == "b" else shape_b})
    shapes = {"a": shape_a, "b": shape_b}
    graph.constants[constant] = weights(*shapes[constant])
    return graph.graph(graph.add(op or MatMul(), "a", "b"))


@pytest.mark.parametrize(
    ("graph", "products"),
    [
        (product((1, 4), (4, 6)), 24),
        (product((5, 4), (4, 6)), 24),
        (product((4,), (4, 6)), 24),
        (product((5, 4), (4,)), 4),
        (product((1, 4), (6, 4), op=Gemm(transB=1)), 24),
        (product((4, 5), (4, 6), op=Gemm(transA=1)), 24),
        # a constant matrix on the left is the one that is kept
        (product((3, 4), (4, 6), "a"), 12),
        (product((3, 4), (2, 4, 6), "a"), 12),
        (product((4,), (4, 6), "a"), 4),
        (product((3, 4), (4,), "a"), 12),
        (product((4, 3), (4, 6), "a", Gemm(transA=1)), 12),
        # but not several of them
        (product((2, 3, 4), (4, 6), "a"), 24),
        (product((2, 3, 4), (2, 4, 6)), 24),
        (product((1, 4, 5, 5), (6, 2, 3, 3), op=Conv(group=2)), 108),
    ],
)
def test_the_work_of_a_product(graph, products):
    assert work(graph) == {"node0": products}


def factors(products: int, random: Random) -> list[int]:
    """One, all, and others that divide so many products."""
    legal = [d for d in range(1, products + 1) if products % d == 0]
    return sorted({1, products, *random.sample(legal, min(4, len(legal)))})


GRAPHS = {
    "dense": product((1, 4), (4, 6)),
    "positions": product((3, 6), (6, 4)),
    "vector": product((6,), (6, 4)),
    "column": product((3, 6), (6,)),
    "left": product((3, 4), (4, 5), "a"),
    "left_vector": product((4,), (4, 5), "a"),
    "left_transposed": product((4, 3), (4, 5), "a", Gemm(transA=1, alpha=0.5)),
    "stack": product((2, 3, 4), (2, 4, 3)),
    "conv": product((1, 2, 4, 3), (2, 2, 3, 2), op=Conv(pads=(1, 0, 0, 1))),
    "grouped": product((1, 4, 3, 3), (6, 2, 2, 2), op=Conv(group=2)),
}


STREAMED = {"stack": (Io.PARALLEL,)}
"""Where not every interface is there."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_any_divisor_gives_the_same_numbers(seed, tmp_path):
    random, projects = Random(seed), []
    for name, graph in GRAPHS.items():
        (products,) = work(graph).values()
        for factor in factors(products, random):
            for io in STREAMED.get(name, tuple(Io)):
                asked = Options(io=io, reuse=factor, top=f"{name}_{io}_{factor}", samples=24)
                projects.append(build(coded(graph), asked))
    assert {p.program.calls[-1].reuse.factor for p in projects} > {1, 2, 24}
    assert differing(projects, tmp_path) == []


def test_a_product_of_two_inputs_has_work_too():
    inputs = {"a": alike(2, 3, 4), "b": alike(2, 4, 6)}
    node = Node(MatMul(), ("a", "b"), ("y",), "node")
    assert work(Graph(inputs, (node,), ("y",))) == {"node": 24}


def test_a_layer_of_several_operators_is_asked_as_its_product_is():
    """The addition behind a convolution has its name, and no table of its own."""
    made = of({"operators": {"Add": {"strategy": "latency"}, "Conv": {"reuse": 2}}})
    assert made["conv"] == Directive(RESOURCE, 2)


def test_zero_weights_are_work():
    graph = Growing({"x": (1, 4)})
    y = graph.add(MatMul(), "x", graph.constant(Fixed.constant(np.zeros((4, 2), int))))
    assert work(graph.graph(y)) == {"node0": 8}
