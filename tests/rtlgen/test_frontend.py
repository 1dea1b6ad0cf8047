"""What ``load`` makes of a model: its inputs, constants, nodes and outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from rtlgen.frontend import load
from tests.rtlgen.frontend_oracle import form, run


def model(body, inputs="float[1, 4] x", outputs="float[1, 4] y", opset=17):
    return parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}, "onnx.brevitas" : 1]>\n'
        f"net ({inputs}) => ({outputs}) {body}"
    )


def kinds(loaded):
    return [node.op_type for node in loaded.nodes]


DENSE = "<float[4, 4] w = {1,0,0,0, 0,2,0,0, 0,0,3,0, 0,0,0,4}> { h = MatMul (x, w) y = Relu (h) }"


# -- reading -----------------------------------------------------------------------------------


def test_a_path_a_text_and_a_model_in_memory_are_the_same(tmp_path: Path):
    proto = model(DENSE)
    path = tmp_path / "dense.onnx"
    onnx.save(proto, path)
    assert form(load(path)) == form(load(str(path))) == form(load(proto))
    assert load(path).name == "net"


def test_the_name_of_the_file_if_the_graph_has_none(tmp_path: Path):
    proto = model(DENSE)
    proto.graph.name = ""
    onnx.save(proto, tmp_path / "dense.onnx")
    assert load(tmp_path / "dense.onnx").name == "dense"
    assert load(proto).name == "model"


def test_a_model_in_memory_is_not_modified():
    proto = model("{ i = Identity (x) q = Quant (i, s, z, b) y = Softmax (q) }", QUANT_INPUTS)
    add_quant_parameters(proto)
    before = proto.SerializeToString()
    load(proto, logits=True)
    assert proto.SerializeToString() == before


def test_external_data(tmp_path: Path):
    proto = model(DENSE)
    path = tmp_path / "dense.onnx"
    proto.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(numpy_helper.to_array(proto.graph.initializer[0]), "w")
    )
    onnx.save(proto, path, save_as_external_data=True, location="dense.bin", size_threshold=0)
    assert (tmp_path / "dense.bin").stat().st_size == 64
    assert form(load(path)) == form(load(model(DENSE)))


def test_metadata():
    proto = model(DENSE)
    helper.set_model_props(proto, {"author": "somebody"})
    assert load(proto).metadata == {"author": "somebody"}


# -- inputs and the batch ----------------------------------------------------------------------


@pytest.mark.parametrize("batch", ["1", "0", "N", "?"])
def test_an_open_batch_is_one(batch):
    loaded = load(model(DENSE, f"float[{batch}, 4] x", f"float[{batch}, 4] y"))
    assert loaded.inputs == {"x": (1, 4)}
    assert loaded.shapes["y"] == (1, 4)
    assert form(loaded) == form(load(model(DENSE)))


def test_a_fixed_batch_stays():
    assert load(model(DENSE, "float[5, 4] x", "float[5, 4] y")).shapes["h"] == (5, 4)


def test_every_axis_with_the_name_of_the_batch_is_one():
    loaded = load(model("{ y = MatMul (a, x) }", "float[N, 4] x, float[3, N] a", "float[3, 4] y"))
    assert loaded.inputs == {"x": (1, 4), "a": (3, 1)}
    assert loaded.shapes["y"] == (3, 4)


def test_a_scalar_input():
    loaded = load(model("{ y = Mul (x, s) }", "float[1, 4] x, float s"))
    assert loaded.inputs == {"x": (1, 4), "s": ()}


def test_initializers_that_are_inputs_are_constants():
    proto = model(DENSE)
    shape = helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 4])
    proto.graph.input.append(shape)
    loaded = load(proto)
    assert loaded.inputs == {"x": (1, 4)}
    assert form(loaded) == form(load(model(DENSE)))


def test_an_input_without_effect_is_left_out():
    assert load(model(DENSE, "float[1, 4] x, bool training")).inputs.keys() == {"x"}


# -- constants ---------------------------------------------------------------------------------


def test_constants_are_exact():
    loaded = load(model("<float[1] c = {0.1}> { y = Add (x, c) }"))
    assert loaded.constants["c"].dtype == np.float64
    assert loaded.constants["c"][0] == float(np.float32(0.1)) != 0.1
    assert loaded.dtypes["c"] == np.float32
    assert loaded.nodes[0].constants["c"] is loaded.constants["c"]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, bool])
def test_integers_keep_the_type_that_a_zero_point_speaks_by(dtype):
    proto = model("{ y = Foo (x, c) }")
    proto.graph.node[0].domain = "onnx.brevitas"
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(3, dtype), "c"))
    assert load(proto).constants["c"].dtype == dtype


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE])
def test_every_float_becomes_the_same_float64(kind):
    proto = model("{ y = Foo (x, c) }")
    proto.graph.node[0].domain = "onnx.brevitas"
    proto.graph.initializer.append(helper.make_tensor("c", kind, [2], [0.375, -2.5]))
    constant = load(proto).constants["c"]
    assert constant.dtype == np.float64
    assert constant.tolist() == [0.375, -2.5]


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        ("Constant <value = float[2] {1, 2}> ()", [1.0, 2.0]),
        ("Constant <value_float = 0.5> ()", 0.5),
        ("Constant <value_floats = [0.5, 1.5]> ()", [0.5, 1.5]),
    ],
)
def test_every_form_of_constant_is_one(constant, expected):
    loaded = load(model(f"{{ c = {constant} y = Mul (x, c) }}", "float[1, 2] x"))
    assert kinds(loaded) == ["Mul"]
    assert loaded.constants["c"].tolist() == expected


@pytest.mark.parametrize(
    ("constant", "expected"),
    [("Constant <value_int = 3> ()", 3), ("Constant <value_ints = [1, -1]> ()", [1, -1])],
)
def test_constant_integers(constant, expected):
    loaded = load(model(f"{{ c = {constant} y = onnx.brevitas.Foo (x, c) }}"))
    assert loaded.constants["c"].tolist() == expected
    assert loaded.constants["c"].dtype == np.int64


def test_unused_constants_are_left_out():
    assert load(model("<float[1] c = {1}, float[1] d = {2}> { y = Add (x, d) }")).constants == {
        "d": np.array([2.0])
    }


# -- folding -----------------------------------------------------------------------------------


def test_a_computed_shape_is_folded():
    """As torch exports ``x.view(x.size(0), -1)``, in a batch that is open."""
    loaded = load(
        model(
            """{
            s = Shape (x)  zero = Constant <value = int64 {0}> ()  n = Gather <axis = 0> (s, zero)
            first = Constant <value = int64[1] {0}> ()
            u = Unsqueeze (n, first)  rest = Constant <value = int64[1] {-1}> ()
            shape = Concat <axis = 0> (u, rest)  y = Reshape (x, shape)
            }""",
            "float[N, 2, 3] x",
            "float[N, 6] y",
        )
    )
    assert kinds(loaded) == ["Reshape"]
    assert loaded.nodes[0].inputs == ("x", "shape")
    assert loaded.constants["shape"].tolist() == [1, -1]
    assert loaded.shapes["y"] == (1, 6)


def test_folding_repeats_where_a_folded_value_settles_a_shape():
    loaded = load(
        model(
            """{
            two = Constant <value = int64[1] {2}> ()  three = Constant <value = int64[1] {6}> ()
            six = Mul (two, two)  shape = Concat <axis = 0> (six, three)
            r = Reshape (x, shape)  s = Shape <start = 1> (r)  n = Size (r)
            f = Cast <to = 1> (n)  c = ConstantOfShape <value = float[1] {0.5}> (s)
            g = Mul (c, f)  y = Mul (r, g)
            }""",
            "float[1, 24] x",
            "float[4, 6] y",
        )
    )
    assert kinds(loaded) == ["Reshape", "Mul"]
    assert loaded.constants["g"].tolist() == [12.0] * 6


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("", "", [1, 2, 3]),
        ("start = 1", "", [2, 3]),
        ("", "end = -1", [1, 2]),
        ("start = 5", "", []),
    ],
)
def test_shape_of_a_part(start, end, expected):
    chosen = ", ".join(filter(None, (start, end)))
    attributes = f"<{chosen}>" if chosen else ""
    body = f"{{ s = Shape {attributes} (x) y = onnx.brevitas.Foo (x, s) }}"
    assert load(model(body, "float[1, 2, 3] x")).constants["s"].tolist() == expected


def test_folding_happens_in_the_numbers_of_the_model():
    """0.1 + 0.2 in float32, which float64 would not give."""
    loaded = load(
        model("<float[1] a = {0.1}, float[1] b = {0.2}> { c = Add (a, b) y = Mul (x, c) }")
    )
    assert loaded.constants["c"][0] == float(np.float32(0.1) + np.float32(0.2))


QUANT_INPUTS = "float[1, 4] x"


def add_quant_parameters(proto, **values):
    for name, value in ({"s": 0.25, "z": 0.0, "b": 4.0} | values).items():
        proto.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    for node in proto.graph.node:
        if "Quant" in node.op_type and "Linear" not in node.op_type:
            node.domain = "onnx.brevitas"
    return proto


def test_quantizers_of_constants_stay_and_so_what_depends_on_them():
    proto = model(
        """<float[4, 2] w = {1, 2, 3, 4, 5, 6, 7, 8}>
        { t = Transpose (w) q = Quant (t, s, z, b) u = Transpose (q) y = MatMul (x, u) }"""
    )
    loaded = load(add_quant_parameters(proto))
    assert kinds(loaded) == ["Quant", "Transpose", "MatMul"]
    assert loaded.constants["t"].shape == (2, 4)
    assert loaded.shapes["u"] == (4, 2)


def test_dequantized_constants_stay():
    loaded = load(
        model(
            """<int8[4] w = {1, 2, 3, -4}, float s = {0.25}, int8 z = {1}>
            { d = DequantizeLinear (w, s, z) y = Mul (x, d) }"""
        )
    )
    assert kinds(loaded) == ["DequantizeLinear", "Mul"]
    assert loaded.constants["w"].dtype == loaded.constants["z"].dtype == np.int8


@pytest.mark.parametrize(("axis", "found"), [("", -2), ("<axis = 0>", -3), ("<axis = -1>", -1)])
def test_quantizers_have_a_zero_point_and_an_axis_from_the_end(axis, found):
    loaded = load(
        model(
            f"""<float[2] s = {{0.25, 1}}, uint8[2] z = {{1, 2}}>
            {{ q = QuantizeLinear {axis} (x, s) y = DequantizeLinear {axis} (q, s, z) }}""",
            "float[2, 2, 2] x",
        )
    )
    assert [node.attributes["axis"] for node in loaded.nodes] == [found, found]
    first, second = (loaded.constants[node.inputs[2]] for node in loaded.nodes)
    assert (first.dtype, first.tolist()) == (np.uint8, [0, 0])
    assert second.tolist() == [1, 2]


def test_one_scale_has_no_axis():
    loaded = load(model("<float s = {1}> { y = QuantizeLinear <axis = 7> (x, s) }"))
    assert loaded.nodes[0].attributes["axis"] == -1


def test_random_numbers_are_not_constants():
    loaded = load(model("{ r = RandomNormal <shape = [1, 4]> () y = Add (x, r) }"))
    assert kinds(loaded) == ["RandomNormal", "Add"]


# -- QONNX -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "domain", ["", "ai.onnx", "onnx.brevitas", "finn.custom_op.general", "qonnx.custom_op.general"]
)
@pytest.mark.parametrize("op_type", ["Quant", "IntQuant"])
def test_every_domain_of_quant(op_type, domain):
    proto = add_quant_parameters(model("{ y = Quant (x, s, z, b) }"))
    proto.graph.node[0].domain = domain
    proto.graph.node[0].op_type = op_type
    del proto.opset_import[1:]
    (node,) = load(proto).nodes
    assert (node.domain, node.op_type) == ("qonnx.custom_op.general", "Quant")
    assert node.attributes == {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}


def test_rounding_modes_are_upper_case():
    proto = add_quant_parameters(model('{ y = Quant <rounding_mode = "floor"> (x, s, z, b) }'))
    assert load(proto).nodes[0].attributes["rounding_mode"] == "FLOOR"


@pytest.mark.parametrize(
    ("inputs", "version", "attributes"),
    [
        ("x, s, z, b, b", 1, {"rounding_mode": "FLOOR"}),
        ("x, s, z, b, s, b", 2, {"rounding_mode": "FLOOR", "signed": 1, "narrow": 0}),
    ],
)
def test_both_forms_of_trunc(inputs, version, attributes):
    (node,) = load(add_quant_parameters(model(f"{{ y = Trunc ({inputs}) }}"))).nodes
    assert (node.domain, node.opset) == ("qonnx.custom_op.general", version)
    assert node.attributes == attributes


def test_what_nobody_knows_passes():
    (node,) = load(model("{ y = com.example.Foo <a = 1> (x) }")).nodes
    assert (node.domain, node.op_type, node.attributes) == ("com.example", "Foo", {"a": 1})


def test_local_functions_are_inlined():
    proto = parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
        net (float[1, 4] x) => (float[1, 4] y) { y = local.twice (x) }
        <domain: "local", opset_import: ["" : 17]> twice (a) => (b) { r = Relu (a) b = Add (r, r) }
        """
    )
    assert kinds(load(proto)) == ["Relu", "Add"]


