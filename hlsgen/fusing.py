"""A pass on calls: a product adds the constant that is added to it and to nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hlsgen.calls import Call, Constant, Operand, Variable

PRODUCTS = ("dense", "dense_reused", "conv", "conv_lines", "conv_reused")
"""Kernels whose last operand is a row of biases."""


def fuse_biases(calls: Sequence[Call], outputs: Sequence[Variable]) -> list[Call]:
    """The same calls, with fewer additions."""
    readers = Counter(v.name for call in calls for v in call.reads)
    readers.update(v.name for v in outputs)
    products = {
        call.writes[0].name: i
        for i, call in enumerate(calls)
        if call.kernel in PRODUCTS and readers[call.writes[0].name] == 1 and _unbiased(call)
    }
    fused = list(calls)
    for i, call in enumerate(calls):
        if (bias := _bias(call)) and (at := products.get(call.reads[0].name)) is not None:
            fused[at] = _with_bias(fused[at], call.writes[0], bias)
            fused[i] = replace(call, kernel="")
    return [call for call in fused if call.kernel]


def _unbiased(call: Call) -> bool:
    bias = call.operands[-1]
    return isinstance(bias, Constant) and all(text == "0" for text in bias.texts.flat)


def _bias(call: Call) -> Constant | None:
    """The constant that a call adds to one variable, if it is the same for all positions."""
    if call.kernel != "elementwise" or call.template[0] != "Add" or len(call.operands) != 2:
        return None
    constants = [a for a in call.operands if isinstance(a, Constant) and len(a.texts) == 1]
    return constants[0] if len(constants) == 1 else None


def _with_bias(product: Call, y: Variable, bias: Constant) -> Call:
    """The product that gives ``y``, bias included."""
    assert product.accumulator is not None
    exp = min(product.accumulator.exp, y.format.exp, bias.format.exp)
    operands: tuple[Operand, ...] = (*product.operands[:-1], replace(bias, role="bias"))
    return replace(product, writes=(y,), operands=operands, accumulator=y.format.at(exp))
