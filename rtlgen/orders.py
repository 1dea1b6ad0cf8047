"""Which numbers are the largest, and where: equal numbers need equal codes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from kernels.base import OnnxNode
from kernels.elementwise import LeakyRelu
from kernels.order import ArgMax, ArgMin, TopK
from kernels.reduce import ReduceMax
from rtlgen.curves import Function
from rtlgen.draft import Draft
from rtlgen.pending import Affine, Apply, Step, Steps, Transcend
from rtlgen.rationals import objects
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid
from rtlgen.windows import alike, ranked

_STRICT = {
    *(Function.ASINH, Function.ATAN, Function.ELU, Function.ERF, Function.EXP, Function.SIGMOID),
    *(Function.SINH, Function.SOFTPLUS, Function.SOFTSIGN, Function.TANH),
}
"""Functions that give a larger number for a larger one, whatever they are."""


def ordered(
    draft: Draft, op: ArgMax | ArgMin | TopK, node: OnnxNode, value: Scaled, *, places: bool
) -> tuple[Scaled | None, ...]:
    """Places, and for ``TopK`` the numbers before them; None if only ``places`` are wanted."""
    value, curves = _without_curves(value)
    value, (scale, offset) = lined(draft, value, node)
    if places and (scale == scale[0]).all() and scale[0] and (offset != offset[0]).any():
        value = _with_ranks(draft, value, node)
    elif not scale.all():  # then different codes are equal numbers
        value = alike(draft, value, node)
    value, group = ranked(draft, ReduceMax((op.axis,)), node, value)
    names = tuple(draft.unused(name) for name in node.outputs)
    arrays = draft.emit(op, (value.name,), names, node.name)
    results: list[Scaled | None] = [
        Scaled.plain(name, array) for name, array in zip(names, arrays, strict=True)
    ]
    if isinstance(op, TopK) and places:
        results[0] = None
    elif isinstance(op, TopK):
        group = np.repeat(group, op.k[0], op.axis)
        results[0] = Scaled(names[0], arrays[0], group, (*value.steps, *curves))
    return tuple(results)


def _with_ranks(draft: Draft, value: Scaled, node: OnnxNode) -> Scaled:
    """Codes in the order of numbers that have one scale and different offsets.

    Codes differ by multiples of a grid. What an offset has beyond one decides only between numbers
    that are equal but for it, so its rank among those of the others does as well, of few bits.
    """
    assert value.line is not None
    scale, offset = value.line
    grid = Fraction(2) ** int(value.type.exp.min(initial=0))
    steps = offset / (scale * grid)
    whole = steps // 1
    beyond = sorted(set(steps - whole))
    rank = {part: Fraction(i, 1 << (len(beyond) - 1).bit_length()) for i, part in enumerate(beyond)}
    nearby = objects(w + rank[part] for w, part in zip(whole, steps - whole, strict=True))
    ranked_codes = on_grid(draft, value, node, (scale / scale, nearby * grid), ANY)
    assert ranked_codes is not None, "ranks are on a grid"
    group = np.zeros(value.shape, np.int64)
    return replace(ranked_codes, group=group, steps=(Affine(scale[:1], 0 * scale[:1], node),))


def _without_curves(value: Scaled) -> tuple[Scaled, Steps]:
    """The value before the last functions that keep the order of numbers, and these."""
    count = len(value.steps)
    while count and _keeps_order(value.steps[count - 1]):
        count -= 1
    return replace(value, steps=value.steps[:count]), value.steps[count:]


def _keeps_order(step: Step) -> bool:
    """Whether a step, the same for all groups, gives larger numbers for larger ones."""
    match step:
        case Transcend(function):
            return function in _STRICT
        case Apply(op=LeakyRelu(alpha)):
            return alpha > 0
        case _:
            return False