def test_channels_last():
    proto = model(
        """<float[3, 2, 2, 1] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}>
        {
            c = qonnx.custom_op.channels_last.Conv <kernel_shape = [2, 2]> (x, w)
            y = qonnx.custom_op.channels_last.MaxPool <kernel_shape = [2, 2]> (c)
        }""",
        "float[1, 4, 3, 1] x",
        "float[1, 2, 1, 3] y",
    )
    loaded = load(proto)
    assert kinds(loaded) == ["Transpose", "Conv", "Transpose", "Transpose", "MaxPool", "Transpose"]
    x = np.arange(12, dtype=np.float32).reshape(1, 4, 3, 1)
    w = np.arange(1, 13).reshape(3, 2, 2, 1)
    windows = np.lib.stride_tricks.sliding_window_view(x[0, :, :, 0], (2, 2))
    conv = np.einsum("hwij,oij->hwo", windows, w[..., 0])
    pooled = np.lib.stride_tricks.sliding_window_view(conv, (2, 2), axis=(0, 1)).max(axis=(3, 4))
    assert run(loaded, {"x": x})["y"].tolist() == [pooled.tolist()]


# -- nodes -------------------------------------------------------------------------------------


def test_nodes_are_sorted_and_copies_are_one():
    proto = model("{ a = Relu (x) b = Neg (a) y = Add (a, b) }")
    nodes = [proto.graph.node[i] for i in (2, 1, 0, 1)]
    shuffled = onnx.ModelProto()
    shuffled.CopyFrom(proto)
    del shuffled.graph.node[:]
    shuffled.graph.node.extend(nodes)
    assert form(load(shuffled)) == form(load(proto))


