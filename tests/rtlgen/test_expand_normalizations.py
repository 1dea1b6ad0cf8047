"""Normalizations that are written out mean the same to ONNX's reference, or to ONNX Runtime."""

import numpy as np
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator

from rtlgen.frontend import load
from sim.errors import RtlgenError
from tests.rtlgen.test_expanding import as_loaded, run

X = "float[2, 6, 3, 4] x"
CASES = {
    "layer": ("LayerNormalization (x, s4, b4)", 22),
    "layer, axis 2": ("LayerNormalization <axis = 2, epsilon = 0.1> (x, s34, b34)", 22),
    "layer, axis -3": ("LayerNormalization <axis = -3, stash_type = 1> (x, s4)", 17),
    "rms": ("RMSNormalization <epsilon = 0.01> (x, s4)", 23),
    "rms, axis 1": ("RMSNormalization <axis = 1> (x, s34)", 23),
    "instance": ("InstanceNormalization <epsilon = 0.01> (x, s6, b6)", 22),
    "instance, old": ("InstanceNormalization (x, s6, b6)", 7),
    "group": ("GroupNormalization <num_groups = 3, epsilon = 0.01> (x, s6, b6)", 21),
    "group of one": ("GroupNormalization <num_groups = 1> (x, s6, b6)", 22),
    "groups of one": ("GroupNormalization <num_groups = 6> (x, s6, b6)", 22),
    "mean and variance": ("MeanVarianceNormalization (x)", 13),
    "along one axis": ("MeanVarianceNormalization <axes = [-3]> (x)", 13),
    "L2": ("LpNormalization (x)", 22),
    "L2, axis 1": ("LpNormalization <axis = 1> (x)", 7),
    "L1": ("LpNormalization <p = 1, axis = 2> (x)", 22),
    "local": ("LRN <size = 3, alpha = 0.5, beta = 0.6, bias = 2.0> (x)", 13),
}
CONSTANTS = ", ".join(
    f"float{shape} {name} = {{{', '.join(str((7 * i + k) % 11 / 4 - 1) for i in range(size))}}}"
    for k, (name, shape, size) in enumerate(
        [
            ("s4", "[4]", 4),
            ("b4", "[4]", 4),
            ("s34", "[3, 4]", 12),
            ("b34", "[3, 4]", 12),
            ("s6", "[6]", 6),
            ("b6", "[6]", 6),
            ("s3", "[3]", 3),
            ("b3", "[3]", 3),
        ]
    )
)


def written(body: str, opset: int, inputs: str = X):
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {opset}]> net ({inputs}) => (float[2, 6, 3, 4] y) '
        f"<{CONSTANTS}> {{ [norm] y = {body} }}"
    )


@pytest.mark.parametrize("opset", [18, 21, 22])
def test_what_follows_a_group_normalization_has_a_shape(opset):
    body = "GroupNormalization <num_groups = 6> (x, s6, b6) r = Relu (n) y = MatMul (r, m)"
    proto = parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {opset}]> net ({X}) => (float[2, 6, 3, 2] y) '
        f"<{CONSTANTS}, float[4, 2] m = {{1, 2, 3, 4, 5, 6, 7, 8}}> {{ n = {body} }}"
    )
    assert load(proto).shapes["y"] == (2, 6, 3, 2)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(2))
