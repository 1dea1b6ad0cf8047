"""All that can be done with values, each in one form however it is put together.

A rising function of the largest is the largest of the function; a choice by a bit is a product
with it; and a function of a sum with such products is chosen by the bit, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rtlgen.proof.curves import Drawn
from rtlgen.proof.floors import Floors
from rtlgen.proof.forms import Form
from rtlgen.proof.functions import Function, Limited, LookedUp, Reached
from rtlgen.proof.kinds import Value
from rtlgen.proof.lazy import Lazy

BITS = 6
"""Bits that a form is split by, at most."""
DEPTH = 3
"""How deep functions are moved inside of choices and maxima of each other."""


@dataclass
class Algebra(Floors):
    """Atoms that functions can be applied to."""

    products: list[tuple[int, list[Form]]] = field(default_factory=list)
    """For each product with a constant matrix: how many coefficients its sums have, and these."""
    _depth: int = 0

    def apply(self, value: Value, f: Function) -> Value:
        if isinstance(value, Lazy):
            return self._after(value, f)
        form = self.refined(value)
        if not form.terms:
            code, exp = f(form.constant, form.exp)
            return Form({}, int(code), exp)
        ends = self.ends(form)
        if f.idle(*ends):
            return form
        if self._depth < DEPTH and (moved := self._moved(form, f)) is not None:
            return self.narrow(moved, *_image(f, *ends)) if isinstance(moved, Form) else moved
        return self._after(self.viewed(form), f)

    def at_least(self, a: Value, b: Value) -> Value:
        """One where ``a >= b``, else zero."""
        return self.apply(self.sum([(1, a), (-1, b)]), Reached((0,), 0))

    def _moved(self, form: Form, f: Function) -> Value | None:
        """A function of a form, moved inside of a maximum or of a choice in it."""
        self._depth += 1
        try:
            if f.monotone and (largest := self.only_largest(form)) is not None:
                return self.inside(form, largest, f)
            if (bit := self._bit(form)) is not None:
                no, yes = (self.apply(self.with_bit(form, bit, value), f) for value in (0, 1))
                return self.choice(Form({bit: 1}), yes, no)
            return None
        finally:
            self._depth -= 1

    def _bit(self, form: Form) -> int | None:
        """The first atom of zero or one that multiplies others in a form."""
        factors = {f for atom in form.terms for f in self.factors(atom) if f != atom}
        bits = [f for f in factors if (self.lo[f], self.hi[f]) == (0, 1)]
        return min(bits) if 0 < len(bits) <= BITS else None

    def _after(self, value: Lazy, f: Function) -> Value:
        """A function behind others: later if it is monotone, else now and on all codes."""
        if f.monotone:
            return value.then(f)
        f, shift = value.unshifted(f)
        if f.idle(value.lo, value.hi, value.exp):
            return value
        functions = (*value.functions, f)
        drawn = self.curves.along(value.view, functions, monotone=False)
        if drawn is None and value.functions:
            drawn = self._behind(replace(value, shift=0), f)
        if drawn is not None:
            return self.placed(value.view.base, drawn) << shift
        if (
            isinstance(f, Limited)
            and (rest := self.wrapped(replace(value, shift=0), f)) is not None
        ):
            return rest << shift
        return self.untried(value.view, functions, *_range(f)) << shift

    def _behind(self, value: Lazy, f: Function) -> Drawn | None:
        """A function of what monotone functions made of a base, if that has few codes."""
        form = self.form(value)
        view = self.view(form) if form.terms else None
        if view is None or view.inner is None or view.base != value.view.base:
            return None
        return self.curves.along(view, (f,), monotone=False)


def _image(f: Function, lo: int, hi: int, exp: int) -> tuple[int, int, int]:
    """The ends of what a function gives for all from ``lo`` to ``hi``."""
    if not f.monotone:
        return _range(f)
    (a, step), (b, _) = (f(end, exp) for end in (lo, hi))
    return int(min(a, b)), int(max(a, b)), step


def _range(f: Function) -> tuple[int, int, int]:
    """The least and the largest code that a function gives whatever it is given, and the step."""
    match f:
        case Limited(_, lo, hi, exp):
            return min(lo, 0), max(hi, 0), exp
        case LookedUp(_, table, _, exp):
            return min(table), max(table), exp
        case _:
            raise AssertionError(f)
