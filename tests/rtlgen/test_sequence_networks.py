"""Float networks on sequences: calibrated, they are near ONNX Runtime; the hardware is exact."""

import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, generate
from rtlgen.dataflow import evaluate
from rtlgen.network import read
from sim.errors import TooLarge
from tests.rtlgen.recurrent_models import recurrent
from tests.rtlgen.transformer_models import Block, attention, encoder, keras_encoder

LAST = ("", "Y_h")


def formats(bits):
    return {
        "defaults": {
            "inputs": f"{bits} per element",
            "weights": str(bits),
            "activations": str(bits),
        }
    }


def samples(proto, count, seed=0):
    shape = [dim.dim_value for dim in proto.graph.input[0].type.tensor_type.shape.dim]
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape)).astype(np.float32)


def differences(proto, bits, seed=0):
    """From ONNX Runtime, on other samples than those that the formats are chosen from."""
    x = samples(proto, 300, seed)
    options = Options(calibrate={"x": x[:200]}, config=formats(bits), limit=10**6)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    wanted = np.array([session.run(None, {"x": row})[0].reshape(-1) for row in x[200:]])
    return read(proto, options).predict(x[200:]).reshape(100, -1) - wanted


@pytest.mark.parametrize("op_type", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("given", [{}, {"direction": "bidirectional"}], ids=str)
def test_recurrent_networks(op_type, given):
    """8 steps of 4 numbers, 6 states. A random RNN forgets nothing, and so no error either."""
    proto = recurrent(op_type, steps=8, features=4, hidden=6, outputs=LAST, **given)
    error = differences(proto, 12)
    assert np.sqrt((error**2).mean()) < (2**-6 if op_type == "RNN" else 2**-9)
    assert np.sqrt((differences(proto, 8) ** 2).mean()) > 2 * np.sqrt((error**2).mean())


@pytest.mark.parametrize("block", [attention, encoder])
@pytest.mark.parametrize("causal", [False, True])
def test_transformers(block, causal):
    error = differences(block(4, 8, 2, causal=causal), 12)
    assert np.sqrt((error**2).mean()) < 2**-6


def test_a_transformer_of_keras():
    """Its products are Einsums, and its norms are written out."""
    error = differences(keras_encoder(4, 8, 2), 12)
    assert np.sqrt((error**2).mean()) < 2**-7


HEADS = np.stack([np.tril(np.ones((4, 4), bool)), np.triu(np.ones((4, 4), bool))])[None]
BIAS = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("attributes", "mask"),
    [
        ("is_causal = 1", None),
        ("softcap = 0.5, scale = 2.0", None),
        ("left_window_size = 1", None),
        ("", HEADS),
        ("", BIAS),
        ("", "computed"),
    ],
    ids=["causal", "softcap", "window", "mask", "bias", "computed"],
)
def test_attention(attributes, mask):
    """Two heads of queries on one of keys; a computed mask is of numbers that are far from zero."""
    computed = isinstance(mask, str)
    proto = parser.parse_model(
        '<ir_version: 11, opset_import: ["" : 25]> net (float[1, 2, 4, 4] q, float[1, 1, 4, 4] k, '
        f"float[1, 1, 4, 3] v{', float[1, 1, 4, 4] z' if computed else ''}) => "
        f"(float[1, 2, 4, 3] y) <float c = {{0}}> {{ {'m = Greater (z, c)' if computed else ''} "
        f"y = Attention <qk_matmul_output_mode = 0{attributes and f', {attributes}'}> "
        f"(q, k, v{'' if mask is None else ', m'}) }}"
    )
    if mask is not None and not computed:
        proto.graph.initializer.append(numpy_helper.from_array(mask, "m"))
    random = np.random.default_rng(0)
    x = {}
    for value in proto.graph.input:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        x[value.name] = random.uniform(-1, 1, (150, *shape)).astype(np.float32)
    if computed:
        x["z"] += np.copysign(np.float32(0.125), x["z"])
    reference = ReferenceEvaluator(proto)
    rows = [{name: data[i] for name, data in x.items()} for i in range(150)]
    wanted = np.array([reference.run(None, row)[0].reshape(-1) for row in rows[100:]])
    options = Options(
        calibrate={name: data[:100] for name, data in x.items()}, config=formats(12), limit=10**6
    )
    got = read(proto, options).predict({name: data[100:] for name, data in x.items()})
    assert np.sqrt(((got.reshape(50, -1) - wanted) ** 2).mean()) < 2**-9


@pytest.mark.parametrize("square", ["Mul", "Pow"])
def test_a_square_is_not_negative(square):
    """So that its root exists, and the quotient by that."""
    block = Block(2, 3)
    factor = "x" if square == "Mul" else block.constant(2.0)
    power = block.add(square, "x", factor)
    root = block.add("Sqrt", block.add("Add", power, block.constant(0.25)))
    error = differences(block.proto(block.add("Div", "x", root)), 12)
    assert np.abs(error).max() < 2**-7


def test_weights_of_many_steps_suit_the_largest_state():
    """Not the first, of which one number is next to nothing here."""
    proto = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> net (float[1, 4] x) => (float[1, 4] y) '
        "<float[4] first = {0.001, 1, 1, 1}> "
        "{ h = Mul (x, first) a = MatMul (h, w) b = MatMul (x, w) y = Add (a, b) }"
    )
    w = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    proto.graph.initializer.append(numpy_helper.from_array(w, "w"))
    assert np.abs(differences(proto, 12)).max() < 2**-8


def small(name):
    """Networks that the hardware of is made in a second or two."""
    if name == "attention":
        return attention(2, 2, 1, causal=True)
    given = {"steps": 2, "features": 2, "hidden": 2, "outputs": LAST}
    if name == "GRU":
        return recurrent("GRU", linear_before_reset=1, direction="bidirectional", **given)
    if name == "LSTM":
        return recurrent("LSTM", peepholes=True, initial={"initial_c": "constant"}, **given)
    return recurrent("RNN", activations=["Relu"], **given)


def made(name, bits=5):
    proto = small(name)
    options = Options(calibrate={"x": samples(proto, 100)}, config=formats(bits))
    return generate(proto, options)


NETWORKS = ["RNN", "GRU", "LSTM", "attention"]


@pytest.mark.parametrize("name", NETWORKS)
def test_operations_are_the_network(name):
    design = made(name)
    x, y = design.vectors()
    for k in range(0, 1000, 20):
        codes = tuple(int(code) for tensor in x.values() for code in tensor[k].flat)
        wanted = [int(code) for tensor in y.values() for code in tensor[k].flat]
        assert list(evaluate(design.flow, codes)) == wanted


@pytest.mark.parametrize("name", NETWORKS)
def test_all_is_proved(name):
    assert made(name).proof().unproved == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_verilog_is_bit_exact(name):
    assert made(name).verify().samples == 1000


def test_too_many_steps_are_refused_at_once():
    """Of the shapes alone, before any format is chosen."""
    proto = recurrent("LSTM", steps=400, features=16, hidden=64)
    with pytest.raises(TooLarge) as caught:
        generate(proto, Options(calibrate={"x": samples(proto, 1)}))
    assert str(caught.value) == (
        "node 'lstm': the network unrolls into about 8,175,616 operations before any are shared, "
        "8,175,616 of them here, and the limit is 100,000; raise it with --limit, or make HLS C++ "
        "of the network: python -m hlsgen MODEL.onnx -o DIR --vendor vitis"
    )
