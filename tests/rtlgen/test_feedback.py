"""Weights that are rounded for what they are multiplied with, and the biases that go with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx import parser

from kernels.base import Operator
from rtlgen import calibrate, moments
from rtlgen.formats import Formats
from rtlgen.frontend import load
from rtlgen.frontend.evaluation import evaluate
from rtlgen.moments import Rows, matrices
from rtlgen.notation import Fit
from rtlgen.quantize import quantize
from sim.errors import ConfigError
from sim.fixed import Fixed

HEADER = '<ir_version: 9, opset_import: ["" : 17]>'
SHAPES = {
    "w": (6, 4),
    "v": (4, 6),
    "k": (4, 3, 2, 3),
    "g": (6, 2, 3, 1),
    "b": (4,),
    "row": (1, 4),
    "column": (4, 1),
    "filters": (4, 1, 1),
}
PRODUCTS = [
    ("1, 6", "y = MatMul (x, w)"),
    ("5, 6", "y = MatMul (x, w)"),
    ("2, 3, 6", "y = MatMul (x, w)"),
    ("6", "y = MatMul (x, w)"),
    ("6", "y = MatMul (v, x)"),
    ("2, 6, 3", "y = MatMul (v, x)"),
    ("1, 6", "y = Gemm <alpha = 2.0> (x, w, b)"),
    ("3, 6", "y = Gemm <transB = 1> (x, v)"),
    ("6, 3", "y = Gemm <transA = 1> (x, w)"),
    ("6, 3", "y = Gemm (v, x)"),
    ("3, 6", "y = Gemm <transA = 1, transB = 1> (w, x)"),
    ("1, 3, 4, 5", "y = Conv <pads = [0, 1, 1, 1], strides = [2, 1]> (x, k)"),
    ("1, 6, 5, 2", "y = Conv <group = 3, pads = [1, 0, 1, 0]> (x, g)"),
]
BIASED = [
    ("1, 6", "y = Gemm (x, w, b)", "b"),
    ("1, 6", "y = Gemm (x, w, row)", "row"),
    ("6, 3", "y = Gemm (v, x, column)", "column"),
    ("6", "h = MatMul (v, x) y = Add (b, h)", "b"),
    ("2, 6, 3", "h = MatMul (v, x) y = Add (h, column)", "column"),
    ("5, 6", "h = MatMul (x, w) y = Add (h, one)", "one"),
    ("1, 3, 4, 5", "y = Conv <pads = [1, 1, 1, 1]> (x, k, b)", "b"),
    ("1, 3, 4, 5", "h = Conv (x, k) y = Add (h, filters)", "filters"),
]


def net(shape, body, seed=0):
    draw = np.random.default_rng(seed)
    given = [f"{_type(s)} {n} = {_listed(draw.normal(0, 1, s))}" for n, s in SHAPES.items()]
    proto = f"{HEADER}\nnet (float[{shape}] x) => (float[] y) <float one = {{0.5}}, "
    return load(parser.parse_model(proto + ", ".join(given) + f"> {{ {body} }}"))


def _type(shape):
    return f"float[{', '.join(map(str, shape))}]"


def _listed(values):
    return "{" + ", ".join(f"{v:.4f}" for v in values.flat) + "}"


def samples(model, seed=0, count=300):
    """Correlated, with a mean, and of unlike sizes."""
    draw = np.random.default_rng(seed)
    (shape,) = model.inputs.values()
    x = draw.normal(1, 1, (count, *shape)) + 3 * draw.normal(1, 1, (count, *(1,) * len(shape)))
    return x * np.random.default_rng(0).uniform(0.1, 3, shape)


def weights(model):
    (node,) = [n for n in model.nodes if n.op_type in ("MatMul", "Gemm", "Conv")]
    at = 1 if node.inputs[1] in model.constants else 0
    return node, at, node.inputs[at]


def rounded(model, x, fit=Fit.ERROR, width=4):
    formats = Formats.parse({"defaults": {"weights": f"{width}"}}, "c")
    formats = calibrate.with_ranges(replace(formats, fit=fit), model, {"x": x})
    return quantize(model, formats)


def result(model, constants, x):
    """What the model gives with other constants."""
    known = {**model.constants, **constants}
    nodes = tuple(
        replace(n, constants={name: known[name] for name in n.constants}) for n in model.nodes
    )
    changed = replace(model, constants=known, nodes=nodes)
    return np.concatenate([values["y"] for values in evaluate(changed, {"x": x})])


@pytest.mark.parametrize(("shape", "body"), PRODUCTS)
def test_the_rows_are_what_weights_are_multiplied_with(shape, body):
    model = net(shape, body)
    node, at, name = weights(model)
    weight, x = model.constants[name], samples(model, count=7)
    op = Operator.named(node).from_onnx(node)
    rows = Rows(op, at, weight.shape).of(x, 10**6, np.random.default_rng(0))
    products = (rows.swapaxes(0, 1) @ matrices(op, weight, at)).swapaxes(0, 1)
    plain = replace(op, alpha=1.0) if node.op_type == "Gemm" else op
    constant = Fixed.of_floats(weight)
    for row, found in zip(x, products.reshape(len(x), -1), strict=True):
        data = Fixed.of_floats(row)
        wanted = plain.forward(*((data, constant) if at else (constant, data))).to_float()[0]
        np.testing.assert_allclose(
            np.sort(found), np.sort(wanted.reshape(-1)), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shape", "body"), PRODUCTS)
def test_no_product_errs_more_than_by_rounding_each_to_the_nearest(shape, body, seed):
    model = net(shape, body, seed)
    _, _, name = weights(model)
    x = samples(model, seed)
    found = rounded(model, x)
    type_, value = found.formats[name].type, found.constants[name]
    codes = np.ldexp(value, -type_.exp)
    assert (codes == np.rint(codes)).all()
    assert ((type_.lo <= codes) & (codes <= type_.hi)).all()
    errors = [np.square(moved).mean() for moved in against_nearest(model, name, found, x)]
    assert errors[0] <= errors[1] * (1 + 1e-4)  # both are computed in single precision


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shape", "body"), [("1, 40", "y = MatMul (x, w)"), ("1, 10, 5, 5", "y = Conv (x, k)")]
)
def test_other_samples_gain_as_well(monkeypatch, shape, body, seed):
    monkeypatch.setitem(SHAPES, "w", (40, 4))
    monkeypatch.setitem(SHAPES, "k", (4, 10, 2, 3))
    model = net(shape, body, seed)
    found = rounded(model, samples(model, seed))
    moved = against_nearest(model, weights(model)[2], found, samples(model, seed + 100))
    errors = [np.square(part).mean() for part in moved]
    assert errors[0] < 0.5 * errors[1]


def against_nearest(model, name, found, x):
    """How far the results are moved: as they were rounded, and each weight to the nearest."""
    type_ = found.formats[name].type
    nearest = np.clip(np.rint(np.ldexp(model.constants[name], -type_.exp)), type_.lo, type_.hi)
    exact = result(model, {}, x)
    for constants in (found.constants, {name: np.ldexp(nearest, type_.exp)}):
        yield result(model, constants, x) - exact


@pytest.mark.parametrize(("shape", "body", "bias"), BIASED)
def test_a_bias_takes_back_the_mean(monkeypatch, shape, body, bias):
    monkeypatch.setattr(moments, "ROWS", 1 << 20)
    model = net(shape, body)
    x = samples(model)
    found = rounded(model, x)
    assert set(found.constants) == {weights(model)[2], bias}
    moved = result(model, found.constants, x) - result(model, {}, x)
    channels = -3 if "Conv" in body else -2 if "v, x" in body and moved.ndim > 2 else -1
    others = tuple(axis for axis in range(moved.ndim) if axis - moved.ndim != channels)
    spread = moved.std(others)
    assert (np.abs(moved.mean(others)) < 1e-3 * spread).all()
    np.testing.assert_array_equal(found.constants[bias], found.constants[bias].astype(np.float32))


@pytest.mark.parametrize(
    "body",
    [
        "y = MatMul (x, w)",
        "y = Gemm <beta = 2.0> (x, w, row)",
        "h = MatMul (x, w) y = Mul (h, row)",
        "h = MatMul (x, w) y = Add (h, h)",
        "h = MatMul (x, w) r = Relu (h) s = Add (h, row) y = Add (r, s)",
        "h = MatMul (x, w) a = Add (h, row) y = Mul (a, row)",
        "d = MatMul (x, w) e = Neg (d) h = Gemm (x, w, row) y = Add (h, e)",
    ],
)
def test_a_constant_that_does_more_stays(body):
    model = net("1, 6", body)
    assert set(rounded(model, samples(model)).constants) == {"w"}


def test_each_to_the_nearest_by_the_range():
    model = net("1, 6", "y = Gemm (x, w, b)")
    found = rounded(model, samples(model), Fit.RANGE)
    assert not found.constants
    assert "[constants]" not in found.configuration()


def test_inputs_that_never_change_or_are_never_there():
    model = net("1, 6", "y = Gemm (x, w, b)")
    x = samples(model)
    x[:, :, 2], x[:, :, 4] = 7, 0
    found = rounded(model, x)
    moved = result(model, found.constants, x) - result(model, {}, x)
    assert np.abs(moved.mean(0)).max() < 1e-3
    constant = rounded(model, np.ones((3, 1, 6)))
    moved = result(model, constant.constants, np.ones((1, 1, 6)))
    np.testing.assert_allclose(moved, result(model, {}, np.ones((1, 1, 6))), atol=1e-5)


def test_a_row_that_is_too_long_has_its_weights_rounded_to_the_nearest(monkeypatch):
    monkeypatch.setattr(moments, "LARGEST", 5)
    model = net("1, 6", "y = Gemm (x, w, b)")
    assert not rounded(model, samples(model)).constants


def test_bits_that_are_plenty():
    model = net("1, 6", "y = Gemm (x, w, b)")
    assert not rounded(model, samples(model), width=30).constants


def test_few_windows_of_each_sample_are_looked_at(monkeypatch):
    monkeypatch.setattr(moments, "ROWS", 40)
    model = net("1, 3, 4, 5", "y = Conv <pads = [1, 1, 1, 1]> (x, k)")
    seen = calibrate.observe(model, {"x": samples(model, count=20)})
    assert seen.moments["k"].rows == 40
    again = calibrate.observe(model, {"x": samples(model, count=20)})
    np.testing.assert_array_equal(seen.moments["k"].products, again.moments["k"].products)


# -- constants in a configuration ------------------------------------------------------------------


def configured(constants):
    model = net("1, 6", "y = Gemm (x, w, b)")
    defaults = {"inputs": "s8 e-4", "weights": "s20 e-16"}
    return quantize(model, Formats.parse({"defaults": defaults, "constants": constants}, "c"))


def test_constants_take_the_place_of_the_models():
    found = configured({"b": [[1, 2, 0.5, -3]], "w": [[0.25] * 4] * 6})
    codes = {"x": found.inputs["x"].encode(np.ones((1, 1, 6)), "x")}
    (y,) = found.graph.predict(codes).values()
    assert y.to_float().tolist() == [[[2.5, 3.5, 2, -1.5]]]


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        (
            {"bb": [1]},
            "config: [constants] 'bb': the model has no such constant; did you mean 'b'?",
        ),
        (
            {"b": [1, 2]},
            (
                "config: [constants] 'b' has the shape [2], but that of the model has [4]; give as "
                "many numbers"
            ),
        ),
        (
            {"b": [[1, 2], [3]]},
            "config 'c': [constants] 'b': write finite numbers, in lists of equal lengths",
        ),
        (
            {"b": "1"},
            "config 'c': [constants] 'b': write finite numbers, in lists of equal lengths",
        ),
        ([1], "config 'c': [constants]: [1] is not a table of formats"),
    ],
)
def test_constants_that_are_refused(constants, message):
    with pytest.raises(ConfigError) as caught:
        configured(constants)
    assert str(caught.value) == message
