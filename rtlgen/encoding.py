"""How real numbers become codes at an input, and what codes at an output stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rtlgen.bounds import codes
from rtlgen.pending import Steps
from rtlgen.rationals import Values, fractions, powers_of_two, rounded
from sim.errors import DataError
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.rounding import Overflow, Rounding

Floats = npt.NDArray[np.float64]

ONE, ZERO = fractions(1), fractions(0)
_WIDEST = 1 << 50  # floats that keep quarters


@dataclass(frozen=True, eq=False)
class Encoding:
    """An input: ``steps`` lead from real numbers to codes.

    Without steps, numbers are rounded to the type's steps and limited to its ranges. ``scale``
    and ``offset``, one number per element (or one for all), say what real number a code stands
    for: that of the input, if the steps before the rounding can be undone.
    """

    type: Intervals
    steps: Steps
    group: IntArray
    scale: Values = field(default_factory=lambda: ONE)
    offset: Values = field(default_factory=lambda: ZERO)
    rounding: Rounding = Rounding.HALF_EVEN
    overflow: Overflow = Overflow.SATURATE

    def encode(self, x: npt.ArrayLike, name: str) -> Fixed:
        """Codes of samples: axis 0 counts them, a leading axis of one may be left out."""
        floats = self.samples(x, name)
        found = codes(self.steps, floats, self.group) if self.steps else self._rounded(floats)
        return Fixed.in_own_steps(found, self.type.exp)

    def samples(self, x: npt.ArrayLike, name: str) -> Floats:
        """The same numbers, checked, with an axis of samples before those of the input."""
        return _samples(x, self.type.shape, name)

    def _rounded(self, floats: Floats) -> IntArray:
        lo, hi, exp = self.type.lo, self.type.hi, self.type.exp
        with np.errstate(over="ignore"):
            steps = np.ldexp(floats, -exp)
        steps = np.where(steps == 0, floats, steps)  # what underflows is still on its side of zero
        if self.overflow is Overflow.SATURATE:
            steps = steps.clip(lo.astype(float) - 1, hi.astype(float) + 1)
        if steps.size and np.abs(steps).max() >= _WIDEST:
            steps = fractions(floats) / powers_of_two(exp).reshape(exp.shape)
        limited = self.overflow.limit(rounded(steps, self.rounding), lo, hi)
        return np.asarray(limited).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Decoding:
    """An output: ``value * scale + offset``, one number per element (or one for all)."""

    scale: Values = field(default_factory=lambda: ONE)
    offset: Values = field(default_factory=lambda: ZERO)

    @property
    def identical(self) -> bool:
        return bool((self.scale == 1).all() and not self.offset.any())

    def decode(self, x: Fixed) -> Floats:
        """Real values, axis 0 counting samples; exact where float64 can hold them."""
        if self.identical:
            return x.to_float()
        values = x.to_float() * self.scale.astype(float) + self.offset.astype(float)
        return np.asarray(values, np.float64)


def _samples(x: npt.ArrayLike, shape: tuple[int, ...], name: str) -> Floats:
    """Samples of this shape, whether or not they have the batch axis of one."""
    floats = np.asarray(x, np.float64)
    inner = shape[1:] if shape[:1] == (1,) else shape
    if floats.ndim and floats.shape[1:] in (shape, inner):
        return _finite(floats.reshape(-1, *shape), name)
    raise DataError(
        f"input {name!r}: data have the shape {list(floats.shape)}, but samples have "
        f"{list(inner)}; give an array of the shape [{', '.join(map(str, ('samples', *inner)))}]"
    )


def _finite(floats: Floats, name: str) -> Floats:
    if not np.isfinite(floats).all():
        at = np.argwhere(~np.isfinite(floats))[0].tolist()
        raise DataError(
            f"input {name!r}: the number at {at} is {floats[tuple(at)]}; leave out samples that "
            f"are not finite"
        )
    return floats
