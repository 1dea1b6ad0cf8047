"""Functions as lists of where they change, and to what: equal functions are one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from rtlgen.proof.functions import Function
from rtlgen.proof.lazy import View
from sim import integers
from sim.integers import IntArray

LIMIT = 1 << 20
"""Codes that a function is tried on, at most."""
PATIENT = 1 << 22
"""The same, where less does not suffice: that takes some GB, and a while."""
_FEW = 1 << 12
"""Codes that are tried without asking first where the function is constant."""
_LEVELS = 1 << 17
"""Values of a rising function of more codes, each found by halving, at most."""
_WIDEST = 1 << 61


class Steps(NamedTuple):
    """A function of integers: ``values[i]`` from ``at[i - 1]`` on, ``values[0]`` before that."""

    at: IntArray
    values: IntArray
    """One more than places."""

    def over(self, at: IntArray) -> IntArray:
        """The values where one of these places begins, and before the first."""
        places = np.concatenate([[0], np.searchsorted(self.at, at, "right")])
        return np.asarray(self.values[places])


NOWHERE = Steps(np.arange(0), np.zeros(1, np.int64))
"""Zero."""


class Drawn(NamedTuple):
    """``first + gain * curve(k - start)`` in steps of ``2**exp``.

    A curve is zero below zero, has its first change at zero, to something positive, and the values
    have no common factor.
    """

    start: int
    curve: int | None
    """None for a constant."""
    gain: int
    first: int
    exp: int
    codes: int
    """On how many codes the function was tried."""


@dataclass
class Curves:
    """Numbers functions as they are met."""

    limit: int = LIMIT
    missed: dict[int, int] = field(default_factory=dict)
    """Codes of the bases whose functions were not tried, but would be with patience."""
    steps: list[Steps] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    slopes: list[int | None] = field(default_factory=list)
    """For curves that are a line from first to last change, how steep it is."""
    _numbers: dict[Any, int] = field(default_factory=dict)
    _known: dict[Any, Drawn | None] = field(default_factory=dict)

    def along(self, view: View, functions: tuple[Function, ...], monotone: bool) -> Drawn | None:
        """Functions of a view, on all its codes; None if these are too many."""
        key = (*(view[1:] if view.inner is None else view[3:]), functions)
        if key not in self._known:
            self._known[key] = self._tried(view, functions, monotone)
        drawn = self._known[key]
        return drawn if drawn is None else drawn._replace(start=drawn.start + view.start)

    def seen(self, view: View) -> Steps | None:
        """The codes that a view has, counted in its step; None if these are too many."""
        if view.inner is not None:
            at, values = self.steps[view.inner]
            return Steps(integers.add(at, _one(view.start)), _line(values, view))
        if self._too_many(view, view.size):
            return None
        codes = integers.add(np.arange(view.size), _one(view.start))
        return Steps(codes[1:], _line(codes, view))

    def _too_many(self, view: View, codes: int) -> bool:
        if self.limit < codes <= PATIENT:
            self.missed[view.base] = codes
        return codes > self.limit

    def all_seen(self, views: Sequence[View]) -> list[Steps] | None:
        """Those of several views; None if one has too many."""
        seen = [steps for view in views if (steps := self.seen(view)) is not None]
        return seen if len(seen) == len(views) else None

    def combined(self, f: Any, parts: Sequence[Steps], exp: int) -> Drawn:
        """A function of some values, at each code."""
        at = reduce(merged, [part.at for part in parts])
        return self.drawn(Steps(at, reduce(f, [part.over(at) for part in parts])), exp)

    def total(self, parts: Sequence[Steps]) -> Drawn:
        """The sum of some functions."""
        return self.combined(integers.add, parts, 0)

    def drawn(self, steps: Steps, exp: int, codes: int = 0) -> Drawn:
        """A function in its normal form."""
        at, y = steps
        changes = np.flatnonzero(y[1:] != y[:-1])
        first, codes = int(y[0]), codes or len(y)
        if not changes.size:
            return Drawn(0, None, 0, first, exp, codes)
        at, y = at[changes], np.asarray(y[changes + 1] - first)
        gain = int(np.gcd.reduce(y)) * (1 if y[0] > 0 else -1)
        curve = self._numbered(integers.narrow(at - at[0]), integers.narrow(y // gain))
        return Drawn(int(at[0]), curve, gain, first, exp, codes)

    def _numbered(self, at: IntArray, y: IntArray) -> int:
        assert at.dtype == np.int64, "a curve is not as long as that"
        data = tuple(y.tolist()) if y.dtype == np.object_ else y.tobytes()
        i = self._numbers.setdefault((at.tobytes(), data), len(self.steps))
        if i == len(self.steps):
            self.steps.append(Steps(at, np.concatenate([[0], y])))
            self.ends.append((min(0, int(y.min())), max(0, int(y.max()))))
            straight = bool((at == np.arange(len(at))).all() and (np.diff(y) == y[0]).all())
            self.slopes.append(int(y[0]) if straight else None)
        return i

    def _tried(self, view: View, functions: Sequence[Function], monotone: bool) -> Drawn | None:
        """Counted from where the view starts."""
        if view.inner is not None:
            at, inner = self.steps[view.inner]
            y, exp = _through(_line(inner, view), view.exp, functions)
            return self.drawn(Steps(at, integers.narrow(y)), exp)
        start, end = 0, view.size
        if monotone and _FEW < end < _WIDEST:
            start, end = _window(view, functions)
        if self._too_many(view, end - start):
            return self._found(view, functions, start, end) if monotone and end < _WIDEST else None
        y, exp = _at(np.arange(start, end), view, functions)
        return self.drawn(Steps(np.arange(start + 1, end), integers.narrow(y)), exp)

    def _found(
        self, view: View, functions: Sequence[Function], start: int, end: int
    ) -> Drawn | None:
        """A rising or falling function from the places where it reaches each of its values."""
        (low, high), exp = _at(np.array([start, end - 1]), view, functions)
        low, high = int(low), int(high)
        if abs(high - low) > _LEVELS or max(abs(low), abs(high)) > _WIDEST:
            return None
        sign = 1 if high > low else -1
        wanted = np.arange(low, high, sign) + sign
        lo, hi = np.full(len(wanted), start), np.full(len(wanted), end - 1)
        while (lo < hi).any():
            middle = lo + hi >> 1
            there = sign * (_at(middle, view, functions)[0] - wanted) >= 0
            lo, hi = np.where(there, lo, middle + 1), np.where(there, middle, hi)
        y = integers.integers(_at(lo, view, functions)[0])
        last = np.append(lo[1:] != lo[:-1], True)
        steps = Steps(lo[last], np.concatenate([[low], y[last]]))
        return self.drawn(steps, exp, end - start)


def merged(a: IntArray, b: IntArray) -> IntArray:
    """The places of two lists, both in order, each once."""
    if np.array_equal(a, b):
        return a
    both = np.sort(np.concatenate([a, b]), kind="stable")
    return np.asarray(both[np.append(True, both[1:] != both[:-1])] if both.size else both)


def _line(inner: IntArray, view: View) -> IntArray:
    return integers.add(integers.multiply(inner, _one(view.factor)), _one(view.constant))


def _at(places: IntArray, view: View, functions: Sequence[Function]) -> tuple[IntArray, int]:
    """The values at some places, counted from where the view starts."""
    x = _line(integers.add(places, _one(view.start)), view)
    return _through(x, view.exp, functions)


def _through(x: Any, exp: int, functions: Sequence[Function]) -> tuple[Any, int]:
    x = _roomy(x, exp, functions)
    for f in functions:
        x, exp = f(x, exp)
    return x, exp


def _window(view: View, functions: Sequence[Function]) -> tuple[int, int]:
    """Where a rising or falling function begins to change and where it has ended to."""

    def at(place: int) -> Any:
        x, exp = view.factor * (view.start + place) + view.constant, view.exp
        for f in functions:
            x, exp = f(x, exp)
        return x

    def first_unlike(value: int, lo: int, hi: int, wanted: bool) -> int:
        """The first place from which on it is as wanted whether the function has this value."""
        while lo < hi:
            middle = (lo + hi) // 2
            lo, hi = (lo, middle) if (at(middle) == value) is wanted else (middle + 1, hi)
        return lo

    last = view.size - 1
    begin = first_unlike(at(0), 0, last, wanted=False)
    return max(0, begin - 1), first_unlike(at(last), 0, last, wanted=True) + 1


def _roomy(x: IntArray, exp: int, functions: Sequence[Function]) -> IntArray:
    """Python integers where those of 64 bits might not suffice on the way."""
    bits = integers.magnitude(x).bit_length() + 2
    for f in functions:
        bits += abs(f.exp - exp)
        exp = f(0, exp)[1]
    return x if bits < 62 else x.astype(np.object_)


def _one(number: int) -> IntArray:
    return integers.integers(np.array(number, np.object_))
