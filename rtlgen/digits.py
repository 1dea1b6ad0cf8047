"""Signed digits: an integer as a sum of powers of two, each added or subtracted."""

from __future__ import annotations

from typing import NamedTuple


class Digit(NamedTuple):
    """``sign * 2**position``."""

    position: int
    sign: int


def canonical(n: int) -> list[Digit]:
    """The canonical form: no two digits are neighbours, and no form has fewer of them."""
    digits = []
    position = 0
    while n:
        if n & 1:
            sign = 2 - (n & 3)
            digits.append(Digit(position, sign))
            n -= sign
        n >>= 1
        position += 1
    return digits
