"""Which values of a float model should have few bits: factors, quotients, and ends of curves.

A chain of elementwise operators of one value is one function of it, however many nodes it has: the
value in front should have few bits, and so should what leaves the chain, but nothing between.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from kernels.base import OnnxNode
from kernels.curves import Curve
from rtlgen.frontend import Model
from rtlgen.frontend.model import QONNX

PRODUCTS = ("Conv", "Gemm", "MatMul")
CURVES = (*Curve.onnx, "Celu", "Elu", "Gelu", "Pow", "Selu", "Swish")
"""What has no fixed-point meaning but a table."""
EXPONENTIALS = ("LogSoftmax", "Softmax")
_ELEMENTWISE = {
    *("Abs", "Add", "Clip", "Div", "HardSigmoid", "HardSwish", "LeakyRelu", "Max", "Min", "Mul"),
    *("Neg", "PRelu", "Relu", "Shrink", "Sign", "Sub", "Sum", "ThresholdedRelu", *CURVES),
}


_MOVES = ("BatchNormalization", "Flatten", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""What gives each element a place, and mixes none, too."""


def wanted(model: Model) -> set[str]:
    """Their names."""
    products = {n for node in model.nodes if node.op_type in PRODUCTS for n in node.inputs[:2]}
    quantized = {
        node.inputs[0]
        for node in model.nodes
        if node.domain == QONNX or node.op_type == "QuantizeLinear"
    }
    return products | (_ends(model) - quantized)


def apart(model: Model) -> set[str]:
    """Vectors of inputs or products that meet nowhere but in products with constant matrices.

    Each element may then have a step of its own, at no cost: that moves the binary point of what
    it is multiplied with. The results of a mean have no grid for whose steps that is true.
    """
    found: set[str] = set()
    ends = _ends(model)
    readers: dict[str, list[OnnxNode]] = {}
    for node in reversed(model.nodes):
        for name in set(node.inputs):
            readers.setdefault(name, []).append(node)
    for name in (*reversed(model.producers()), *model.inputs):
        shape = model.shapes.get(name, ())
        vector = max(shape, default=0) == prod(shape)
        alone = vector and name not in ends and name not in model.outputs
        if alone and all(_keeps_apart(n, name, model, found) for n in readers.get(name, ())):
            found.add(name)
    return found & _linear(model)


def _linear(model: Model) -> set[str]:
    """Inputs, products, and what is computed from one of these alone, element by element."""
    found = {*model.inputs}
    for node in model.nodes:
        data = {name for name in node.inputs if not model.is_constant(name)}
        alone = node.op_type in {*_ELEMENTWISE, *_MOVES} and not node.domain
        if node.op_type in ("Gemm", "MatMul") or (alone and found.issuperset(data)):
            found.update(node.outputs)
    return found


def _keeps_apart(node: OnnxNode, name: str, model: Model, found: set[str]) -> bool:
    """Whether a node does, of which all that it computes was looked at."""
    if not all(model.is_constant(other) for other in node.inputs if other != name):
        return False
    if node.op_type in ("Gemm", "MatMul"):
        return name in node.inputs[:2]
    alone = node.op_type in _ELEMENTWISE - {*CURVES} or node.op_type in _MOVES
    return alone and not node.domain and found.issuperset(node.outputs)


def _ends(model: Model) -> set[str]:
    """Of chains with a curve in them."""
    bases: dict[str, str] = {}
    curved: set[str] = set()
    roots, producers = inverted_roots(model), model.producers()
    for node in model.nodes:
        base = _base(node, model, bases)
        bases.update({name: base or name for name in node.outputs})
        if (
            base
            and roots.isdisjoint(node.outputs)
            and (_is_curve(node, model) or curved.intersection(node.inputs))
        ):
            curved.update(node.outputs)
    ends = {bases[name] for name in curved} | curved.intersection(model.outputs)
    for node in model.nodes:
        inside = bases[node.outputs[0]]
        if node.op_type in EXPONENTIALS or (_meet(node, model) and inside in node.outputs):
            factors = node.inputs if node.op_type == "Mul" else node.inputs[:1]
            if node.op_type in EXPONENTIALS:
                factors = (_behind_masks(node.inputs[0], model, producers),)
            ends.update(_behind_signs(name, producers) for name in factors)
        ends |= {name for name in curved.intersection(node.inputs) if bases[name] != inside}
    return ends


def inverted_roots(model: Model) -> set[str]:
    """Square roots that something is divided by, and that nothing else reads.

    Root and quotient are one function, whose errors are relative, so neither end of the root needs
    a format.
    """
    roots = {node.outputs[0] for node in model.nodes if node.op_type == "Sqrt"}
    for node in model.nodes:
        divisor = node.inputs[1] if node.op_type == "Div" else ""
        roots -= {name for name in node.inputs if name != divisor or node.inputs[0] == divisor}
    return roots - set(model.outputs)


def _behind_signs(name: str, producers: Mapping[str, OnnxNode]) -> str:
    """The value that has as many bits."""
    while name in producers and producers[name].op_type in ("Abs", "Neg"):
        name = producers[name].inputs[0]
    return name


def _behind_masks(name: str, model: Model, producers: Mapping[str, OnnxNode]) -> str:
    """Scores, where a number far below them takes the place of some: their range matters alone."""
    while name in producers and producers[name].op_type == "Where":
        scores = [n for n in producers[name].inputs[1:] if not model.is_constant(n)]
        if len(scores) != 1:
            break
        name = scores[0]
    return name


def _meet(node: OnnxNode, model: Model) -> bool:
    """Whether computed numbers are multiplied by each other, or divided."""
    return node.op_type in ("Div", "Mul") and not any(map(model.is_constant, node.inputs))


def _is_curve(node: OnnxNode, model: Model) -> bool:
    divides = node.op_type == "Div" and not model.is_constant(node.inputs[1])
    return divides or _meet(node, model) or node.op_type in CURVES


def _base(node: OnnxNode, model: Model, bases: Mapping[str, str]) -> str | None:
    """The one value that a node is an elementwise function of."""
    if node.domain or node.op_type not in _ELEMENTWISE:
        return None
    computed = {bases.get(name, name) for name in node.inputs if not model.is_constant(name)}
    return computed.pop() if len(computed) == 1 else None
