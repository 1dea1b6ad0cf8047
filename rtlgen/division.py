"""Division by what the model computes: a product with a reciprocal, however wide the divisor.

Errors are relative: a quotient is within ``2**-bits`` of itself of the real one, where ``bits``
make that a quarter of the step that it is rounded to next, or 16 if nothing rounds it. A quotient
by a square root is a product with *one* function of what is under the root.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from kernels.base import OnnxNode
from kernels.elementwise import Mul, Neg
from rtlgen.combine import met
from rtlgen.curves import Function
from rtlgen.emission import Emission
from rtlgen.linear import aligned
from rtlgen.octaves import MAX_BITS, exponent, inverse_root, reciprocal
from rtlgen.operands import Operands
from rtlgen.pending import Affine, Transcend
from rtlgen.precision import asked
from rtlgen.rationals import fractions
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, on_grid

BITS = 16
"""Of a quotient that nothing rounds."""


def quotient(operands: Operands, node: OnnxNode, dividend: str, divisor: Scaled) -> Scaled:
    """A value, computed or constant, divided by another."""
    shape = np.broadcast_shapes(operands.values[dividend].shape, divisor.shape)
    inverse = inverted(operands, node, divisor, shape)
    if operands.is_constant(dividend):
        numbers = operands.numbers(dividend, node)
        return inverse.affine(numbers, fractions(0), node)
    values = [operands.bound(dividend, node), inverse]
    return met(operands.draft, Mul(), node, values)


def inverted(operands: Operands, node: OnnxNode, divisor: Scaled, shape: tuple[int, ...]) -> Scaled:
    """One divided by a value, or by the root that it is of another; codes without a scale."""
    wanted = asked(operands, node.outputs[0], shape)
    bits = BITS if wanted is None else wanted.bits + 2
    if bits > MAX_BITS:
        raise node.unsupported(
            f"quotients of {bits - 2} bits", f"formats of at most {MAX_BITS - 2} bits"
        )
    *steps, last = divisor.steps or (None,)
    root = isinstance(last, Transcend) and last.function is Function.SQRT
    value = replace(divisor, steps=tuple(steps)) if root else divisor
    emit = Emission(operands.draft, node)
    value, unit, negative = _positive(operands, emit, value, bits + 2, root=root)
    known = emit.hull(value.name)
    if root:
        y = inverse_root(emit, value.name, known, bits, 1 / unit)
    else:
        y = reciprocal(emit, value.name, known, bits, 1 / unit)
    result = Scaled.plain(y, operands.draft.arrays[y])
    return result.affine(fractions(-1), fractions(0), node) if negative else result


def _positive(
    operands: Operands, emit: Emission, value: Scaled, bits: int, *, root: bool
) -> tuple[Scaled, Fraction, bool]:
    """The value on codes above zero of one unit; whether it is the opposite of these.

    An offset that is not on the grid is rounded to one so fine that it moves no value by more than
    ``2**-bits`` of itself.
    """
    draft, node = operands.draft, emit.node
    value, (unit,) = aligned(draft, operands.settled(value, node), node)
    assert value.line is not None
    lo, hi = _ends(value)
    negative = hi < 0 and not root
    if not negative and lo <= 0:
        raise node.unsupported(
            f"a divisor between {float(lo):g} and {float(hi):g}",
            "one that is never 0: put a Clip, a Max or an Add of an epsilon before it",
        )
    offset = value.line[1] / unit
    finest = exponent(min(abs(lo), abs(hi)) / unit) - bits + 1
    step = Fraction(2) ** min(finest, int(value.type.exp.min(initial=0)))
    rounded = np.array([round(o / step) * step for o in offset], object)
    plain = on_grid(draft, value, node, (0 * offset + 1, rounded), ANY)
    assert plain is not None, "multiples of a power of two are dyadic"
    if negative:
        turned = emit.of(Neg(), plain.name, what="turned")
        plain = Scaled.plain(turned, draft.arrays[turned])
    return plain.then(Affine(0 * offset[:1] + unit, 0 * offset[:1], node)), unit, negative


def _ends(value: Scaled) -> tuple[Fraction, Fraction]:
    """The least and the largest real number that a value can be."""
    assert value.line is not None
    scale, offset = (part[value.group].reshape(-1) for part in value.line)
    type_ = value.type
    step = np.array([Fraction(2) ** int(e) for e in type_.exp.flat], object)
    lo = type_.lo.reshape(-1).astype(object) * step * scale + offset
    hi = type_.hi.reshape(-1).astype(object) * step * scale + offset
    return min(lo), max(hi)
