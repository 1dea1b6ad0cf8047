"""Operators without a kernel of their own are written out in those that have one."""

import numpy as np
import pytest

from hlsgen import Options, generate
from hlsgen.expand import TRACED, expand
from hlsgen.style import Io
from rtlgen.graph import Graph, Node
from sim.fixed import Fixed
from tests.harness import draw, numbers
from tests.kernels import test_order, test_reduce
from tests.rtlgen.qonnx_text import Q, text

CASES = [case for case in (*test_reduce.CASES, *test_order.CASES) if isinstance(case.op, TRACED)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_written_out_means_the_same(case):
    outputs = tuple(f"y{i}" for i in range(len(case.forward(case.types))))
    graph = Graph({"x": case.types[0]}, (Node(case.op, ("x",), outputs, "node"),), outputs)
    made = expand(graph)
    assert not any(isinstance(node.op, TRACED) for node in made.nodes)
    (x,) = numbers(case.types, draw(case.types, 0, 24))
    wanted, got = graph.predict({"x": x}), made.predict({"x": x})
    for name in outputs:
        full = np.broadcast_to(got[name].to_float(), wanted[name].to_float().shape)
        assert full.tolist() == wanted[name].to_float().tolist()


@pytest.mark.parametrize(
    ("body", "kernels"),
    [
        ("[r] y = ReduceMean <axes = [1]> (q)", ["global_pool"]),
        ("[r] y = ReduceMax <axes = [2], keepdims = 0> (q)", ["global_pool"]),
        ("[r] y = ReduceMin <axes = [1, 2]> (q)", ["elementwise", "global_pool", "elementwise"]),
    ],
)
def test_reductions_are_pools_in_a_stream(body, kernels):
    project = generate(text(Q, body, inputs="float[1, 6, 3] x"), Options(io=Io.STREAM))
    assert [call.kernel for call in project.program.calls] == kernels


def test_constants_are_computed_and_not_called():
    (case,) = (c for c in test_order.CASES if str(c) == "TopK-all")
    graph = Graph({"x": case.types[0]}, (Node(case.op, ("x",), ("y", "i"), "top"),), ("y", "i"))
    known = set(expand(graph).constants)
    assert not any(known.issuperset(node.inputs) for node in expand(graph).nodes)
    assert all(isinstance(c, Fixed) for c in expand(graph).constants.values())
