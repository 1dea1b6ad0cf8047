"""Formats for arrays that are known."""

from __future__ import annotations

from typing import Any

import numpy as np

MANTISSA, WIDEST, NARROW = 24, 44, 12
"""Bits: of a float32, of numbers of any size together, and of what indexes a table."""


def exactly(x: Any) -> str:
    """The narrowest format that holds all these numbers, if :data:`WIDEST` bits can."""
    if x.dtype.kind in "biu":
        return _integers(x)
    top, bottom = _exponents(x)
    return _written(x, max(bottom - MANTISSA, top - WIDEST), top)


def narrow(x: Any) -> str:
    """A format of few bits; integers are held exactly."""
    if x.dtype.kind in "biu":
        return _integers(x)
    top, _ = _exponents(x)
    return _written(x, top - NARROW, top)


def _integers(x: Any) -> str:
    ends = [0, *(int(code) for code in (x.min(), x.max()))] if x.size else [0]
    signed, width = min(ends) < 0, max(max(end, ~end).bit_length() for end in ends)
    return f"{'us'[signed]}{max(1, width) + signed} e0"


def _exponents(x: Any) -> tuple[int, int]:
    """All finite numbers are below two to the first, and none but zero is below half the second."""
    numbers = np.abs(x.astype(np.float64))
    exponents = np.frexp(numbers[np.isfinite(numbers) & (numbers > 0)])[1]
    return int(exponents.max(initial=-100)), int(exponents.min(initial=0))


def _written(x: Any, exp: int, top: int) -> str:
    signed = bool((x.astype(np.float64) < 0).any())
    return f"{'us'[signed]}{max(1, top - exp) + signed} e{exp}"
