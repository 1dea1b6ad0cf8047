"""Models written otherwise: another exporter's habits, and the same network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference, version_converter

from rtlgen.frontend.reading import NEWEST, OLDEST

Mutation = Callable[[onnx.ModelProto, Random], None]
"""Changes a model in place; what it means stays."""


def mutated(proto: onnx.ModelProto, names: list[str], seed: int) -> onnx.ModelProto:
    """A copy after these mutations, in order."""
    model, random = onnx.ModelProto(), Random(seed)
    model.CopyFrom(proto)
    for name in names:
        MUTATIONS[name](model, random)
    return model


# -- names and order ---------------------------------------------------------------------------


def renamed(model: onnx.ModelProto, random: Random) -> None:
    """Other names for all values inside, and none for some nodes."""
    graph = model.graph
    kept = {"", *(v.name for v in (*graph.input, *graph.output))}
    inner = sorted({n for node in graph.node for n in (*node.input, *node.output)} - kept)
    new = random.sample(range(10 * len(inner) + 10), len(inner))
    names = {name: f"/v{number}/Op_output_0" for name, number in zip(inner, new, strict=True)}
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for i, node in enumerate(graph.node):
        node.name = random.choice(["", f"/layer/{i}"])
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    del graph.value_info[:]
    for annotation in graph.quantization_annotation:
        annotation.tensor_name = names.get(annotation.tensor_name, annotation.tensor_name)


def shuffled(model: onnx.ModelProto, random: Random) -> None:
    """Another topological order, or none."""
    nodes = list(model.graph.node)
    if random.random() < 0.5:
        random.shuffle(nodes)
    else:
        nodes = _sorted_anew(nodes, random)
    _replace_nodes(model, nodes)


def _sorted_anew(nodes: list[onnx.NodeProto], random: Random) -> list[onnx.NodeProto]:
    made, left = set[str](), list(nodes)
    inner = {name for node in nodes for name in node.output}
    ordered = []
    while left:
        ready = [n for n in left if all(i in made or i not in inner for i in n.input)]
        node = random.choice(ready)
        left = [other for other in left if other is not node]
        made.update(node.output)
        ordered.append(node)
    return ordered


# -- constants ---------------------------------------------------------------------------------


def constants_as_nodes(model: onnx.ModelProto, random: Random) -> None:
    """Initializers as Constant nodes, in one of their forms."""
    graph = model.graph
    for tensor in [t for t in graph.initializer if random.random() < 0.6]:
        name, attributes = tensor.name, random.choice(_constant_forms(tensor))
        _remove(graph, tensor)
        graph.node.insert(0, helper.make_node("Constant", [], [name], **attributes))


def _constant_forms(tensor: onnx.TensorProto) -> list[Mapping[str, Any]]:
    array = numpy_helper.to_array(tensor)
    forms: list[Mapping[str, Any]] = [{"value": numpy_helper.from_array(array)}]
    if array.dtype in (np.float32, np.int64) and array.ndim < 2:
        kind = "int" if array.dtype == np.int64 else "float"
        name = f"value_{kind}s" if array.ndim else f"value_{kind}"
        forms += [{name: array.tolist()}] * bool(array.size)
    return forms


def nodes_as_constants(model: onnx.ModelProto, _: Random) -> None:
    """Constant nodes as initializers."""
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            node.attribute[0].t.name = node.output[0]
            model.graph.initializer.append(node.attribute[0].t)
        else:
            nodes.append(node)
    _replace_nodes(model, nodes)


def constants_of_other_types(model: onnx.ModelProto, random: Random) -> None:
    """Floats stored with half or double precision, and cast."""
    graph = model.graph
    for tensor in [t for t in graph.initializer if t.data_type == TensorProto.FLOAT]:
        array = numpy_helper.to_array(tensor)
        half = array.astype(np.float16)
        stored = half if (half == array).all() and random.random() < 0.6 else array.astype(float)
        if random.random() < 0.6:
            name = _new(model, f"{tensor.name}.stored")
            cast = helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT)
            graph.initializer.append(numpy_helper.from_array(stored, name))
            graph.node.insert(0, cast)
            _remove(graph, tensor)


def constants_as_inputs(model: onnx.ModelProto, random: Random) -> None:
    """Initializers that are inputs, too, as they were in old versions of ONNX."""
    graph = model.graph
    for tensor in graph.initializer:
        if random.random() < 0.7:
            info = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            if tensor.name not in {value.name for value in graph.input}:
                graph.input.append(info)


# -- what does nothing -------------------------------------------------------------------------


def dead(model: onnx.ModelProto, random: Random) -> None:
    """Constants and nodes that nothing reads."""
    graph = model.graph
    unread = numpy_helper.from_array(np.float32([random.random()]), _new(model, "unread"))
    graph.initializer.append(unread)
    source = random.choice(_floats(model))
    op_type = random.choice(["Cos", "Softmax", "Identity", "NonZero"])
    graph.node.append(helper.make_node(op_type, [source], [_new(model, "dead")]))


def passed_through(model: onnx.ModelProto, random: Random) -> None:
    """Nodes that only hand on one value."""
    shapes = _shapes(model)
    source = random.choice(sorted(shapes))
    shape = shapes[source]
    rank = len(shape)
    order = random.sample(range(rank), rank)
    back = [order.index(axis) for axis in range(rank)]
    there = [shape[axis] for axis in order]
    axis = random.randrange(rank + 1)
    pairs = {
        "identity": [("Identity", [], {})],
        "dropout": [("Dropout", [], {})],
        "cast": [("Cast", [], {"to": TensorProto.FLOAT})],
        "double": [("Cast", [], {"to": to}) for to in (TensorProto.DOUBLE, TensorProto.FLOAT)],
        "transposes": [("Transpose", [], {"perm": order}), ("Transpose", [], {"perm": back})],
        "reshapes": [("Reshape", [to], {}) for to in ([-1, *there[1:]], list(shape))],
        "flat": [("Reshape", [to], {}) for to in ([-1], list(shape))],
        "axes": _axes_pair(model, axis),
        "alone": [("Concat", [], {"axis": 0})] * bool(rank),
        "transposed twice": [("Transpose", [], {})] * 2,
    }  # fmt: skip
    if not rank:
        del pairs["transposes"]
    steps = pairs[random.choice(sorted(pairs))]
    _put_after(model, source, steps)


def _axes_pair(model: onnx.ModelProto, axis: int) -> list[tuple[str, list[Any], dict[str, Any]]]:
    given = ([[axis]], {}) if _opset(model) >= 13 else ([], {"axes": [axis]})
    return [("Unsqueeze", *given), ("Squeeze", *given)]


def _put_after(
    model: onnx.ModelProto, source: str, steps: list[tuple[str, list[Any], dict[str, Any]]]
) -> None:
    """Have all nodes that read a value read it after these steps."""
    graph, readers, value = model.graph, list(model.graph.node), source
    added = []
    for op_type, constants, attributes in steps:
        names = []
        for constant in constants:
            names.append(_new(model, "number"))
            array = np.array(constant, np.int64)
            graph.initializer.append(numpy_helper.from_array(array, names[-1]))
        result = _new(model, "same")
        added.append(helper.make_node(op_type, [value, *names], [result], **attributes))
        graph.node.append(added[-1])
        value = result
    for node in readers:
        node.input[:] = [value if name == source else name for name in node.input]


def other_layout(model: onnx.ModelProto, random: Random) -> None:
    """An activation on channels that are last."""
    shapes = _shapes(model)
    plain = ("Relu", "LeakyRelu", "Abs", "Neg", "Sign", "Sigmoid", "Tanh", "Elu", "Clip")
    nodes = [
        n for n in model.graph.node if n.op_type in plain and len(shapes.get(n.input[0], ())) > 1
    ]
    for node in random.sample(nodes, min(1, len(nodes))):
        rank = len(shapes[node.input[0]])
        last, first = [0, *range(2, rank), 1], [0, rank - 1, *range(1, rank - 1)]
        inner, outer = _new(model, "last"), _new(model, "moved")
        graph, (result,) = model.graph, node.output
        graph.node.append(helper.make_node("Transpose", [node.input[0]], [inner], perm=last))
        graph.node.append(helper.make_node("Transpose", [outer], [result], perm=first))
        node.input[0], node.output[0] = inner, outer


# -- attributes and opsets ---------------------------------------------------------------------


def defaults_said(model: onnx.ModelProto, random: Random) -> None:
    """Attributes that have their defaults, written down."""
    for node in model.graph.node:
        given = {attribute.name for attribute in node.attribute}
        for name, default in _defaults(model, node).items():
            if name not in given and random.random() < 0.8:
                node.attribute.append(default)


def defaults_left_out(model: onnx.ModelProto, _: Random) -> None:
    """Attributes that have their defaults, left out."""
    for node in model.graph.node:
        defaults = _defaults(model, node)
        kept = [a for a in node.attribute if _value(a) != _value(defaults.get(a.name))]
        del node.attribute[:]
        node.attribute.extend(kept)


def _defaults(model: onnx.ModelProto, node: onnx.NodeProto) -> dict[str, onnx.AttributeProto]:
    if node.domain not in ("", "ai.onnx"):
        return {}
    known = onnx.defs.get_schema(node.op_type, _opset(model), "").attributes
    return {n: a.default_value for n, a in known.items() if a.default_value.name}


def _value(attribute: onnx.AttributeProto | None) -> Any:
    return attribute and helper.get_attribute_value(attribute)


def other_opset(model: onnx.ModelProto, random: Random) -> None:
    """Another opset, if ONNX can convert the model to it."""
    if any(node.domain for node in model.graph.node):
        return
    target = random.randint(OLDEST, NEWEST)
    try:
        converted = version_converter.convert_version(model, target)
        onnx.checker.check_model(converted)
    except (RuntimeError, onnx.checker.ValidationError):  # of the converter: it knows no way
        return
    model.CopyFrom(converted)


# -- what is known of a model ------------------------------------------------------------------


def _opset(model: onnx.ModelProto) -> int:
    return max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=1)


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Of the inputs and of floats that nodes of ONNX compute, as far as they are known."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for node in plain.graph.node:
        if node.domain:
            node.CopyFrom(helper.make_node("Identity", node.input[:1], node.output[:1]))
    constant = {tensor.name for tensor in plain.graph.initializer}
    inferred = shape_inference.infer_shapes(plain).graph
    found = {}
    for value in (*inferred.input, *inferred.value_info):
        kind = value.type.tensor_type
        sizes = tuple(dim.dim_value for dim in kind.shape.dim)
        known = kind.elem_type == TensorProto.FLOAT and kind.HasField("shape") and all(sizes)
        if value.name not in constant and known:
            found[value.name] = sizes
    return found


def _floats(model: onnx.ModelProto) -> list[str]:
    return sorted(_shapes(model))


def _remove(graph: onnx.GraphProto, tensor: onnx.TensorProto) -> None:
    """The initializer, and the input that it may be as well."""
    name = tensor.name
    graph.initializer.remove(tensor)
    inputs = [value for value in graph.input if value.name == name]
    for value in inputs:
        graph.input.remove(value)


def _new(model: onnx.ModelProto, stem: str) -> str:
    graph = model.graph
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    taken |= {tensor.name for tensor in graph.initializer}
    return next(name for i in range(10**6) if (name := f"{stem}_{i}") not in taken)


def _replace_nodes(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    copies = []
    for node in nodes:
        copies.append(onnx.NodeProto())
        copies[-1].CopyFrom(node)
    del model.graph.node[:]
    model.graph.node.extend(copies)


MUTATIONS: Mapping[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        renamed,
        shuffled,
        constants_as_nodes,
        nodes_as_constants,
        constants_of_other_types,
        constants_as_inputs,
        dead,
        passed_through,
        other_layout,
        defaults_said,
        defaults_left_out,
        other_opset,
    )
}
