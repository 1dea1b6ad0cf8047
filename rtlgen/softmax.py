"""Softmax and its logarithm, correct at every width of their input.

``y[i] = exp(-d[i]) / sum(exp(-d))`` with ``d[i] = max(x) - x[i]``, which is never negative: an
exponential is one at most, one at least is one, and where it would round to zero it is zero. So
tables cover exactly what matters of ``d``, in steps as fine as matters, whatever scale it has.

With ``n`` numbers and results in steps of ``2**-f``, the exponentials have ``f + 2 + log2(n)`` bits
behind the point, and their errors come to a quarter step at most in each result; ``d`` is rounded,
if it is finer, to steps that make an eighth, and the reciprocal of the sum is within an eighth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise
from math import prod

from kernels.base import OnnxNode
from kernels.elementwise import Add, Mul, Sub
from kernels.pool import GlobalMaxPool, GlobalSumPool
from kernels.real import LogSoftmax, Softmax
from kernels.shape import Reshape, Transpose
from rtlgen.emission import Emission
from rtlgen.octaves import exponent, logarithm, reciprocal
from rtlgen.operands import Operands
from rtlgen.precision import Precision, asked
from rtlgen.rationals import fixed, fractions
from rtlgen.scaled import Scaled
from rtlgen.windows import alike
from sim.errors import ShapeError
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

PLACES = 16
"""Bits behind the point of a Softmax for which no format is given, and none in front of it."""
LOG_PLACES = 12
"""Those of a LogSoftmax that nothing rounds: it is within half of such a step."""
_GUARD = 3
"""Bits of a result that is rounded once more."""
MAX_PLACES = 24
"""With more, tables become large for what nobody can see."""
_INDEX = 11
"""Bits that index one table of an exponential, at most; with more, it is a product of several."""
_LN2 = Fraction(6931471806, 10**10)
"""A little above the logarithm of two."""
_DIGITS = Context(prec=50)


def softmax(operands: Operands, op: Softmax, node: OnnxNode) -> Scaled:
    """Each result is within one step of its output format, a half of it from that rounding.

    What a format or quantizer behind it asks for is what it gives; by default, 16 bits behind the
    point and none in front, of which the largest stands for one. The sum of ``n`` results is
    within ``n / 2 + 1`` steps of one.
    """
    rows = _Rows.of(operands, node, op.axis)
    wanted = asked(operands, node.outputs[0], rows.shape)
    places = _places(wanted, PLACES, node)
    exps, sums = _exponentials(rows, places)
    inverse = reciprocal(rows.emit, sums, rows.sums, places + 3, Fraction(1))
    y = rows.emit.of(Mul(), exps, inverse, what="exact")
    if wanted is None:
        to = Interval(0, (1 << places) - 1, -places)
        y = rows.emit.cut(y, to, "rounded", Rounding.HALF_EVEN, Overflow.SATURATE)
    elif not wanted.exact:
        y = rows.emit.rounded(y, -places - _GUARD, "rounded")
    return rows.restored(y)


def log_softmax(operands: Operands, op: LogSoftmax, node: OnnxNode) -> Scaled:
    """``-d - log(sum(exp(-d)))``, of which the differences are exact.

    Each result is within one step of its output format, a half of it from that rounding; without
    one, it is not rounded, and within ``2**-13``.
    """
    rows = _Rows.of(operands, node, op.axis)
    wanted = asked(operands, node.outputs[0], rows.shape)
    places = _places(wanted, LOG_PLACES, node)
    _, sums = _exponentials(rows, places)
    if wanted is None or not wanted.exact:
        log = logarithm(rows.emit, sums, rows.sums, places + 3, 1 / rows.unit)
        y = rows.emit.of(Add(), rows.below, log, what="exact")
        return rows.restored(y).affine(fractions(-rows.unit), fractions(0), node)
    log = logarithm(rows.emit, sums, rows.sums, places + 3, Fraction(1))
    y = rows.emit.of(Add(), _in_ones(rows, places), log, what="exact")
    return rows.restored(y).affine(fractions(-1), fractions(0), node)


def _in_ones(rows: _Rows, places: int) -> str:
    """The differences as numbers, within a sixteenth of a step."""
    hull = rows.emit.hull(rows.below)
    largest = max(1, hull.hi) * Fraction(2) ** hull.exp
    step = Fraction(2) ** (-places - 4 - exponent(largest))
    unit = fixed(fractions(round(rows.unit / step) * step))
    assert unit is not None, "multiples of a power of two are dyadic"
    factor = rows.emit.draft.constant(f"{rows.emit.node.name}.unit", unit)
    return rows.emit.of(Mul(), rows.below, factor, what="below.scaled")


@dataclass(frozen=True)
class _Rows:
    """Numbers along an axis, as rows of codes and how far each is below the largest of its row."""

    emit: Emission
    below: str
    """Of shape (1, rows, count); zero at least."""
    unit: Fraction
    """What a code stands for."""
    shape: tuple[int, ...]
    axis: int

    @classmethod
    def of(cls, operands: Operands, node: OnnxNode, axis: int) -> _Rows:
        draft, name = operands.draft, node.inputs[0]
        value = alike(draft, operands.bound(name, node), node)
        assert value.line is not None
        emit, shape = Emission(draft, node), value.shape
        axis = _axis(axis, shape, node)
        x = emit.moved(Transpose(_swapped(axis, shape)), value.name, what="turned")
        x = emit.moved(Reshape((1, -1, shape[axis])), x, what="rows")
        largest = emit.of(GlobalMaxPool(), x, what="max")
        below = emit.of(Sub(), largest, x, what="difference")
        _, hi, exp = emit.hull(below)
        below = emit.cut(below, Interval(0, hi, exp), "below", overflow=Overflow.SATURATE)
        return cls(emit, below, value.line[0][0], shape, axis)

    @property
    def count(self) -> int:
        """Of numbers in a row."""
        return self.shape[self.axis]

    @property
    def sums(self) -> Interval:
        """What a sum of exponentials can be, one of which is one."""
        return Interval(1, self.count, 0)

    def restored(self, y: str) -> Scaled:
        """Rows in the places that they came from."""
        swapped = _swapped(self.axis, self.shape)
        y = self.emit.moved(Reshape(tuple(self.shape[a] for a in swapped)), y, what="placed")
        y = self.emit.moved(Transpose(swapped), y, what="back")
        array: Intervals = self.emit.draft.arrays[y]
        return Scaled.plain(y, array)


def _exponentials(rows: _Rows, places: int) -> tuple[str, str]:
    """``exp(-d)`` for every number, and the sum of each row."""
    emit, (_, hi, exp) = rows.emit, rows.emit.hull(rows.below)
    bits = places + 2 + (rows.count - 1).bit_length()
    step = rows.unit * Fraction(2) ** exp
    drop = max(0, -places - 4 - exponent(step))
    step *= 1 << drop
    zero = ((bits + 1) * _LN2 / step).__ceil__()  # from here on, exponentials round to zero
    to = Interval(0, min(zero, -(-hi >> drop)), exp + drop)
    far = emit.cut(rows.below, to, "far", Rounding.HALF_UP, Overflow.SATURATE)
    exps = _exponential(emit, far, to, step, bits)
    return exps, emit.of(GlobalSumPool(), exps, what="sum")


def _exponential(emit: Emission, far: str, to: Interval, step: Fraction, bits: int) -> str:
    """``exp(-step * code)`` with so many bits behind the point, within one of the last of them.

    Of codes with many bits, it is the product of exponentials of groups of these bits, each of
    which has two bits more.
    """
    width = to.hi.bit_length()
    groups = max(1, -(-width // _INDEX))
    if groups == 1:
        return emit.table(far, _decay(step, to.hi), -bits, to, "exp")
    starts = [width * g // groups for g in range(groups + 1)]
    product = ""
    for start, end in pairwise(starts):
        last = (1 << end - start) - 1 if end < width else to.hi >> start
        part = Interval(0, last, to.exp + start)
        index = emit.cut(far, part, "index")
        factor = emit.table(index, _decay(step * (1 << start), last), -bits - 2, part, "factor")
        if product:
            factor = emit.of(Mul(), product, factor, what="product")
        product = emit.rounded(factor, -bits - 2 if end < width else -bits, "exp")
    return product


def _decay(step: Fraction, last: int) -> Iterator[Fraction]:
    """``exp(-step * k)`` from zero to the last ``k``."""
    return (Fraction(_DIGITS.exp(_decimal(-step * k))) for k in range(last + 1))


def _decimal(x: Fraction) -> Decimal:
    return _DIGITS.divide(Decimal(x.numerator), Decimal(x.denominator))


def _places(wanted: Precision | None, default: int, node: OnnxNode) -> int:
    places = default if wanted is None else max(1, wanted.places)
    if places > MAX_PLACES:
        raise node.unsupported(
            f"results in steps of 2**-{places}", f"formats with steps of 2**-{MAX_PLACES} or more"
        )
    return places


def _axis(axis: int, shape: tuple[int, ...], node: OnnxNode) -> int:
    if not -len(shape) <= axis < len(shape) or not prod(shape):
        raise ShapeError(
            f"node {node.name!r}: axis {axis} of data of shape {list(shape)} has no numbers; give "
            f"an axis that has some"
        )
    return axis % len(shape)


def _swapped(axis: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """All axes, the last one and this one in each other's place."""
    axes = list(range(len(shape)))
    axes[axis], axes[-1] = axes[-1], axes[axis]
    return tuple(axes)
