"""What a table takes, of which every output bit is a function of the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rtlgen.resources import Cost
from rtlgen.targets import Target


def lookup(bits: int, lo: int, table: tuple[int, ...], target: Target) -> Cost:
    """A LUT for each different function of few inputs; wider ones are multiplexed from LUTs.

    What is constant, or an input, takes nothing. Multiplexers beside the LUTs join them up to
    ``target.wide_inputs``, and further LUTs beyond.
    """
    functions = _functions(bits, lo, table)
    narrow = [f for f, support in functions.items() if support <= target.lut_inputs]
    wide = [f for f, support in functions.items() if support > target.lut_inputs]
    if not wide:
        return Cost(len(narrow), target.level_ns if narrow else 0.0)
    joined = 2 if target.lut_inputs >= 6 else 1  # select inputs of a multiplexer in one LUT
    blocks = len(_blocks(wide, bits, target.lut_inputs))
    delay = target.level_ns + (min(bits, target.wide_inputs) - target.lut_inputs) * target.lut_ns
    size = target.wide_inputs
    while size < bits:
        size = min(bits, size + joined)
        blocks += len(_blocks(wide, bits, size))
        delay += target.level_ns
    return Cost(len(narrow) + blocks, delay)


def _functions(bits: int, lo: int, table: tuple[int, ...]) -> dict[int, int]:
    """How many inputs each different output depends on, if it is more than an input.

    An output is the number whose bit ``code`` is its value at that code. Codes that cannot occur
    have the most usual entry, as in the hardware.
    """
    every = 1 << bits
    usual = max(table, key=Counter(table).__getitem__)
    entries = [usual] * every
    for code, entry in enumerate(table, lo):
        entries[code & every - 1] = entry
    zero = [_where_zero(k, bits) for k in range(bits)]
    plain = {0, (1 << every) - 1, *(z << (1 << k) for k, z in enumerate(zero))}
    width = max((entry if entry >= 0 else ~entry) for entry in table).bit_length() + 1
    functions = {}
    for k in range(width):
        f = int("".join(str(entry >> k & 1) for entry in reversed(entries)), 2)
        if f not in plain:
            functions[f] = sum((f >> (1 << j) ^ f) & z != 0 for j, z in enumerate(zero))
    return functions


def _where_zero(k: int, bits: int) -> int:
    """The codes in which bit ``k`` is zero, as a function."""
    period, ones = 2 << k, (1 << (1 << k)) - 1
    return ones * (((1 << (1 << bits)) - 1) // ((1 << period) - 1))


def _blocks(functions: Sequence[int], bits: int, size: int) -> set[int]:
    """The different functions of the lower ``size`` inputs, for any of the others."""
    full = (1 << (1 << size)) - 1
    starts = range(0, 1 << bits, 1 << size)
    return {f >> i & full for f in functions for i in starts} - {0, full}
