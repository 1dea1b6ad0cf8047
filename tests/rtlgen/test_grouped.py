"""GroupQueryAttention of whole sequences, against ONNX Runtime."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from rtlgen.frontend import load
from sim.errors import RtlgenError
from tests.rtlgen.test_expanding import check

POSITIONS = ("", "", "", "past_key", "past_value", "last", "total", "cos", "sin", "", "bias")
LENGTH = 4


def grouped(
    batch=1,
    heads=4,
    shared=2,
    size=16,
    half=0,
    last=LENGTH - 1,
    outputs=("y", "keys", "values"),
    packed=False,
    more=None,
    **attributes,
) -> onnx.ModelProto:
    """A node called n; ``half`` of the elements of a head are turned, ``more`` are inputs."""
    random = np.random.default_rng(0)
    parts = {"q": heads * size, "k": shared * size, "v": shared * size}
    widths = {"q": sum(parts.values())} if packed else parts
    data = {name: (batch, LENGTH, width) for name, width in widths.items()} | (more or {})
    constants = {
        "last": np.full(batch, last, np.int32),
        "total": np.array(last + 1, np.int32),
    }
    if half:
        angles = {name: random.normal(size=(LENGTH + 3, half)) for name in ("cos", "sin")}
        constants |= {name: array.astype(np.float32) for name, array in angles.items()}
        attributes["do_rotary"] = 1
    known = {*data, *constants}
    names = [*widths, *POSITIONS[len(widths) :]]
    names = [name if name in known else "" for name in names]
    while not names[-1]:
        names.pop()
    settings = {"num_heads": heads, "kv_num_heads": shared, **attributes}
    node = helper.make_node(
        "GroupQueryAttention", names, outputs, "n", domain="com.microsoft", **settings
    )
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in data.items()],
        [helper.make_tensor_value_info(name, 1, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    imports = [helper.make_opsetid("", 22), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"packed": True},
        {"shared": 1},
        {"shared": 4, "scale": 0.3},
        {"softcap": 2.0},
        {"half": 8},
        {"half": 8, "rotary_interleaved": 1},
        {"half": 8, "size": 32},
        {"half": 8, "packed": True, "batch": 2},
        {"more": {"bias": (1, 1, LENGTH, LENGTH)}},
        {"local_window_size": 1},
        {"local_window_size": 3},
        {"smooth_softmax": 0},
    ],
    ids=str,
)
def test_as_onnx_runtime_has_it(settings):
    check(grouped(**settings), digits=4)


REFUSED = [
    (
        {"more": {"past_key": (1, 2, 3, 16), "past_value": (1, 2, 3, 16)}},
        "the input past_key, 'past_key'; supported is none",
    ),
    (
        {"last": 2},
        "seqlens_k=[2] and total_sequence_length=3 of 4 queries; supported is 3 and 4",
    ),
    ({"smooth_softmax": 1}, "smooth_softmax=1; supported is 0 or -1"),
    ({"local_window_size": 0}, "local_window_size=0; supported is -1, or at least 1"),
    (
        {"outputs": ("y", "keys", "values", "scores")},
        "the further output 'scores'; supported is 3 of its outputs",
    ),
    (
        {"packed": True, "heads": 5, "size": 3, "num_heads": 4},
        "num_heads=4, kv_num_heads=2 and 27 numbers for all; supported is a divisor of these",
    ),
]


@pytest.mark.parametrize(("settings", "what"), REFUSED)
def test_refused(settings, what):
    with pytest.raises(RtlgenError) as error:
        load(grouped(**settings))
    assert str(error.value) == (
        f"node 'n': operator GroupQueryAttention is not supported with {what}"
    )


def test_computed_lengths_are_refused():
    proto = grouped()
    proto.graph.input.append(helper.make_tensor_value_info("last", 6, (1,)))
    (last,) = (t for t in proto.graph.initializer if t.name == "last")
    proto.graph.initializer.remove(last)
    with pytest.raises(RtlgenError) as error:
        load(proto)
    assert str(error.value) == (
        "node 'n': input 5 of GroupQueryAttention, 'last', must be a constant, but the model "
        "computes it; make it an initializer"
    )
