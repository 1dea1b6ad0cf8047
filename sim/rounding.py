"""What a quantizer does to a number: the grid, the rounding, and what lies out of range.

Rounding comes first, then overflow. Our names, and what others call the same thing:

=====================  ==================  ==================  ====================
here                   ap_fixed            ac_fixed            QONNX rounding_mode
=====================  ==================  ==================  ====================
FLOOR                  AP_TRN              AC_TRN              FLOOR
CEIL                   --                  --                  CEIL
TO_ZERO                AP_TRN_ZERO         AC_TRN_ZERO         DOWN
AWAY_FROM_ZERO         --                  --                  UP
HALF_UP                AP_RND              AC_RND              --
HALF_DOWN              AP_RND_MIN_INF      AC_RND_MIN_INF      --
HALF_TO_ZERO           AP_RND_ZERO         AC_RND_ZERO         HALF_DOWN
HALF_AWAY_FROM_ZERO    AP_RND_INF          AC_RND_INF          HALF_UP
HALF_EVEN              AP_RND_CONV         AC_RND_CONV         ROUND, HALF_EVEN
HALF_ODD               --                  AC_RND_CONV_ODD     --
---------------------  ------------------  ------------------  --------------------
WRAP                   AP_WRAP (N = 0)     AC_WRAP             --
REFLECT                AP_WRAP_SM (N = 0)  --                  --
SATURATE               AP_SAT              AC_SAT              (always)
SATURATE to a narrow   AP_SAT_SYM          AC_SAT_SYM          narrow=1
range
SATURATE_TO_ZERO       AP_SAT_ZERO         AC_SAT_ZERO         --
=====================  ==================  ==================  ====================

On unsigned numbers AP_SAT_SYM and AC_SAT_SYM saturate as usual, QONNX's narrow=1 leaves out the
highest code, and AP_WRAP_SM does not exist. AP_WRAP_SM looks at the bit above the result *before*
it rounds: it is REFLECT unless the rounding itself carries into that bit. QONNX clips before it
rounds, which is the same, for the ends of the range are integers.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, NamedTuple, assert_never

import numpy as np


class Rounding(Enum):
    """What becomes of the bits below the step."""

    FLOOR = auto()
    CEIL = auto()
    TO_ZERO = auto()
    AWAY_FROM_ZERO = auto()
    HALF_UP = auto()
    HALF_DOWN = auto()
    HALF_TO_ZERO = auto()
    HALF_AWAY_FROM_ZERO = auto()
    HALF_EVEN = auto()
    HALF_ODD = auto()

    def shift(self, code: Any, drop: Any) -> Any:
        """``code / 2**drop``, rounded: integers or arrays of them, ``drop >= 0``."""
        return code + self.bias(code, drop) >> drop

    def bias(self, code: Any, drop: Any) -> Any:
        """What to add so that cutting ``drop`` bits off rounds as it should."""
        below = (1 << drop) - 1
        half = below + 1 >> 1
        tie = 1 * (half > 0)  # where nothing is dropped, there are no ties
        match self:
            case Rounding.FLOOR:
                return 0
            case Rounding.CEIL:
                return below
            case Rounding.TO_ZERO:
                return below * (code < 0)
            case Rounding.AWAY_FROM_ZERO:
                return below * (code > 0)
            case Rounding.HALF_UP:
                return half
            case Rounding.HALF_DOWN:
                return half - tie
            case Rounding.HALF_TO_ZERO:
                return half - tie * (code >= 0)
            case Rounding.HALF_AWAY_FROM_ZERO:
                return half - tie * (code < 0)
            case Rounding.HALF_EVEN:
                return half - tie * (1 - (code >> drop & 1))
            case Rounding.HALF_ODD:
                return half - tie * (code >> drop & 1)
            case _:
                assert_never(self)


class Overflow(Enum):
    """What becomes of a value outside of the range ``lo..hi``."""

    WRAP = auto()
    """Counts on from the other end."""
    REFLECT = auto()
    """Turns back at the ends, as a ball between two walls."""
    SATURATE = auto()
    """Stops at the nearer end."""
    SATURATE_TO_ZERO = auto()
    """Becomes zero."""

    def limit(self, code: Any, lo: Any, hi: Any) -> Any:
        """``code`` brought into ``lo..hi``: integers or arrays of them."""
        size = hi - lo + 1
        match self:
            case Overflow.WRAP:
                return (code - lo) % size + lo
            case Overflow.REFLECT:
                back = (code - lo) % (2 * size)
                return lo + _least(back, 2 * size - 1 - back)
            case Overflow.SATURATE:
                return _least(_largest(code, lo), hi)
            case Overflow.SATURATE_TO_ZERO:
                return code * ((lo <= code) & (code <= hi))
            case _:
                assert_never(self)

    def bounds(self, lo: Any, hi: Any, to_lo: Any, to_hi: Any) -> tuple[Any, Any]:
        """The least and the largest value of ``limit`` over ``lo..hi``, of which there is one."""
        first, last = self.limit(lo, to_lo, to_hi), self.limit(hi, to_lo, to_hi)
        size = to_hi - to_lo + 1
        turn, final = (lo - to_lo) // size, (hi - to_lo) // size  # 0 for what is in range
        match self:
            case Overflow.WRAP:
                inside = turn == final
                return _choose(inside, first, to_lo), _choose(inside, last, to_hi)
            case Overflow.REFLECT:  # odd turns run backwards, and meet the next one at the low end
                top = (final - turn > 1) | ((final > turn) & (turn % 2 == 0))
                bottom = (final - turn > 1) | ((final > turn) & (turn % 2 == 1))
                low, high = _least(first, last), _largest(first, last)
                return _choose(bottom, to_lo, low), _choose(top, to_hi, high)
            case Overflow.SATURATE:
                return first, last
            case Overflow.SATURATE_TO_ZERO:  # zero if the range is left, and what is in range
                none = (hi < to_lo) | (to_hi < lo)
                low = _choose(none, 0, _largest(lo, to_lo))
                high = _choose(none, 0, _least(hi, to_hi))
                left = (turn != 0) | (final != 0)
                low, high = low - low * (left & (low > 0)), high - high * (left & (high < 0))
                return low, high
            case _:
                assert_never(self)


def _least(a: Any, b: Any) -> Any:
    """The smaller one, exact for integers of any width, which numpy's function is not."""
    return np.minimum(a, b) if _arrays(a, b) else min(a, b)


