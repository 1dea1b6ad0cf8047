"""Normalizations in fixed point stay within the relative bound of their quotient."""

import numpy as np
import pytest
from onnx import helper, parser

from rtlgen.frontend import load
from rtlgen.network import read
from rtlgen.options import Options
from rtlgen.quantize import quantize
from tests.rtlgen.qonnx_text import QUANT
from tests.rtlgen.test_expanding import run
from tests.rtlgen.test_quantize import predict

SHAPE = (4, 3, 6)


def single(x: float) -> float:
    return float(np.float32(x))


def unit(x: np.ndarray, axes: tuple[int, ...], epsilon: float, *, center: bool = True):
    c = x - x.mean(axes, keepdims=True) if center else x
    return c / np.sqrt((c**2).mean(axes, keepdims=True) + epsilon)


def groups(x: np.ndarray) -> np.ndarray:
    return unit(x.reshape(-1, 2, 36), (2,), single(0.25)).reshape(x.shape)


CASES = {
    "layer": (
        17,
        "LayerNormalization <epsilon = 0.1> (q, one)",
        lambda x: unit(x, (3,), single(0.1)),
    ),
    "layer, axis 1": (
        17,
        "LayerNormalization <axis = 1> (q, one)",
        lambda x: unit(x, (1, 2, 3), single(1e-5)),
    ),
    "rms": (
        23,
        "RMSNormalization <axis = -2> (q, one)",
        lambda x: unit(x, (2, 3), single(1e-5), center=False),
    ),
    "instance": (
        22,
        "InstanceNormalization <epsilon = 0.1> (q, ones, zeros)",
        lambda x: unit(x, (2, 3), single(0.1)),
    ),
    "group": (
        21,
        "GroupNormalization <num_groups = 2, epsilon = 0.25> (q, ones, zeros)",
        groups,
    ),
    "mean and variance": (
        13,
        "MeanVarianceNormalization <axes = [1]> (q)",
        lambda x: unit(x, (1,), 1e-18),
    ),
    "L2": (22, "LpNormalization <axis = 1> (q)", lambda x: over(x, np.sqrt((x**2).sum(1)))),
    "L1": (22, "LpNormalization <axis = 1, p = 1> (q)", lambda x: over(x, np.abs(x).sum(1))),
}


def over(x: np.ndarray, norm: np.ndarray) -> np.ndarray:
    return x / np.where(norm, norm, 1)[:, None]


def network(opset: int, body: str, bits: int, scale: float):
    return parser.parse_model(
        f'<ir_version: 9, opset_import: ["" : {opset}, "qonnx.custom_op.general" : 1]> '
        "net (float[1, 4, 3, 6] x) => (float[1, 4, 3, 6] y) "
        f"<float s = {{{scale}}}, float z = {{0}}, float b = {{{bits}}}, float one = {{1}}, "
        "float[4] ones = {1, 1, 1, 1}, float[4] zeros = {0, 0, 0, 0}> "
        f"{{ q = {QUANT} (x, s, z, b) [norm] y = {body} }}"
    )


@pytest.mark.parametrize(("bits", "scale"), [(4, 0.25), (8, 0.3), (12, 0.01), (16, 2.0**-8)])
@pytest.mark.parametrize("case", CASES)
def test_results_are_within_a_relative_bound(case, bits, scale):
    opset, body, exact = CASES[case]
    random, top = np.random.default_rng(bits), 2 ** (bits - 1)
    spread = random.uniform(0.3, top / 2, (60, 1, 1, 1))
    codes = np.rint(random.normal(0, spread, (60, *SHAPE))).clip(-top, top - 1)
    codes[0], codes[1], codes[2] = 0, 3, -top
    x = codes * single(scale)
    got = predict(quantize(load(network(opset, body, bits, scale))), x[:, None])["y"]
    want = exact(x)
    assert (np.abs(got.reshape(want.shape) - want) <= np.abs(want) * 2.0**-16).all()


@pytest.mark.parametrize("axis", [1, -1])
def test_averages_are_exact_and_deviations_within_a_relative_bound(axis):
    body = f"LayerNormalization <axis = {axis}, epsilon = 0.1> (q, one)"
    proto = network(17, body, 6, 0.25)
    proto.graph.node[-1].output.extend(["mean", "inverse"])
    for name in ("mean", "inverse"):
        proto.graph.output.append(helper.make_tensor_value_info(name, 1, None))
    x = np.random.default_rng(0).integers(-32, 32, (60, *SHAPE)) / 4.0
    got = predict(quantize(load(proto)), x[:, None])
    axes = (1, 2, 3) if axis == 1 else (3,)
    want = 1 / np.sqrt(x.var(axes, keepdims=True) + single(0.1))
    np.testing.assert_allclose(
        got["mean"].reshape(want.shape), x.mean(axes, keepdims=True), 1e-12, 1e-12
    )
    assert (np.abs(got["inverse"].reshape(want.shape) - want) <= want * 2.0**-16).all()


FLOATS = {
    "layer": "LayerNormalization (x, scale, bias)",
    "instance": "InstanceNormalization (x, four, four)",
    "L2": "LpNormalization (x)",
    "local": "LRN <size = 3, alpha = 0.5> (x)",
}


@pytest.mark.parametrize("case", FLOATS)
def test_float_networks_with_default_formats(case):
    """What is between is rounded to 12 bits: the errors are some steps of these."""
    proto = parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 22]> net (float[1, 4, 3, 6] x) => '
        "(float[1, 4, 3, 6] y) <float[6] scale = {1, 0.3, -2, 0.7, 1.1, 5}, "
        "float[6] bias = {0, 0.3, -2, 0.7, 1.1, 5}, float[4] four = {1, 0.3, -2, 0.7}> "
        f"{{ [norm] y = {FLOATS[case]} }}"
    )
    x = np.random.default_rng(0).normal(0.5, 1, (100, *SHAPE))
    fixed = read(proto, Options(calibrate={"x": x}, limit=10**6))
    got = fixed.predict(x).reshape(100, -1)
    want = np.array([run(proto, {"x": r[None].astype(np.float32)})[0] for r in x])
    assert np.abs(got - want.reshape(100, -1)).max() <= 0.01 * np.abs(want).max()