def test_sorted_nodes_stay_in_order():
    body = "{ b = Neg (x) a = Relu (x) y = Add (a, b) }"
    assert kinds(load(model(body))) == ["Neg", "Relu", "Add"]


def test_every_node_has_a_name_of_its_own():
    loaded = load(
        model("{ a = Relu (x) [Relu_b] c = Neg (a) b = Relu (c) [n] d = Neg (b) [n] y = Abs (d) }")
    )
    assert [node.name for node in loaded.nodes] == ["Relu_a", "Relu_b", "Relu_b_2", "n", "n_2"]


def test_dead_nodes_are_left_out():
    assert kinds(load(model("{ y = Relu (x) z = Exp (x) }"))) == ["Relu"]


def test_optional_outputs_that_nobody_reads_are_left_out():
    pool = "MaxPool <kernel_shape = [2]> (x)"
    loaded = load(model(f"{{ p, i = {pool} y = Relu (p) }}", "float[1, 1, 4] x"))
    assert loaded.nodes[0].outputs == ("p",)
    both = load(
        model(f"{{ y, i = {pool} }}", "float[1, 1, 4] x", "float[1, 1, 3] y, int64[1,1,3] i")
    )
    assert both.nodes[0].outputs == ("y", "i")
    split = "{ a, y = Split <axis = 1, num_outputs = 2> (x) }"
    assert load(model(split, opset=18)).nodes[0].outputs == ("a", "y")


