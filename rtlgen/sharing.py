"""The search for sums that several outputs have in common.

Greedy elimination of two-term common subexpressions (Hosangadi, Fallah and Kastner, 2005): of
all pairs of digits, the one whose sharing saves most adder bits over all outputs becomes a
variable, until none occurs twice. The pairs wait in a heap under the score that they had when
they were put there; a score can only fall, so only the top one is ever counted again.

The digits of one variable in all outputs are the bits of two integers, one for each sign, at
``output * pitch + position``. Counting a pattern is a shift, an ``and`` and a population count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from math import isqrt
from typing import NamedTuple

from rtlgen.digits import canonical
from rtlgen.plan import Step, Term
from rtlgen.sums import Variables

MAX_PAIRS = 3_000_000
"""More pairs of digits than these are searched in blocks of inputs first."""

Digits = tuple[int, int]
"""The places of digits, as bits: of those that are added, and of those that are subtracted."""


class Pattern(NamedTuple):
    """A digit of ``a``, and ``shift`` above it one of ``b`` of ``sign`` times its sign."""

    a: int
    b: int
    shift: int
    sign: int


def share(variables: Variables, columns: Sequence[Sequence[int]]) -> list[list[Term]]:
    """Add variables until no two-term sum occurs twice; what is then left of each column."""
    search = _Search(variables, columns)
    inputs = range(len(variables.depths))
    pairs = sum(sum(len(canonical(n)) for n in c) ** 2 for c in columns) // 2
    blocks = 1 + isqrt(pairs // MAX_PAIRS)
    if blocks > 1:
        for k in range(blocks):
            search.run(inputs[k * len(inputs) // blocks : (k + 1) * len(inputs) // blocks])
    search.run(range(len(variables.depths)))
    return search.left()


class _Search:
    def __init__(self, variables: Variables, columns: Sequence[Sequence[int]]) -> None:
        self.variables = variables
        self._span = max((abs(n).bit_length() for c in columns for n in c), default=0) + 1
        self._pitch = 2 * self._span  # so that a shift moves no digit into the next output
        inputs = range(len(variables.depths))
        self._digits = [self._places([column[k] for column in columns]) for k in inputs]
        self._codes: list[tuple[set[int], set[int]]] = [(set(), set()) for _ in columns]
        """By output, the digits in sight as ``variable * pitch + position``, by their sign."""
        self._heap: list[tuple[int, int, Pattern, int]] = []

    def run(self, variables: Iterable[int]) -> None:
        """Replace patterns of these variables, and of what becomes of them."""
        self._codes = [(set(), set()) for _ in self._codes]
        self._heap = [entry for v in variables for entry in self._introduce(v)]
        heapify(self._heap)
        while self._heap:
            score, order, pattern, overlap = self._heap[0]
            found = self._find(pattern)
            count = found[0].bit_count() + found[1].bit_count()
            if count > 1 and count * overlap < -score:
                heapreplace(self._heap, (-count * overlap, order, pattern, overlap))
                continue
            heappop(self._heap)
            if count > 1:
                for entry in self._replace(pattern, found):
                    heappush(self._heap, entry)

    def left(self) -> list[list[Term]]:
        """The terms of each output."""
        return [
            [
                Term(*divmod(code, self._pitch), sign)
                for sign, codes in zip((+1, -1), signs, strict=True)
                for code in sorted(codes)
            ]
            for signs in self._codes
        ]

    def _places(self, weights: Sequence[int]) -> Digits:
        masks = [0, 0]
        for output, weight in enumerate(weights):
            for position, sign in canonical(weight):
                masks[sign < 0] |= 1 << output * self._pitch + position
        return masks[0], masks[1]

    def _introduce(self, new: int) -> Iterator[tuple[int, int, Pattern, int]]:
        """Bring a variable into sight: the patterns that it forms with those that are."""
        places = [[divmod(bit, self._pitch) for bit in _bits(mask)] for mask in self._digits[new]]
        for sign, where in enumerate(places):
            for output, position in where:
                self._codes[output][sign].add(new * self._pitch + position)
        alike: Counter[int] = Counter()
        opposite: Counter[int] = Counter()
        for sign, where in enumerate(places):
            for output, position in where:
                offset = self._span - position
                alike.update([code + offset for code in self._codes[output][sign]])
                opposite.update([code + offset for code in self._codes[output][1 - sign]])
        yield from self._patterns(new, alike, +1)
        yield from self._patterns(new, opposite, -1)

    def _patterns(
        self, new: int, counts: Counter[int], sign: int
    ) -> Iterator[tuple[int, int, Pattern, int]]:
        """Those that occur twice, with their scores."""
        for code, count in counts.items():
            if count > 1:
                other, place = divmod(code, self._pitch)
                shift = place - self._span
                if other != new or shift > 0:  # or else it is counted from its other end
                    overlap = self.variables.overlap(new, other, shift)
                    pattern = Pattern(new, other, shift, sign)
                    yield -count * overlap, abs(shift), pattern, overlap

    def _find(self, pattern: Pattern) -> Digits:
        """The digits of ``a`` where the pattern occurs; none is used twice."""
        a, b, shift, sign = pattern
        plus, minus = self._digits[b][::sign]
        found = self._digits[a][0] & _shifted(plus, -shift)
        negated = self._digits[a][1] & _shifted(minus, -shift)
        if a != b:
            return found, negated
        used = kept = 0
        for bit in _bits(found | negated):
            pair = 1 << bit | 1 << bit + shift
            if not used & pair:
                used |= pair
                kept |= 1 << bit
        return found & kept, negated & kept

    def _replace(self, pattern: Pattern, found: Digits) -> Iterator[tuple[int, int, Pattern, int]]:
        a, b, shift, sign = pattern
        self._remove(a, found)
        self._remove(b, [_shifted(mask, shift) for mask in found[::sign]])
        lowest = min(shift, 0)
        self._digits.append((_shifted(found[0], lowest), _shifted(found[1], lowest)))
        return self._introduce(self.variables.add(Step(*pattern)))

    def _remove(self, variable: int, found: Sequence[int]) -> None:
        plus, minus = self._digits[variable]
        self._digits[variable] = plus & ~found[0], minus & ~found[1]
        for sign, mask in enumerate(found):
            for bit in _bits(mask):
                output, position = divmod(bit, self._pitch)
                self._codes[output][sign].remove(variable * self._pitch + position)


def _bits(mask: int) -> Iterator[int]:
    """The positions of the ones, from the lowest."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _shifted(mask: int, by: int) -> int:
    return mask << by if by >= 0 else mask >> -by
