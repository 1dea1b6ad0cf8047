"""Folding: what depends on constants and shapes alone is computed, by ONNX's own reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from kernels.base import OnnxNode
from rtlgen.frontend.model import Array, Model, holds_graphs
from rtlgen.frontend.nodes import check_finite
from rtlgen.frontend.opsets import is_settled
from rtlgen.frontend.reading import NEWEST
from rtlgen.frontend.shapes import infer, to_proto
from sim.errors import ModelError

_QUANTIZERS = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}
_RANDOM = {
    *("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike"),
    *("RandomUniform", "RandomUniformLike"),
}


def folded(model: Model) -> Model:
    """Infer and fold until nothing changes: a folded value may settle further shapes.

    Quantizers stay, and so what depends on them: they are handled exactly, which floats are not.
    """
    while True:
        model = infer(model)
        fewer = _fold_once(model)
        if len(fewer.nodes) == len(model.nodes):
            return model
        model = fewer


def as_cast(node: OnnxNode, dtype: np.dtype[Any]) -> OnnxNode:
    """A CastLike as the Cast that it is."""
    attributes = {**node.attributes, "to": helper.np_dtype_to_tensor_dtype(dtype)}
    return replace(node, op_type="Cast", inputs=node.inputs[:1], attributes=attributes)


def _fold_once(model: Model) -> Model:
    constants = dict(model.constants)
    nodes = []
    for node in model.nodes:
        results = results_of(replace(model, constants=constants), node)
        if results is None:
            nodes.append(node)
        else:
            for name, value in results.items():
                check_finite(name, value, masks=True)
            constants |= results
    return replace(model, nodes=tuple(nodes), constants=constants)


def results_of(model: Model, node: OnnxNode) -> dict[str, Array] | None:
    """The outputs of a node as constants; None if it has to stay."""
    stays = node.op_type in _QUANTIZERS | _RANDOM or holds_graphs(node)
    if node.domain or stays or not is_settled(node):
        return None
    if node.op_type == "CastLike" and node.inputs[1] in model.dtypes:
        node = as_cast(node, model.dtypes[node.inputs[1]])
    if node.op_type == "EyeLike" and {*node.inputs} <= {*model.shapes} & {*model.dtypes}:
        (name,) = node.inputs
        return _evaluated(node, {name: np.zeros(model.shapes[name], model.dtypes[name])})
    if node.op_type in ("Shape", "Size") and node.inputs[0] in model.shapes:
        return {node.outputs[0]: _shape(node, np.array(model.shapes[node.inputs[0]], np.int64))}
    if all(map(model.is_constant, node.inputs)):
        return _evaluated(node, {name: model.constants[name] for name in node.inputs if name})
    return None


def _shape(node: OnnxNode, shape: Array) -> Array:
    if node.op_type == "Size":
        return np.asarray(shape.prod(dtype=np.int64))
    return shape[node.attributes["start"] : node.attributes.get("end")]


def _evaluated(node: OnnxNode, feeds: dict[str, Array]) -> dict[str, Array] | None:
    """What the reference gives in the model's own number types; None if it does not know how."""
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
        for name, v in feeds.items()
    ]
    outputs = [name for name in node.outputs if name]
    infos = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph([to_proto(node)], node.name, inputs, infos)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", NEWEST)])
    try:
        with np.errstate(all="ignore"):  # the result is checked instead
            results = ReferenceEvaluator(model).run(None, feeds)
    except (ImportError, NotImplementedError):
        return None
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise ModelError(
            f"node {node.name!r}: {node.op_type} of constants cannot be computed: {error}; "
            f"export the network again"
        ) from error
    if any(isinstance(value, list) for value in results):  # a sequence, which no constant is
        return None
    return {name: np.asarray(value) for name, value in zip(outputs, results, strict=True)}
