"""Truth tables: the bits of a table as functions, and functions of more inputs than a LUT has.

A function of ``n`` inputs is the number whose bit ``code`` is its value at that code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

SELECTS = 2
"""How many inputs, at most, choose a cofactor: they and four of these fill a LUT of six."""


class Expansion(NamedTuple):
    """A function by its cofactors (Shannon, 1949): some inputs choose a function of the others."""

    selects: tuple[int, ...]
    """The inputs that choose a cofactor; the first one counts one."""
    others: tuple[int, ...]
    """The inputs of the cofactors."""
    cofactors: tuple[int, ...]

    @property
    def blocks(self) -> set[tuple[tuple[int, ...], int]]:
        """What a LUT is needed for: the cofactors that are not constant, with their inputs."""
        full = (1 << (1 << len(self.others))) - 1
        return {(self.others, f) for f in self.cofactors if f not in (0, full)}


def filled(bits: int, lo: int, table: tuple[int, ...]) -> list[int]:
    """The entry at each code, as its bits say it; where none can occur, the most usual one."""
    every = 1 << bits
    entries = [max(table, key=Counter(table).__getitem__)] * every
    for code, entry in enumerate(table, lo):
        entries[code & every - 1] = entry
    return entries


def function_of(entries: Sequence[int], k: int) -> int:
    """Bit ``k`` of all entries."""
    return int("".join(str(entry >> k & 1) for entry in reversed(entries)), 2)


@lru_cache(maxsize=1 << 12)
def support(function: int, inputs: int) -> tuple[int, ...]:
    """The inputs that make a difference."""
    values = _values(function, inputs)
    rows = (np.moveaxis(values, inputs - 1 - k, 0) for k in range(inputs))
    return tuple(k for k, (zero, one) in enumerate(rows) if (zero != one).any())


@lru_cache(maxsize=1 << 12)
def expansion(function: int, inputs: int, most: int) -> Expansion:
    """Cofactors of at most so many inputs, as few different ones as any choice of inputs gives."""
    needed = support(function, inputs)
    options = combinations(needed, max(0, len(needed) - most))
    found = (_expansion(function, inputs, needed, selects) for selects in options)
    return min(found, key=lambda option: (len(option.blocks), option.others))


def _expansion(
    function: int, inputs: int, needed: tuple[int, ...], selects: tuple[int, ...]
) -> Expansion:
    others = tuple(k for k in needed if k not in selects)
    unused = [k for k in range(inputs) if k not in needed]
    axes = [inputs - 1 - k for k in (*unused, *selects[::-1], *others[::-1])]
    rows = _values(function, inputs).transpose(axes)[(0,) * len(unused)]
    table = rows.reshape(1 << len(selects), -1)
    packed = np.packbits(table, axis=1, bitorder="little")
    cofactors = tuple(int.from_bytes(row.tobytes(), "little") for row in packed)
    return Expansion(selects, others, cofactors)


def _values(function: int, inputs: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """An axis for each input, the last of them for the lowest."""
    size = 1 << inputs
    data = np.frombuffer(function.to_bytes(-(-size // 8), "little"), np.uint8)
    return np.unpackbits(data, bitorder="little")[:size].reshape((2,) * inputs)
