"""Networks of few bits, whose numbers single precision holds exactly: all results are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from rtlgen import Options
from rtlgen.network import Network, read

FORMAT = "s4 e-1"


def model(
    op_type: str,
    inputs: Mapping[str, Sequence[int]],
    constants: Mapping[str, Any],
    order: Sequence[str] | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """One node; its operands, in order, are inputs of these shapes and constants."""
    names = list(order or [*inputs, *constants])
    node = helper.make_node(op_type, names, ["y"], name="node", **attributes)
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info(n, 1, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info("y", 1, None)],
        [numpy_helper.from_array(np.asarray(c, np.float32), n) for n, c in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)


def quantized(proto: onnx.ModelProto) -> Network:
    """Every input has the format of this module."""
    return read(proto, Options(config={"defaults": {"inputs": FORMAT}}, limit=10**6))


def drawn(shape: Sequence[int], seed: int) -> np.ndarray:
    """Numbers of the format, zero among them."""
    return np.asarray(np.random.default_rng(seed).integers(-8, 8, shape) / 2, np.float32)


def samples(proto: onnx.ModelProto, seed: int, count: int) -> list[dict[str, np.ndarray]]:
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in proto.graph.input
    }
    return [
        {name: drawn(shape, seed + 100 * k + i) for i, (name, shape) in enumerate(shapes.items())}
        for k in range(count)
    ]


def agree(proto: onnx.ModelProto, seed: int = 0, count: int = 5) -> Network:
    """Fail unless the network gives the numbers of ONNX Runtime; returns it."""
    network = quantized(proto)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    for feeds in samples(proto, seed, count):
        (want,) = session.run(None, feeds)
        codes = network.encode({name: x[None] for name, x in feeds.items()})
        (name,) = network.graph.outputs
        got = network.codings.outputs[name].decode(network.evaluate(codes)[name])[0]
        assert np.shape(want) == got.shape
        np.testing.assert_array_equal(got, want)
    return network
