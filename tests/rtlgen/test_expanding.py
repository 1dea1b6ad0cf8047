"""Operators that are written out in others mean the same to ONNX Runtime."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import parser

from rtlgen.frontend import load
from rtlgen.frontend.shapes import to_proto


def written_out(body: str, inputs: str, outputs: str, constants: str = "") -> onnx.ModelProto:
    """A graph in ONNX's text form, as a model of opset 22."""
    given = f"<{constants}> " if constants else ""
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 22]> net ({inputs}) => ({outputs}) {given}'
        f"{{ {body} }}"
    )


def as_loaded(proto: onnx.ModelProto) -> onnx.ModelProto:
    """What the front end made of a model, as a model of the same inputs and outputs."""
    model = load(proto)
    single = {
        n: c.astype(np.float32) if c.dtype == float else c for n, c in model.constants.items()
    }
    graph = onnx.helper.make_graph(
        [to_proto(replace(node, name="")) for node in model.nodes],
        "loaded",
        list(proto.graph.input),
        list(proto.graph.output),
        [onnx.numpy_helper.from_array(c, n) for n, c in single.items()],
    )
    imports = [onnx.helper.make_opsetid("", 22)]
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=10)


def run(proto: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    return session.run(None, feeds)


def check(proto: onnx.ModelProto, seed: int = 0, digits: int = 5) -> None:
    """On random inputs: what is written out rounds elsewhere, so single precision is compared."""
    random = np.random.default_rng(seed)
    feeds = {}
    for value in proto.graph.input:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        feeds[value.name] = random.normal(size=shape).astype(np.float32)
    for wanted, got in zip(run(proto, feeds), run(as_loaded(proto), feeds), strict=True):
        assert wanted.shape == got.shape
        np.testing.assert_allclose(got, wanted, rtol=10.0**-digits, atol=10.0**-digits)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_mean_is_a_sum_and_a_division(count):
    names = [f"x{i}" for i in range(count)]
    inputs = ", ".join(f"float[2, 3] {name}" for name in names)
    proto = written_out(f"y = Mean ({', '.join(names)})", inputs, "float[2, 3] y")
    assert [node.op_type for node in load(proto).nodes] == ["Sum", "Div"]
    check(proto)


def test_new_names_are_nobody_elses():
    body = "[a] s = Mean (x, x) [b] y = Mul (s, other)"
    proto = written_out(body, "float[1, 3] x, float[1, 3] other", "float[1, 3] y")
    proto.graph.input[1].name = proto.graph.node[1].input[1] = "a.Sum"
    nodes = load(proto).nodes
    assert nodes[0].outputs == ("a.Sum.2",)
    assert nodes[0].name == nodes[1].name == "a"
    check(proto)