# -- what does nothing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "inputs"),
    [
        ("Identity (x)", "float[1, 4] x"),
        ("Dropout (x)", "float[1, 4] x"),
        ("Dropout (x, r, t)", "float[1, 4] x"),
        ("Cast <to = 11> (x)", "float[1, 4] x"),
        ("Cast <to = 10> (x)", "float[1, 4] x"),
        ("Cast <to = 1> (x)", "uint8[1, 4] x"),
        ("Cast <to = 1> (x)", "bool[1, 4] x"),
        ("Cast <to = 6> (x)", "uint8[1, 4] x"),
        ("CastLike (x, r)", "float16[1, 4] x"),
    ],
)
def test_what_does_nothing_is_dropped(node, inputs):
    body = f"<float r = {{0.5}}, bool t = {{0}}> {{ i = {node} y = onnx.brevitas.Foo (i) }}"
    loaded = load(model(body, inputs))
    assert kinds(loaded) == ["Foo"]
    assert loaded.nodes[0].inputs == ("x",)


def test_a_cast_of_what_is_not_known_stays():
    loaded = load(model("{ h = onnx.brevitas.Foo (x) y = Cast <to = 7> (h) }"))
    assert kinds(loaded) == ["Foo", "Cast"]


def test_an_output_keeps_its_name():
    loaded = load(
        model("{ a = Relu (x) b = Identity (a) c = Neg (a) d = Add (b, c) y = Dropout (d) }")
    )
    assert kinds(loaded) == ["Relu", "Neg", "Add"]
    assert loaded.outputs == loaded.nodes[-1].outputs == ("y",)


