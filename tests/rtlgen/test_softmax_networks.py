"""Float networks that end in a Softmax, with default settings: the classes of ONNX Runtime."""

from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from rtlgen.network import read
from rtlgen.options import Options

SIZES = (16, 64, 32, 32, 5)


def perceptron(scale: float, seed: int, last: str = "Softmax") -> onnx.ModelProto:
    """16-64-32-32-5 with weights N(0, scale**2 / inputs), a Relu between layers."""
    random = np.random.default_rng(seed)
    nodes, tensors, x = [], [], "x"
    for i, (inputs, outputs) in enumerate(pairwise(SIZES)):
        weights = random.normal(0, scale / np.sqrt(inputs), (inputs, outputs))
        bias = random.normal(0, 0.1, outputs)
        tensors += [
            numpy_helper.from_array(weights.astype(np.float32), f"w{i}"),
            numpy_helper.from_array(bias.astype(np.float32), f"b{i}"),
        ]
        nodes.append(helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], [f"h{i}"], name=f"fc{i}"))
        x = f"h{i}"
        if outputs != SIZES[-1]:
            nodes.append(helper.make_node("Relu", [x], [f"r{i}"], name=f"relu{i}"))
            x = f"r{i}"
    nodes.append(helper.make_node(last, [x], ["y"], name="soft"))
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", 1, ["batch", SIZES[0]])],
        [helper.make_tensor_value_info("y", 1, ["batch", SIZES[-1]])],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def runtime(proto: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    return session.run(None, {"x": x.astype(np.float32)})[0]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("spread", [1, 40])
@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_the_classes_are_those_of_onnx_runtime(scale, spread, seed):
    proto = perceptron(scale, seed)
    random = np.random.default_rng(seed + 100)
    data, x = random.normal(0, spread, (2, 2000, SIZES[0]))
    network = read(proto, Options(calibrate={"x": data[:1000]}))
    got, want = network.predict(x), runtime(proto, x)
    assert (got.argmax(-1) == want.argmax(-1)).mean() >= 0.995