def test_what_is_written_out_means_the_same(case, seed):
    proto = written(*CASES[case])
    loaded = load(proto)
    assert not any("Normalization" in node.op_type for node in loaded.nodes)
    x = np.random.default_rng(seed).normal(1, 2, (2, 6, 3, 4)).astype(np.float32)
    x[0, :, 0] = 3  # constant along some axes
    runtime = case.startswith(("L", "local"))  # the reference forgets magnitudes, and channels
    (want,) = run(proto, {"x": x}) if runtime else ReferenceEvaluator(proto).run(None, {"x": x})
    (got,) = ReferenceEvaluator(as_loaded(proto)).run(None, {"x": x})
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("axis", "scale"), [(-1, "s4"), (2, "s34"), (-2, "s34")])
@pytest.mark.parametrize("outputs", ["y, m, d", "y, m", "y, , d"])
def test_averages_and_inverse_deviations(outputs, axis, scale):
    names = outputs.replace(" ", "").split(",")
    proto = parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 17]> net ({X}) => '
        f"({', '.join(f'float[a, b, c, d] {name}' for name in names if name)}) <{CONSTANTS}> "
        f"{{ {outputs} = LayerNormalization <axis = {axis}, epsilon = 0.01> (x, {scale}) }}"
    )
    x = np.random.default_rng(0).normal(1, 2, (2, 6, 3, 4)).astype(np.float32)
    wanted = ReferenceEvaluator(proto).run(None, {"x": x})
    for want, got in zip(wanted, run(as_loaded(proto), {"x": x}), strict=True):
        assert want.shape == got.shape
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_scales_of_groups():
    """Up to opset 20; ONNX's reference takes them for scales of channels."""
    body = "GroupNormalization <num_groups = 3> (x, s3, b3)"
    x = np.random.default_rng(0).normal(1, 2, (2, 6, 3, 4)).astype(np.float32)
    (got,) = ReferenceEvaluator(as_loaded(written(body, 18))).run(None, {"x": x})
    rows = x.reshape(2, 3, -1)
    unit = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-5)
    scale, bias = (
        next(i for i in written(body, 18).graph.initializer if i.name == n) for n in ("s3", "b3")
    )
    want = unit * np.array(scale.float_data)[:, None] + np.array(bias.float_data)[:, None]
    np.testing.assert_allclose(got, want.reshape(x.shape), rtol=1e-4, atol=1e-4)


def test_an_even_number_of_neighbours():
    """As ONNX's text has it; its reference and ONNX Runtime know odd numbers only."""
    x = np.random.default_rng(0).normal(0, 3, (2, 6, 3, 4)).astype(np.float32)
    loaded = as_loaded(written("LRN <size = 4, alpha = 0.5> (x)", 13))
    (got,) = ReferenceEvaluator(loaded).run(None, {"x": x})
    sums = [(x[:, max(0, c - 1) : c + 3] ** 2).sum(1) for c in range(6)]
    want = x / (1 + 0.5 / 4 * np.stack(sums, 1)) ** 0.75
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_zeros_stay_zeros():
    for case in ("L2", "L1", "mean and variance"):
        (got,) = ReferenceEvaluator(as_loaded(written(*CASES[case]))).run(
            None, {"x": np.zeros((2, 6, 3, 4), np.float32)}
        )
        assert not got.any()


REFUSED = {
    "groups": (
        "[norm] y = GroupNormalization <num_groups = 4> (x, s6, b6)",
        (
            "node 'norm': operator GroupNormalization is not supported with num_groups=4 of 6 "
            "channels; supported is a number that divides the channels"
        ),
    ),
    "bias": (
        "[norm] y = GroupNormalization <num_groups = 3> (x, s3)",
        (
            "node 'norm': operator GroupNormalization is not supported with no scale or bias; "
            "supported is both"
        ),
    ),
    "p": (
        "[norm] y = LpNormalization <p = 3> (x)",
        "node 'norm': operator LpNormalization is not supported with p=3; supported is 1 or 2",
    ),
    "axis": (
        "[norm] y = LpNormalization <axis = 4> (x)",
        "node 'norm': axis 4 of data of shape [2, 6, 3, 4]; give one that it has",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    body, message = REFUSED[case]
    proto = written("Identity (x)", 18 if case == "bias" else 22)
    del proto.graph.node[:]
    proto.graph.node.extend(parser.parse_graph(f"g ({X}) => (float[] y) {{ {body} }}").node)
    with pytest.raises(RtlgenError) as caught:
        load(proto)
    assert str(caught.value) == message
