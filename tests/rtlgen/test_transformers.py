"""What ONNX Runtime fuses parts of transformers to, written out, against ONNX Runtime."""

import numpy as np
import pytest
from onnx import helper, numpy_helper

from rtlgen.frontend import load
from sim.errors import UnsupportedAttribute
from tests.rtlgen.test_expanding import check

ROWS = {"a": (1, 2, 8), "b": (1, 2, 8), "g": (8,)}
SELF = {"x": (1, 4, 6), "w": (6, 24), "b": (24,)}
CROSS = {"q": (1, 4, 6), "k": (1, 5, 6), "v": (1, 5, 8)}


def fused(op_type, inputs, outputs=("y",), **attributes):
    """A node called n; what has no batch of one is a constant, what has no shape is absent."""
    random = np.random.default_rng(0)
    data = {name: shape for name, shape in inputs.items() if shape and shape[0] == 1}
    constants = {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in inputs.items()
        if shape and name not in data
    }
    names = [name if shape else "" for name, shape in inputs.items()]
    node = helper.make_node(op_type, names, outputs, "n", domain="com.microsoft", **attributes)
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in data.items()],
        [helper.make_tensor_value_info(name, 1, None) for name in outputs if name],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    imports = [helper.make_opsetid("", 22), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


@pytest.mark.parametrize(
    "proto",
    [
        fused("BiasGelu", {"a": (1, 5), "b": (5,)}),
        fused("FastGelu", {"a": (1, 5), "b": (5,)}),
        fused("FastGelu", {"a": (1, 5)}),
        fused("QuickGelu", {"a": (1, 5)}),
        fused("QuickGelu", {"a": (1, 5)}, alpha=0.5),
        fused("SkipLayerNormalization", ROWS),
        fused("SkipLayerNormalization", {**ROWS, "c": (8,)}, epsilon=0.1),
        fused("SkipLayerNormalization", {**ROWS, "c": (8,), "d": (8,)}, ("y", "", "", "s")),
        fused("SkipLayerNormalization", {**ROWS, "c": None, "d": (8,)}),
        fused("SkipSimplifiedLayerNormalization", ROWS, epsilon=0.1),
        fused("SkipSimplifiedLayerNormalization", {**ROWS, "d": (8,)}, ("y", "", "", "s")),
        fused("Attention", SELF, num_heads=2),
        fused("Attention", SELF, num_heads=4, unidirectional=1, scale=0.3),
        fused(
            "Attention",
            {"x": (1, 4, 6), "w": (6, 20), "b": (20,), "m": None, "p": None, "e": (1, 2, 4, 4)},
            num_heads=2,
            qkv_hidden_sizes=[8, 8, 4],
        ),
        fused("MultiHeadAttention", CROSS, num_heads=2),
        fused("MultiHeadAttention", {**CROSS, "b": (20,)}, num_heads=2, scale=0.7),
        fused(
            "MultiHeadAttention",
            {**CROSS, "b": None, "m": None, "e": (1, 1, 4, 5)},
            num_heads=2,
        ),
        fused(
            "MultiHeadAttention",
            {
                **CROSS,
                "v": (1, 5, 6),
                **dict.fromkeys("bme"),
                **dict.fromkeys("cd", (1, 2, 3, 3)),
            },
            ("y", "keys", "values"),
            num_heads=2,
        ),
    ],
    ids=lambda proto: proto.graph.node[0].op_type,
)
def test_as_onnx_runtime_has_it(proto):
    check(proto, digits=4)


@pytest.mark.parametrize(
    ("what", "proto"),
    [
        ("do_rotary=1; supported is do_rotary=0", fused("Attention", SELF, do_rotary=1)),
        (
            "the input mask_index, 'm'; supported is none",
            fused("Attention", {**SELF, "m": (1, 4)}, num_heads=2),
        ),
        (
            "the further output 'present'; supported is 1 of its outputs",
            fused("Attention", SELF, ("y", "present"), num_heads=2),
        ),
        (
            "qkv_hidden_sizes=(8, 8, 4); supported is three that make 24 together",
            fused("Attention", SELF, num_heads=2, qkv_hidden_sizes=[8, 8, 4]),
        ),
        (
            "the input key_padding_mask, 'm'; supported is none",
            fused("MultiHeadAttention", {**CROSS, "b": None, "m": (1, 5)}, num_heads=2),
        ),
        (
            "packed or cached inputs; supported is query, key and value of three axes each",
            fused("MultiHeadAttention", {"q": (1, 4, 2, 3, 3)}, num_heads=2),
        ),
        (
            "the further output 'mean'; supported is the first and the fourth output",
            fused("SkipLayerNormalization", ROWS, ("y", "mean")),
        ),
        (
            "attribute epsilon=0.5; supported is no attribute",
            fused("BiasGelu", {"a": (1, 5), "b": (5,)}, epsilon=0.5),
        ),
    ],
)
def test_refused(what, proto):
    with pytest.raises(UnsupportedAttribute) as caught:
        load(proto)
    op_type = proto.graph.node[0].op_type
    assert str(caught.value) == f"node 'n': operator {op_type} is not supported with {what}"
