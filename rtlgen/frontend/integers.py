"""Arithmetic on the integer types of a model, which truncates and wraps where ours is exact."""

from __future__ import annotations

from rtlgen.frontend.model import Model
from sim.errors import UnsupportedOperator

_WRAPPING = {"Abs", "Add", "MatMul", "Mul", "Neg", "Pow", "ReduceProd", "ReduceSum", "Sub", "Sum"}


def check_integers(model: Model) -> None:
    """Refuse what would not be the number that it is called: 7 / 2 as 3, 200 + 100 as 44."""
    for node in model.nodes:
        dtype = model.dtypes.get(node.outputs[0])
        if node.domain or dtype is None or dtype.kind not in "iu":
            continue
        effect = ""
        if node.op_type == "Div":
            effect = "truncates"
        elif node.op_type in _WRAPPING and (dtype.itemsize < 4 or dtype.kind == "u"):
            effect = "wraps around"
        if effect:
            raise UnsupportedOperator(
                f"node {node.name!r}: operator {node.op_type} is not supported on {dtype.name}, "
                f"where it {effect}; cast its inputs to float before it"
            )
