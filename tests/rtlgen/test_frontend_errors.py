"""The full text of every refusal of the front end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from rtlgen.frontend import Model, check_endings, load
from rtlgen.frontend.shapes import misfit
from sim.errors import (
    ConfigError,
    ModelError,
    RtlgenError,
    ShapeError,
    UnsupportedAttribute,
    UnsupportedOperator,
)


def model(body, inputs="float[1, 4] x", outputs="float[1, 4] y", opset=17):
    return parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]>\nnet ({inputs}) => ({outputs}) {body}'
    )


def refused(error, message, *args, **kwargs):
    with pytest.raises(error) as caught:
        load(*args, **kwargs)
    assert type(caught.value) is error
    assert str(caught.value) == message


# -- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file; check the path"),
        (b"", "the file is empty; export the network to ONNX again"),
        (b"\x89HDF\r\n", "the file is not an ONNX model; export the network to ONNX first"),
        (b"import torch\n", "the file is not an ONNX model; export the network to ONNX first"),
        (b"\x08\x08", "it holds no network; export the network to ONNX again"),
    ],
    ids=["missing", "empty", "keras", "text", "no_graph"],
)
def test_files(tmp_path: Path, content, message):
    path = tmp_path / "net.onnx"
    if content is not None:
        path.write_bytes(content)
    refused(ModelError, f"model {str(path)!r}: {message}", path)


def test_directory(tmp_path: Path):
    message = f"model {str(tmp_path)!r}: this is a directory; give the .onnx file in it"
    refused(ModelError, message, str(tmp_path))


def test_unreadable_file(tmp_path: Path, monkeypatch):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08")

    def deny(_: Path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    message = f"model {str(path)!r}: it cannot be read: Permission denied; check it"
    refused(ModelError, message, path)


@pytest.mark.parametrize("missing", [1, 10, 40])
def test_truncated_file(tmp_path: Path, missing):
    path = tmp_path / "net.onnx"
    data = model("<float[1] c = {1}> { y = Add (x, c) }").SerializeToString()[:-missing]
    path.write_bytes(data)
    message = (
        f"model {str(path)!r}: the file is damaged or cut short after {len(data)} bytes; "
        f"copy or export it again"
    )
    refused(ModelError, message, path)


def test_damaged_names(tmp_path: Path):
    path = tmp_path / "net.onnx"
    data = model("{ [relu] y = Relu (x) }").SerializeToString()
    path.write_bytes(data.replace(b"relu", b"re\xffu"))
    message = f"model {str(path)!r}: the names in it are damaged; copy or export it again"
    refused(ModelError, message, path)


@pytest.mark.parametrize("seed", range(5))
def test_damage_is_never_a_surprise(tmp_path: Path, seed):
    """A damaged model is refused by one of our errors, or is still a model."""
    rng = np.random.default_rng(seed)
    path = tmp_path / "net.onnx"
    body = (
        "<float[4, 1] w = {1,2,3,4}, float s = {0.5}> { h = MatMul (x, w) q = Quant (h, s, s, s) "
    )
    data = model(body + "[p] y = Pad <pads = [0, 1, 0, 1]> (q) }", opset=9).SerializeToString()
    outcomes = set()
    for _ in range(100):
        damaged = bytearray(data)
        for i in rng.integers(0, len(data), 2):
            damaged[i] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(data) // 2, 2 * len(data))])
        try:
            outcomes.add(type(load(path)))
        except RtlgenError as error:
            outcomes.add(type(error))
    assert ModelError in outcomes


@pytest.fixture
def external(tmp_path: Path):
    proto = model("{ y = MatMul (x, w) }")
    proto.graph.initializer.append(numpy_helper.from_array(np.eye(4, dtype=np.float32), "w"))
    path = tmp_path / "net.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="net.bin", size_threshold=0)
    return path


@pytest.mark.parametrize("kept", [None, 10])
def test_external_data_that_are_not_there(external, kept):
    data = external.parent / "net.bin"
    if kept is None:
        data.unlink()
    else:
        data.write_bytes(data.read_bytes()[:kept])
    message = (
        f"model {str(external)!r}: the data of initializer 'w' cannot be read from file "
        f"'net.bin'; put the whole file beside the model"
    )
    refused(ModelError, message, external)


def test_external_data_of_a_model_in_memory(external):
    message = (
        "model 'net': the data of initializer 'w' are in file 'net.bin', which a model in memory "
        "does not lead to; give the path of the model instead"
    )
    refused(ModelError, message, onnx.load(external, load_external_data=False))


# -- graphs ------------------------------------------------------------------------------------


def test_invalid_onnx():
    message = (
        "model 'net': it is not valid ONNX: Unrecognized attribute: slope for operator Relu ==> "
        "Context: Bad node spec for node. Name: r OpType: Relu; export the network again"
    )
    refused(ModelError, message, model("{ [r] y = Relu <slope = 1.0> (x) }"))


def test_control_flow():
    branches = "then_branch = g () => (z) {z = Relu (x)}, else_branch = h () => (w) {w = Neg (x)}"
    body = f"{{ y = If (b) <{branches}> }}"
    message = (
        "node 'If_y': operator If is not supported with a condition that the model computes, 'b'; "
        "supported is a constant one"
    )
    refused(UnsupportedAttribute, message, model(body, "float[1, 4] x, bool b"))


def test_cycle():
    message = (
        "model 'net': nodes 'a' -> 'b' -> 'a' form a cycle; only feed-forward networks are "
        "supported"
    )
    refused(ModelError, message, model("{ [a] h = Add (x, y) [b] y = Relu (h) }"))


def test_value_from_nowhere():
    message = "node 'a': value 'w' is read, but nothing gives it; export the network again"
    refused(ModelError, message, model("{ [a] y = Add (x, w) }"))


def test_output_from_nowhere():
    message = (
        "outputs of the network: value 'y' is read, but nothing gives it; export the network again"
    )
    refused(ModelError, message, model("{ z = Relu (x) }"))


def test_value_computed_twice():
    message = "model 'net': value 'y' is computed by two nodes, 'a' and 'y'; rename one output"
    refused(ModelError, message, model("{ [a] y = Relu (x) y = Neg (x) }"))


def test_no_opset():
    proto = model("{ y = Relu (x) }")
    del proto.opset_import[:]
    with pytest.raises(ModelError, match="its opset 1 is too old; 7 to"):
        load(proto)


# -- inputs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dims", "axis"),
    [
        ("1, width", "1 (named 'width')"),
        ("N, 4, M, 4", "2 (named 'M')"),
        ("1, 0", "1"),
        ("4, ?", "1"),
    ],
)
def test_dynamic_axis(dims, axis):
    message = (
        f"input 'x': axis {axis} is dynamic, but hardware has a fixed size and only axis 0, the "
        f"batch, may be open; export the network with a size for it, or set it by "
        f"onnx.tools.update_model_dims.update_inputs_outputs_dims"
    )
    refused(ShapeError, message, model("{ y = Relu (x) }", f"float[{dims}] x"))


def test_no_shape():
    proto = model("{ y = Relu (x) }")
    proto.graph.input[0].type.tensor_type.ClearField("shape")
    message = "input 'x': it has no shape; export the network with a shape for it"
    refused(ShapeError, message, proto)


@pytest.mark.parametrize(
    ("kind", "body", "what"),
    [
        ("seq(float[1, 4])", "SequenceLength", "a sequence"),
        ("optional(float[1, 4])", "OptionalGetElement", "an optional value"),
    ],
)
def test_an_input_that_is_no_tensor(kind, body, what):
    message = f"input 'x': it is {what}; only tensors are supported"
    refused(ModelError, message, model(f"{{ y = {body} (x) }}", f"{kind} x", "int64 y"))


@pytest.mark.parametrize(
    ("kind", "what"),
    [("string", "text"), ("complex64", "complex numbers"), ("complex128", "complex numbers")],
)
def test_an_input_that_holds_no_real_numbers(kind, what):
    message = f"input 'x': it holds {what}; only real numbers are supported"
    refused(
        ModelError, message, model("{ y = Identity (x) }", f"{kind}[1, 4] x", f"{kind}[1, 4] y")
    )


def test_constants_that_only_other_software_decodes_stay():
    proto = model("{ q = ImageDecoder (file) y = Max (x, q) }", "uint8[2, 2, 3] x", opset=20)
    file = np.frombuffer(b"no image", np.uint8)
    proto.graph.initializer.append(numpy_helper.from_array(file, "file"))
    assert [node.op_type for node in load(proto).nodes] == ["ImageDecoder", "Max"]


def test_sequences_of_constants_stay():
    body = "<float[4] a = {1, 2, 3, 4}> { s = SplitToSequence (a) q = SequenceAt (s, zero) "
    proto = model(body + "y = Add (x, q) }", "float[1] x")
    proto.graph.initializer.append(numpy_helper.from_array(np.array(0), "zero"))
    assert [n.op_type for n in load(proto).nodes] == ["SplitToSequence", "SequenceAt", "Add"]


def test_shapes_that_do_not_fit():
    message = (
        "node 'fc': MatMul does not fit its inputs: Incompatible dimensions for matrix "
        "multiplication; check the shapes in the model"
    )
    body = "<float[3, 1] w = {1, 2, 3}> { [fc] h = MatMul (x, w) y = Relu (h) }"
    refused(ShapeError, message, model(body))


def test_a_report_without_a_node_is_shown_whole():
    empty = Model("net", {}, (), (), {})
    assert str(misfit(empty, "[TypeInferenceError]  no  type\n")) == (
        "model 'net': [TypeInferenceError] no type; check the shapes in the model"
    )


def test_old_softmax_of_an_unknown_shape():
    message = (
        "node 's': the shape of its input 'h' is not known, on which Softmax depends in opset 11; "
        "export the network with opset 13"
    )
    refused(ShapeError, message, model("{ h = a.b.Foo (x) [s] y = Softmax (h) }", opset=11))


# -- constants ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            [[1, np.nan], [np.inf, 2]],
            "2 of its 4 values are not finite, the first is nan at [0, 1]",
        ),
        ([[1, 2], [3, -np.inf]], "1 of its 4 values are not finite, the first is -inf at [1, 1]"),
        (np.nan, "1 of its 1 values are not finite, the first is nan at []"),
    ],
)
def test_not_a_number(value, message):
    proto = model("{ y = Add (x, c) }", "float[1, 2] x")
    proto.graph.initializer.append(numpy_helper.from_array(np.float32(value), "c"))
    advice = "train or export the network again"
    refused(ModelError, f"constant 'c': {message}; {advice}", proto)


def test_folding_into_infinity():
    message = (
        "constant 'q': 1 of its 2 values are not finite, the first is inf at [1]; train or export "
        "the network again"
    )
    body = "<float[2] a = {1, 1}, float[2] b = {1, 0}> { q = Div (a, b) y = Add (x, q) }"
    refused(ModelError, message, model(body, "float[1, 2] x"))


def test_constants_that_cannot_be_computed():
    with pytest.raises(ModelError) as caught:
        load(model("<float[2] a = {1, 1}, int64[1] i = {5}> { q = Gather (a, i) y = Add (x, q) }"))
    text = str(caught.value)
    assert text.startswith(
        "node 'Gather_q': Gather of constants cannot be computed: index 5 is out"
    )
    assert text.endswith("; export the network again")


def test_a_constant_that_is_too_short():
    proto = model("{ y = Add (x, c) }")
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "c")
    tensor.raw_data = tensor.raw_data[:-4]
    proto.graph.initializer.append(tensor)
    message = (
        "model 'net': it is not valid ONNX: TensorProto (tensor name: c) raw_data size (12 bytes) "
        "is too small for the declared shape and type (16 bytes required); export the network "
        "again"
    )
    refused(ModelError, message, proto)


def test_a_constant_with_too_few_numbers():
    proto = model("{ y = Add (x, c) }")
    numbers = onnx.TensorProto(name="c", data_type=1, dims=[4], float_data=[1, 2, 3])
    proto.graph.initializer.append(numbers)
    message = (
        "model 'net': it is not valid ONNX: TensorProto (tensor name: c) float_data size (3) is "
        "too small for the declared shape (4 float values required); export the network again"
    )
    refused(ModelError, message, proto)


def test_a_constant_of_an_unknown_type():
    proto = model("{ y = Add (x, c) }")
    proto.graph.initializer.append(onnx.TensorProto(name="c", data_type=99, raw_data=b"1"))
    message = "constant 'c': its data are not of type 99 and shape []; export the network again"
    refused(ModelError, message, proto)


def test_an_attribute_of_no_type():
    proto = model("<float c = {1}> { [q] y = Quant <signed = 1> (x, c, c, c) }")
    proto.graph.node[0].attribute[0].ClearField("type")
    message = "node 'q': attribute signed has no type; export the network again"
    refused(ModelError, message, proto)


def test_text():
    proto = model("{ y = Relu (x) }")
    proto.graph.initializer.append(helper.make_tensor("s", TensorProto.STRING, [1], [b"a"]))
    message = "constant 's': it holds text; only real numbers are supported"
    refused(ModelError, message, proto)


def test_complex_numbers():
    proto = model("{ y = Relu (x) }")
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(1, np.complex64), "c"))
    message = "constant 'c': it holds complex numbers; only real numbers are supported"
    refused(ModelError, message, proto)


def test_text_constant():
    message = (
        "node 'Constant_c': operator Constant is not supported with value_string; supported is "
        "value, value_int, value_ints, value_float, value_floats"
    )
    body = '{ c = Constant <value_string = "a"> () y = Relu (x) }'
    refused(UnsupportedAttribute, message, model(body))


def sparse():
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [2.0])
    index = helper.make_tensor("i", TensorProto.INT64, [1], [3])
    return helper.make_sparse_tensor(values, index, [4])


def test_sparse_constant():
    proto = model("{ y = Relu (x) }")
    proto.graph.node.insert(0, helper.make_node("Constant", [], ["w"], "k", sparse_value=sparse()))
    message = "node 'k': attribute sparse_value is a sparse tensor; store it as a dense tensor"
    refused(UnsupportedAttribute, message, proto)


def test_sparse_initializer():
    proto = model("{ y = Add (x, w) }")
    proto.graph.sparse_initializer.append(sparse())
    message = "initializer 'w': it is sparse; store it as a dense tensor"
    refused(ModelError, message, proto)


# -- operators ---------------------------------------------------------------------------------


def test_mask_of_dropout():
    message = "node 'd': the mask of Dropout, 'm', is used; export the network in inference mode"
    body = "{ [d] h, m = Dropout (x) f = Cast <to = 1> (m) y = Mul (h, f) }"
    refused(UnsupportedAttribute, message, model(body))


@pytest.mark.parametrize("inputs", ["float[1, 4] x, bool t", "float[1, 4] x"])
def test_dropout_in_training(inputs):
    message = (
        "node 'd': operator Dropout is not supported with training_mode; supported is inference; "
        "export the network in inference mode"
    )
    given = "" if "bool" in inputs else "<bool t = {1}>"
    refused(UnsupportedAttribute, message, model(f"{given} {{ [d] y = Dropout (x, , t) }}", inputs))


@pytest.mark.parametrize(
    ("source", "target", "shown"),
    [
        ("float", 17, "float32 to float8_e4m3fn"),
        ("int32", 17, "int32 to float8_e4m3fn"),
        ("float8e5m2", 1, "float8_e5m2 to float32"),
        ("float", 8, "float32 to object"),
    ],
)
def test_casts_that_change_values(source, target, shown):
    message = (
        f"node 'c': operator Cast is not supported from {shown}, which changes values; express "
        f"the rounding by a Quant node"
    )
    proto = model(f"{{ [c] y = Cast <to = {target}> (x) }}", f"{source}[1, 4] x", opset=19)
    refused(UnsupportedOperator, message, proto)


@pytest.mark.parametrize(
    ("dtype", "node", "effect"),
    [
        ("int64", "Div (x, x)", "Div is not supported on int64, where it truncates"),
        ("int8", "Mul (x, x)", "Mul is not supported on int8, where it wraps around"),
        ("uint64", "Sub (x, x)", "Sub is not supported on uint64, where it wraps around"),
    ],
)
def test_integer_arithmetic(dtype, node, effect):
    message = f"node 'n': operator {effect}; cast its inputs to float before it"
    refused(UnsupportedOperator, message, model(f"{{ [n] y = {node} }}", f"{dtype}[1, 4] x"))


@pytest.mark.parametrize(
    ("node", "what"),
    [
        ("Quant (x, c, c)", "Quant has 3 inputs instead of 4"),
        ("Quant (x, c, , c)", "Quant has 3 inputs instead of 4"),
        ("BipolarQuant (x)", "BipolarQuant has 1 inputs instead of 2"),
        ("Trunc (x, c, c, c)", "Trunc has 4 inputs instead of 5 or 6"),
    ],
)
def test_quantizers_without_parameters(node, what):
    message = f"node 'q': {what}; export the network again"
    refused(ModelError, message, model(f"<float c = {{1}}> {{ [q] y = {node} }}"))


# -- where the network ends --------------------------------------------------------------------


def test_unknown_output():
    message = "output 'relu': no node of model 'net' computes it; did you mean 'relu1'?"
    body = "{ relu1 = Relu (x) y = Neg (relu1) }"
    refused(ConfigError, message, model(body), outputs=["relu"])


def test_nothing_to_cut():
    message = (
        "logits: the network does not end in Softmax, LogSoftmax, Sigmoid or ArgMax, but in Relu "
        "'r'; leave --logits out"
    )
    refused(ConfigError, message, model("{ s = Softmax (x) [r] y = Relu (s) }"), logits=True)


def test_nothing_to_cut_from_a_constant():
    message = (
        "logits: the network does not end in Softmax, LogSoftmax, Sigmoid or ArgMax, but in the "
        "constant or input 'y'; leave --logits out"
    )
    refused(ConfigError, message, model("<float[1] c = {1}> { y = Neg (c) }"), logits=True)


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax", "Sigmoid", "ArgMax"])
def test_softmax_at_the_end(operator):
    loaded = load(model(f"{{ h = Relu (x) [s] y = {operator} (h) }}"))
    with pytest.raises(UnsupportedOperator) as caught:
        check_endings(loaded, supported={"Relu"})
    assert str(caught.value) == (
        f"node 's': operator {operator} is not supported; add --logits to end the network at its "
        f"input 'h'"
    )
    check_endings(loaded, supported={"Relu", operator})


def test_softmax_before_the_last_quantizer():
    pair = "q = QuantizeLinear (p, c) y = DequantizeLinear (q, c)"
    loaded = load(model(f"<float c = {{1}}> {{ h = Relu (x) [s] p = Softmax (h) {pair} }}"))
    with pytest.raises(UnsupportedOperator) as caught:
        check_endings(loaded, supported={"Relu"})
    assert str(caught.value) == (
        "node 's': operator Softmax is not supported; add --logits to end the network at its input "
        "'h'"
    )


def test_softmax_in_the_middle():
    loaded = load(model("{ h = Relu (x) [s] p = Softmax (h) y = Neg (p) }"))
    with pytest.raises(UnsupportedOperator) as caught:
        check_endings(loaded, supported={"Relu", "Neg"})
    assert str(caught.value) == (
        "node 's': operator Softmax is not supported yet in the middle of a network; end the "
        "network at its input 'h' with --output"
    )
