"""Carry out a quantizer: as rounding, as a line, as thresholds or as a table, always exact.

All four compute the same integers. Which one is built follows from what the model does between
the codes it has and the codes it wants:

- on power-of-two scales, the model's own operators and one ``Quantize``;
- otherwise that is a staircase of the codes; with few steps it becomes a ``Threshold``;
- with many steps, a product, a sum and a cut that equal the staircase on every reachable code;
- a function that is not monotone, or that no line equals, is a ``Table``.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isfinite

import numpy as np

from kernels.base import Operator
from kernels.elementwise import Clip, Relu
from kernels.quant import Quantize, Threshold
from kernels.table import Table
from rtlgen.bounds import codes
from rtlgen.draft import Draft
from rtlgen.lines import Line, fit
from rtlgen.pending import Affine, Apply, Join, Step, Transcend, directions
from rtlgen.quantizers import Quantizer
from rtlgen.rationals import Values, fractions, power_of_two, powers_of_two
from rtlgen.scaled import Scaled, before, meaning
from rtlgen.settle import ANY, CHEAP, Effort, on_grid, per_element, settle
from rtlgen.staircase import Staircase, find
from sim.errors import NotQuantized
from sim.fixed import Fixed
from sim.integers import IntArray, integers
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

MAX_THRESHOLDS = 8
"""With more steps, a line is built if there is one."""
MAX_TABLE = 1 << 16
"""Entries of a table: the codes that its input can have."""


def requantize(draft: Draft, value: Scaled, quantizer: Quantizer) -> Scaled:
    """The quantizer's result, whose codes are integers of its grid."""
    if simple := _rounded(draft, value, quantizer, CHEAP):
        return simple
    fine = before(quantizer, value)
    if any(isinstance(step, Transcend | Join) for step in fine.steps) and tabulable(fine):
        return _table(draft, fine, quantizer)
    signs = directions(fine.steps, fine.groups)
    stairs = None if signs is None else find(fine.steps, signs, *_domain(fine))
    if stairs and stairs.levels <= MAX_THRESHOLDS:
        return _thresholds(draft, fine, stairs, quantizer)
    if stairs and (line := fit(stairs, _slopes(fine))):
        return _line(draft, fine, stairs, line, quantizer)
    if not stairs and tabulable(fine):
        return _table(draft, fine, quantizer)
    if costly := _rounded(draft, value, quantizer, ANY):
        return costly
    if not stairs:
        raise _not_tabulable(fine, quantizer)
    return _thresholds(draft, fine, stairs, quantizer)


# -- on power-of-two scales ----------------------------------------------------------------------


def _rounded(draft: Draft, value: Scaled, quantizer: Quantizer, effort: Effort) -> Scaled | None:
    """Only round and limit, where the scales allow it."""
    if len(quantizer.stages) > 1 or not isinstance(quantizer.stages[0].op, Quantize):
        return None
    before = draft.snapshot()
    settled = settle(draft, _trimmed(value, quantizer), effort)
    rounded = settled and _onto_steps(draft, settled, quantizer, effort)
    if not rounded:
        draft.restore(before)
    return rounded


def _trimmed(value: Scaled, quantizer: Quantizer) -> Scaled:
    """The value with an offset no finer than half the grid of its codes, if that is all the same.

    Every edge (where an operator bends or a rounding turns) is a multiple of the grid. A sum with
    an offset off the grid meets none of them, so any other offset between the same two points of
    the grid gives the same integers.
    """
    first, *others = value.steps or (None,)
    bends = [_bends(step) for step in others]
    if not isinstance(first, Affine) or None in bends or not quantizer.simple:
        return value
    value, (half,) = value.split(quantizer.factor / 2)
    first, *others = value.steps
    assert isinstance(first, Affine)
    grid = np.abs(first.scale) * Fraction(2) ** int(value.type.exp.min(initial=0))
    edges = [half, *(fractions(at) for bend in bends if bend for at in bend)]
    if not grid.all() or any(not _multiples(edge, grid) for edge in edges):
        return value
    below = first.offset // grid * grid
    offset = below + (below != first.offset) * grid / 2
    return replace(value, steps=(replace(first, offset=offset), *others))


def _bends(step: Step) -> tuple[float, ...] | None:
    """Where an operator that passes its input on, or a constant, turns to the other; else None."""
    match step:
        case Apply(op=Relu()):
            return (0.0,)
        case Apply(op=Clip(low, high)):
            return tuple(end for end in (low, high) if end is not None and isfinite(end))
        case _:
            return None


def _multiples(numbers: Values, units: Values) -> bool:
    ratios: Values = numbers / units
    return all(ratio.denominator == 1 for ratio in ratios.flat)


def _onto_steps(draft: Draft, value: Scaled, quantizer: Quantizer, effort: Effort) -> Scaled | None:
    stage = quantizer.stages[0]
    assert isinstance(stage.op, Quantize)
    unit = fractions(1) if quantizer.simple else stage.scale
    value, (units, zeros) = value.split(unit, stage.zero)
    assert value.line is not None
    scale, offset = value.line[0] / units, value.line[1] / units + zeros
    if effort is CHEAP and any(power_of_two(abs(s)) is None for s in scale):
        return None
    gridded = on_grid(draft, value, quantizer.node, (scale, offset), effort)
    if gridded is None:
        return None
    lo, hi = stage.op.to.lo, stage.op.to.hi
    exps = quantizer.exponents if quantizer.exponents.size > 1 else quantizer.exponents[0]
    to = Intervals(*map(np.asarray, np.broadcast_arrays(lo, hi, exps)))
    return _emit(draft, gridded, replace(stage.op, to=to), quantizer)


