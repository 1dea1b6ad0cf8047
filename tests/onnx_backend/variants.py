"""A model as networks: which of its inputs are data, and which are constants.

In node tests weights, axes and shapes are inputs of the graph. First all inputs are data; if that
is refused, those of a few integers are constants (axes, shapes, counts); then all but the first.
What depends on no data (a shape, a range) is folded; to be a network, it is added to a zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rtlgen.frontend import load
from sim.errors import RtlgenError

NOTHING = "nothing"
"""The input of a network that would have none: it is zero."""
MADE_OF_SIZES = {
    *("BlackmanWindow", "ConstantOfShape", "HammingWindow", "HannWindow"),
    *("MelWeightMatrix", "Range"),
}
"""Operators without data: their inputs say what tensor is to be made."""


@dataclass(frozen=True)
class Variant:
    """A model, and what it is given: an array for each of its inputs."""

    proto: onnx.ModelProto
    data: Mapping[str, Any]


def variants(proto: onnx.ModelProto, inputs: Sequence[Any]) -> Iterator[Variant]:
    """What to try, in this order; each only once."""
    given = {value.name: x for value, x in zip(proto.graph.input, inputs, strict=True)}
    later = set(list(given)[1:])
    few = {name for name in later if _few_integers(given[name])}
    tried: list[set[str]] = []
    for constant in (set(), few, later):
        if constant not in tried and all(is_array(given[name]) for name in constant):
            tried.append(constant)
            yield _variant(proto, given, constant)
    if all(map(is_array, inputs)) and _depends_on_no_data(proto, given):
        yield _variant(proto, given, set(given))


def is_array(value: Any) -> bool:
    """Whether this is an array of numbers."""
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "OSUT"


def _depends_on_no_data(proto: onnx.ModelProto, given: Mapping[str, Any]) -> bool:
    if any(node.op_type in MADE_OF_SIZES for node in proto.graph.node[:1]):
        return True
    try:
        model = load(_variant(proto, given, set()).proto)
    except RtlgenError:
        return False
    return all(map(model.is_constant, model.outputs))


def _few_integers(value: Any) -> bool:
    return is_array(value) and value.dtype.kind in "iu" and value.ndim < 2


def _variant(proto: onnx.ModelProto, given: Mapping[str, Any], constant: set[str]) -> Variant:
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    graph, data = model.graph, {name: x for name, x in given.items() if name not in constant}
    del graph.input[:]
    graph.input.extend(_sized(v, given[v.name]) for v in proto.graph.input if v.name in data)
    for name in sorted(constant):
        graph.initializer.append(numpy_helper.from_array(np.asarray(given[name]), name))
    if not data:
        _add_nothing(graph)
        data = {NOTHING: np.zeros((), np.float32)}
    return Variant(model, data)


def _sized(value: onnx.ValueInfoProto, array: Any) -> onnx.ValueInfoProto:
    """The input with the sizes of its data where its own are open."""
    sized = onnx.ValueInfoProto()
    sized.CopyFrom(value)
    sizes = array.shape if is_array(array) else ()
    for dim, size in zip(sized.type.tensor_type.shape.dim, sizes, strict=False):
        dim.dim_value = size
    return sized


def _add_nothing(graph: onnx.GraphProto) -> None:
    graph.input.append(helper.make_tensor_value_info(NOTHING, TensorProto.FLOAT, ()))
    for output in graph.output:
        name = output.name
        graph.node.append(helper.make_node("Cast", [name], [f"{name}_"], to=TensorProto.FLOAT))
        graph.node.append(helper.make_node("Add", [f"{name}_", NOTHING], [f"{name}_sum"]))
        output.CopyFrom(helper.make_tensor_value_info(f"{name}_sum", TensorProto.FLOAT, None))
