"""What a table takes, of which every output bit is a function of the code."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from rtlgen.cofactors import SELECTS, expansion, filled, function_of, support
from rtlgen.resources import Cost
from rtlgen.targets import Target


def lookup(bits: int, lo: int, table: tuple[int, ...], target: Target) -> Cost:
    """A LUT for each different function of few inputs; wider ones are chosen from LUTs.

    What is constant, or an input, takes nothing. Multiplexers beside the LUTs join them up to
    ``target.wide_inputs``, and further LUTs beyond.
    """
    functions = functions_of(bits, lo, table)
    sizes = {f: len(support(f, bits)) for f in functions}
    narrow = sum(size <= target.lut_inputs for size in sizes.values())
    wide = [f for f, size in sizes.items() if size > target.lut_inputs]
    if not wide:
        return Cost(narrow, target.level_ns if narrow else 0.0)
    most = max(sizes.values())
    if most <= target.lut_inputs + SELECTS:
        return Cost(narrow, 0.0) + _expanded(wide, bits, most, target)
    return Cost(narrow, 0.0) + _joined(wide, bits, target)


def functions_of(bits: int, lo: int, table: tuple[int, ...]) -> dict[int, None]:
    """The different outputs, without those that are constant or an input.

    An output is the number whose bit ``code`` is its value at that code. Codes that cannot occur
    have the most usual entry, as in the hardware.
    """
    entries = filled(bits, lo, table)
    every = 1 << bits
    ones = [_where_zero(k, bits) << (1 << k) for k in range(bits)]
    plain = {0, (1 << every) - 1, *ones}
    width = max((entry if entry >= 0 else ~entry) for entry in table).bit_length() + 1
    found = (function_of(entries, k) for k in range(width))
    return dict.fromkeys(f for f in found if f not in plain)


def _expanded(wide: Sequence[int], bits: int, most: int, target: Target) -> Cost:
    """Each by its own best choice of inputs; equal cofactors of the same inputs are one LUT."""
    expansions = [expansion(f, bits, target.lut_inputs) for f in wide]
    blocks = len({block for e in expansions for block in e.blocks})
    if most <= target.wide_inputs:
        beside = (most - target.lut_inputs) * target.lut_ns
        return Cost(blocks, target.level_ns + beside)
    chosen = sum(
        ceil((len(e.selects) + len(e.blocks) - 1) / (target.lut_inputs - 1)) for e in expansions
    )
    return Cost(blocks + chosen, 2 * target.level_ns)


def _joined(wide: Sequence[int], bits: int, target: Target) -> Cost:
    """By the higher bits of the code."""
    joined = 2 if target.lut_inputs >= 6 else 1  # select inputs of a multiplexer in one LUT
    blocks = len(_blocks(wide, bits, target.lut_inputs))
    delay = target.level_ns + (min(bits, target.wide_inputs) - target.lut_inputs) * target.lut_ns
    size = target.wide_inputs
    while size < bits:
        size = min(bits, size + joined)
        blocks += len(_blocks(wide, bits, size))
        delay += target.level_ns
    return Cost(blocks, delay)


def _where_zero(k: int, bits: int) -> int:
    """The codes in which bit ``k`` is zero, as a function."""
    period, ones = 2 << k, (1 << (1 << k)) - 1
    return ones * (((1 << (1 << bits)) - 1) // ((1 << period) - 1))


def _blocks(functions: Sequence[int], bits: int, size: int) -> set[int]:
    """The different functions of the lower ``size`` inputs, for any of the others."""
    full = (1 << (1 << size)) - 1
    starts = range(0, 1 << bits, 1 << size)
    return {f >> i & full for f in functions for i in starts} - {0, full}
