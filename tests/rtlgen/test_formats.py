"""Configurations: what they say, what wins, what is refused, and that they can be read back."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from onnx import parser

from rtlgen import calibrate
from rtlgen.formats import Formats
from rtlgen.frontend import load
from rtlgen.notation import Chosen, Format
from rtlgen.quantize import quantize
from sim.errors import ConfigError
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

HEADER = '<ir_version: 9, opset_import: ["" : 17]>'
WEIGHTS = "float[3, 2] w = {0.1, 0.5, -0.7, 0.02, 0.3, 0.9}, float[2, 2] v = {0.1, 0.7, -0.3, 0.4}"
NET = (
    "[fc1] h = MatMul (x, w)",
    "[bias1] g = Add (h, c)",
    "[relu1] r = Relu (g)",
    "[fc2] y = Gemm (r, v, d)",
)


def net(*body: str, more: str = ""):
    given = f"{WEIGHTS}, float[2] c = {{0.3, -0.1}}, float[2] d = {{0.25, 1}}{more}"
    nodes = " ".join(body or NET)
    source = f"{HEADER}\nnet (float[1, 3] x) => (float[] y) <{given}> {{ {nodes} }}"
    return load(parser.parse_model(source))


def quantized(toml: str, model=None, data=None):
    model = model or net()
    formats = Formats.parse(tomllib.loads(toml), "c.toml")
    if data is not None:
        formats = calibrate.with_ranges(formats, model, {"x": data})
    return quantize(model, formats)


COMPLETE = """
[defaults]
inputs = "s6 e-3"
weights = "s5 e-3"
activations = "u7 e-4"
"""
X = np.random.default_rng(0).normal(0, 1, (60, 3))


def same(a, b):
    assert str(a.graph) == str(b.graph)
    assert list(a.graph.constants) == list(b.graph.constants)
    for name, value in a.graph.constants.items():
        np.testing.assert_array_equal(value.codes, b.graph.constants[name].codes)
        assert value.exp == b.graph.constants[name].exp
    for p, q in zip(a.graph.nodes, b.graph.nodes, strict=True):
        assert str(p) == str(q) or p.op.to.elements() == q.op.to.elements()
    assert a.chosen == b.chosen
    for name in a.inputs:
        x = np.random.default_rng(1).normal(0, 9, (20, *a.inputs[name].type.shape))
        np.testing.assert_array_equal(
            a.inputs[name].encode(x, name).to_float(), b.inputs[name].encode(x, name).to_float()
        )


# -- the notation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("8", Format(8)),
        ("s8 e-4", Format(8, True, -4)),
        ("u1 e3", Format(1, False, 3)),
        ("u6 e-3 half_up wrap", Format(6, False, -3, Rounding.HALF_UP, Overflow.WRAP)),
        ("s6 floor", Format(6, True, None, Rounding.FLOOR)),
        ("16 per element", Format(16, per="element")),
        ("s16 reflect per element", Format(16, True, overflow=Overflow.REFLECT, per="element")),
        ("8 per tensor", Format(8, per="tensor")),
        ("8 floor per channel", Format(8, rounding=Rounding.FLOOR, per="channel")),
    ],
)
def test_formats(text, meant):
    assert Format.parse(text, "x") == meant


@pytest.mark.parametrize("width", [1, 2, 3, 8])
def test_the_finest_step_that_holds_both(width):
    ends = [0, 0.3, 0.9375, 0.999, 1, 1.5, 2.0**-9, 100, 127.4, 127.6]
    for lo, hi in [(-a, b) for a in ends for b in ends]:
        found = Format(width).interval(lo, hi)
        finer = Interval.format(found.signed, width, found.exp - 1)

        def holds(r, lo=lo, hi=hi):
            codes = [round(v / 2.0**r.exp) for v in (lo, hi)]
            return (codes[0] >= r.lo or not r.signed) and codes[1] <= r.hi

        assert found.signed == (lo < 0 and width > 1)
        assert holds(found)
        assert not holds(finer) or max(-lo if found.signed else 0, hi) <= 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "int8",
            (
                "'int8' is not a format; write one such as 's8 e-4', 'u6 e-3 half_up wrap' or "
                "'16 per element'"
            ),
        ),
        (
            8,
            (
                "8 is not a format; write one such as 's8 e-4', 'u6 e-3 half_up wrap' or "
                "'16 per element'"
            ),
        ),
        ("s63 e0", "a format of 63 bits; widths go from 1 (s: 2) to 62"),
        ("0", "a format of 0 bits; widths go from 1 (s: 2) to 62"),
        ("s1", "a format of 1 bits; widths go from 1 (s: 2) to 62"),
        ("u8 e999", "a step of 2**999; exponents go from -256 to 256"),
        ("u8 half_upp", "unknown mode 'half_upp'; did you mean 'half_up'?"),
        ([], "a list of formats must be a full array, not []"),
        (["s8 e0", ["s8 e0"]], "a list of formats must be a full array, not ['s8 e0', ['s8 e0']]"),
        (["s8 e0", "s8"], "in a list, every format needs a sign and a step"),
        (["s8 e0", "s8 e0 floor"], "the formats in a list must round and overflow alike"),
    ],
)
def test_what_is_no_format(value, message):
    with pytest.raises(ConfigError) as caught:
        Formats.parse({"formats": {"x": value}}, "c.toml")
    assert str(caught.value) == f"config 'c.toml': [formats] 'x': {message}"


def test_chosen_formats_in_writing():
    column = Intervals(np.full((2, 3), -8), np.full((2, 3), 7), np.array([[-1] * 3, [2] * 3]))
    chosen = Chosen(column, Rounding.FLOOR, Overflow.WRAP)
    assert str(chosen) == "s4 e-1 floor wrap .. s4 e2 floor wrap per element"
    assert chosen.written() == [["s4 e-1 floor wrap"], ["s4 e2 floor wrap"]]
    assert Chosen(Intervals.full((2, 3), Interval(0, 7, 0))).written() == "u3 e0"


# -- what wins -----------------------------------------------------------------------------------


def test_a_configuration_alone_quantizes_a_float_model():
    found = quantized(COMPLETE)
    assert found.chosen == {
        "x": "s6 e-3",
        "w": "s5 e-3",
        "r": "u7 e-4",
        "v": "s5 e-3",
    }
    types = found.graph.types()
    assert types["r.rounded"].exp.tolist() == [[-4, -4]]


def test_formats_before_layers_before_defaults():
    layers = COMPLETE + '[layers.fc1]\nweights = "s7 e-5"\noutput = "s9 e-4"\n'
    assert quantized(layers).chosen == {
        "x": "s6 e-3",
        "w": "s7 e-5",
        "h": "s9 e-4",
        "r": "u7 e-4",
        "v": "s5 e-3",
    }
    exact = layers + '[formats]\nw = "s4 e-2"\n"[hr]" = "s5 e-1"\n'
    assert quantized(exact).chosen == {
        "x": "s6 e-3",
        "w": "s4 e-2",
        "h": "s5 e-1",
        "r": "s5 e-1",
        "v": "s5 e-3",
    }


def test_names_before_patterns_and_first_patterns_first():
    found = quantized(COMPLETE + '[formats]\n"?" = "s5 e-1"\n"[a-z]" = "s3 e0"\nr = "u2 e0"\n')
    assert found.chosen["r"] == "u2 e0"
    assert {found.chosen[n] for n in "xwhvgcdy"} == {"s5 e-1"}


def test_layers_by_pattern_each_key_for_itself():
    found = quantized(
        COMPLETE + '[layers."fc*"]\nweights = "s6 e-4"\n[layers.fc2]\nbias = "s3 e-2"\n'
        '[layers.bias1]\nbias = "s4 e-2"\n'
    )
    assert found.chosen == {
        "x": "s6 e-3",
        "w": "s6 e-4",
        "c": "s4 e-2",
        "r": "u7 e-4",
        "v": "s6 e-4",
        "d": "s3 e-2",
    }


TYPES = """
[types.MatMul]
weights = "s7 e-4"
[types."*l*"]
output = "u6 e-2"
[types."G*"]
weights = "s6 e-4"
output = "s12 e-4"
"""


def test_types_of_operators_each_key_for_itself():
    assert quantized(COMPLETE + TYPES).chosen == {
        "x": "s6 e-3",
        "w": "s7 e-4",
        "h": "u6 e-2",
        "r": "u6 e-2",
        "v": "s6 e-4",
        "y": "s12 e-4",
    }


def test_layers_before_types_and_values_before_both():
    more = '[layers."fc*"]\noutput = "s9 e-3"\n[formats]\ny = "s5 e0"\n"v" = "s4 e-2"\n'
    assert quantized(COMPLETE + TYPES + more).chosen == {
        "x": "s6 e-3",
        "w": "s7 e-4",
        "h": "s9 e-3",
        "r": "u6 e-2",
        "v": "s4 e-2",
        "y": "s5 e0",
    }


def test_brackets_in_names_are_no_patterns():
    model = net("[fc1] h = MatMul (x, w)", "[relu1] y = Relu (h)")
    names = {"h": "h[0]", "x": "x"}
    from dataclasses import replace

    nodes = tuple(
        replace(
            n,
            inputs=tuple(names.get(i, i) for i in n.inputs),
            outputs=tuple(names.get(o, o) for o in n.outputs),
        )
        for n in model.nodes
    )
    shapes = {**model.shapes, "h[0]": (1, 2), "h0": (1, 2)}
    renamed = replace(model, nodes=nodes, shapes=shapes)
    found = quantized(COMPLETE + '[formats]\n"h[0]" = "s9 e-1"\n', renamed)
    assert found.chosen == {"x": "s6 e-3", "w": "s5 e-3", "h[0]": "s9 e-1"}


def test_defaults_without_steps_wait_for_data():
    loose = '[defaults]\ninputs = "6"\nactivations = "7"\nweights = "5"\n'
    found = quantized(loose + '[formats]\nx = "s6 e-3"\n')
    steps = "s5 e-5 .. s5 e-4 per element"  # one for each column
    assert found.chosen == {"x": "s6 e-3", "w": "s5 e-4", "v": steps}
    assert set(quantized(loose, data=X).chosen) == {"x", "w", "r", "v"}


def test_elements_of_an_input_have_steps_of_their_own():
    data = X * [1, 16, 1 / 64]
    found = quantized('[defaults]\ninputs = "8 per element"\n', data=data)
    exps = found.inputs["x"].type.exp[0].tolist()
    assert exps[0] < exps[1]
    assert exps[2] < exps[0]
    rows = found.formats["w"].type.exp[:, 0].tolist()
    assert rows[0] > rows[1]  # weights of a large input are finer, for products of equal steps
    same(found, quantized('[defaults]\ninputs = "8"\n', data=data))  # of a vector
    uniform = quantized('[defaults]\ninputs = "8 per tensor"\n', data=data)
    assert len(set(uniform.inputs["x"].type.exp.flat)) == 1


def test_elements_of_an_activation_have_steps_of_their_own():
    found = quantized('[defaults]\nactivations = "8 per element"\n', data=X * [9, 1, 1])
    (node,) = [n for n in found.graph.nodes if n.name == "relu1" and n.outputs[0] != "r"]
    assert node.op.to.exp.shape == (1, 2)
    same(found, quantized(found.configuration()))


def test_modes_of_inputs_and_weights():
    found = quantized(COMPLETE + '[formats]\nx = "s3 e0 floor wrap"\nw = "s3 e-1 ceil"\n')
    codes = found.inputs["x"].encode([[3.9, 4.0, -4.5]], "x")
    assert codes.codes.tolist() == [[[3, -4, 3]]]
    assert found.graph.constants["w"].to_float()[0].tolist() == [[0.5, 0.5], [-0.5, 0.5], [0.5, 1]]


# -- what can be read back -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "toml",
    [
        "",
        '[defaults]\nweights = "8"\nactivations = "9 half_up"\ninputs = "10"\n',
        '[layers.fc2]\nbias = "6"\noutput = "12 floor"\n',
        '[formats]\n"?" = "9"\nw = "7 per element"\n',
    ],
)
def test_the_same_design_without_data(toml):
    found = quantized(toml, data=X * [1, 30, 0.01])
    same(found, quantized(found.configuration()))


def test_the_same_design_of_a_convolution():
    body = (
        "[pre] p = Reshape (x, s)",
        "[conv] k = Conv (p, f)",
        "[curve] t = Tanh (k)",
        "[pool] m = MaxPool <kernel_shape = [2]> (t)",
        "[flat] l = Flatten (m)",
        "[fc] y = MatMul (l, u)",
    )
    more = (
        ", int64[3] s = {1, 1, 3}, float[2, 1, 2] f = {0.3, 0.2, 0.9, -0.7}"
        ", float[2, 2] u = {0.1, 0.2, 0.3, 0.5}"
    )
    model = net(*body, more=more)
    found = quantized("", model, X)
    assert set(found.chosen) == {"x", "f", "k", "t", "u"}
    (curve,) = [node for node in found.graph.nodes if node.name == "curve"]
    assert curve.op.values.shape <= (1 << 12,)  # a format on each side makes it a small table
    same(found, quantized(found.configuration(), model))


def test_the_text_that_is_written():
    assert quantized(COMPLETE).configuration() == (
        '[formats]\n"x" = "s6 e-3"\n"w" = "s5 e-3"\n"r" = "u7 e-4"\n"v" = "s5 e-3"\n'
    )


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[formts]\n", "config 'c.toml': table 'formts' is unknown; did you mean 'formats'?"),
        (
            '[defaults]\nweight = "8"\n',
            "config 'c.toml': [defaults] key 'weight' is unknown; did you mean 'weights'?",
        ),
        ("formats = 3\n", "config 'c.toml': [formats]: 3 is not a table of formats"),
        ("[layers]\nfc1 = 3\n", "config 'c.toml': [layers.'fc1']: 3 is not a table of formats"),
        (
            '[layers.fc1]\nweigth = "8"\n',
            "config 'c.toml': [layers.'fc1'] key 'weigth' is unknown; did you mean 'weights'?",
        ),
        ('[formats]\nww = "s8 e0"\n', "config: the model has no value 'ww'; did you mean 'w'?"),
        (
            '[formats]\n"z*" = "s8 e0"\n',
            (
                "config: the model has no value 'z*'; known are 'c', 'd', "
                "'g', 'h', 'r', 'v', 'w', 'x', 'y'"
            ),
        ),
        (
            '[layers.fc3]\nweights = "s8 e0"\n',
            "config: the model has no layer 'fc3'; did you mean 'fc2'?",
        ),
        (
            '[layers.relu1]\nweights = "s8 e0"\n',
            "config: the layer 'relu1' has no weights to be given a format",
        ),
        (
            '[layers.fc1]\nbias = "s8 e0"\n',
            "config: the layer 'fc1' has no bias to be given a format",
        ),
        (
            '[types.Conv]\nweights = "s8 e0"\n',
            (
                "config: the model has no operator of the type 'Conv'; known are 'Add', 'Gemm', "
                "'MatMul', 'Relu'"
            ),
        ),
        (
            '[types.Relu]\nbias = "s8 e0"\n',
            "config: the type 'Relu' has no bias to be given a format",
        ),
        (
            '[types.Relu]\nbais = "s8 e0"\n',
            "config 'c.toml': [types.'Relu'] key 'bais' is unknown; did you mean 'bias'?",
        ),
        (
            '[types.Relu]\nbias = "8 E"\n',
            (
                "config 'c.toml': [types.'Relu'] 'bias': '8 E' is not a format; write one such as "
                "'s8 e-4', 'u6 e-3 half_up wrap' or '16 per element'"
            ),
        ),
        (
            '[formats]\nr = "u8 e-3 per channel"\n',
            (
                "config: the format of 'r' is per channel, which only those of weights may be; "
                "write it per element, or leave that out"
            ),
        ),
        (
            '[formats]\nd = "8 per channel"\n',
            (
                "config: the format of 'd' is per channel, which only those of weights may be; "
                "write it per element, or leave that out"
            ),
        ),
        (
            '[formats]\nr = "8"\n',
            (
                "config: the format of 'r' leaves its sign or step to the data, but there are "
                "none; write "
                "it such as 's8 e-4', 'u6 e-3 half_up wrap', or give --calibrate DATA.npz"
            ),
        ),
        (
            '[formats]\nr = ["s8 e0", "s8 e1", "s8 e2"]\n',
            "config: formats of shape [3] for 'r' do not broadcast to its shape [1, 2]",
        ),
        (
            '[formats]\nr = ["s8 e0", "u8 e0"]\n',
            (
                "config: the formats of 'r' differ in sign or width, which only those of inputs "
                "and "
                "constants may"
            ),
        ),
    ],
)
def test_refused(toml, message):
    with pytest.raises(ConfigError) as caught:
        quantized(COMPLETE + toml if "[defaults]" not in toml and "formats =" not in toml else toml)
    assert str(caught.value) == message


def test_layers_that_share_weights():
    body = ("[fc1] h = MatMul (x, w)", "[fc2] g = MatMul (x, w)", "[sum] y = Add (g, h)")
    toml = '[layers.fc1]\nweights = "s8 e-3"\n[layers.fc2]\nweights = "s8 e-4"\n'
    with pytest.raises(ConfigError) as caught:
        quantized(COMPLETE + toml, net(*body))
    assert str(caught.value) == (
        "config: layers give 'w', which they share, different formats; give it one in [formats]"
    )


def test_types_that_share_weights():
    body = ("[fc1] h = MatMul (x, w)", "[fc2] g = Gemm (x, w)", "[sum] y = Add (g, h)")
    toml = '[types.MatMul]\nweights = "s8 e-3"\n[types.Gemm]\nweights = "s8 e-4"\n'
    with pytest.raises(ConfigError) as caught:
        quantized(COMPLETE + toml, net(*body))
    assert str(caught.value) == (
        "config: types give 'w', which they share, different formats; give it one in [formats]"
    )


def test_formats_without_effect():
    body = ("[pre] p = Reshape (x, s)", "[fc1] y = MatMul (p, w)")
    with pytest.raises(ConfigError) as caught:
        quantized(COMPLETE + '[formats]\ns = "s8 e0"\n', net(*body, more=", int64[2] s = {1, 3}"))
    assert str(caught.value) == (
        "config: the format of 's' has no effect; formats are for inputs, results of nodes, "
        "weights and biases"
    )


def test_files(tmp_path):
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError) as caught:
        Formats.read(tmp_path / "bad.toml")
    assert str(caught.value).startswith(f"config {str(tmp_path / 'bad.toml')!r}: not TOML: ")
    with pytest.raises(ConfigError) as caught:
        Formats.read(tmp_path / "none.toml")
    assert str(caught.value) == (
        f"config {str(tmp_path / 'none.toml')!r}: No such file or directory; give a TOML file"
    )
    (tmp_path / "good.toml").write_text(COMPLETE)
    assert set(Formats.read(tmp_path / "good.toml").defaults) == {
        "inputs",
        "weights",
        "activations",
    }
