"""The fixed-point network beside the float model: numbers, table, JSON and plots."""

from __future__ import annotations

import json
from math import inf, log10
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from onnx import parser

import hlsgen
import rtlgen
from rtlgen import Options, cli, network, plots
from rtlgen.comparison import POINTS
from rtlgen.frontend import load
from rtlgen.frontend.evaluation import evaluate
from sim.errors import ConfigError
from tests.rtlgen.models import saved, tiny
from tests.rtlgen.random_networks import network as random_network

SOURCE = (
    '<ir_version: 9, opset_import: ["" : 17]>\n'
    "net (float[1, 3] x) => (float[] y) <float[3, 2] w = {0.3, 0.5, -0.2, 0.7, 0.1, 0.9}, "
    "float[2] c = {0.1, -0.2}, float[2, 2] v = {0.5, 1, 1, -1}> "
    "{ [fc1] h = MatMul (x, w) [bias] g = Add (h, c) [relu] r = Relu (g) "
    "[fc2] y = MatMul (r, v) }"
)
CONFIG = {
    "defaults": {"weights": "s5 e-4"},
    "formats": {"x": "s6 e-3", "r": "u4 e-2", "c": "s6 e-4"},
}
DATA = np.random.default_rng(0).normal(0, 2, (50, 3))


def proto():
    return parser.parse_model(SOURCE)


def values_in_numpy():
    """Each value of the network, as the formats say, and of the float model."""
    w, c = np.array([[0.3, 0.5], [-0.2, 0.7], [0.1, 0.9]]), np.array([0.1, -0.2])
    v = np.array([[0.5, 1], [1, -1]])
    x = np.clip(np.rint(DATA * 8), -32, 31) / 8
    h = x @ (np.clip(np.rint(w * 16), -16, 15) / 16)
    g = h + np.rint(c * 16) / 16
    r = np.minimum(np.rint(np.maximum(g, 0) * 4), 15) / 4
    y = r @ (np.clip(np.rint(v * 16), -16, 15) / 16)
    fixed = {"x": x, "h": h, "g": g, "r": r, "y": y}
    f = {"x": DATA, "h": DATA @ w, "g": DATA @ w + c}
    f["r"] = np.maximum(f["g"], 0)
    f["y"] = f["r"] @ v
    return f, fixed


def test_every_number_of_the_table():
    found = rtlgen.compare(proto(), {"x": DATA}, Options(config=CONFIG))
    floats, fixed = values_in_numpy()
    assert [row.value for row in found.rows] == ["x", "h", "g", "r", "y"]
    assert [row.operator for row in found.rows] == ["", "MatMul", "Add", "Relu", "MatMul"]
    assert [row.format for row in found.rows][::3] == ["s6 e-3", "u4 e-2"]
    for row in found.rows:
        errors = np.abs(floats[row.value] - fixed[row.value])
        # the float model computes in single precision: 2**-20 of numbers below 16
        assert row.max_error == pytest.approx(errors.max(), abs=2e-5)
        assert row.mean_error == pytest.approx(errors.mean(), abs=2e-5)
        relative = np.sqrt(np.square(errors).mean() / np.square(floats[row.value]).mean())
        assert row.relative_error == pytest.approx(relative, abs=2e-5)
        assert row.sqnr_db == pytest.approx(-20 * log10(relative), abs=1e-2)
    share = {row.value: row.clipped_percent for row in found.rows}
    assert share["x"] == pytest.approx(100 * (np.rint(np.abs(DATA * 8 + 0.5)) > 32).mean(), abs=2)
    assert share["r"] == pytest.approx(100 * (np.rint(floats["r"] * 4) > 15).mean())
    assert share["r"] > 0
    assert share["y"] is None


def test_a_design_and_a_project_are_compared_as_they_are():
    design = rtlgen.generate(proto(), Options(config=CONFIG, stages=0))
    project = hlsgen.generate(proto(), hlsgen.Options(config=CONFIG))
    wanted = rtlgen.compare(proto(), {"x": DATA}, Options(config=CONFIG))
    assert rtlgen.compare(design, {"x": DATA}).rows == wanted.rows
    assert rtlgen.compare(project, {"x": DATA}).rows == wanted.rows


def test_formats_from_the_same_samples_if_nothing_else_is_said(tmp_path):
    np.savez(tmp_path / "d.npz", x=DATA)
    found = rtlgen.compare(proto(), tmp_path / "d.npz")
    assert found.samples == 50
    assert all(row.sqnr_db > 50 for row in found.rows)


