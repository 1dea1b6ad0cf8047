"""Recurrent networks of one node, with random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}


def recurrent(
    op_type: str,
    *,
    steps: int = 4,
    batch: int = 1,
    features: int = 3,
    hidden: int = 2,
    seed: int = 0,
    bias: bool = True,
    lengths: Sequence[int] = (),
    initial: Mapping[str, str] = {},
    peepholes: bool = False,
    outputs: Sequence[str] = (),
    **attributes: Any,
) -> onnx.ModelProto:
    """One node of opset 22 called by its type; its input is ``x``.

    ``initial`` says of ``initial_h`` and ``initial_c`` whether they are a ``constant`` or an
    ``input``.
    """
    random = np.random.default_rng(seed)
    directions = 1 + (attributes.get("direction") == "bidirectional")
    rows, batch_first = GATES[op_type] * hidden, attributes.get("layout", 0)
    constants = {
        "W": random.normal(size=(directions, rows, features)),
        "R": random.normal(size=(directions, rows, hidden)),
    }
    inputs = {"x": (batch, steps, features) if batch_first else (steps, batch, features)}
    if bias:
        constants["B"] = random.normal(size=(directions, 2 * rows))
    if lengths:
        constants["sequence_lens"] = np.array(lengths, np.int32)
    state = (batch, directions, hidden) if batch_first else (directions, batch, hidden)
    for name, kind in initial.items():
        if kind == "constant":
            constants[name] = random.normal(size=state)
        else:
            inputs[name] = state
    if peepholes:
        constants["P"] = random.normal(size=(directions, 3 * hidden))
    positions = ("x", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
    given = [name if name in inputs or name in constants else "" for name in positions]
    given = given[: {"LSTM": 8}.get(op_type, 6)]
    outputs = outputs or ("Y", "Y_h", "Y_c")[: 2 + (op_type == "LSTM")]
    node = helper.make_node(
        op_type, given, outputs, op_type.lower(), hidden_size=hidden, **attributes
    )
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, 1, None) for name in outputs if name],
        [numpy_helper.from_array(single(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)


def single(value: Any) -> Any:
    return value.astype(np.float32) if value.dtype == float else value
