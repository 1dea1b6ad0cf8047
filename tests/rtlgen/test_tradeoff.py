"""The search for cheap formats that keep the accuracy, and the labels that it is measured with."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, cli, labels, network, plots
from rtlgen.digits import canonical
from rtlgen.formats import Formats
from rtlgen.frontend import load
from rtlgen.notation import Format
from rtlgen.size import adder_bits
from rtlgen.widths import NARROWEST, WIDEST, Result, budget, search
from sim.errors import ConfigError, DataError, RtlgenError
from tests.rtlgen.models import saved, tiny

SIZES = (6, 16, 4)


def classifier(seed: int = 0, ending: str = ""):
    """A float network of two layers, samples, and what it says of them, sometimes wrongly."""
    draw = np.random.default_rng(seed)
    a, b = (draw.normal(size=shape).round(3) for shape in pairwise(SIZES))
    proto = parser.parse_model(
        '<ir_version: 9, opset_import: ["" : 17]>\n'
        f"net (float[1, {SIZES[0]}] x) => (float[1, {SIZES[-1]}] y) "
        f"<float[{SIZES[0]}, {SIZES[1]}] a = {_listed(a)}, "
        f"float[{SIZES[1]}, {SIZES[2]}] b = {_listed(b)}> "
        f"{{ [fc1] h = MatMul (x, a) [relu] r = Relu (h) [fc2] y = MatMul (r, b) {ending} }}"
    )
    x = draw.normal(size=(300, SIZES[0]))
    classes = (np.maximum(x @ a, 0) @ b).argmax(1)
    wrong = draw.random(300) < 0.1
    return proto, x, np.where(wrong, (classes + 1) % SIZES[-1], classes)


def _listed(values):
    return "{" + ", ".join(f"{v:g}" for v in values.flat) + "}"


def parts():
    """What formats are searched on, and what they are judged on."""
    proto, x, y = classifier()
    searched, held = labels.halves({"x": x}, y)
    return proto, (searched[0]["x"], searched[1]), (held[0]["x"], held[1])


def read(drop=0.02, config=None, **given):
    proto, x, y = classifier()
    options = Options(
        config=config, calibrate={"x": x, "y": y, **given}, accuracy_drop=drop, limit=10**9
    )
    return network.read(proto, options)


# -- the search ----------------------------------------------------------------------------------


def test_the_accuracy_is_kept_and_the_cost_falls():
    _, (x, y), _ = parts()
    found = read()
    best = found.tradeoff.best
    assert found.tradeoff.float_accuracy == pytest.approx(0.9, abs=0.05)
    assert found.tradeoff.goal == pytest.approx(found.tradeoff.float_accuracy - 0.02)
    assert (found.predict(x).argmax(1) == y).mean() == best.accuracy >= found.tradeoff.goal
    assert adder_bits(found.graph) == best.cost
    uniform = [t for t in found.tradeoff.trials if t.changed.startswith("all: ") and t.kept]
    assert best.cost < uniform[-1].cost < uniform[0].cost
    widths = {str(f).split()[0] for n, f in found.codings.formats.items() if n != "x"}
    assert len(widths) > 1


def test_the_same_every_time():
    assert read().tradeoff == read().tradeoff


def test_the_accuracy_that_is_told_is_that_of_other_samples():
    _, (seen, _), (x, y) = parts()
    found = read()
    held = found.tradeoff.held_out
    assert held.samples == len(x) == 150
    assert not {tuple(row) for row in seen}.intersection(tuple(row) for row in x)
    assert held.accuracy == (found.predict(x).argmax(1) == y).mean()
    proto, *_ = classifier()
    floats = [ReferenceEvaluator(proto).run(None, {"x": r[None].astype(np.float32)}) for r in x]
    assert held.float_accuracy == (np.argmax(floats, -1).reshape(-1) == y).mean()
    assert held.error == pytest.approx(np.sqrt(held.accuracy * (1 - held.accuracy) / 150))
    assert found.calibrated == found.tradeoff.samples == 150
    options = Options(calibrate={"x": seen}, config=tomllib.loads(found.codings.configuration()))
    np.testing.assert_array_equal(
        network.read(proto, replace(options, limit=10**9)).predict(x), found.predict(x)
    )


@pytest.mark.parametrize(("count", "sizes"), [(2, [1, 1]), (7, [4, 3]), (100, [50, 50])])
def test_halves(count, sizes):
    x, y = np.arange(3 * count).reshape(count, 3), np.arange(count)
    found = labels.halves({"x": x}, y)
    assert [len(classes) for _, classes in found] == sizes
    assert sorted(np.concatenate([classes for _, classes in found])) == list(range(count))
    for samples, classes in found:
        np.testing.assert_array_equal(samples["x"], x[classes])
    again = labels.halves({"x": x}, y)
    np.testing.assert_array_equal(found[0][1], again[0][1])


def test_one_sample_has_no_halves():
    with pytest.raises(DataError) as caught:
        labels.halves({"x": np.zeros((1, 3))}, np.zeros(1, int))
    assert str(caught.value) == (
        "accuracy: there is one sample with a class; give two at least, for formats are searched "
        "on one half of them, and the accuracy that is told is that of the other"
    )


def test_the_uniform_width_is_the_least():
    found = read()
    proto, (x, y), _ = parts()
    goal = found.tradeoff.goal
    tried = {t.changed: t for t in found.tradeoff.trials if t.changed.startswith("all: ")}
    least = min(int(name.split()[1]) for name, t in tried.items() if t.kept)
    for width in (least, least - 1):
        config = {"defaults": {"weights": f"{width}", "activations": f"{width}"}}
        options = Options(config=config, calibrate={"x": x}, limit=10**9)
        right = (network.read(proto, options).predict(x).argmax(1) == y).mean()
        assert (right >= goal) == (width == least)


def test_formats_that_are_given_stay():
    config = {"layers": {"fc1": {"weights": "s9 e-6"}}, "formats": {"r": "u11 e-6"}}
    found = read(config=config)
    assert found.codings.chosen["a"] == "s9 e-6"
    assert found.codings.chosen["r"] == "u11 e-6"
    assert {t.changed.split(":")[0] for t in found.tradeoff.trials} == {"all", "b"}


def test_what_cannot_be_reached():
    config = {"formats": {"x": "s2 e0"}}
    with pytest.raises(ConfigError) as caught:
        read(config=config)
    reached = str(caught.value).split("accuracy of ")[1].split(",")[0]
    goal = str(caught.value).split("the goal is ")[1].split(";")[0]
    assert str(caught.value) == (
        f"accuracy drop: {WIDEST} bits for all weights and activations give an accuracy of "
        f"{reached}, and the goal is {goal}; allow a larger drop, or give inputs and single values "
        f"finer formats in a configuration"
    )
    assert float(reached[:-1]) < float(goal[:-1])


def test_nothing_to_search():
    with pytest.raises(ConfigError) as caught:
        network.read(
            tiny(),
            Options(
                config={"formats": {"w": "s4 e-2"}},
                calibrate={"x": np.zeros((2, 3)), "y": [0, 1]},
                accuracy_drop=0,
            ),
        )
    assert str(caught.value) == (
        "accuracy drop: the model and its configuration say all formats, so there are none to "
        "search; leave some of them out"
    )


def test_a_default_with_a_step():
    with pytest.raises(ConfigError) as caught:
        read(config={"defaults": {"weights": "s8 e-3"}})
    assert str(caught.value) == (
        "accuracy drop: the default of weights has a step, which cannot follow its width; leave "
        "the step out"
    )


def widths_of(formats):
    uniform = formats.defaults["weights"].width
    return {
        n: formats.values[n].flat[0].width if n in formats.values else uniform
        for n in Landscape.values
    }


class Landscape:
    """Accuracy and cost as functions of widths, with no network behind them."""

    values = ("p", "q", "r")
    needs = {"p": 7, "q": 5, "r": 2}
    costs = {"p": 1, "q": 10, "r": 3}

    def __init__(self) -> None:
        self.seen = []

    def accuracy(self, widths):
        return 0.9 if all(w >= self.needs[n] for n, w in widths.items()) else 0.5

    def __call__(self, formats):
        widths = {
            n: formats.values[n].flat[0].width
            if n in formats.values
            else formats.defaults["weights"].width
            for n in self.values
        }
        self.seen.append(tuple(widths.values()))
        cost = sum(self.costs[n] * width for n, width in widths.items())
        return frozenset(self.values), Result(self.accuracy(widths), cost)


DEFAULTS = {"inputs": Format(8), "weights": Format(8), "activations": Format(8)}


def searched(most=200, given=frozenset(), goal=0.8, landscape=None):
    landscape = landscape or Landscape()
    steps = []
    formats, trials = search(Formats(DEFAULTS), landscape, given, goal, most, steps.append)
    assert len(steps) == len(trials)
    return landscape, formats, trials


def test_every_value_gets_the_bits_that_it_needs():
    landscape, formats, trials = searched()
    assert widths_of(formats) == Landscape.needs
    refused = {trial.changed for trial in trials if trial.accuracy == 0.5}
    assert {"p: 6 bits", "q: 4 bits"} <= refused
    assert len(set(landscape.seen)) == len(landscape.seen)  # and nothing twice
    kept = [trial.cost for trial in trials if trial.kept]
    assert kept == sorted(kept, reverse=True)


def test_the_first_to_be_narrowed_saves_most():
    _, _, trials = searched()
    single = [t.changed for t in trials if t.kept and not t.changed.startswith("all")]
    assert single[0] == "q: 6 bits"
    assert single[1] == "r: 6 bits"


class Slope(Landscape):
    """Where some bits save more, and cost more of the accuracy."""

    slopes = {"p": 0.001, "q": 0.02, "r": 0.0005}

    def accuracy(self, widths):
        return 0.9 - sum(self.slopes[n] * (16 - width) for n, width in widths.items())


def test_what_saves_most_for_what_it_loses_comes_first():
    _, _, trials = searched(goal=0.6425, landscape=Slope())
    single = [t.changed for t in trials if t.kept and not t.changed.startswith("all")]
    assert [name.split(":")[0] for name in single[:2]] == ["r", "p"]  # 6000, 1000, 500 for one


@pytest.mark.parametrize("least", range(NARROWEST, WIDEST + 1))
def test_halving_finds_the_least_width(least):
    landscape = Landscape()
    landscape.needs = dict.fromkeys("pqr", least)
    _, formats, trials = searched(landscape=landscape)
    assert set(widths_of(formats).values()) == {least}
    uniform = [trial for trial in trials if trial.changed.startswith("all")]
    assert [t.changed for t in uniform if t.kept][-1] == f"all: {least} bits"
    assert len(uniform) <= 5


def test_trials_are_bounded():
    for most in (1, 6, 8, 11):
        landscape, formats, trials = searched(most)
        assert len(landscape.seen) <= max(most, 5)  # the halving is always done
        last = [trial for trial in trials if trial.kept][-1]
        assert Landscape()(formats)[1] == Result(last.accuracy, last.cost)


def test_no_width_is_too_narrow():
    _, formats, _ = searched(goal=0.1)
    assert set(widths_of(formats).values()) == {NARROWEST}


def test_values_that_are_not_to_be_changed():
    _, formats, _ = searched(given=frozenset({"q"}))
    assert widths_of(formats) == {"p": 7, "q": 7, "r": 2}


@pytest.mark.parametrize(
    ("products", "most"), [(0, 200), (10**8, 200), (25 * 10**8, 40), (10**12, 24)]
)
def test_fewer_trials_of_large_networks(products, most):
    assert budget(products) == most


def test_the_cost_is_that_of_adders():
    found = network.read(tiny(weights="{0.25, 0.75, -1.75, 0, 1, -1}"), Options())
    digits = sum(len(canonical(code)) for code in (1, 3, -7, 0, 4, -4))
    assert digits == 7
    assert adder_bits(found.graph) == 4 * digits  # 4 bits of input


# -- what is told --------------------------------------------------------------------------------


def test_the_table_the_plot_and_the_report():
    found = read()
    told = found.tradeoff
    lines = told.text(80).splitlines()
    assert lines[1].split() == ["tried", "accuracy", "(adder", "bits)", "kept"]
    assert len(lines) == 2 + len(told.trials) + 2
    assert [line.endswith("*") for line in lines[2:-2]] == [t.kept for t in told.trials]
    best, held = told.best, told.held_out
    error = np.sqrt(best.accuracy * (1 - best.accuracy) / 150)
    searched = (
        f"accuracy {best.accuracy:.2%} ± {error:.2%} of 150 samples that formats were searched on; "
        f"float model {told.float_accuracy:.2%}, goal {told.goal:.2%}"
    )
    others = (
        f"accuracy {held.accuracy:.2%} ± {held.error:.2%} of 150 others; float model "
        f"{held.float_accuracy:.2%}"
    )
    assert lines[-2:] == [searched, others]
    assert told.text() in found.summary()
    assert found.notes()["accuracy"] == json.loads(json.dumps(told.to_json()))
    assert found.notes()["accuracy"]["accuracy"] == told.best.accuracy
    assert found.notes()["accuracy"]["held_out"] == {
        "float": held.float_accuracy,
        "accuracy": held.accuracy,
        "standard_error": held.error,
        "samples": 150,
    }
    assert plots.GREEN in told.svg()
    points = [e for e in ET.fromstring(told.svg()).iter() if e.tag.endswith("circle")]
    assert len(points) == len(told.trials)
    places = sorted((float(p.get("cx")), -float(p.get("cy"))) for p in points)
    numbers = sorted((t.cost, t.accuracy) for t in told.trials)
    for axis in range(2):  # in proportion, up to the last digit that is written
        pixels, drawn = (np.array([p[axis] for p in ps]) for ps in (places, numbers))
        scaled = (drawn - drawn.min()) * np.ptp(pixels) / np.ptp(drawn) + pixels.min()
        np.testing.assert_allclose(pixels, scaled, atol=0.2)


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    proto, x, y = classifier()
    saved(proto)
    np.savez("d.npz", x=x, classes=y)
    arguments = ["net.onnx", "-o", "out", "--no-verify", "--effort", "1", "--calibrate", "d.npz"]
    assert cli.main([*arguments, "--accuracy-drop", "2%", "--labels", "classes"]) == 0
    wanted = read()
    out, told = capsys.readouterr()
    assert wanted.tradeoff.text() in out
    phases = [line.split()[0] for line in told.splitlines()]
    assert phases[:4] == ["import", "calibrate", "formats", "quantize"]
    assert Path("out/accuracy.svg").read_text() == wanted.tradeoff.svg()
    toml = Path("out/formats.toml").read_text()
    assert toml == wanted.codings.configuration()
    again = network.read(proto, Options(config=tomllib.loads(toml), limit=10**9))
    np.testing.assert_array_equal(again.predict(x), wanted.predict(x))
    assert json.loads(Path("out/report.json").read_text())["accuracy"]["samples"] == 150


# -- labels --------------------------------------------------------------------------------------


def test_labels_in_every_form():
    model, y = load(classifier()[0]), np.array([0, 3, 1])
    for form in (y, y[:, None], y.astype(np.uint8), y.astype(float), np.eye(4)[y]):
        assert labels.classes(form, 3, model, "y").tolist() == [0, 3, 1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            None,
            (
                "labels 'y': there is no such array beside those of the inputs; give the class of "
                "each sample in the file of --calibrate, and the array's name with --labels"
            ),
        ),
        (
            np.zeros(2),
            (
                "labels 'y': they have the shape [2]; give an array of the shape [3], or [3, 4] "
                "with a one for the class"
            ),
        ),
        (
            np.zeros((3, 5)),
            (
                "labels 'y': they have the shape [3, 5]; give an array of the shape [3], or [3, 4] "
                "with a one for the class"
            ),
        ),
        *(
            (np.array(bad), "labels 'y': the classes are whole numbers from 0 to 3")
            for bad in ([0, 1, 4], [0, 1, -1], [0, 1, 0.5], [0, 1, np.nan], ["0", "1", "2"])
        ),
    ],
)
def test_labels_that_do_not_fit(given, message):
    with pytest.raises(DataError) as caught:
        labels.classes(given, 3, load(classifier()[0]), "y")
    assert str(caught.value) == message


def test_an_input_of_that_name_is_no_label():
    arrays = {"x": np.zeros(3), "y": np.zeros(3)}
    model = load(tiny())
    assert labels.split(arrays, model, "y")[1] is arrays["y"]
    assert labels.split(arrays, model, "x") == (arrays, None)


def test_networks_without_classes():
    proto = tiny("a = MatMul (q, w) y = ReduceSum <keepdims = 1> (a)", outputs="float[1, 1] y")
    with pytest.raises(RtlgenError):
        network.read(proto, Options(calibrate={"x": np.zeros((2, 3))}, accuracy_drop=0.01))
    two = tiny("y = MatMul (q, w) z = Relu (y)", outputs="float[1, 2] y, float[1, 2] z")
    with pytest.raises(ConfigError) as caught:
        network.read(two, Options(calibrate={"x": np.zeros((2, 3))}, accuracy_drop=0.01))
    assert str(caught.value) == (
        "accuracy: the network has the outputs 'y' of shape [1, 2], 'z' of shape [1, 2]; it is "
        "known for one output with a number for each class, choose it with --output"
    )
