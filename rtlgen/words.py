"""Words of 64 bits, each bit a digit at its place; compiled by numba."""

from __future__ import annotations

from math import frexp

import numpy as np

from rtlgen.compiling import lean

NONE = np.uint64(0)
ONE = np.uint64(1)


@lean
def ones(word: np.uint64) -> int:
    """How many bits are set."""
    word = word - ((word >> ONE) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int(np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56)))


@lean
def lowest(word: np.uint64) -> np.uint64:
    """The lowest bit that is set, alone."""
    return word & (~word + ONE)


@lean
def place(bit: np.uint64) -> int:
    """Of a bit that stands alone."""
    return ones(bit - ONE)


@lean
def shifted(word: np.uint64, by: int) -> np.uint64:
    return word << np.uint64(by) if by >= 0 else word >> np.uint64(-by)


@lean
def first_ones(word: np.uint64, count: int) -> np.uint64:
    """The lowest bits that are set, at most so many."""
    kept = NONE
    while count > 0 and word != NONE:
        bit = lowest(word)
        kept |= bit
        word ^= bit
        count -= 1
    return kept


@lean
def top(low: float, high: float, step: float) -> int:
    """The position above the highest bit of numbers in ``low..high``."""
    fraction, exponent = frexp(max(high + step, -low))
    return int(exponent) - int(fraction == 0.5) + int(low < 0)
