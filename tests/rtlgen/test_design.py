"""The Python API: options, prediction, and what a design says of itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rtlgen.network
from rtlgen import Design, Options, generate
from rtlgen.dataflow import evaluate
from rtlgen.exact import levels
from rtlgen.operations import operands, summands
from rtlgen.optimize import finish
from sim.errors import ConfigError, DataError
from sim.manifest import Ports
from tests.rtlgen.models import QUANT, model, saved, tiny

WEIGHTS = np.array([[0.25, 0.5], [-0.25, 0], [1, -1]])
TWO = (
    "float[1, 3] x, float[1, 2] u",
    (
        f"q = {QUANT} (x, step, zero, bits) p = {QUANT} (u, step, zero, bits) "
        "[fc] y = MatMul (q, w) [sum] z = Add (y, p)"
    ),
    "float[1, 2] y, float[1, 2] z",
)


@pytest.fixture(scope="module")
def design() -> Design:
    return generate(tiny())


@pytest.fixture(scope="module")
def two() -> Design:
    inputs, body, outputs = TWO
    return generate(model(body, inputs=inputs, outputs=outputs))


def expected(x):
    """What the network means, in floats that are exact here."""
    return np.clip(np.rint(np.asarray(x) * 4), -8, 7) / 4 @ WEIGHTS


# -- predict -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ((3,), (2,)),
        ((1, 3), (1, 2)),
        ((1, 1, 3), (1, 2)),
        ((5, 3), (5, 2)),
        ((5, 1, 3), (5, 2)),
        ((0, 3), (0, 2)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
def test_predicts_one_sample_or_many(design, shape, result, dtype):
    x = np.random.default_rng(0).uniform(0, 3, shape).astype(dtype)
    predicted = design.predict(x)
    assert predicted.shape == result
    assert predicted.dtype == np.float64
    assert predicted.tolist() == expected(x).reshape(result).tolist()


def test_predicts_lists_and_dictionaries(design):
    assert design.predict([1, -0.5, 9]).tolist() == expected([1, -0.5, 9]).tolist()
    assert design.predict({"x": [[1, -0.5, 9]]}).tolist() == expected([[1, -0.5, 9]]).tolist()


def test_predicts_several_outputs_by_their_names(two):
    x, u = np.array([[1, 0.5, -1], [0, 0, 0.25]]), np.array([[0.5, 1], [-2, 1.75]])
    predicted = two.predict({"u": u, "x": x})
    assert {n: y.tolist() for n, y in predicted.items()} == {
        "y": expected(x).tolist(),
        "z": (expected(x) + u).tolist(),
    }
    assert two.predict({"u": u[0], "x": x[0]})["z"].tolist() == (expected(x) + u)[0].tolist()


def test_predicts_in_chunks(design, monkeypatch):
    x = np.random.default_rng(0).normal(size=(11, 3))
    whole = design.predict(x)
    monkeypatch.setattr(rtlgen.reference, "CHUNK", 4)
    assert design.predict(x).tolist() == whole.tolist() == expected(x).tolist()


def test_an_output_that_is_the_same_for_all_samples():
    constant = tiny("a = Sub (q, q) [fc] y = MatMul (a, w)")
    assert generate(constant).predict(np.ones((5, 3))).tolist() == [[0, 0]] * 5


def test_codes_stay_in_their_format_where_floats_are_too_coarse():
    wide = model("y = Sub (x, x)", outputs="float[1, 3] y")
    design = generate(wide, Options(config={"formats": {"x": "s62 e0"}}))
    codes = design.network.encode([2.0**61, -(2.0**61), 2.0**70])["x"].codes
    assert codes.tolist() == [[[2**61 - 1, -(2**61), 2**61 - 1]]]


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (
            [1, 2],
            (
                "input 'x': data have the shape [2], but samples have [3]; give an array of the "
                "shape [samples, 3]"
            ),
        ),
        (
            np.zeros((2, 2, 3)),
            (
                "input 'x': data have the shape [2, 2, 3], but samples have [3]; give an array "
                "of the shape [samples, 3]"
            ),
        ),
        (
            [0, np.inf, 0],
            "input 'x': the number at [0, 0, 1] is inf; leave out samples that are not finite",
        ),
        ("abc", "input 'x': <U3 where numbers should be; give an array of them"),
        ([1j, 2, 3], "input 'x': complex128 where numbers should be; give an array of them"),
        (None, "input 'x': object where numbers should be; give an array of them"),
        (
            [[1, 2, 3], [1]],
            "input 'x': rows of different lengths where numbers should be; give an array of them",
        ),
        (
            {"z": [1, 2, 3]},
            "inputs 'z': the model has 'x'; give a dictionary with an array for each",
        ),
    ],
)
def test_data_that_do_not_fit(design, x, text):
    with pytest.raises(DataError) as caught:
        design.predict(x)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (
            np.zeros((4, 3)),
            "inputs 'x': the model has 'x', 'u'; give a dictionary with an array for each",
        ),
        (
            {"x": np.zeros((4, 3)), "u": np.zeros((5, 2))},
            "inputs 'x', 'u': they have 4 and 5 samples; give each the same number",
        ),
        (
            {"x": np.zeros((1, 3)), "u": np.zeros((5, 2))},
            "inputs 'x', 'u': they have 1 and 5 samples; give each the same number",
        ),
        (
            {"x": np.zeros((1, 3)), "u": np.zeros(2)},
            (
                "inputs 'x', 'u': some have an axis of samples and some do not; give it to all "
                "or to none"
            ),
        ),
    ],
)
def test_data_for_several_inputs_that_do_not_fit(two, x, text):
    with pytest.raises(DataError) as caught:
        two.predict(x)
    assert str(caught.value) == text


# -- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"clock_hz": 0}, "clock 0 Hz: not a frequency; give one above zero"),
        ({"clock_hz": float("nan")}, "clock nan Hz: not a frequency; give one above zero"),
        ({"stages": -1}, "stages -1: too small; give 0 or more"),
        ({"samples": 0}, "samples 0: too small; give 1 or more"),
        ({"seed": -1}, "seed -1: too small; give 0 or more"),
        ({"limit": 0}, "limit 0: too small; give 1 or more"),
        ({"ports": "element"}, "ports 'element': unknown; did you mean 'elements'?"),
        (
            {"clock_hz": 2e7, "stages": 0},
            "clock 20 MHz and 0 stages: a combinational design has no clock; leave one of them out",
        ),
    ],
)
def test_options_that_make_no_sense(options, text):
    with pytest.raises(ConfigError) as caught:
        Options(**options)
    assert str(caught.value) == text


def test_options_take_names():
    options = Options(ports="elements", outputs="q")
    assert options.ports is Ports.ELEMENTS
    assert options.outputs == ("q",)
    assert generate(tiny(), Options(outputs="q")).predict([1, 2, 9]).tolist() == [1, 1.75, 1.75]


@pytest.mark.parametrize(
    ("options", "latency", "clock"),
    [
        (Options(), 1, 320e6),
        (Options(clock_hz=800e6), 2, 800e6),
        (Options(stages=3), 3, None),
        (Options(clock_hz=100e6, stages=3), 3, 100e6),
        (Options(stages=0), 0, None),
    ],
)
def test_clock_and_stages(options, latency, clock):
    assert generate(tiny(), options).latency == latency
    assert options.wanted_clock_hz == clock


def test_logits():
    soft = tiny("a = MatMul (q, w) y = Softmax (a)")
    assert generate(soft, Options(logits=True)).predict([1, 0, 0]).tolist() == [0.25, 0.5]


def test_formats_from_data():
    x = np.random.default_rng(0).normal(size=(50, 3))
    float_model = model("[fc] y = MatMul (x, w)")
    design = generate(float_model, Options(calibrate={"x": x}))
    assert design.network.codings.chosen["x"].startswith("s16 ")
    own, _ = design.vectors()
    assert (
        own["x"][:50].tolist()
        == design.network.encode(x)["x"].in_steps(design.network.graph.inputs["x"].exp).tolist()
    )


# -- what a design is ----------------------------------------------------------------------------


def test_the_name_is_that_of_the_file_or_the_graph(tmp_path: Path):
    assert generate(tiny()).name == "tiny"
    assert generate(saved(tiny(), tmp_path / "jets v2.onnx")).name == "jets v2"


@pytest.mark.parametrize("ports", list(Ports))
def test_vectors_are_what_the_operations_give(two, ports):
    design = Design(two.network, Options(ports=ports), two.target, two.flow, two.schedule)
    inputs, outputs = design.vectors()
    assert {len(codes) for codes in (*inputs.values(), *outputs.values())} == {1000}
    manifest = design.manifest
    for sample in range(0, 1000, 50):
        codes = [c for t in manifest.inputs for c in inputs[t.name][sample].flat]
        answer = [c for t in manifest.outputs for c in outputs[t.name][sample].flat]
        assert evaluate(design.flow, codes) == answer


def test_the_manifest_names_a_port_for_every_element(two):
    elements = Design(
        two.network, Options(ports=Ports.ELEMENTS), two.target, two.flow, two.schedule
    )
    assert [t.ports for t in two.manifest.inputs] == [(), ()]
    assert [t.ports for t in elements.manifest.inputs] == [
        ("x_0_0", "x_0_1", "x_0_2"),
        ("u_0_0", "u_0_1"),
    ]
    assert all(f" {name};" in elements.verilog for name in elements.manifest.port_names)
    assert two.manifest.port_names == ("clk", "x__valid", "x__payload", "y__valid", "y__payload")


def test_what_was_read(two):
    assert two.network.summary() == (
        "tiny\n"
        "  input   x: 1x3, s4 e-2\n"
        "  input   u: 1x2, s4 e-2\n"
        "  output  y: 1x2, s7 e-4\n"
        "  output  z: 1x2, s8 e-4\n"
        "  layers  2 (1 MatMul, 1 Add)"
    )


def test_a_summary_names_a_dozen_formats():
    chain = " ".join(f"[n{i}] a{i + 1} = Relu (a{i})" for i in range(15))
    long = model("a0 = Identity (x)", chain, "y = Identity (a15)", outputs="float[1, 3] y")
    formats = {f"a{i}": "u8 e-4" for i in range(1, 15)}
    lines = generate(long, Options(config={"formats": {"x": "s8 e-4", **formats}}))
    shown = lines.network.summary().splitlines()
    assert sum(line.startswith("  format  ") for line in shown) == 12
    assert shown[-1] == "          and 3 more, in formats.toml"


@pytest.mark.parametrize("seed", range(6))
def test_sums_of_two_are_as_early_as_they_can_be(seed):
    weights = np.random.default_rng(seed).integers(-64, 64, (8, 6))
    more = f", float[8, 6] v = {{{', '.join(map(str, (weights / 64).flat))}}}"
    shapes = {"inputs": "float[1, 8] x", "outputs": "float[1, 6] y"}
    made = generate(
        tiny("[fc] y = MatMul (q, v)", more=more, **shapes),
        Options(target="lfe5u-85f", stages=1, effort=3),
    )
    least = [levels(column) for column in weights.T.tolist()]
    depths = [0] * len(made.flow.ops)
    for i, op in enumerate(made.flow.ops):
        depths[i] = max((depths[wire.op] + bool(summands(op)) for wire in operands(op)), default=0)
    assert max(depths) == max(least)


def test_of_a_large_network_one_mixture_of_adders_is_tried(monkeypatch):
    tried = []

    def counting(flow, target, *, hurried, **given):
        tried.append((target.arity, hurried))
        return finish(flow, target, hurried=hurried, **given)

    monkeypatch.setattr("rtlgen.generation.finish", counting)
    generate(tiny())
    assert tried == [(3, False), (3, True), (2, False)]
    monkeypatch.setattr("rtlgen.generation.LARGE", 1)
    generate(tiny())
    assert tried[3:] == [(3, False)]
