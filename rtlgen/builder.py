"""How operations come into a dataflow graph: with exact intervals, and in one form.

The methods compute the interval; nobody asks for a width. They bring equal things into one form
(no common shift of the operands, constants last), so that ``emit`` finds them again, and leave
out what does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtlgen.block import Block
from rtlgen.operations import (
    Add,
    Compare,
    Limit,
    Lookup,
    Max,
    Min,
    Mul,
    Mux,
    Round,
    Sub,
    Ternary,
    Wire,
)
from rtlgen.roundings import BIASED, absorbs, one_sided
from sim.rounding import Interval, Overflow, Rounding

_FREE_ENTRIES = 64
"""A table of six input bits costs no more than an adder of as many bits as it has outputs."""


@dataclass
class Builder(Block):
    """A block that grows by arithmetic."""

    # -- arithmetic: the result is always exact ----------------------------------------------

    def add(self, a: Wire, b: Wire, known: Interval | None = None) -> Wire:
        """``a + b``; ``known`` is a proved interval, tighter than that of the two alone."""
        a, b, x, y = self._aligned(*self._ordered(a, b))
        if y.lo == y.hi == 0:
            return a
        if a == b:
            return a << 1
        interval = Interval(x.lo + y.lo, x.hi + y.hi, x.exp).narrowed(known)
        for one, other in ((a, b), (b, a)):
            op = self.ops[other.op]
            if isinstance(op, Sub) and self.known(op.a) == 0:  # one + (0 - c)
                return self.sub(one, op.b << other.shift, interval)
        op = self.ops[a.op]
        if y.lo == y.hi and isinstance(op, Add) and self.known(op.b) is not None:
            return self.add(op.a << a.shift, self.add(op.b << a.shift, b), interval)
        if y.lo == y.hi and isinstance(op, Sub) and self.known(op.a) is not None:
            return self.sub(self.add(op.a << a.shift, b), op.b << a.shift, interval)
        return self._pair(Add, a, b, interval)

    def sub(self, a: Wire, b: Wire, known: Interval | None = None) -> Wire:
        """``a - b``; ``known`` as for ``add``."""
        if a == b:
            return self.const(0, self.interval(a).exp)
        a, b, x, y = self._aligned(a, b)
        interval = Interval(x.lo - y.hi, x.hi - y.lo, x.exp).narrowed(known)
        if y.lo == y.hi:
            return self.add(a, self.const(-y.lo, y.exp), interval)
        op = self.ops[b.op]
        if isinstance(op, Sub):
            c, d = op.a << b.shift, op.b << b.shift
            if self.known(c) == 0:
                return self.add(a, d, interval)
            if x.lo == x.hi == 0:
                return self.sub(d, c, interval)
            if x.lo == x.hi and self.known(c) is not None:
                return self.add(d, self.sub(a, c), interval)
        if x.lo == x.hi and isinstance(op, Add) and self.known(op.b) is not None:
            return self.sub(self.sub(a, op.b << b.shift), op.a << b.shift, interval)
        return self._pair(Sub, a, b, interval)

    def ternary(
        self, a: Wire, b: Wire, c: Wire, sign_b: int, sign_c: int, known: Interval | None = None
    ) -> Wire:
        """``a + sign_b * b + sign_c * c`` in one operation; ``known`` as for ``add``.

        Two operations if one of the three is a zero or meets itself, or two are constants.
        """
        signed = [(a, 1), (b, sign_b), (c, sign_c)]
        fixed = [self.known(w) for w in (a, b, c) if self.known(w) is not None]
        if len({a, b, c}) < 3 or 0 in fixed or len(fixed) > 1:
            first = self.add(a, b) if sign_b > 0 else self.sub(a, b)
            return self.add(first, c, known) if sign_c > 0 else self.sub(first, c, known)
        exp = min(self.interval(w).exp for w, _ in signed)
        terms = [self.interval(w).at(exp) for w, _ in signed]
        lo = sum(r.lo if s > 0 else -r.hi for r, (_, s) in zip(terms, signed, strict=True))
        hi = sum(r.hi if s > 0 else -r.lo for r, (_, s) in zip(terms, signed, strict=True))
        shift = next(w.shift for w, _ in signed if self.known(w) is None)
        interval = Interval(lo, hi, exp).narrowed(known)
        op = Ternary(a << -shift, b << -shift, c << -shift, sign_b, sign_c)
        return self._result(op, interval._replace(exp=interval.exp - shift)) << shift

    def neg(self, a: Wire) -> Wire:
        return self.sub(self.const(0, 0), a)

    def mul(self, a: Wire, b: Wire) -> Wire:
        a, b = self._ordered(a, b)
        x, y = self.interval(a), self.interval(b)
        match self.known(b):
            case 0:
                return b << x.exp
            case 1:
                return a << y.exp
            case -1:
                return self.neg(a << y.exp)
        ends = [p * q for p in x[:2] for q in y[:2]]
        lo = 0 if a.op == b.op and x.lo < 0 < x.hi else min(ends)  # a square
        shift = a.shift + b.shift
        result = Interval(lo, max(ends), x.exp + y.exp - shift)
        return self._result(Mul(Wire(a.op), Wire(b.op)), result) << shift

    def max(self, a: Wire, b: Wire) -> Wire:
        a, b, x, y = self._aligned(*self._ordered(a, b))
        if a == b or x.lo >= y.hi:
            return a
        if y.lo >= x.hi:
            return b
        return self._pair(Max, a, b, Interval(max(x.lo, y.lo), max(x.hi, y.hi), x.exp))

    def min(self, a: Wire, b: Wire) -> Wire:
        a, b, x, y = self._aligned(*self._ordered(a, b))
        if a == b or x.hi <= y.lo:
            return a
        if y.hi <= x.lo:
            return b
        return self._pair(Min, a, b, Interval(min(x.lo, y.lo), min(x.hi, y.hi), x.exp))

    def compare(self, a: Wire, b: Wire) -> Wire:
        """One where ``a >= b``, else zero."""
        a, b = self._on_grid(a, b, Rounding.FLOOR), self._on_grid(b, a, Rounding.CEIL)
        a, b, x, y = self._aligned(a, b)
        truth = Interval(int(x.lo >= y.hi or a == b), int(x.hi >= y.lo), 0)
        shift = self._common(a, b)
        return self._result(Compare(a << -shift, b << -shift), truth)

    def mux(self, condition: Wire, a: Wire, b: Wire) -> Wire:
        """``a`` where the condition is one, ``b`` where it is zero."""
        chosen = self.interval(condition)
        if chosen.lo == chosen.hi or a == b:
            return a if chosen.lo else b
        if chosen == (0, 1, 0) and self._is(a, 1) and self._is(b, 0):
            return condition
        a, b, x, y = self._aligned(a, b)
        shift = self._common(a, b)
        match self.ops[condition.op]:
            case Compare(p, q) if (p << shift, q << shift) == (a, b):
                return self.max(a, b)
            case Compare(p, q) if (p << shift, q << shift) == (b, a):
                return self.min(a, b)
        result = Interval(min(x.lo, y.lo), max(x.hi, y.hi), x.exp - shift)
        return self._result(Mux(condition, a << -shift, b << -shift), result) << shift

    def lookup(
        self, a: Wire, lo: int, table: Sequence[int], exp: int, step: int | None = None
    ) -> Wire:
        """``table[c - lo] * 2**exp``, where ``c`` counts ``a`` in steps of ``2**step``.

        The step is that of ``a`` unless it is given, and then no coarser.
        """
        r = self.interval(a)
        by = 0 if step is None else r.exp - step
        if r.lo == r.hi:  # of which the step may be finer than that of the table
            return self.const(table[(r.lo << by if by >= 0 else r.lo >> -by) - lo], exp)
        first, last = (r.lo << by) - lo, (r.hi << by) - lo
        assert by >= 0, "a table must be as fine as its input"
        assert 0 <= first <= last < len(table), "a table must cover its input's interval"
        entries = tuple(table[first : last + 1 : 1 << by])
        bits = 0
        for entry in entries:
            bits |= entry
        zeros = (bits & -bits).bit_length() - 1 if bits else 0
        entries = tuple(entry >> zeros for entry in entries)
        if (affine := self._affine(a, entries)) is not None:
            return affine << exp + zeros
        bounds = Interval(min(entries), max(entries), 0)
        return self._result(Lookup(Wire(a.op), r.lo, entries), bounds) << exp + zeros

    # -- what loses information ---------------------------------------------------------------

    def quantize(self, a: Wire, to: Interval, rounding: Rounding, overflow: Overflow) -> Wire:
        """Round to the step of ``to``, then limit to its range; each only if it does anything."""
        return self.limit(self.round(a, to.exp, rounding), to, overflow)

    def round(self, a: Wire, exp: int, rounding: Rounding) -> Wire:
        """The multiple of ``2**exp`` that the mode takes."""
        r = self.interval(a)
        drop = exp - r.exp
        if drop <= 0:
            return a
        rounding = one_sided(rounding, r)
        inner = self.ops[a.op]
        if isinstance(inner, Round) and absorbs(inner.rounding, rounding):
            return self.round(inner.a << a.shift, exp, rounding)
        if rounding in BIASED and self._has_constant(inner):
            bias = self.const(int(rounding.bias(0, drop)), r.exp)
            return self.round(self.add(a, bias), exp, Rounding.FLOOR)
        lo, hi = (int(rounding.shift(end, drop)) for end in r[:2])
        return self._result(Round(Wire(a.op), rounding), Interval(lo, hi, exp - a.shift)) << a.shift

    def limit(self, a: Wire, to: Interval, overflow: Overflow) -> Wire:
        """``a`` brought into ``to``, whose step must not be coarser."""
        r = self.interval(a)
        if r.lo == r.hi == 0:
            r = r._replace(exp=to.exp)  # zero is a multiple of every step
        fine = r.at(to.exp)
        if to.lo <= fine.lo and fine.hi <= to.hi:
            return a
        inner = self.ops[a.op]
        if isinstance(inner, Limit) and inner.overflow is overflow:
            inside = Interval(inner.lo, inner.hi, r.exp).at(to.exp)
            if overflow is Overflow.SATURATE:
                lo, hi = (min(max(end, to.lo), to.hi) for end in inside[:2])
                return self.limit(inner.a << a.shift, Interval(lo, hi, to.exp), overflow)
            size = inner.hi - inner.lo + 1 << r.exp - to.exp
            if overflow is Overflow.WRAP and size % (to.hi - to.lo + 1) == 0:
                return self.limit(inner.a << a.shift, to, overflow)
        low, high = (int(end) for end in overflow.bounds(fine.lo, fine.hi, to.lo, to.hi))
        result = Interval(low, high, to.exp - a.shift)
        return self._result(Limit(Wire(a.op), overflow, to.lo, to.hi), result) << a.shift

    def _affine(self, a: Wire, entries: Sequence[int]) -> Wire | None:
        """A table that only shifts its input, or one of many entries that adds to that."""
        slope = entries[1] - entries[0] if len(entries) > 1 else 0
        if slope <= 0 or slope & slope - 1:
            return None
        first = entries[0]
        if any(entry != first + i * slope for i, entry in enumerate(entries)):
            return None
        r = self.interval(a)
        line = a << slope.bit_length() - 1 - r.exp
        offset = first - r.lo * slope
        if offset and len(entries) <= _FREE_ENTRIES:
            return None
        return self.add(line, self.const(offset, 0))
