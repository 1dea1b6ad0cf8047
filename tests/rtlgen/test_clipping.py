"""What lies outside of its format: counted, told, and warned of."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from onnx import parser

import rtlgen
from rtlgen import Options, OutOfFormat, network
from rtlgen.clipping import Clipped, exceeded, outside, text
from rtlgen.notation import Chosen
from sim.errors import DataError
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.models import model, saved, tiny

SOURCE = (
    '<ir_version: 9, opset_import: ["" : 17]>\n'
    "net (float[1, 2] x) => (float[] y) <float[2, 2] w = {1, 0.5, -0.5, 0.25}, "
    "float[2, 2] v = {0.5, 1, 1, -1}> "
    "{ [fc1] h = MatMul (x, w) [relu] r = Relu (h) [fc2] y = MatMul (r, v) }"
)
CONFIG = {
    "defaults": {"weights": "s6 e-3"},
    "formats": {"x": "s6 e-2", "r": "u3 e-1"},
}
DATA = np.array([[1, 0], [8, 1], [-9, 2], [7.75, 0.5], [2, -3.5]])


def read(**given):
    proto = parser.parse_model(SOURCE)
    return network.read(proto, Options(config=CONFIG, calibrate={"x": DATA}, **given))


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", [Overflow.SATURATE, Overflow.WRAP])
def test_outside_is_what_an_overflow_changes(rounding, overflow):
    numbers = np.arange(-100, 100)[:, None] / 8
    type_ = Intervals.full((1,), Interval(-8, 7, -1))
    wide = Fixed(numbers_to_codes(numbers), -3).quantize(
        Intervals.full((1,), Interval(-999, 999, -1)), rounding, overflow
    )
    limited = wide.quantize(type_, Rounding.FLOOR, overflow)
    changed = int((wide.to_float() != limited.to_float()).sum())
    assert outside(Chosen(type_, rounding, overflow), numbers) == changed > 0


def numbers_to_codes(numbers):
    return (numbers * 8).astype(np.int64)


@pytest.mark.parametrize(("lo", "hi", "is_so"), [(-4, 3.5, False), (-4.5, 0, True), (0, 4, True)])
def test_exceeded(lo, hi, is_so):
    chosen = Chosen(Intervals.full((1,), Interval(-8, 7, -1)))
    assert exceeded(chosen, np.array([lo]), np.array([hi])) is is_so
    assert outside(chosen, np.array([[1e300], [-1e300]])) == 2


def test_every_value_that_is_clipped_is_counted():
    found = read()
    h = DATA @ [[1, 0.5], [-0.5, 0.25]]
    above = int((np.rint(np.maximum(h, 0) * 2) > 7).sum())
    assert found.calibrated == 5
    assert found.clipped == (Clipped("x", 2, 10, "s6 e-2"), Clipped("r", above, 10, "u3 e-1"))
    assert 0 < above < 10


def test_what_is_told():
    found = read()
    share = found.clipped[1].percent
    assert found.summary().split("\n\n")[1].split("\n") == [
        "outside of their formats on 5 samples:",
        "value  format  clipped   %",
        f"r      u3 e-1        {found.clipped[1].clipped}  {share:g}",
        "x      s6 e-2        2  20",
    ]
    assert found.notes() == {
        "clipped": [
            {"value": "x", "clipped": 2, "numbers": 10, "percent": 20.0, "format": "s6 e-2"},
            found.clipped[1].to_json(),
        ]
    }
    assert text((), 1234) == "no number is outside of its format on 1,234 samples"


def test_the_report_of_a_design_has_it(tmp_path):
    saved(parser.parse_model(SOURCE), tmp_path / "net.onnx")
    options = Options(config=CONFIG, calibrate={"x": DATA}, stages=0)
    rtlgen.generate(tmp_path / "net.onnx", options).write(tmp_path / "out")
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert [row["value"] for row in report["clipped"]] == ["x", "r"]
    rtlgen.generate(tiny(), Options(stages=0)).write(tmp_path / "plain")
    assert "clipped" not in json.loads((tmp_path / "plain/report.json").read_text())


def test_predictions_warn_of_inputs_outside():
    found = read()
    with pytest.warns(OutOfFormat) as caught:
        found.predict(DATA)
    assert [str(w.message) for w in caught] == [
        "2 of 10 numbers (20 %) of 'x' are outside of its format s6 e-2: they are clipped"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.predict(DATA[:1])
        found.predict(DATA[0])


def test_verification_data_are_told_of():
    found = read(data={"x": DATA[1:2]})
    assert (
        "\n  data    1 of 2 numbers (50 %) of 'x' are outside of its format s6 e-2\n"
        in found.summary()
    )


def test_inputs_that_the_model_quantizes():
    found = network.read(tiny(), Options())  # 4 bits in steps of 0.25: -2 to 1.75
    inside = np.array([[-2.1, 1.8, 0]])
    assert found.outside({"x": inside}) == []
    assert found.outside({"x": np.array([[-2.2, 1.9, 0]])}) == [Clipped("x", 2, 3, "s4 e-2")]


def test_a_threshold_has_no_outside():
    proto = model("[q] q = qonnx.custom_op.general.BipolarQuant (x, step) [fc] y = MatMul (q, w)")
    assert network.read(proto, Options()).outside({"x": np.array([[-9.0, 9, 0]])}) == []


def test_saturation_is_what_all_formats_do_unless_asked():
    proto, x = parser.parse_model(SOURCE), 100 * DATA
    found = network.read(proto, Options(config={}, calibrate={"x": DATA}))
    kinds = [n.op.overflow for n in found.graph.nodes if hasattr(n.op, "overflow")]
    assert kinds == [Overflow.SATURATE]
    assert {chosen.overflow for chosen in found.codings.formats.values()} == {Overflow.SATURATE}
    wrapped = {"defaults": CONFIG["defaults"], "formats": {"x": "s6 e-2 wrap", "r": "u3 e-1 wrap"}}
    design = rtlgen.generate(proto, Options(config=wrapped, stages=0))
    codes = np.rint(x * 4).astype(int)
    x_fixed = ((codes + 32) % 64 - 32) / 4
    h = np.maximum(x_fixed @ [[1, 0.5], [-0.5, 0.25]], 0)
    r = np.rint(h * 2) % 8 / 2
    np.testing.assert_array_equal(design.predict(x), r @ [[0.5, 1], [1, -1]])
    saturating = rtlgen.generate(proto, Options(config=CONFIG, stages=0))
    h = np.maximum(np.clip(np.rint(x * 4), -32, 31) / 4 @ [[1, 0.5], [-0.5, 0.25]], 0)
    r = np.minimum(np.rint(h * 2), 7) / 2
    np.testing.assert_array_equal(saturating.predict(x), r @ [[0.5, 1], [1, -1]])
    assert not saturating.proof().unproved  # of the saturation, for every code of the input
    assert not design.proof().unproved


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(DataError):
        read().outside(np.zeros((2, 3)))
