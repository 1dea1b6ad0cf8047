"""The operators of ``com.microsoft`` that ONNX Runtime makes of parts of transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rtlgen.frontend.expansion import Expand, Expansion

_ATTENTION = {"num_heads": 0, "unidirectional": 0, "scale": 0.0, "mask_filter_value": 0.0}
"""The attributes of an attention. What a mask is filled with has no effect without a mask."""


def self_attention(expansion: Expansion) -> None:
    """Attention of a sequence to itself; its queries, keys and values are one product."""
    node, made = expansion.node, expansion.made
    given = expansion.attributes(**_ATTENTION, qkv_hidden_sizes=(), do_rotary=0)
    if given["do_rotary"]:
        raise node.unsupported(f"do_rotary={given['do_rotary']}", "do_rotary=0")
    _check_absent(expansion, {3: "mask_index", 4: "past", 6: "past_sequence_length"}, outputs=1)
    width = expansion.shape(1)[-1]
    sizes = given["qkv_hidden_sizes"] or (width // 3,) * 3
    if sum(sizes) != width:
        raise node.unsupported(f"qkv_hidden_sizes={sizes}", f"three that make {width} together")
    product = made("MatMul", *node.inputs[:2])
    if node.has(2):
        product = made("Add", product, node.inputs[2])
    _attend(expansion, given, expansion.split(product, sizes, -1))


def multi_head_attention(expansion: Expansion) -> None:
    """Attention of queries to keys, each of three axes: batch, sequence, elements of all heads."""
    node = expansion.node
    given = expansion.attributes(**_ATTENTION)
    absent = {4: "key_padding_mask", 8: "past_sequence_length", 9: "cache_indirection"}
    _check_absent(expansion, absent, outputs=3)
    names = list(node.inputs[:3])
    if not all(node.has(i) and len(expansion.shape(i)) == 3 for i in range(3)):
        raise node.unsupported("packed or cached inputs", "query, key and value of three axes each")
    if node.has(3):
        sizes = [expansion.shape(i)[-1] for i in range(3)]
        biases = expansion.split(node.inputs[3], sizes, 0)
        names = [expansion.made("Add", *pair) for pair in zip(names, biases, strict=True)]
    _attend(expansion, given, names)


def skip_normalization(op_type: str, expansion: Expansion) -> None:
    """A sum, normalized: the skipped layer, a bias, and the sum itself as an output."""
    node, made = expansion.node, expansion.made
    given = expansion.attributes(epsilon=1e-12)
    layer = op_type == "LayerNormalization"
    for name in filter(None, node.outputs[1:3]):
        raise node.unsupported(f"the further output {name!r}", "the first and the fourth output")
    bias = node.inputs[3 + layer :]
    total = made("Add", *node.inputs[:2])
    if any(bias):
        total = made("Add", total, *bias)
    scales = [name for name in node.inputs[2 : 3 + layer] if name]
    made(op_type, total, *scales, output=node.outputs[0], axis=-1, epsilon=given["epsilon"])
    if len(node.outputs) > 3:
        made("Identity", total, output=node.outputs[3])


def gelu(approximate: str, expansion: Expansion) -> None:
    """Gelu of a sum with a bias, if there is one."""
    expansion.attributes()
    x, *bias = filter(None, expansion.node.inputs)
    x = expansion.made("Add", x, *bias) if bias else x
    expansion.made("Gelu", x, output=expansion.node.outputs[0], approximate=approximate)


def quick_gelu(expansion: Expansion) -> None:
    """``x * sigmoid(alpha * x)``."""
    alpha, x = expansion.attributes(alpha=1.702)["alpha"], expansion.node.inputs[0]
    scaled = expansion.made("Mul", x, expansion.constant(alpha, "alpha"))
    gate = expansion.made("Sigmoid", scaled)
    expansion.made("Mul", x, gate, output=expansion.node.outputs[0])


def _attend(expansion: Expansion, given: Mapping[str, Any], names: Sequence[str]) -> None:
    """ONNX's attention; inputs from the fifth on are what is added to the scores, and the past."""
    node, heads = expansion.node, given["num_heads"]
    scale = {"scale": given["scale"]} if given["scale"] else {}
    rest = [name if node.op_type == "MultiHeadAttention" else "" for name in node.inputs[6:8]]
    added = node.inputs[5] if node.has(5) else ""
    expansion.several(
        "Attention",
        *names,
        added,
        *rest,
        outputs=node.outputs,
        q_num_heads=heads,
        kv_num_heads=heads,
        is_causal=given["unidirectional"],
        **scale,
    )


def _check_absent(expansion: Expansion, names: Mapping[int, str], outputs: int) -> None:
    """Refuse optional inputs, and outputs after so many."""
    node = expansion.node
    for position, name in names.items():
        if node.has(position):
            raise node.unsupported(f"the input {name}, {node.inputs[position]!r}", "none")
    for name in filter(None, node.outputs[outputs:]):
        raise node.unsupported(f"the further output {name!r}", f"{outputs} of its outputs")


EXPANSIONS: Mapping[str, Expand] = {
    "Attention": self_attention,
    "BiasGelu": partial(gelu, "none"),
    "FastGelu": partial(gelu, "tanh"),
    "MultiHeadAttention": multi_head_attention,
    "QuickGelu": quick_gelu,
    "SkipLayerNormalization": partial(skip_normalization, "LayerNormalization"),
    "SkipSimplifiedLayerNormalization": partial(skip_normalization, "RMSNormalization"),
}
