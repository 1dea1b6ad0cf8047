"""RNN, GRU and LSTM, written out, against ONNX Runtime."""

import numpy as np
import onnx
import pytest
from onnx import helper

from rtlgen.frontend import load
from sim.errors import TooLarge, UnsupportedAttribute
from tests.rtlgen.recurrent_models import FUNCTIONS, recurrent
from tests.rtlgen.test_expanding import as_loaded, check, run

TYPES = ("RNN", "GRU", "LSTM")
BOTH = {"initial_h": "input", "initial_c": "constant"}
SHAPES = [
    {},
    {"steps": 1},
    {"steps": 1, "hidden": 1, "features": 1},
    {"steps": 7, "batch": 3, "features": 5, "hidden": 4},
]


def of_type(op_type, initial):
    """Only an LSTM has two states."""
    return {name: kind for name, kind in initial.items() if op_type == "LSTM" or name[-1] == "h"}


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_directions_and_shapes(op_type, direction, shape):
    check(recurrent(op_type, direction=direction, **shape))


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize(
    "initial",
    [
        {"initial_h": "constant", "initial_c": "input"},
        {"initial_h": "input", "initial_c": "constant"},
        {"initial_c": "constant"},
        {"initial_h": "input"},
    ],
    ids=str,
)
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_states_to_begin_with(op_type, initial, direction):
    check(recurrent(op_type, direction=direction, initial=of_type(op_type, initial)))
    check(recurrent(op_type, bias=False, initial=of_type(op_type, initial)))


@pytest.mark.parametrize("op_type", TYPES)
def test_zeros_to_begin_with_are_as_if_absent(op_type):
    proto = recurrent(op_type, initial={"initial_h": "constant"})
    assert len(load(proto).nodes) > len(load(recurrent(op_type)).nodes)
    zeros = onnx.numpy_helper.from_array(np.zeros((1, 1, 2), np.float32), "initial_h")
    proto.graph.initializer[-1].CopyFrom(zeros)
    assert len(load(proto).nodes) == len(load(recurrent(op_type)).nodes)
    check(proto)


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize("outputs", [("Y",), ("", "Y_h"), ("Y", "Y_h")], ids=str)
def test_any_of_the_outputs(op_type, outputs):
    check(recurrent(op_type, direction="bidirectional", outputs=outputs))


