"""GroupQueryAttention of ``com.microsoft``: causal, of a whole sequence to itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion

_LENGTHS, _TOTAL, _COS, _SIN, _BIAS = 5, 6, 7, 8, 10
"""Positions of inputs."""
_ABSENT = {
    3: "past_key",
    4: "past_value",
    9: "position_ids",
    11: "head_sink",
    12: "k_scale",
    13: "v_scale",
}
_WITHOUT = {
    "smooth_softmax": (0, -1),
    "qk_output": (0,),
    "k_quant_type": ("NONE",),
    "v_quant_type": ("NONE",),
    "kv_cache_bit_width": (0,),
}
"""Attributes that change nothing, with these values; the last one is the default."""


def group_query_attention(expansion: Expansion) -> None:
    """Heads of queries share heads of keys; those may be turned by their positions before it."""
    node = expansion.node
    given = _attributes(expansion)
    for position, name in _ABSENT.items():
        if node.has(position):
            raise node.unsupported(f"the input {name}, {node.inputs[position]!r}", "none")
    for name in filter(None, node.outputs[3:]):
        raise node.unsupported(f"the further output {name!r}", "3 of its outputs")
    query, key, value = _inputs(expansion, given)
    _check_lengths(expansion)
    if given["do_rotary"]:
        query = _turned(expansion, query, given["num_heads"], given)
        key = _turned(expansion, key, given["kv_num_heads"], given)
    rest = {"scale": given["scale"]} if given["scale"] else {}
    if given["local_window_size"] > 0:  # of keys that a query sees, its own one among them
        rest["left_window_size"] = given["local_window_size"] - 1
    expansion.several(
        "Attention",
        *(query, key, value),
        node.inputs[_BIAS] if node.has(_BIAS) else "",
        outputs=node.outputs,
        q_num_heads=given["num_heads"],
        kv_num_heads=given["kv_num_heads"],
        is_causal=1,
        softcap=given["softcap"],
        **rest,
    )


def _attributes(expansion: Expansion) -> dict[str, Any]:
    defaults = {"num_heads": 0, "kv_num_heads": 0, "scale": 0.0, "softcap": 0.0}
    window = {"local_window_size": -1, "do_rotary": 0, "rotary_interleaved": 0}
    without = {name: values[-1] for name, values in _WITHOUT.items()}
    given = expansion.attributes(**defaults, **window, **without)
    unsupported = expansion.node.unsupported
    for name, values in _WITHOUT.items():
        if given[name] not in values:
            raise unsupported(f"{name}={given[name]!r}", " or ".join(map(repr, values)))
    if (size := given["local_window_size"]) < 1 and size != -1:
        raise unsupported(f"local_window_size={size}", "-1, or at least 1")
    return given


def _inputs(expansion: Expansion, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Query, key and value, which may be side by side in one."""
    node, heads, shared = expansion.node, given["num_heads"], given["kv_num_heads"]
    if node.has(1) and node.has(2):
        return node.inputs[:3]
    width, all_heads = expansion.shape()[-1], heads + 2 * shared
    if heads < 1 or shared < 1 or width % all_heads:
        raise node.unsupported(
            f"num_heads={heads}, kv_num_heads={shared} and {width} numbers for all",
            "a divisor of these",
        )
    size = width // all_heads
    return expansion.split(node.inputs[0], (heads * size, shared * size, shared * size), -1)


def _check_lengths(expansion: Expansion) -> None:
    """Refuse sequences that are shorter than what holds them, or go on one from before."""
    node, (_, length, *_) = expansion.node, expansion.shape()
    last, total = expansion.required(_LENGTHS), expansion.required(_TOTAL)
    if (last != length - 1).any() or (total != length).any():
        raise node.unsupported(
            f"seqlens_k={last.ravel().tolist()} and total_sequence_length={total.item()} of "
            f"{length} queries",
            f"{length - 1} and {length}",
        )


def _turned(expansion: Expansion, name: str, heads: int, given: Mapping[str, Any]) -> str:
    """Each element of a sequence by the angles of its position."""
    batch, length, *_ = expansion.shape()
    positions = np.broadcast_to(np.arange(length), (batch, length))
    return expansion.made(
        "RotaryEmbedding",
        *(name, expansion.node.inputs[_COS], expansion.node.inputs[_SIN]),
        expansion.constant(positions, "positions", np.int64),
        num_heads=heads,
        interleaved=given["rotary_interleaved"],
        rotary_embedding_dim=2 * expansion.shape(_COS)[-1],
    )


EXPANSIONS: Mapping[str, Expand] = {"GroupQueryAttention": group_query_attention}
