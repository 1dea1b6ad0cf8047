"""Attention and RotaryEmbedding, written out, on the data of ONNX's own node tests."""

import warnings
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser
from onnx.backend.test.case.node import collect_testcases

from rtlgen.frontend import load
from sim.errors import ShapeError, UnsupportedAttribute
from tests.rtlgen.test_expanding import as_loaded, run

KNOWN = ("attn_mask", "nonpad_kv_seqlen", "position_ids")
"""Inputs that are constants in most networks."""


@cache
def cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    return {
        case.name: case
        for case in found
        if case.model.graph.node[0].op_type in ("Attention", "RotaryEmbedding")
        and not case.name.endswith("_expanded")
        and single(case.model)
    }


def single(model):
    """Whether all floats are of single precision, as those that are compared."""
    types = {value.type.tensor_type.elem_type for value in model.graph.input}
    return types <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.BOOL}


def judged(name, known):
    """Written out, with these inputs as constants, a case gives what ONNX says."""
    case = cases()[name]
    proto = onnx.ModelProto()
    proto.CopyFrom(case.model)
    ((given, wanted),) = case.data_sets
    feeds = dict(zip((value.name for value in proto.graph.input), given, strict=True))
    for value in list(proto.graph.input):
        if value.name in known:
            tensor = numpy_helper.from_array(feeds.pop(value.name), value.name)
            proto.graph.initializer.append(tensor)
            proto.graph.input.remove(value)
    for a, b in zip(run(as_loaded(proto), feeds), wanted, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def refused_with(name, known):
    """Of what minus infinity is an output, or a number of keys an input."""
    attributes = {a.name: a.i for a in cases()[name].model.graph.node[0].attribute}
    inputs = {value.name for value in cases()[name].model.graph.input}
    outputs = len(cases()[name].model.graph.node[0].output)
    masked = attributes.get("is_causal") or ("attn_mask" in inputs and "bool" in name)
    infinite = attributes.get("qk_matmul_output_mode") == 2 and masked and outputs > 3
    return infinite or bool(inputs - {*known} & {"nonpad_kv_seqlen"})


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("known", [(), KNOWN], ids=["computed", "known"])
def test_as_onnx_has_it(name, known):
    if refused_with(name, known):
        with pytest.raises(UnsupportedAttribute):
            judged(name, known)
    else:
        judged(name, known)


def test_there_are_cases():
    assert len(cases()) > 60
    assert sum(refused_with(name, KNOWN) for name in cases()) <= 4


# -- what it is written as ----------------------------------------------------------------------


def net(attributes="", q="1, 2, 4, 3", k="1, 2, 4, 3", rest="", constants="", outputs="y", v=""):
    given = f"<{constants}> " if constants else ""
    results = ", ".join(
        f"float[A{i}, B, C, D] {name}" for i, name in enumerate(outputs.split(", "))
    )
    return parser.parse_model(
        f'<ir_version: 11, opset_import: ["" : 25]> net (float[{q}] q, float[{k}] k, '
        f"float[{v or k}] v) => ({results}) {given}"
        f"{{ [a] {outputs} = Attention {attributes and f'<{attributes}>'} (q, k, v{rest}) }}"
    )


def kinds(proto):
    return [node.op_type for node in load(proto).nodes]


def test_without_a_mask():
    assert kinds(net()) == ["Transpose", "MatMul", "Mul", "Softmax", "MatMul"]
    assert load(net("scale = 0.25")).constants["a.scale"] == 0.25


def test_a_causal_mask_leaves_out_what_it_hides():
    nodes = load(net("is_causal = 1")).nodes
    sizes = [
        load(net("is_causal = 1")).shapes[n.outputs[0]] for n in nodes if n.op_type == "Softmax"
    ]
    assert sizes == [(1, 2, 1, size) for size in (1, 2, 3, 4)]


def test_queries_that_see_the_same_have_one_softmax():
    mask = "bool[4, 4] m = {1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0}"
    model = load(net(rest=", m", constants=mask))
    sizes = [model.shapes[n.outputs[0]] for n in model.nodes if n.op_type == "Softmax"]
    assert sizes == [(1, 2, 3, 2), (1, 2, 1, 2)]


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "proto"),
    [
        ("qk_matmul_output_mode=4; supported is 0, 1, 2 or 3", net("qk_matmul_output_mode = 4")),
        (
            "qk_matmul_output_mode=2 and a mask, which is infinite; supported is another mode",
            net("is_causal = 1, qk_matmul_output_mode = 2", outputs="y, c, d, s"),
        ),
        (
            "q_num_heads=4 and 6 numbers for all; supported is a divisor of it",
            net("kv_num_heads = 2, q_num_heads = 4", "1, 4, 6", "1, 4, 6"),
        ),
        (
            "kv_num_heads=4 and 6 numbers for all; supported is a divisor of it",
            net("kv_num_heads = 4, q_num_heads = 2", "1, 4, 6", "1, 4, 6"),
        ),
        (
            "3 heads of queries and 2 of keys; supported is a multiple of the latter",
            net("", "1, 3, 4, 2", "1, 2, 4, 2"),
        ),
    ],
    ids=["mode", "infinity", "heads", "heads of keys", "groups"],
)
def test_refused(what, proto):
    with pytest.raises(UnsupportedAttribute) as caught:
        load(proto)
    assert str(caught.value) == f"node 'a': operator Attention is not supported with {what}"


def test_lengths_of_another_batch():
    proto = net(rest=', "", "", "", n', constants="int64[2] n = {1, 2}")
    with pytest.raises(ShapeError) as caught:
        load(proto)
    assert str(caught.value) == (
        "node 'a': nonpad_kv_seqlen has the shape [2] instead of [1]; check the shapes in the model"
    )


def test_minus_infinity_that_stays():
    """In a mask that nothing takes."""
    proto = parser.parse_model(
        '<ir_version: 11, opset_import: ["" : 25]> net (float[1, 2] x) => (float[1, 2] y) '
        "{ y = Add (x, c) }"
    )
    tensor = numpy_helper.from_array(np.float32([-np.inf, 1]), "c")
    proto.graph.initializer.append(tensor)
    with pytest.raises(Exception, match="constant 'c': 1 of its 2 values are not finite"):
        load(proto)


def rotary(attributes, shape):
    return parser.parse_model(
        f'<ir_version: 11, opset_import: ["" : 25]> net (float[{shape}] x, float[8, 2] c, '
        f"float[8, 2] s, int64[1, 3] p) => (float[A, B, C] y) "
        f"{{ [r] y = RotaryEmbedding <{attributes}> (x, c, s, p) }}"
    )


@pytest.mark.parametrize(
    ("what", "proto"),
    [
        ("num_heads=3 and 8 numbers", rotary("num_heads = 3", "1, 3, 8")),
        ("rotary_embedding_dim=3 of 4", rotary("rotary_embedding_dim = 3", "1, 2, 3, 4")),
        ("rotary_embedding_dim=6 of 4", rotary("rotary_embedding_dim = 6", "1, 2, 3, 4")),
    ],
)
def test_no_rotation(what, proto):
    with pytest.raises(UnsupportedAttribute) as caught:
        load(proto)
    supported = "a divisor of these" if "heads" in what else "an even part of these"
    assert str(caught.value) == (
        f"node 'r': operator RotaryEmbedding is not supported with {what}; supported is {supported}"
    )