@pytest.mark.parametrize("seed", range(20))
def test_values_of_quantized_networks_are_the_models_own(seed):
    """The float evaluation of a quantized model is what its fixed-point network computes."""
    net = random_network(seed, "po2")
    options = Options(limit=10**9, config={"defaults": {"inputs": "s16 e-4"}})
    source = network.read(net.model(), options)
    x = np.rint(np.random.default_rng(seed).normal(0, 24, (3, *net.inputs["x"]))) / 16
    found = source.compared({"x": x})
    wanted = list(evaluate(load(net.model()), {"x": x}))
    assert found.rows
    for row in found.rows:
        largest = max(float(np.abs(values[row.value]).max(initial=0)) for values in wanted)
        assert row.max_error <= 1e-5 * max(1, largest)


def test_equal_values_have_no_noise():
    found = rtlgen.compare(tiny(), {"x": np.array([[0.25, 0.5, -1]])}, Options())
    assert [row.sqnr_db for row in found.rows] == [inf, inf]
    assert [row["sqnr_db"] for row in found.to_json()["values"]] == [None, None]
    json.dumps(found.to_json(), allow_nan=False)
    assert found.text(80).splitlines()[-1].split() == ["y", "MatMul", "s7", "e-4", "0", "0", "inf"]


def test_the_plots():
    found = rtlgen.compare(proto(), {"x": DATA}, Options(config=CONFIG))
    drawn = ET.fromstring(found.svg())
    bars = [e for e in drawn.iter() if e.tag.endswith("rect") and e.get("x")]
    assert len(bars) == len(found.rows)
    lengths = [float(bar.get("width")) for bar in bars]
    errors = [row.relative_error for row in found.rows]
    np.testing.assert_allclose(
        np.array(lengths) / max(lengths), np.array(errors) / max(errors), atol=1e-3
    )
    points = [e for e in drawn.iter() if e.tag.endswith("circle")]
    assert len(points) == found.outputs["y"][0].size == 100
    assert all(0 <= float(p.get("cx")) <= 640 and 0 <= float(p.get("cy")) <= 400 for p in points)


def test_no_more_points_are_drawn_than_can_be_seen():
    data = np.random.default_rng(0).normal(0, 2, (2 * POINTS, 3))
    found = rtlgen.compare(proto(), {"x": data}, Options(config=CONFIG))
    assert found.outputs["y"][0].size == POINTS


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    saved(tiny())
    x = np.array([[0.25, 0.5, -1], [0.3, 0.1, 9]])
    np.savez("d.npz", x=x)
    arguments = ["net.onnx", "-o", "out", "--no-verify", "--data", "d.npz", "--compare"]
    assert cli.main(arguments) == 0
    wanted = rtlgen.compare(tiny(), {"x": x}, Options())
    assert wanted.text() in capsys.readouterr().out
    given = json.loads((tmp_path / "out/comparison.json").read_text())
    assert given == {**wanted.to_json(), "model": given["model"]}
    assert (tmp_path / "out/comparison.svg").read_text() == wanted.svg()
    assert cli.main(arguments) == 0  # the folder is ours


def test_the_folder_of_a_project(tmp_path):
    options = hlsgen.Options(config=CONFIG, calibrate={"x": DATA}, compare=True)
    project = hlsgen.generate(proto(), options)
    for _ in range(2):  # the second in place of the first
        project.write(tmp_path / "out")
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert {"comparison.json", "comparison.svg", "formats.toml"} <= set(report["files"])
    assert [row["value"] for row in report["clipped"]] == ["x", "r"]
    given = json.loads((tmp_path / "out/comparison.json").read_text())
    assert given == project.network.compared({"x": DATA}).to_json()


def test_nothing_to_compare_on():
    with pytest.raises(ConfigError) as caught:
        network.read(tiny(), Options(compare=True))
    assert str(caught.value) == (
        "compare: there are no samples to compare the network with the float model on; give "
        "--data DATA.npz or --calibrate DATA.npz"
    )


@pytest.mark.parametrize("numbers", [[0], [5], [-3, -3], [1e-30, 1e30], [float("nan"), 1]])
def test_axes_of_any_numbers(numbers):
    points = [(value, value) for value in numbers]
    drawn = plots.chart("a < b & \x00", "x", "y", [plots.Series(points[-1:])])
    ET.fromstring(plots.document([(drawn, plots.HEIGHT)]))
    ET.fromstring(plots.document([(plots.bars("t", "%", [("n", v) for v in numbers]), 100)]))
