"""Ranges from data, and data that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

from rtlgen import calibrate
from rtlgen.formats import Formats
from rtlgen.frontend import load
from rtlgen.frontend.evaluation import evaluate
from sim.errors import DataError
from tests.rtlgen.quantized_oracle import Oracle
from tests.rtlgen.random_networks import network

HEADER = '<ir_version: 9, opset_import: ["" : 17]>'


def model(inputs="float[1, 2] x, float[1, 3] other"):
    return load(
        parser.parse_model(
            f"{HEADER}\nnet ({inputs}) => (float[] y, float[] v) <float c = {{-2}}> "
            f"{{ y = Mul (x, c) v = Relu ({'other' if 'other' in inputs else 'x'}) }}"
        )
    )


def test_ranges_of_every_element():
    data = {
        "x": np.array([[[1.0, -2]], [[0.5, 3]]]),
        "other": np.array([[[1, -1, 0]], [[2, -3, 0]]]),
    }
    found = calibrate.observe(model(), data).ranges
    assert [end.tolist() for end in found["x"]] == [[[0.5, -2]], [[1, 3]]]
    assert [end.tolist() for end in found["y"]] == [[[-2, -6]], [[-1, 4]]]
    assert [end.tolist() for end in found["v"]] == [[[1, 0, 0]], [[2, 0, 0]]]
    assert [end.tolist() for end in found["other"]] == [[[1, -3, 0]], [[2, -1, 0]]]


def test_defaults_may_be_given():
    formats = Formats.parse({"defaults": {"weights": "5"}}, "c.toml")
    data = calibrate.fitting({"x": np.ones((1, 2)), "other": np.ones((1, 3))}, model(), "data")
    found = calibrate.with_ranges(formats, model(), data)
    assert [f.width for f in found.defaults.values()] == [16, 5, 12]


def arrays(**given):
    return {"x": np.ones((4, 2)), "other": np.ones((4, 1, 3)), **given}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (arrays(z=np.ones(3)), "the model has no input 'z'; known are 'other', 'x'"),
        ({"x": np.ones((4, 2))}, "there is no array 'other'; give one for each input"),
        (
            arrays(x=np.ones((4, 3))),
            (
                "'x' has the shape [4, 3], but samples have [2]; give an array "
                "of the shape [samples, 2]"
            ),
        ),
        (arrays(x=np.ones((3, 2))), "the inputs have 3 and 4 samples; give each the same number"),
        (arrays(x=np.full((4, 2), np.inf)), "'x' holds what is not a finite number; leave it out"),
        (arrays(x=np.full((4, 2), "a")), "'x' holds what is not a finite number; leave it out"),
        (
            {"x": np.ones((0, 2)), "other": np.ones((0, 3))},
            "there is no sample in it; give one at least",
        ),
    ],
)
def test_data_that_do_not_fit(given, message):
    with pytest.raises(DataError) as caught:
        calibrate.fitting(given, model(), "data.npz")
    assert str(caught.value) == f"data 'data.npz': {message}"


def test_files(tmp_path):
    np.savez(tmp_path / "good.npz", **arrays())
    shaped = calibrate.read(tmp_path / "good.npz", model())
    assert {name: array.shape for name, array in shaped.items()} == {
        "x": (4, 1, 2),
        "other": (4, 1, 3),
    }
    for name, reason in (
        ("none.npz", "No such file or directory"),
        ("text.npz", "not an npz file"),
    ):
        if name == "text.npz":
            (tmp_path / name).write_text("no zip file")
        with pytest.raises(DataError) as caught:
            calibrate.read(tmp_path / name, model())
        assert str(caught.value) == (
            f"data {str(tmp_path / name)!r}: {reason}; give an npz file with an array for each of "
            f"'x', 'other'"
        )


@pytest.mark.parametrize("seed", range(30))
def test_values_are_those_of_qonnx(seed):
    net = network(seed, "po2")
    proto = net.model()
    x = np.rint(np.random.default_rng(seed).normal(0, 24, (3, *net.inputs["x"]))) / 16
    oracle = Oracle(proto)
    (values,) = evaluate(load(proto), {"x": x})
    for i, found in enumerate(values[net.x]):
        want = oracle.run({"x": x[i]})
        np.testing.assert_allclose(found, want[net.x], rtol=1e-5, atol=1e-5)


def test_data_that_pick_what_is_not_there():
    body = "<float[3] t = {1, 2, 3}> { [pick] y = Gather (t, i) }"
    picking = load(parser.parse_model(f"{HEADER}\nnet (int64[2] i) => (float[2] y) {body}"))
    (values,) = evaluate(picking, {"i": np.array([[-3, 2], [1, 0]])})
    assert values["y"].tolist() == [[1, 3], [2, 1]]
    with pytest.raises(DataError) as error:
        list(evaluate(picking, {"i": np.array([[0, 3]])}))
    assert str(error.value) == (
        "node 'pick': of 3 elements, these data pick number 3; leave out samples that do"
    )


def test_outputs_that_are_constants_are_observed():
    net = "net (float[2] x) => (float[2] y, float[1] c) <float[1] c = {4}> { y = Neg (x) }"
    seen = calibrate.observe(load(parser.parse_model(f"{HEADER}\n{net}")), {"x": np.zeros((2, 2))})
    assert seen.outputs["c"].tolist() == [[4], [4]]