@pytest.mark.parametrize("outputs", [("", "", "Y_c"), ("Y", "", "Y_c")], ids=str)
def test_the_inner_state_as_an_output(outputs):
    check(recurrent("LSTM", outputs=outputs))


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("length", [1, 3, 4])
def test_shorter_sequences(op_type, direction, length):
    initial = of_type(op_type, BOTH)
    lengths = [length, length]
    check(recurrent(op_type, batch=2, direction=direction, lengths=lengths, initial=initial))


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_batch_first(op_type, direction):
    """ONNX Runtime knows the other layout only."""
    given = {"direction": direction, "initial": of_type(op_type, BOTH), "batch": 2}
    first, last = recurrent(op_type, layout=1, **given), recurrent(op_type, **given)
    for tensor, other in zip(first.graph.initializer, last.graph.initializer, strict=True):
        if tensor.name == "initial_c":
            c = onnx.numpy_helper.to_array(tensor)
            other.CopyFrom(onnx.numpy_helper.from_array(c.swapaxes(0, 1), "initial_c"))
    random = np.random.default_rng(1)
    feeds = {
        value.name: random.normal(size=[d.dim_value for d in value.type.tensor_type.shape.dim])
        for value in first.graph.input
    }
    feeds = {name: value.astype(np.float32) for name, value in feeds.items()}
    got = run(as_loaded(first), feeds)
    wanted = run(last, {name: value.swapaxes(0, 1) for name, value in feeds.items()})
    for i, (a, b) in enumerate(zip(got, wanted, strict=True)):
        moved = b.swapaxes(0, 1) if i else b.transpose(2, 0, 1, 3)
        np.testing.assert_allclose(a, moved, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize(
    "name",
    [
        *("Affine", "Elu", "HardSigmoid", "LeakyRelu", "Relu", "ScaledTanh", "Sigmoid"),
        *("Softplus", "Softsign", "Tanh", "ThresholdedRelu"),
    ],
)
def test_activations(op_type, name):
    count = FUNCTIONS[op_type]
    numbers = {"activation_alpha": [0.3] * count, "activation_beta": [0.7] * count}
    check(recurrent(op_type, activations=[name] * count, **numbers))


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize("name", ["Elu", "HardSigmoid", "LeakyRelu"])
def test_defaults_of_activations(op_type, name):
    check(recurrent(op_type, activations=[name] * FUNCTIONS[op_type]))


def test_a_threshold_is_one_by_default():
    """As that of ONNX's operator; ONNX Runtime takes zero."""
    plain = recurrent("RNN", activations=["ThresholdedRelu"])
    given = recurrent("RNN", activations=["ThresholdedRelu"], activation_alpha=[1.0])
    x = {"x": np.random.default_rng(0).normal(size=(4, 1, 3)).astype(np.float32)}
    for a, b in zip(run(as_loaded(plain), x), run(given, x), strict=True):
        np.testing.assert_allclose(a, b, 1e-5)


def test_numbers_go_to_the_activations_that_take_them():
    names = ["HardSigmoid", "Tanh", "LeakyRelu", "elu", "SIGMOID", "ScaledTanh"]
    alphas = {"activation_alpha": [0.3, 0.2, 0.4, 0.5], "activation_beta": [0.7, 0.6]}
    check(recurrent("LSTM", direction="bidirectional", activations=names, **alphas))
    names = ["HardSigmoid", "Relu", "Softsign", "Elu"]
    alphas = {"activation_alpha": [0.3], "activation_beta": [0.7]}
    check(recurrent("GRU", direction="bidirectional", activations=names, **alphas))


@pytest.mark.parametrize("op_type", TYPES)
@pytest.mark.parametrize("bias", [False, True])
def test_clip(op_type, bias):
    initial = of_type(op_type, BOTH)
    check(recurrent(op_type, clip=0.3, bias=bias, initial=initial, direction="bidirectional"))


@pytest.mark.parametrize("initial", [{}, {"initial_c": "input"}], ids=str)
@pytest.mark.parametrize("given", [{}, {"clip": 0.3}, {"input_forget": 1}], ids=str)
def test_peepholes(initial, given):
    check(recurrent("LSTM", peepholes=True, direction="bidirectional", initial=initial, **given))


@pytest.mark.parametrize("initial", [{}, BOTH], ids=str)
def test_forget_what_comes_in(initial):
    check(recurrent("LSTM", input_forget=1, initial=initial))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("initial", [{}, {"initial_h": "input"}], ids=str)
@pytest.mark.parametrize("steps", [1, 3])
def test_linear_before_reset(bias, initial, steps):
    given = {"bias": bias, "initial": initial, "steps": steps, "direction": "bidirectional"}
    check(recurrent("GRU", linear_before_reset=1, **given))


@pytest.mark.parametrize("op_type", TYPES)
def test_all_steps_read_the_same_weights(op_type):
    """And all inputs are multiplied at once."""
    name = op_type.lower()
    model = load(recurrent(op_type, steps=6))
    products = [node for node in model.nodes if node.op_type == "MatMul"]
    weights = [node.inputs[1] for node in products]
    assert weights.count(f"{name}.W") == 1
    assert len(set(weights)) == (3 if op_type == "GRU" else 2)
    assert {value.shape for n, value in model.constants.items() if n == f"{name}.W"} == {
        (3, 2 * {"RNN": 1, "GRU": 3, "LSTM": 4}[op_type])
    }
    assert {node.name for node in model.nodes} == {name}


def test_an_lstm_of_opset_7():
    proto = recurrent("LSTM", initial=BOTH)
    proto.opset_import[0].version = 7
    check(proto)


# -- refusals -----------------------------------------------------------------------------------


def refused(message, proto):
    with pytest.raises(UnsupportedAttribute) as caught:
        load(proto)
    assert str(caught.value) == message


def test_an_unknown_direction():
    message = (
        "node 'gru': operator GRU is not supported with direction='sideways'; supported is "
        "'forward', 'reverse', 'bidirectional'"
    )
    refused(message, recurrent("GRU", direction="sideways"))


def test_an_unknown_activation():
    message = (
        "node 'rnn': operator RNN is not supported with the activation 'Sine'; supported is "
        "Affine, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh, Sigmoid, Softplus, Softsign, "
        "Tanh, ThresholdedRelu"
    )
    refused(message, recurrent("RNN", activations=["Sine"]))


def test_an_activation_without_its_numbers():
    message = (
        "node 'rnn': operator RNN is not supported with the activation 'Affine' without its alpha "
        "and beta; supported is activation_alpha and activation_beta for it, which has no defaults"
    )
    refused(message, recurrent("RNN", activations=["Affine"], activation_alpha=[0.5]))


def test_too_few_activations():
    message = (
        "node 'lstm': operator LSTM is not supported with 2 activations; supported is 3 of them"
    )
    refused(message, recurrent("LSTM", activations=["Sigmoid", "Tanh"]))


@pytest.mark.parametrize("lengths", [[2, 3], [0, 0], [5, 5]])
def test_lengths_that_differ(lengths):
    message = (
        f"node 'gru': operator GRU is not supported with sequence_lens={tuple(lengths)}; supported "
        f"is one length from 1 to 4 for the whole batch"
    )
    refused(message, recurrent("GRU", batch=2, lengths=lengths))


def test_computed_lengths():
    proto = recurrent("LSTM", lengths=[4])
    del proto.graph.initializer[-1]
    proto.graph.input.append(helper.make_tensor_value_info("sequence_lens", 6, (1,)))
    message = (
        "node 'lstm': input 4 of LSTM, 'sequence_lens', must be a constant, but the model computes "
        "it; make it an initializer"
    )
    refused(message, proto)


def test_another_hidden_size():
    proto = recurrent("LSTM")
    for attribute in proto.graph.node[0].attribute:
        if attribute.name == "hidden_size":
            attribute.i = 3
    message = (
        "node 'lstm': operator LSTM is not supported with hidden_size=3 and weights for 2; "
        "supported is hidden_size=2"
    )
    refused(message, proto)


def test_too_many_steps():
    message = (
        "node 'lstm': LSTM is unrolled, and its 1,400 steps of 16 nodes are more than 20,000 "
        "nodes; export the network with fewer steps"
    )
    with pytest.raises(TooLarge) as caught:
        load(recurrent("LSTM", steps=700, direction="bidirectional"))
    assert str(caught.value) == message
