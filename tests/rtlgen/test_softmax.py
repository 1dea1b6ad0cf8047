"""Softmax and LogSoftmax stay within the bounds that they state, at every width of their input."""

import numpy as np
import pytest

from kernels.base import OnnxNode
from rtlgen.formats import Formats
from rtlgen.frontend import Model, load
from rtlgen.quantize import Codings, quantize
from sim.errors import ShapeError, UnsupportedAttribute
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import predict


def network(
    count: int, bits: int, scale: float, *behind: str, op: str = "Softmax", **constants: str
) -> Codings:
    """A quantized input, the operator, and what is behind it, from ``p`` to ``y``."""
    last = "p" if behind else "y"
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        f"[soft] {last} = {op} <axis = -1> (q)",
        *behind,
        inputs=f"float[1, {count}] x",
        s=f"float s = {{{scale!r}}}",
        b=f"float b = {{{bits}}}",
        **constants,
    )
    return quantize(load(proto))


def inputs(count: int, bits: int, scale: float, seed: int = 0) -> np.ndarray:
    """Random rows of several spreads; all equal, one far above the others, ties, and ends."""
    random = np.random.default_rng(seed)
    top = 2 ** (bits - 1) - 1
    spreads = [min(top, s / scale) for s in (0.5, 3.0, 10.0, 100.0)]
    rows = [np.rint(random.normal(0, spread, (60, count))) for spread in spreads]
    rows.append(random.integers(-top - 1, top + 1, (60, count)))
    rows.append(np.tile(random.integers(-top - 1, top + 1, (10, 1)), count))
    one = np.full((count, count), -top - 1)
    np.fill_diagonal(one, top)
    near = np.full((20, count), 0.0)
    near[:, 0] = np.minimum(top, np.rint(np.linspace(0, 20, 20) / scale))
    rows += [one[:10], near, near[:, ::-1]]
    return np.clip(np.concatenate(rows), -top - 1, top) * np.float64(np.float32(scale))


def exact(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


WIDTHS = [(4, 0.25), (4, 0.3), (8, 0.0625), (8, 0.3), (12, 0.01), (16, 0.001), (24, 2.0**-19)]


@pytest.mark.parametrize("count", [1, 2, 5, 100])
@pytest.mark.parametrize(("bits", "scale"), [*WIDTHS, (24, 1e-6), (24, 0.3)])
def test_every_result_is_within_a_step_and_sums_are_near_one(count, bits, scale):
    x = inputs(count, bits, scale)
    got = predict(network(count, bits, scale), x[:, None])["y"].reshape(len(x), count)
    step = 2.0**-16
    assert np.abs(got - exact(x)).max() <= step
    assert np.abs(got.sum(-1) - 1).max() <= (count / 2 + 1) * step


def log_exact(x: np.ndarray) -> np.ndarray:
    below = x - x.max(-1, keepdims=True)
    return below - np.log(np.exp(below).sum(-1, keepdims=True))


@pytest.mark.parametrize("count", [1, 2, 5, 100])
@pytest.mark.parametrize(("bits", "scale"), [*WIDTHS, (24, 1e-6), (24, 0.3)])
def test_logarithms_are_within_half_a_step_of_twelve_bits(count, bits, scale):
    x = inputs(count, bits, scale)
    got = predict(network(count, bits, scale, op="LogSoftmax"), x[:, None])["y"]
    float_error = np.abs(x).max() * 2.0**-50  # of what is compared with
    assert np.abs(got.reshape(x.shape) - log_exact(x)).max() <= 2.0**-13 + float_error


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("bits", "scale"), [(8, 0.3), (24, 1e-6)])
@pytest.mark.parametrize("step", [2.0**-3, 2.0**-8, 2.0**-12, 2.0**-20, 0.01, 1 / 255])
def test_a_quantizer_behind_is_what_the_precision_is_for(op, bits, scale, step):
    """Half a step is from the rounding, less than another half from what is rounded."""
    behind = f"[last] y = {QUANT} (p, t, z, c)"
    more = {"t": f"float t = {{{step!r}}}", "c": "float c = {32}"}
    x = inputs(5, bits, scale)
    got = predict(network(5, bits, scale, behind, op=op, **more), x[:, None])["y"]
    want = exact(x) if op == "Softmax" else log_exact(x)
    assert np.abs(got.reshape(x.shape) - want).max() <= np.float64(np.float32(step))


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, -3])
def test_any_axis(op, axis):
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        f"[soft] y = {op} <axis = {axis}> (q)",
        inputs="float[1, 3, 4, 2] x",
        s="float s = {0.1}",
        b="float b = {8}",
    )
    x = np.random.default_rng(0).normal(0, 3, (20, 1, 3, 4, 2))
    codings = quantize(load(proto))
    given = np.rint(x / np.float32(0.1)).clip(-128, 127) * np.float64(np.float32(0.1))
    rows = np.moveaxis(given, 1 + axis % 4, -1)
    want = exact(rows) if op == "Softmax" else log_exact(rows)
    got = np.moveaxis(predict(codings, x)["y"], 1 + axis % 4, -1)
    assert np.abs(got - want).max() <= 2.0**-12


def test_scales_and_offsets_of_elements():
    """A batch normalization between: each element has a line of its own."""
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[by] m = Mul (q, k)",
        "[up] a = Add (m, j)",
        "[soft] y = Softmax (a)",
        k="float[4] k = {0.3, -0.7, 2, 1}",
        j="float[4] j = {0.1, 0.2, -0.3, 1.5}",
        b="float b = {8}",
    )
    x = np.random.default_rng(0).integers(-128, 128, (50, 4)) * 0.25
    line = np.float32([0.3, -0.7, 2, 1]).astype(float), np.float32([0.1, 0.2, -0.3, 1.5])
    got = predict(quantize(load(proto)), x[:, None])["y"].reshape(x.shape)
    assert np.abs(got - exact(x * line[0] + line[1].astype(float))).max() <= 2.0**-16


def test_a_table_covers_what_matters_and_no_more():
    """Codes of 24 bits, in steps of which e**-x is zero after ten."""
    nodes = network(5, 24, 1.5).graph.nodes
    (table,) = (node.op for node in nodes if node.outputs[0].endswith("exp"))
    assert table.domain == (0, 11, 0)


def test_a_step_that_is_too_fine():
    behind = f"[last] y = {QUANT} (p, t, z, c)"
    more = {"t": f"float t = {{{2.0**-25!r}}}", "c": "float c = {26}"}
    with pytest.raises(UnsupportedAttribute) as caught:
        network(5, 8, 0.1, behind, **more)
    assert str(caught.value) == (
        "node 'soft': operator Softmax is not supported with results in steps of 2**-25; supported "
        "is formats with steps of 2**-24 or more"
    )


def test_an_axis_that_is_not_there():
    with pytest.raises(ShapeError) as caught:
        softmax_of_axis(4)
    assert str(caught.value) == (
        "node 'soft': axis 4 of data of shape [1, 4] has no numbers; give an axis that has some"
    )


def softmax_of_axis(axis: int) -> Codings:
    node = OnnxNode("soft", "Softmax", ("x",), ("y",), {"axis": axis})
    model = Model("net", {"x": (1, 4)}, ("y",), (node,), {}, {"x": (1, 4), "y": (1, 4)})
    return quantize(model, Formats.parse({"formats": {"x": "s8 e-4"}}, "config"))
