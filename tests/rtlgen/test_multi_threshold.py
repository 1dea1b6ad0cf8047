"""MultiThreshold against qonnx's own execution: every attribute, layout and kind of data."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from kernels.quant import Threshold
from kernels.shape import Identity
from rtlgen import Options, calibrate
from rtlgen.frontend import load
from rtlgen.network import Network, read
from rtlgen.quantize import check
from sim.errors import RtlgenError, ShapeError, UnsupportedAttribute

DOMAIN = "qonnx.custom_op.general"
INPUT = {"defaults": {"inputs": "s6 e-2"}}


def levels(channels: int, count: int, seed: int = 0) -> np.ndarray:
    """Of which some are numbers of the input, some lie between, some are out of reach."""
    random = np.random.default_rng(seed)
    return np.sort(random.integers(-80, 80, (channels, count)) / 8, 1).astype(np.float32)


def network(thresholds, shape, before: list[onnx.NodeProto] | None = None, **given):
    """``before`` leads from ``x`` to ``v``, which is thresholded."""
    attributes = {"out_dtype": "INT8", **given}
    last = helper.make_node(
        "MultiThreshold",
        ["v" if before else "x", "t"],
        ["y"],
        name="m",
        domain=DOMAIN,
        **attributes,
    )
    constants = {
        "t": thresholds,
        "a": np.resize(np.float32([0.75, -1.3, 0.0, 2]), shape[1:2]),
        "b": np.resize(np.float32([0.1, -2, 1.5, 0]), shape[1:2]),
        "c": np.resize(np.float32([1, 2.5, 0.25, 4]), shape[1:2]),
    }
    graph = helper.make_graph(
        [*(before or []), last],
        "net",
        [helper.make_tensor_value_info("x", 1, shape)],
        [helper.make_tensor_value_info("y", 1, shape)],
        [numpy_helper.from_array(np.asarray(c, np.float32), n) for n, c in constants.items()],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def executed(proto: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    """The output, as qonnx has it."""
    wrapped = ModelWrapper(proto).transform(InferShapes())
    return execute_onnx(wrapped, {"x": x})[proto.graph.output[0].name]


def agree(proto: onnx.ModelProto, config=INPUT, count: int = 16, seed: int = 0) -> Network:
    found = read(proto, Options(config=config))
    shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(seed).integers(-32, 32, (count, *shape[1:])) / np.float32(4)
    x = x.astype(np.float32)
    got = found.predict(x)
    np.testing.assert_allclose(got, [executed(proto, row[None])[0] for row in x], 1e-6, 1e-6)
    return found


SHAPES = [
    ((1, 3), {}),
    ((1, 3, 5), {"data_layout": "NCW"}),
    ((1, 5, 3), {}),  # qonnx's default for three axes is NWC
    ((1, 3, 2, 4), {}),
    ((1, 2, 4, 3), {"data_layout": "NHWC"}),
    ((1, 3, 2, 2, 2), {}),
    ((1, 3, 4), {"data_layout": "ND"}),
]


@pytest.mark.parametrize("count", [1, 3, 15])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("shape", "layout"), SHAPES)
def test_layouts(shape, layout, rows, count):
    agree(network(levels(rows, count), shape, **layout))


@pytest.mark.parametrize(
    "attributes",
    [
        {"out_scale": 2.0, "out_bias": -1.0, "out_dtype": "BIPOLAR"},
        {"out_scale": 0.3, "out_bias": 0.7, "out_dtype": "FLOAT32"},
        {"out_scale": -1.0, "out_bias": 5.0},
        {"out_scale": 0.0, "out_bias": 5.0},
        {"out_bias": -8.0},
    ],
)
@pytest.mark.parametrize("rows", [1, 3])
def test_scale_and_bias(attributes, rows):
    count = 1 if attributes.get("out_dtype") == "BIPOLAR" else 7
    agree(network(levels(rows, count), (1, 3, 2, 2), **attributes))


NORM = helper.make_node("BatchNormalization", ["x", "a", "b", "b", "c"], ["v"], epsilon=0.01)


@pytest.mark.parametrize("before", [[NORM], [helper.make_node("Neg", ["x"], ["v"])]])
@pytest.mark.parametrize(("rows", "count"), [(1, 4), (4, 3), (4, 15)])
def test_what_is_before_is_absorbed(before, rows, count):
    found = agree(network(levels(rows, count), (1, 4, 2, 3), before))
    assert [type(node.op) for node in found.graph.nodes] == [Threshold]


def test_levels_that_double_precision_does_not_hold():
    """Behind a scale that is not dyadic, a tie is decided exactly: 3 / 3 reaches 1."""
    divided = [helper.make_node("Div", ["x", "t"], ["v"])]
    proto = network([[3.0]], (1, 1), divided)
    one = numpy_helper.from_array(np.float32([[1.0]]), "one")
    proto.graph.initializer.append(one)
    proto.graph.node[-1].input[1] = "one"
    x = np.arange(-8, 8, 0.25)[:, None]
    got = read(proto, Options(config=INPUT)).predict(x)
    np.testing.assert_array_equal(got, x >= 3)


@pytest.mark.parametrize("config", [None, INPUT])
def test_at_the_input(config):
    """An input without a format takes the codes of the thresholds."""
    found = agree(network(levels(3, 7), (1, 3, 2, 2)), config)
    kinds = [type(node.op) for node in found.graph.nodes]
    assert kinds == [Identity if config is None else Threshold]


def test_of_a_constant():
    proto = network(levels(1, 3), (1, 3))
    proto.graph.node[0].input[0] = "k"
    proto.graph.initializer.append(numpy_helper.from_array(np.float32([[0.5, -9, 9]]), "k"))
    proto.graph.node.append(helper.make_node("Add", ["y", "x"], ["z"]))
    proto.graph.output[0].name = "z"
    x = np.float32([[1, 2, 3]])
    found = read(proto, Options(config=INPUT))
    np.testing.assert_array_equal(found.predict(x), executed(proto, x))


def test_levels_in_any_order():
    mixed = levels(3, 7)[:, [3, 0, 6, 1, 5, 2, 4]]
    agree(network(mixed, (1, 3, 2, 2)))


@pytest.mark.parametrize(("shape", "layout"), SHAPES)
def test_ranges_are_those_of_qonnx(shape, layout):
    proto = network(levels(3, 5), shape, out_scale=0.5, **layout)
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32) * 4
    found = calibrate.observe(load(proto), {"x": x}).ranges["y"][1]
    want = [executed(proto, row) for row in x]
    np.testing.assert_array_equal(found, np.max(want, 0))


@pytest.mark.parametrize(
    ("proto", "error", "message"),
    [
        (
            network([1.0, 2.0], (1, 3)),
            UnsupportedAttribute,
            (
                "operator MultiThreshold is not supported with thresholds of shape [2]; "
                "supported is one row of them, or one for each channel"
            ),
        ),
        (
            network(np.zeros((3, 0)), (1, 3)),
            UnsupportedAttribute,
            (
                "operator MultiThreshold is not supported with no threshold; supported is a "
                "constant threshold at input 1"
            ),
        ),
        (
            network([[1.0]], (1, 3), extra=3),
            UnsupportedAttribute,
            (
                "operator MultiThreshold is not supported with attribute extra=3; supported are "
                "out_scale, out_bias, out_dtype, axis"
            ),
        ),
        (
            network([[1.0]], (3,)),
            ShapeError,
            (
                "there is no axis 1, where data_layout='NC' has the channels, in its input 'x' of "
                "shape [3]; correct it"
            ),
        ),
        (
            network([[1.0]], (1, 3), data_layout="NHWC"),
            ShapeError,
            (
                "there is no axis 3, where data_layout='NHWC' has the channels, in its input "
                "'x' of shape [1, 3]; correct it"
            ),
        ),
    ],
)
def test_refused(proto, error, message):
    with pytest.raises(error) as caught:
        check(load(proto))
    assert str(caught.value) == f"node 'm': {message}"


def test_too_few_rows():
    with pytest.raises(RtlgenError) as caught:
        read(network(levels(2, 3), (1, 3)), Options(config=INPUT))
    assert str(caught.value) == (
        "node 'm': 2 rows of thresholds do not fit data of shape [1, 3]; give one row, or one "
        "for each channel"
    )
