"""The largest of several values, of which functions are the largest of functions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd

import numpy as np

from rtlgen.proof.curves import NOWHERE, merged
from rtlgen.proof.forms import Form, combined
from rtlgen.proof.functions import Bounded, Function
from rtlgen.proof.kinds import Floor, Largest, Value
from rtlgen.proof.products import Products


@dataclass
class Maxima(Products):
    """Atoms that can be compared."""

    _largest: dict[int, tuple[Form, ...]] = field(default_factory=dict)
    """For atoms that are the largest of several forms, these: zero or more, in steps of one."""
    _functions: dict[int, dict[int, Form]] = field(default_factory=dict)

    @abstractmethod
    def apply(self, value: Value, f: Function) -> Value:
        """A function of a value."""

    def maximum(self, values: Sequence[Value]) -> Value:
        """The largest of some values."""
        if (alone := self._bounded(values, 1)) is not None:
            return alone
        given = [self.form(v) for v in values]
        result = self._largest_of([inner for form in given for inner in self._flat(form)])
        self._rounds_down(given, result)
        for form in given if self._largest.keys() & result.terms.keys() else ():
            above = self.sum([(1, result), (-1, form)])
            self.narrow(above, 0, self.ends(above)[1], above.exp)
        return result

    def minimum(self, values: Sequence[Value]) -> Value:
        """The smallest of some values."""
        if (alone := self._bounded(values, -1)) is not None:
            return alone
        return self.negative(self.maximum([self.negative(v) for v in values]))

    def only_largest(self, form: Form) -> int | None:
        """The atom of a form that is the largest of several, if there is one of these."""
        found = [atom for atom in form.terms if atom in self._largest]
        return found[0] if len(found) == 1 else None

    def inside(self, form: Form, atom: int, f: Function) -> Value:
        """A rising function of a form with a largest: the largest, or smallest, of functions."""
        values = [self.apply(self._replaced(form, atom, x), f) for x in self._largest[atom]]
        return self.maximum(values) if form.terms[atom] > 0 else self.minimum(values)

    def _bounded(self, values: Sequence[Value], sign: int) -> Value | None:
        """The largest or smallest of one value and at most a constant: a function of the value."""
        if len(values) < 2:
            return values[0]
        value, bound = sorted(values, key=_constant)[:2]
        if len(values) > 2 or not isinstance(bound, Form) or bound.terms:
            return None
        lo, hi = (bound.constant, None) if sign > 0 else (None, bound.constant)
        return self.apply(value, Bounded(lo, hi, bound.exp))

    def _largest_of(self, forms: Sequence[Form]) -> Form:
        ends = [self.ends(form) for form in forms]
        exp = min(e for _, _, e in ends)
        least = max(lo << e - exp for lo, _, e in ends)
        raised = [self.form(self.apply(form, Bounded(least, None, exp))) for form in forms]
        groups: dict[int, dict[object, Form]] = {}
        for form in raised:
            if form.terms:
                groups.setdefault(self.view(form).base, {})[form.key] = form
        merged = [form for group in groups.values() for form in self._merged([*group.values()])]
        if len(merged) < 2:
            return merged[0] if merged else Form({}, least, exp)
        return self._as_atom(merged, Form({}, least, exp))

    def _merged(self, group: Sequence[Form]) -> Sequence[Form]:
        """Functions of one base as the one that is the largest at each code."""
        if len(group) == 1:
            return group
        exp = min(form.exp for form in group)
        one = self.together(np.maximum, [form.at(exp) for form in group], exp)
        return group if one is None else [one]

    def _as_atom(self, forms: Sequence[Form], least: Form) -> Form:
        """The largest of forms that are no less than this, as a multiple of an atom."""
        forms = [combined([(1, form), (-1, least)]) for form in forms]
        finest = min(form.exp for form in forms)
        forms = [form.at(finest) << -finest for form in forms]
        common = gcd(*(c for form in forms for c in (form.constant, *form.terms.values())))
        ordered = sorted((form.divided(common) for form in forms), key=lambda form: form.key)
        kind = Largest(tuple(form.key for form in ordered))
        atom = self.atom(kind, 0, max(self.ends(form)[1] for form in ordered))
        self._largest[atom] = tuple(ordered)
        return combined([(common, Form({atom: 1}, 0, finest)), (1, least)])

    def _flat(self, form: Form) -> Sequence[Form]:
        """The forms of which this is the largest, or the form alone."""
        atom = form.atom
        if atom is None or atom not in self._largest or form.terms[atom] < 0:
            return [form]
        return [self._replaced(form, atom, inner) for inner in self._largest[atom]]

    def _replaced(self, form: Form, atom: int, by: Form) -> Form:
        """A form with another one in place of an atom."""
        rest = {a: c for a, c in form.terms.items() if a != atom}
        parts = [(1, Form(rest, form.constant, form.exp)), (form.terms[atom], by << form.exp)]
        return self.joined(combined(parts))

    # -- the largest of what was rounded down is the largest, rounded down -----------------------

    def _rounds_down(self, given: Sequence[Form], result: Form) -> None:
        floors = [self._floor(form) for form in given]
        steps = {floor.step for floor in floors if floor}
        if len(steps) != 1:
            return
        (step,) = steps
        pairs = list(zip(given, floors, strict=True))
        if all(floor or form.exp + form.zeros >= step for form, floor in pairs):
            inner = self.maximum([floor.inner if floor else form for form, floor in pairs])
            self.rounds_down(self.form(inner), step, result)

    def _floor(self, form: Form) -> Floor | None:
        """What a form rounds down."""
        if form.atom not in self.floors:
            return None
        floor = self.floors[form.atom]
        floor <<= form.key[0] - floor.result.key[0]
        return floor if floor.result.key == form.key else None

    # -- sums of maxima that rise together -------------------------------------------------------

    def joined(self, form: Form) -> Form:
        """A form in which no two maxima are of the same bases, if they rise together."""
        form = super().joined(form)
        for a, b in self._neighbours(form):
            if (one := self._one_largest(form, a, b)) is not None:
                return self.joined(one)
        return form

    def _neighbours(self, form: Form) -> list[tuple[int, int]]:
        """Maxima, each with another atom of the same sign that is a function of the same base."""
        owners: dict[int, int] = {}
        found = []
        for a in [atom for atom in form.terms if atom in self._largest]:
            found += [(owners[k], a) for k in self._by_base(a) if k in owners]
            owners.update(dict.fromkeys(self._by_base(a), a))
        if owners:
            others = [atom for atom in form.terms if atom not in self._largest]
            found += [(owners[k], b) for b in others for k in self._by_base(b) if k in owners]
        return [(a, b) for a, b in dict.fromkeys(found) if form.terms[a] * form.terms[b] > 0]

    def _one_largest(self, form: Form, a: int, b: int) -> Form | None:
        """A form in which two maxima became one, if what makes one larger does it to the other.

        That is if all pairs of what they are at each code of each base form an ascending list.
        """
        ours, theirs = self._by_base(a), self._by_base(b)
        zero = Form()
        pairs = [(ours.get(k, zero), theirs.get(k, zero)) for k in sorted(ours.keys() | theirs)]
        if not self._ascending(pairs):
            return None
        factors = [abs(form.terms[atom]) for atom in (a, b)]
        sums = [super(Maxima, self).joined(combined(zip(factors, p, strict=True))) for p in pairs]
        sign = 1 if form.terms[a] > 0 else -1
        rest = {atom: c for atom, c in form.terms.items() if atom not in (a, b)}
        one = self._largest_of(sums) << form.exp
        return combined([(1, Form(rest, form.constant, form.exp)), (sign, one)])

    def _by_base(self, atom: int) -> dict[int, Form]:
        """The forms of which an atom is the largest, by the bases that they are functions of."""
        if atom not in self._functions:
            forms = self._largest.get(atom, (Form({atom: 1}),) if self.lo[atom] == 0 else ())
            found = {self.view(form).base: form for form in forms}
            self._functions[atom] = found if len(found) == len(forms) else {}
        return self._functions[atom]

    def _ascending(self, pairs: Sequence[tuple[Form, Form]]) -> bool:
        points = []
        for pair in pairs:
            seen = [self.curves.seen(self.view(f)) if f.terms else NOWHERE for f in pair]
            if seen[0] is None or seen[1] is None:
                return False
            at = merged(seen[0].at, seen[1].at)
            points.append(np.stack([seen[0].over(at), seen[1].over(at)]))
        ordered = np.unique(np.concatenate(points, axis=1), axis=1)
        return bool((np.diff(ordered[1]) >= 0).all())


def _constant(value: Value) -> bool:
    return isinstance(value, Form) and not value.terms