def test_a_value_that_is_read_too_takes_the_name_of_the_output():
    loaded = load(
        model("{ a = Relu (x) y = Identity (a) z = Neg (a) }", outputs="float[1,4] y, float[1,4] z")
    )
    assert [(n.inputs, n.outputs) for n in loaded.nodes] == [(("x",), ("y",)), (("y",), ("z",))]


@pytest.mark.parametrize(
    "body",
    ["{ y = Identity (x) z = Relu (x) }", "{ z = Relu (x) y = Dropout (z) }"],
)
def test_an_identity_stays_between_two_names_that_both_count(body):
    loaded = load(model(body, outputs="float[1, 4] z, float[1, 4] y"))
    assert kinds(loaded) == ["Relu", "Identity"]
    assert loaded.outputs == ("z", "y")
    assert {n.outputs for n in loaded.nodes} == {("y",), ("z",)}


def test_an_output_can_be_a_constant():
    loaded = load(model("<float[4] c = {1, 2, 3, 4}> { y = Neg (c) }"))
    assert (loaded.inputs, loaded.nodes) == ({}, ())
    assert loaded.constants["y"].tolist() == [-1, -2, -3, -4]


def test_two_names_of_one_value():
    loaded = load(
        model(
            "{ a = Relu (x) y = Identity (a) z = Identity (a) }",
            outputs="float[1, 4] y, float[1, 4] z",
        )
    )
    assert [(n.op_type, n.inputs, n.outputs) for n in loaded.nodes] == [
        ("Relu", ("x",), ("y",)),
        ("Identity", ("y",), ("z",)),
    ]


# -- where the network ends --------------------------------------------------------------------


def test_any_value_can_be_an_output():
    body = "{ a = Relu (x) b = Neg (a) y = Abs (b) }"
    loaded = load(model(body), outputs=["b", "a"])
    assert kinds(loaded) == ["Relu", "Neg"]
    assert loaded.outputs == ("b", "a")


@pytest.mark.parametrize("last", ["Softmax", "LogSoftmax", "Sigmoid", "ArgMax <axis = 1>"])
def test_logits(last):
    loaded = load(model(f"{{ a = Relu (x) y = {last} (a) }}"), logits=True)
    assert kinds(loaded) == ["Relu"]
    assert loaded.outputs == ("a",)


def test_logits_cuts_repeatedly_and_behind_what_does_nothing():
    body = "{ a = Relu (x) s = Softmax (a) t = Identity (s) u = ArgMax (t) y = Cast <to = 1> (u) }"
    loaded = load(model(body), logits=True)
    assert loaded.outputs == ("a",)
    assert kinds(loaded) == ["Relu"]


PAIR = "q = QuantizeLinear (p, s) y = DequantizeLinear (q, s)"


def test_logits_takes_the_quantizers_of_a_softmax_along():
    before = "b = QuantizeLinear (x, s) a = DequantizeLinear (b, s)"
    loaded = load(model(f"<float s = {{1}}> {{ {before} p = Softmax (a) {PAIR} }}"), logits=True)
    assert loaded.outputs == ("a",)
    assert kinds(loaded) == ["QuantizeLinear", "DequantizeLinear"]


def test_logits_of_several_outputs():
    body = "{ a = Relu (x) y = Softmax (a) z = ArgMax (a) w = Neg (a) }"
    outputs = "float[1, 4] y, int64[1, 4] z, float[1, 4] w"
    assert load(model(body, outputs=outputs), logits=True).outputs == ("a", "w")


def test_without_logits_the_softmax_stays():
    assert kinds(load(model("{ a = Relu (x) y = Softmax (a) }"))) == ["Relu", "Softmax"]