# -- on any scales -------------------------------------------------------------------------------


def _thresholds(draft: Draft, value: Scaled, stairs: Staircase, quantizer: Quantizer) -> Scaled:
    _, _, exp = _domain(value)
    steps = _steps(value, quantizer)
    start, sign = (per_element(value, _on_steps(v, steps)) for v in (stairs.first, stairs.sign))
    rows = [per_element(value, Fixed.constant(c, exp)) for c in stairs.thresholds.T]
    shape = np.broadcast_shapes(*(r.shape for r in rows))
    columns = [np.broadcast_to(r.codes[0], shape)[..., None] for r in rows]
    op = Threshold(Fixed.constant(np.concatenate(columns, -1), exp), start, sign)
    return _emit(draft, value, op, quantizer)


def _line(
    draft: Draft, value: Scaled, stairs: Staircase, line: Line, quantizer: Quantizer
) -> Scaled:
    _, _, exp = _domain(value)
    steps = _steps(value, quantizer)
    cut = powers_of_two(steps - line.shift)
    scale, offset = fractions(line.factor) * cut / Fraction(2) ** exp, fractions(line.offset) * cut
    gridded = on_grid(draft, replace(value, steps=()), quantizer.node, (scale, offset), ANY)
    assert gridded is not None, "a line has dyadic numbers"
    ends = np.sort(np.stack([stairs.first, stairs.last]), 0)
    columns = (per_element(value, Fixed.constant(c)).codes[0] for c in (*ends, steps))
    to = Intervals(*np.broadcast_arrays(*columns))
    return _emit(draft, gridded, Quantize(to, Rounding.FLOOR, Overflow.SATURATE), quantizer)


def _table(draft: Draft, value: Scaled, quantizer: Quantizer) -> Scaled:
    """One table, in which the entries of the groups follow each other."""
    lo, hi, exp = _domain(value)
    size = hi - lo + 1
    group = np.repeat(np.arange(value.groups), size)
    first = np.cumsum(size) - size
    inputs = fractions(np.arange(size.sum()) - (first - lo)[group]) * Fraction(2) ** exp
    results = codes(value.steps, inputs, group)
    table = _on_steps(results, _steps(value, quantizer)[group])
    start = int(lo[0]) if value.groups == 1 else 0
    if value.groups > 1:
        shift = fractions(first - lo) * Fraction(2) ** exp
        line = 0 * shift + 1, shift
        shifted = on_grid(draft, replace(value, steps=()), quantizer.node, line, ANY)
        assert shifted is not None, "codes have a grid"
        value = shifted
    domain = Interval(start, start + len(inputs) - 1, exp)
    return _emit(draft, value, Table(table, domain), quantizer)


def tabulable(value: Scaled) -> bool:
    """Whether a function of the value can be a table."""
    return _entries(value) <= MAX_TABLE


def _entries(value: Scaled) -> int:
    lo, hi, _ = _domain(value)
    return int((hi - lo + 1).sum())


def _not_tabulable(value: Scaled, quantizer: Quantizer) -> NotQuantized:
    node = quantizer.node
    return NotQuantized(
        f"node {node.name!r}: between {value.name!r} and {node.outputs[0]!r} lies a function that "
        f"is not monotone; it needs a table of {_entries(value):,} entries, and one of at most "
        f"{MAX_TABLE:,} is built; quantize {value.name!r} to fewer bits"
    )


def _domain(value: Scaled) -> tuple[IntArray, IntArray, int]:
    """The codes that each group can have, in the finest step of all."""
    exp = int(value.type.exp.min(initial=0))
    lo, hi = (a.reshape(-1) for a in value.type.at(np.full(value.shape, exp)))
    order = np.argsort(value.group, axis=None, kind="stable")
    starts = np.searchsorted(value.group.reshape(-1)[order], np.arange(value.groups))
    lows, highs = np.minimum.reduceat(lo[order], starts), np.maximum.reduceat(hi[order], starts)
    return integers(lows), integers(highs), exp


def _slopes(value: Scaled) -> Values:
    """Codes that each group rises by for one step of its input, by all affine steps together."""
    slope: Values = fractions(np.ones(value.groups, int)) * Fraction(2) ** _domain(value)[2]
    for step in value.steps:
        if isinstance(step, Affine):
            slope = np.asarray(slope * step.scale)
    return slope


def _steps(value: Scaled, quantizer: Quantizer) -> IntArray:
    """The exponent of the codes in each group, all of whose elements share it."""
    same, (exponents,) = value.split(fractions(quantizer.exponents))
    assert same.groups == value.groups
    return np.asarray(exponents, np.int64)


def _on_steps(codes: IntArray, exponents: IntArray) -> Fixed:
    return Fixed.in_own_steps(codes[None], exponents)


def _emit(draft: Draft, value: Scaled, op: Operator, quantizer: Quantizer) -> Scaled:
    """The node that gives the quantizer's codes, and what they stand for."""
    output = draft.unused(quantizer.node.outputs[0])
    (array,) = draft.emit(op, (value.name,), (output,), quantizer.node.name)
    return meaning(Scaled.plain(output, array), quantizer)
