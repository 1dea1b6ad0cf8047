"""Products of values, written out: a choice by a bit is one as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from rtlgen.proof.atoms import Atoms
from rtlgen.proof.forms import Form, combined
from rtlgen.proof.kinds import Product, Untried, Value
from sim import integers

PAIRS = 4096
"""Products of terms that a product of sums is written out as, at most."""
ONE = Form({}, 1, 0)


@dataclass
class Products(Atoms):
    """Atoms that can be multiplied."""

    def product(self, a: Value, b: Value) -> Form:
        """Of two values, written out as a sum of products of atoms."""
        x, y = self.form(a), self.form(b)
        if not y.terms:
            return combined([(y.constant, x << y.exp)])
        if not x.terms:
            return combined([(x.constant, y << x.exp)])
        if (one := self._of_one_base(x, y)) is not None:
            return one
        if len(x.terms) * len(y.terms) > PAIRS:
            return self._too_long(x, y)
        parts: list[tuple[int, Value]] = [(x.constant * y.constant, ONE)]
        parts += [(c * y.constant, Form({i: 1})) for i, c in x.terms.items()]
        parts += [(x.constant * c, Form({i: 1})) for i, c in y.terms.items()]
        pairs = [(i, j) for i in x.terms for j in y.terms]
        parts += [(x.terms[i] * y.terms[j], self._pair(i, j)) for i, j in pairs]
        form = self.sum(parts) << x.exp + y.exp
        lo, hi = _times(self.ends(x)[:2], self.ends(y)[:2])
        return self.narrow(form, max(lo, 0) if x.key == y.key else lo, hi, x.exp + y.exp)

    def choice(self, bit: Value, a: Value, b: Value) -> Form:
        """``a`` where the bit is one, ``b`` where it is zero."""
        form = self.sum([(1, self.product(bit, self.sum([(1, a), (-1, b)]))), (1, b)])
        return self.narrow(form, *_hull(self.ends(a), self.ends(b)))

    def together(self, f: Any, forms: Sequence[Form], exp: int) -> Form | None:
        """A function of several functions of one base; None if that has too many codes."""
        views = [self.view(form) for form in forms]
        seen = self.curves.all_seen(views)
        if seen is None:
            return None
        return self.placed(views[0].base, self.curves.combined(f, seen, exp))

    def factors(self, atom: int) -> tuple[int, ...]:
        """The atoms that an atom is the product of, or itself."""
        kind = self.kinds[atom]
        return kind.factors if isinstance(kind, Product) else (atom,)

    def with_bit(self, form: Form, bit: int, value: int) -> Form:
        """A form in which an atom of zero or one is known."""
        parts: list[tuple[int, Value]] = [(form.constant, ONE)]
        for atom, c in form.terms.items():
            factors = self.factors(atom)
            if value or bit not in factors:
                others = [Form({a: 1}) for a in factors if a != bit]
                parts.append((c, reduce(self.product, others, ONE)))
        return self.sum(parts) << form.exp

    def _of_one_base(self, x: Form, y: Form) -> Form | None:
        """The product of two functions of one base."""
        if self.view(x).base != self.view(y).base:
            return None
        return self.together(integers.multiply, [x, y], x.exp + y.exp)

    def _pair(self, i: int, j: int) -> Form:
        """The product of two atoms, either of which may be a product."""
        factors = sorted((*self.factors(i), *self.factors(j)))
        for n, a in enumerate(factors):
            for m in range(n + 1, len(factors)):
                one = self._of_one_base(Form({a: 1}), Form({factors[m]: 1}))
                if one is not None:
                    rest = [Form({c: 1}) for k, c in enumerate(factors) if k not in (n, m)]
                    return reduce(self.product, rest, one)
        ends = reduce(_times, [(self.lo[a], self.hi[a]) for a in factors])
        atom = self.atom(Product(tuple(factors)), *ends)
        self.entangled.add(atom)
        return Form({atom: 1})

    def _too_long(self, x: Form, y: Form) -> Form:
        lo, hi = _times(self.ends(x)[:2], self.ends(y)[:2])
        keys = tuple(sorted(Form(f.terms, f.constant).key for f in (x, y)))
        return Form({self.atom(Untried((), keys), lo, hi): 1}, 0, x.exp + y.exp)


def _hull(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int, int]:
    """The ends of one of two values."""
    exp = min(a[2], b[2])
    lo, hi = ([x[i] << x[2] - exp for x in (a, b)] for i in (0, 1))
    return min(lo), max(hi), exp


def _times(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """The ends of a product."""
    ends = [x * y for x in a for y in b]
    return min(ends), max(ends)
