"""Steps that follow from data: by the least error or by the range, for a tensor or a channel."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from onnx import parser

from rtlgen import calibrate
from rtlgen.formats import Formats
from rtlgen.frontend import evaluation, load
from rtlgen.notation import Fit, Format
from rtlgen.quantize import quantize
from sim.errors import ConfigError
from sim.rounding import Interval, Overflow

HEADER = '<ir_version: 9, opset_import: ["" : 17]>'


def error(numbers, interval):
    """The mean squared error of rounding to the nearest, ties to even, and saturating; exact."""
    step, total = Fraction(2) ** interval.exp, Fraction(0)
    for number in map(Fraction, numbers.tolist()):
        code = min(max(round(number / step), interval.lo), interval.hi)
        total += (code * step - number) ** 2
    return total / len(numbers)


@pytest.mark.parametrize("width", [2, 3, 4, 6, 9])
@pytest.mark.parametrize("seed", range(6))
def test_no_step_of_those_tried_has_a_smaller_error(width, seed):
    draw = np.random.default_rng(seed)
    numbers = draw.standard_t(2, 80) * draw.choice([1e-3, 1, 300])
    given = Format(width)
    largest = given.interval(numbers.min(), numbers.max())
    found = given.closest(numbers, largest)
    tried = [Interval(*largest[:2], largest.exp - finer) for finer in range(8)]
    errors = [error(numbers, interval) for interval in tried]
    assert found == tried[errors.index(min(errors))]


def test_outliers_are_clipped_if_that_is_better():
    numbers = np.append(np.linspace(-1, 1, 10_000), 4.0)
    largest = Format(4).interval(-1, 4)
    assert largest == Interval(-8, 7, 0)
    assert Format(4).closest(numbers, largest) == Interval(-8, 7, -3)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        (Format(4, True, -2), np.array([0.1, 3.0])),  # a step that is given stays
        (Format(30), np.array([0.1, 3.0])),  # nothing to gain
        (Format(4), np.zeros(0)),
        (Format(4), np.zeros(5)),  # all alike: the coarsest
        (Format(8), np.arange(256.0)),  # exact already
        (Format(4, overflow=Overflow.WRAP), np.append(np.full(20, 0.4), 7.0)),  # wraps far away
    ],
)
def test_the_range_is_kept(given, numbers):
    largest = given.interval(numbers.min(initial=0), numbers.max(initial=0))
    assert given.closest(numbers, largest) == largest


def net(nodes, more=""):
    return load(
        parser.parse_model(
            f"{HEADER}\nnet (float[1, 3] x) => (float[] y) "
            f"<float[3, 2] w = {{1, 0.01, 0.5, 0.02, -0.3, 0.015}}{more}> {{ {nodes} }}"
        )
    )


@pytest.mark.parametrize(
    ("nodes", "axis"),
    [
        ("y = MatMul (x, w)", 1),
        ("y = Gemm (x, w)", 1),
        ("t = Transpose <perm = [1, 0]> (x) y = Gemm <transA = 1> (t, w)", 1),
        ("t = Reshape (x, s) y = MatMul (w, t)", 0),
        ("y = Gemm <transB = 1> (x, v)", 0),
        ("t = Reshape (x, c) y = Conv (t, k)", 0),
    ],
)
@pytest.mark.parametrize("per", ["", " per channel"])
def test_channels_have_steps_of_their_own(nodes, axis, per):
    more = (
        ", int64[2] s = {2, -1}, int64[3] c = {1, 1, 3}"
        ", float[2, 3] v = {1, 0.5, -0.3, 0.01, 0.02, 0.015}"
        ", float[2, 1, 2] k = {1, -0.5, 0.01, 0.02}"
    )
    if "w, t" in nodes:
        model = load(
            parser.parse_model(
                f"{HEADER}\nnet (float[1, 2] x) => (float[] y) <int64[2] s = {{2, 1}}, "
                f"float[3, 2] w = {{1, 0.5, 0.01, 0.02, -0.3, 0.4}}> {{ {nodes} }}"
            )
        )
    else:
        model = net(nodes, more)
    formats = Formats.parse({"defaults": {"inputs": "s8 e-3", "weights": f"6{per}"}}, "c")
    found = quantize(model, formats)
    (name,) = [n for n in found.formats if n != "x"]
    exps = np.moveaxis(found.formats[name].type.exp, axis, 0)
    weights = np.moveaxis(model.constants[name], axis, 0)
    for channel, numbers in zip(exps, weights, strict=True):
        given = Format(6, signed=True)
        largest = given.interval(min(0, numbers.min()), max(0, numbers.max()))
        assert set(channel.flat) == {given.closest(numbers.reshape(-1), largest).exp}
    assert len(set(exps.flat)) > 1


def test_one_step_for_a_tensor():
    formats = Formats.parse({"defaults": {"inputs": "s8 e-3", "weights": "6 per tensor"}}, "c")
    found = quantize(net("y = MatMul (x, w)"), formats)
    assert found.chosen["w"] == "s6 e-4"


def test_weights_are_finer_for_what_is_large():
    """In proportion to the root mean square, or by the range to the largest, of each input."""
    draw = np.random.default_rng(0)
    data = draw.normal(0, [1, 16, 1], (1000, 3))
    data[0, 2] = 500
    steps = {}
    for fit in Fit:
        seen = calibrate.with_ranges(
            replace(Formats.parse({}, "c"), fit=fit), net("y = MatMul (x, w)"), {"x": data[:, None]}
        )
        exps = quantize(net("y = MatMul (x, w)"), seen).formats["w"].type.exp
        steps[fit] = (exps - exps[0]).tolist()
    rms = np.frexp(np.sqrt(np.square(data.astype(np.float32)).mean(0)))[1]
    assert steps[Fit.ERROR] == [[rms[0] - r] * 2 for r in rms]
    largest = np.frexp(np.abs(data).max(0))[1]
    assert steps[Fit.RANGE] == [[largest[0] - r] * 2 for r in largest]
    assert steps[Fit.ERROR] != steps[Fit.RANGE]


def test_a_choice_of_the_range_clips_nothing():
    data = np.append(np.random.default_rng(0).normal(0, 1, (400, 3)), [[50, 1, 1]], 0)
    model = net("h = MatMul (x, w) r = Relu (h) y = MatMul (r, u)", ", float[2, 1] u = {1, -1}")
    ends = {}
    for fit in Fit:
        formats = Formats.parse({"defaults": {"inputs": "5 per tensor", "activations": "5"}}, "c")
        seen = calibrate.with_ranges(formats, model, {"x": data[:, None]})
        found = quantize(model, replace(seen, fit=fit))
        type_ = found.formats["x"].type.interval(0)
        ends[fit] = (type_.hi + 0.5) * 2.0**type_.exp
    assert ends[Fit.RANGE] >= 50
    assert ends[Fit.ERROR] < 50


def test_what_is_remembered_of_a_value_is_bounded(monkeypatch):
    monkeypatch.setattr(calibrate, "NUMBERS", 12)
    model = net(
        "h = Softmax (x) p = MatMul (h, e) y = MatMul (p, w)",
        ", float[3, 3] e = {1, 2, 3, 4, 5, 6, 7, 8, 9}",
    )
    data = np.random.default_rng(1).normal(size=(100, 1, 3))
    seen = calibrate.observe(model, {"x": data})
    assert {name: numbers.size for name, numbers in seen.numbers.items()} == {
        "x": 100,
        "h": 100,
        "p": 300,  # with a format for each element: whole
        "y": 100,
    }
    assert np.isin(seen.numbers["x"], data.astype(np.float32)).all()
    few = calibrate.observe(model, {"x": data[:2]})
    assert few.numbers["x"].size == 6  # all there are
    np.testing.assert_array_equal(
        calibrate.observe(model, {"x": data}).numbers["y"], seen.numbers["y"]
    )
    assert seen.outputs["y"].shape == (100, 1, 2)


@pytest.mark.parametrize(("whole", "kept"), [(12, range(0, 100, 9)), (1000, range(100))])
def test_whole_samples_are_kept_all_over_the_data(monkeypatch, whole, kept):
    monkeypatch.setattr(calibrate, "WHOLE", whole)
    monkeypatch.setattr(evaluation, "SAMPLES", 7)
    data = np.random.default_rng(1).normal(size=(100, 1, 3))
    seen = calibrate.observe(net("y = MatMul (x, w)"), {"x": data})
    np.testing.assert_array_equal(seen.numbers["x"], data[list(kept)].astype(np.float32))


@pytest.mark.parametrize("width", [2, 4, 7])
def test_each_element_of_a_vector_has_the_step_of_its_least_error(width):
    draw = np.random.default_rng(width)
    data = draw.standard_t(2, (80, 1, 3)).astype(np.float32) * np.float32([1, 100, 0.01])
    formats = Formats.parse({"defaults": {"inputs": f"{width}"}}, "c")
    model = net("y = MatMul (x, w)")
    type_ = quantize(model, calibrate.with_ranges(formats, model, {"x": data})).formats["x"].type
    for i, numbers in enumerate(data[:, 0].T.astype(float)):
        largest = Format(width).interval(numbers.min(), numbers.max())
        tried = [Interval(*largest[:2], largest.exp - finer) for finer in range(8)]
        errors = [error(numbers, interval) for interval in tried]
        assert type_.interval(i) == tried[errors.index(min(errors))]
    assert len(set(type_.exp.flat)) == 3


def test_one_step_for_all_elements_of_a_vector():
    data = np.random.default_rng(0).normal(0, [1, 16, 1 / 64], (50, 1, 3))
    formats = Formats.parse({"defaults": {"inputs": "8 per tensor"}}, "c")
    model = net("y = MatMul (x, w)")
    found = quantize(model, calibrate.with_ranges(formats, model, {"x": data}))
    assert len(set(found.formats["x"].type.exp.flat)) == 1


def test_a_fit_that_there_is_not():
    with pytest.raises(ConfigError) as caught:
        Fit.named("errors")
    assert str(caught.value) == "fit 'errors': unknown; did you mean 'error'?"
