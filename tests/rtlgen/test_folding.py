"""Folded batch normalizations: the same float network, and only where weights get a format."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

from rtlgen import calibrate
from rtlgen.folding import fold
from rtlgen.formats import Formats
from rtlgen.frontend import load
from rtlgen.frontend.evaluation import evaluate
from rtlgen.quantize import quantize
from tests.rtlgen.frontend_oracle import CORPUS

HEADER = '<ir_version: 9, opset_import: ["" : 17, "qonnx.custom_op.general" : 1]>'
NORM = "BatchNormalization <epsilon = 0.001> ({}, g, o, m, r)"
PARAMETERS = (
    "float[2] g = {0.7, -1.3}, float[2] o = {0.1, -0.4}, float[2] m = {0.2, 1}, "
    "float[2] r = {0.5, 3}, float[3, 2] w = {0.1, 0.5, -0.7, 0.02, 0.3, 0.9}, "
    "float[2, 3] t = {0.1, 0.5, -0.7, 0.02, 0.3, 0.9}, float[2] b = {0.3, 2}, "
    "float[2, 1] q = {0.3, -0.7}, float[2, 3, 2] k = {1, 2, 3, 0.1, 0.2, 0.3, 1, 0.3, 1, 1, 2, 0.7}"
)
WEIGHTS = Formats.parse({"defaults": {"weights": "12"}}, "c.toml")


def net(*body, shape="1, 3"):
    source = (
        f"{HEADER}\nnet (float[{shape}] x) => (float[] y) <{PARAMETERS}> {{ {' '.join(body)} }}"
    )
    return load(parser.parse_model(source))


CHAINS = [
    (("[fc] h = MatMul (x, w)", f"[norm] y = {NORM.format('h')}"), ["Gemm"], "1, 3"),
    (
        ("[fc] h = MatMul (x, w)", "[plus] s = Add (h, b)", f"[norm] y = {NORM.format('s')}"),
        ["MatMul", "Add"],
        "1, 3",
    ),
    (
        ("[fc] h = Gemm <alpha = 0.5, beta = 2.0> (x, w, b)", f"[norm] y = {NORM.format('h')}"),
        ["Gemm"],
        "1, 3",
    ),
    (
        (
            "[fc] h = Gemm <transB = 1> (x, t)",
            f"[norm] y = {NORM.format('h')}",
        ),
        ["Gemm"],
        "1, 3",
    ),
    (("[conv] h = Conv (x, k)", f"[norm] y = {NORM.format('h')}"), ["Conv"], "1, 3, 4"),
    (
        ("[conv] h = Conv <pads = [1, 1]> (x, k, b)", f"[norm] y = {NORM.format('h')}"),
        ["Conv"],
        "1, 3, 4",
    ),
    (
        ("[conv] h = Conv (x, k)", "[plus] s = Add (q, h)", f"[norm] y = {NORM.format('s')}"),
        ["Conv", "Add"],
        "1, 3, 4",
    ),
    (
        ("[conv] h = Conv (x, k, b)", "[plus] s = Add (q, h)", f"[norm] y = {NORM.format('s')}"),
        ["Conv", "Add"],
        "1, 3, 4",
    ),
    (
        (
            "[fc] h = MatMul (x, w)",
            f"[norm] s = {NORM.format('h')}",
            f"[again] y = {NORM.format('s')}",
        ),
        ["Gemm"],
        "1, 3",
    ),
]


@pytest.mark.parametrize(("body", "kinds", "shape"), CHAINS)
def test_the_same_network(body, kinds, shape):
    model = net(*body, shape=shape)
    folded = fold(model, WEIGHTS)
    assert [node.op_type for node in folded.nodes] == kinds
    x = np.random.default_rng(0).normal(0, 1, (9, *map(int, shape.split(","))))
    for ours, theirs in zip(evaluate(folded, {"x": x}), evaluate(model, {"x": x}), strict=True):
        # both are computed in single precision
        np.testing.assert_allclose(ours["y"], theirs["y"], rtol=1e-5, atol=1e-5)


FC, N = "[fc] h = MatMul (x, w)", f"[norm] y = {NORM.format('h')}"


@pytest.mark.parametrize(
    ("body", "formats"),
    [
        ((FC, N), {}),
        ((FC, N), {"formats": {"h": "s8 e-2"}, "defaults": {"weights": "8"}}),
        (
            (FC, "[n] z = " + NORM.format("h"), "[sum] y = Add (h, z)"),
            {"defaults": {"weights": "8"}},
        ),
        (
            ("[fc2] e = MatMul (x, w)", FC, "[n] z = " + NORM.format("h"), "[sum] y = Add (e, z)"),
            {"defaults": {"weights": "8"}},
        ),
        (
            (
                "[relu] h = Relu (x)",
                "[norm] z = BatchNormalization (h, g3, g3, g3, g3)",
                "[fc] y = MatMul (z, w)",
            ),
            {"defaults": {"weights": "8"}},
        ),
    ],
)
def test_what_stays(body, formats):
    model = (
        net(*body)
        if "g3" not in "".join(body)
        else load(
            parser.parse_model(
                f"{HEADER}\nnet (float[1, 3] x) => (float[] y) <{PARAMETERS}, "
                f"float[3] g3 = {{1, 2, 3}}> {{ {' '.join(body)} }}"
            )
        )
    )
    assert fold(model, Formats.parse(formats, "c.toml").bound(model)) is model


def test_quantized_weights_keep_their_normalization():
    quant = 'qonnx.custom_op.general.Quant <signed = 1, narrow = 0, rounding_mode = "ROUND">'
    body = (f"[wq] v = {quant} (w, m0, m1, m2)", "[fc] h = MatMul (x, v)", N)
    model = load(
        parser.parse_model(
            f"{HEADER}\nnet (float[1, 3] x) => (float[] y) <{PARAMETERS}, float m0 = {{0.1}}, "
            f"float m1 = {{0}}, float m2 = {{4}}> {{ {' '.join(body)} }}"
        )
    )
    assert fold(model, WEIGHTS) is model


def test_weights_are_rounded_after_folding():
    model = net(FC, N)
    x = np.random.default_rng(0).normal(0, 1, (50, 3))
    formats = calibrate.with_ranges(Formats(), model, {"x": x[:, None]})
    codings = quantize(model, formats)
    assert [type(n.op).__name__ for n in codings.graph.nodes] == ["Gemm", "Add"]
    (floats,) = (values["y"] for values in evaluate(model, {"x": x[:, None]}))
    codes = {"x": codings.inputs["x"].encode(x, "x")}
    ours = codings.outputs["y"].decode(codings.graph.predict(codes)["y"])
    assert np.abs(ours - floats).max() < 0.01


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the corpus of models")
def test_a_mobile_network_of_26_normalizations():
    model = load(CORPUS / "mlperf_ic_alibaba" / "model.onnx")
    folded = fold(model, WEIGHTS)
    kinds = [[n.op_type for n in m.nodes].count("BatchNormalization") for m in (model, folded)]
    assert kinds == [26, 0]
    (name, shape), (output,) = *model.inputs.items(), model.outputs
    x = {name: np.random.default_rng(0).normal(0, 1, (2, *shape))}
    for ours, theirs in zip(evaluate(folded, x), evaluate(model, x), strict=True):
        np.testing.assert_allclose(ours[output], theirs[output], atol=1e-5)
