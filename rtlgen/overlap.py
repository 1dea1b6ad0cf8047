"""From where on the operands of an adder overlap: bits below cost nothing. Compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

from rtlgen.compiling import compiled


class Bottoms(NamedTuple):
    """The positions of the lowest bits of an adder's operands."""

    lowest: int
    second: int
    """Of the next operand."""
    free: bool
    """Whether bits of the lowest pass beside the adder, because it is not subtracted."""


NO_BOTTOMS = Bottoms(1 << 40, 1 << 40, True)


@compiled
def below(known: Bottoms, bottom: int, plus: bool) -> Bottoms:
    """The same with one operand more, which is added or subtracted."""
    if bottom < known.lowest or (bottom == known.lowest and not plus):
        return Bottoms(bottom, known.lowest, plus)
    return Bottoms(known.lowest, min(known.second, bottom), known.free)


@compiled
def meeting(known: Bottoms) -> int:
    """The position from where on operands meet."""
    return known.second if known.free else known.lowest
