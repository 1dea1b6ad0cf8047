"""Which values of a float model should have few bits: factors of products, and ends of curves.

A chain of elementwise operators of one value is one function of it, however many nodes it has: the
value in front should have few bits, and so should what leaves the chain, but nothing between.
"""

from __future__ import annotations

from collections.abc import Mapping

from kernels.base import OnnxNode
from kernels.curves import Curve
from rtlgen.frontend import Model
from rtlgen.frontend.model import QONNX

PRODUCTS = ("Conv", "Gemm", "MatMul")
CURVES = (*Curve.onnx, "Celu", "Elu", "Gelu", "Pow", "Selu", "Swish")
"""What has no fixed-point meaning but a table."""
_ELEMENTWISE = {
    *("Abs", "Add", "Clip", "Div", "HardSigmoid", "HardSwish", "LeakyRelu", "Max", "Min", "Mul"),
    *("Neg", "PRelu", "Relu", "Shrink", "Sign", "Sub", "Sum", "ThresholdedRelu", *CURVES),
}


def wanted(model: Model) -> set[str]:
    """Their names."""
    products = {n for node in model.nodes if node.op_type in PRODUCTS for n in node.inputs[:2]}
    quantized = {
        node.inputs[0]
        for node in model.nodes
        if node.domain == QONNX or node.op_type == "QuantizeLinear"
    }
    return products | (_ends(model) - quantized)


def _ends(model: Model) -> set[str]:
    """Of chains with a curve in them."""
    bases: dict[str, str] = {}
    curved: set[str] = set()
    for node in model.nodes:
        base = _base(node, model, bases)
        bases.update({name: base or name for name in node.outputs})
        if base and (_is_curve(node, model) or curved.intersection(node.inputs)):
            curved.update(node.outputs)
    ends = {bases[name] for name in curved} | curved.intersection(model.outputs)
    for node in model.nodes:
        inside = bases[node.outputs[0]]
        ends |= {name for name in curved.intersection(node.inputs) if bases[name] != inside}
    return ends


def _is_curve(node: OnnxNode, model: Model) -> bool:
    divides = node.op_type == "Div" and not model.is_constant(node.inputs[1])
    return divides or node.op_type in CURVES


def _base(node: OnnxNode, model: Model, bases: Mapping[str, str]) -> str | None:
    """The one value that a node is an elementwise function of."""
    if node.domain or node.op_type not in _ELEMENTWISE:
        return None
    computed = {bases.get(name, name) for name in node.inputs if not model.is_constant(name)}
    return computed.pop() if len(computed) == 1 else None