def _largest(a: Any, b: Any) -> Any:
    return np.maximum(a, b) if _arrays(a, b) else max(a, b)


def _choose(condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, np.ndarray):
        return np.where(condition, yes, no)
    return yes if condition else no


def _arrays(*values: Any) -> bool:
    return any(isinstance(v, np.ndarray | np.generic) for v in values)


class Interval(NamedTuple):
    """The values ``k * 2**exp`` for every integer ``lo <= k <= hi``."""

    lo: int
    hi: int
    exp: int

    @classmethod
    def format(cls, signed: bool, width: int, exp: int, *, narrow: bool = False) -> Interval:
        """The range of a two's complement format; a narrow one leaves out the lowest code."""
        lo = -(1 << width - 1) if signed else 0
        return cls(lo + (narrow and signed), lo + (1 << width) - 1, exp)

    @property
    def signed(self) -> bool:
        return self.lo < 0

    @property
    def width(self) -> int:
        """Bits of the narrowest two's complement format that holds every code."""
        lo, hi, _ = self
        return max(hi, ~lo).bit_length() + 1 if lo < 0 else hi.bit_length()

    @property
    def top(self) -> int:
        """The position of the bit above the highest."""
        return self.exp + self.width

    def at(self, exp: int) -> Interval:
        """The same values, counted in a finer step."""
        if exp == self.exp:
            return self
        return Interval(self.lo << self.exp - exp, self.hi << self.exp - exp, exp)

    def scaled(self, shift: int) -> Interval:
        """These values times ``2**shift``."""
        return Interval(self.lo, self.hi, self.exp + shift)

    def narrowed(self, known: Interval | None) -> Interval:
        """What is left of these values once they are known to be in another range too."""
        if known is None:
            return self
        lo, hi, exp = known
        if exp > self.exp:
            lo, hi = lo << exp - self.exp, hi << exp - self.exp
        elif exp < self.exp:
            lo, hi = -(-lo >> self.exp - exp), hi >> self.exp - exp
        return Interval(max(self.lo, lo), min(self.hi, hi), self.exp)

    def __str__(self) -> str:
        """As ``s8 e-6``: signed, 8 bits, in steps of ``2**-6``."""
        return f"{'us'[self.signed]}{self.width} e{self.exp}"
