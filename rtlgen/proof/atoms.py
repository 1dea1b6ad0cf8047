"""Everything that is not a sum, each once: what a network and its hardware have in common.

A value is a linear form over *atoms*. An atom is an element of the input, a function of one sum
(tried on all codes of the sum, so that it does not matter how it is computed), a product of
atoms, the largest of several forms, or a function of what is too wide to be tried. Two values
that have the same form are equal, for every input.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rtlgen.proof.curves import Curves, Drawn
from rtlgen.proof.forms import Form, Terms, combined
from rtlgen.proof.functions import Function, Line, Rounded, in_steps_of
from rtlgen.proof.kinds import Base, Curve, Floor, Kind, Port, Untried, Value
from rtlgen.proof.lazy import Lazy, View
from sim.rounding import Rounding


@dataclass
class Atoms:
    """Numbers atoms as they are met. Grows; what it has said of an atom never changes."""

    kinds: list[Kind] = field(default_factory=list)
    lo: list[int] = field(default_factory=list)
    hi: list[int] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    """On how many codes a function was tried."""
    bases: list[Base] = field(default_factory=list)
    curves: Curves = field(default_factory=Curves)
    native: int | None = None
    """How many atoms the network has; all others are those of the hardware alone."""
    floors: dict[int, Floor] = field(default_factory=dict)
    """What those of the hardware alone round down."""
    entangled: set[int] = field(default_factory=set)
    """Products, and parts of others: the ends of a sum of them are nearer than its terms say."""
    _narrow: dict[Terms, tuple[int, int]] = field(default_factory=dict)
    """The ends of such sums."""
    _waiting: dict[int, Lazy] = field(default_factory=dict)
    """Functions of too many codes, which others may still follow."""
    _owners: list[int | None] = field(default_factory=list)
    """The bases that atoms are functions of."""
    _firsts: list[int] = field(default_factory=list)
    """The first atoms of bases."""
    _known: dict[Kind, int] = field(default_factory=dict)
    _tried: dict[Lazy, Form] = field(default_factory=dict)
    _bases: dict[Terms, int] = field(default_factory=dict)

    def atom(self, kind: Kind, lo: int, hi: int, codes: int = 0) -> int:
        """The number of an atom that lies in ``lo..hi``."""
        i = self._known.setdefault(kind, len(self.kinds))
        if i == len(self.kinds):
            self.kinds.append(kind)
            self.lo.append(lo)
            self.hi.append(hi)
            self.codes.append(codes)
            self._owners.append(kind.base if isinstance(kind, Curve) else None)
        return i

    def port(self, position: int, lo: int, hi: int, exp: int) -> Form:
        """An element of the sample."""
        if lo == hi:
            return Form({}, lo, exp)
        return Form({self.atom(Port(position), lo, hi): 1}, 0, exp)

    def base(self, terms: Terms) -> int:
        """The number of a sum."""
        i = self._bases.setdefault(terms, len(self.bases))
        if i == len(self.bases):
            self.bases.append(Base(terms, *self.range(terms)))
            self._firsts.append(terms[0][0])
        return i

    def ends(self, value: Value) -> tuple[int, int, int]:
        """The least and the largest code that a value can have, and its step."""
        if isinstance(value, Lazy):
            return value.lo, value.hi, value.exp + value.shift
        if not value.terms:
            return value.constant, value.constant, value.exp
        factor, terms = value.base
        ends = [factor * end + value.constant for end in self.range(terms)]
        return min(ends), max(ends), value.exp

    def range(self, terms: Terms) -> tuple[int, int]:
        """The least and the largest code of a sum."""
        if (known := self._narrow.get(terms)) is not None:
            return known
        lo = sum(c * (self.lo[atom] if c > 0 else self.hi[atom]) for atom, c in terms)
        hi = sum(c * (self.hi[atom] if c > 0 else self.lo[atom]) for atom, c in terms)
        return lo, hi

    def narrow(self, form: Form, lo: int, hi: int, exp: int) -> Form:
        """The form, of which is known that it is between these: of more than its terms say."""
        if form.terms:
            factor, terms = form.base
            finer = min(exp, form.exp)
            unit, offset = factor << form.exp - finer, form.constant << form.exp - finer
            ends = [(end << exp - finer) - offset for end in (lo, hi)]
            first, last = ends if unit > 0 else reversed(ends)
            low, high = self.range(terms)
            least, most = -(-first // unit), last // unit
            if least > low or most < high:
                self._narrow[terms] = max(low, least), min(high, most)
        return form

    # -- sums ----------------------------------------------------------------------------------

    def sum(self, parts: Iterable[tuple[int, Value]]) -> Form:
        """Of ``factor * value``; functions of one base become one function."""
        forms = [(factor, self.form(value)) for factor, value in parts]
        form = self.joined(combined(forms))
        if self.entangled and not self.entangled.isdisjoint(form.terms):
            form = self.narrow(form, *self._total(forms))
        if self.native is None or not any(atom in self.floors for atom in form.terms):
            return form
        whole = self.refined(form)
        return whole if all(atom < self.native for atom in whole.terms) else form

    def _total(self, parts: Sequence[tuple[int, Form]]) -> tuple[int, int, int]:
        """The ends of a sum, from those of what is added."""
        ends = [(factor, *self.ends(form)) for factor, form in parts]
        exp = min((e for _, _, _, e in ends), default=0)
        sides = [sorted((f * lo << e - exp, f * hi << e - exp)) for f, lo, hi, e in ends]
        return sum(lo for lo, _ in sides), sum(hi for _, hi in sides), exp

    def negative(self, value: Value) -> Form:
        return self.sum([(-1, value)])

    def joined(self, form: Form) -> Form:
        """A form in which no two functions are of the same base, nor the base beside them."""
        owners = [base for atom in form.terms if (base := self._owners[atom]) is not None]
        firsts = map(self._firsts.__getitem__, owners)
        if len(set(owners)) == len(owners) and form.terms.keys().isdisjoint(firsts):
            return form
        found: dict[int, list[int]] = {}
        for atom in form.terms:
            if (owner := self._owners[atom]) is not None:
                found.setdefault(owner, []).append(atom)
        for base, atoms in found.items():
            slope = self._slope(form, base)
            if (len(atoms) > 1 or slope) and all(atom in form.terms for atom in atoms):
                form = self._one_curve(form, base, atoms, slope)
        return form

    def _slope(self, form: Form, base: int) -> int:
        """How often a form holds the base itself."""
        terms = self.bases[base].terms
        slope, rest = divmod(form.terms.get(terms[0][0], 0), terms[0][1])
        if not slope or rest or any(form.terms.get(a) != slope * c for a, c in terms):
            return 0
        return slope

    def _one_curve(self, form: Form, base: int, atoms: Sequence[int], slope: int) -> Form:
        """The form with one function of the base in place of all."""
        terms = dict(self.bases[base].terms) if slope else {}
        parts = [Form({atom: form.terms[atom]}) for atom in sorted(atoms)]
        parts += [Form({atom: slope * c for atom, c in terms.items()})] * bool(slope)
        seen = self.curves.all_seen([self.view(part) for part in parts])
        if seen is None:  # the base itself has too many codes to be tried
            return self._one_curve(form, base, atoms, 0) if slope and len(atoms) > 1 else form
        one = self.placed(base, self.curves.total(seen)) << form.exp
        rest = {a: c for a, c in form.terms.items() if a not in terms and a not in atoms}
        return combined([(1, Form(rest, form.constant, form.exp)), (1, one)])

    # -- functions -----------------------------------------------------------------------------

    def view(self, form: Form) -> View:
        """A form that is no constant, as a function of a base."""
        if form.atom is not None and isinstance(kind := self.kinds[form.atom], Curve):
            factor = form.terms[form.atom]
            return View(kind.base, kind.start, 0, kind.curve, factor, form.constant, form.exp)
        factor, terms = form.base
        lo, hi = self.range(terms)
        return View(self.base(terms), lo, hi - lo + 1, None, factor, form.constant, form.exp)

    def viewed(self, form: Form) -> Lazy:
        """A form that is no constant, before its first function."""
        if (atom := form.atom) in self._waiting:
            form = form.coarse
            code = self._waiting[atom] << -self._waiting[atom].exp
            return code.then(Line(form.terms[atom], form.constant, 0)) << form.exp
        return Lazy(form, self.view(form), (), *self.ends(form))

    def applied(self, form: Form, f: Function) -> Value:
        """A monotone function of a form that is no constant."""
        return self.viewed(form).then(f)

    def form(self, value: Value) -> Form:
        """A value as a linear form: its functions are tried now."""
        if isinstance(value, Form):
            return value
        if value not in self._tried:
            self._tried[value] = self._try(value) << value.shift
        return self._tried[value]

    def _try(self, value: Lazy) -> Form:
        if value.lo == value.hi:
            return Form({}, value.lo, value.exp)
        if not value.functions:
            return value.source
        drawn = self._drawn(value)
        result = self.too_wide(value) if drawn is None else self.placed(value.view.base, drawn)
        if value.functions == (Rounded(Rounding.FLOOR, value.functions[0].exp),):
            self.rounds_down(value.source, value.functions[0].exp, result)
        return result

    def _drawn(self, value: Lazy) -> Drawn | None:
        return self.curves.along(value.view, value.functions, monotone=True)

    def stays_apart(self, value: Lazy) -> bool:
        """Whether a floor is not tried together with the multiples of its step beside it."""
        return self._drawn(value) is None

    def placed(self, base: int, drawn: Drawn) -> Form:
        """A function of a base, as a form; a function that is a line, as a sum."""
        if drawn.curve is None:
            return Form({}, drawn.first, drawn.exp)
        around, slope = self.bases[base].terms, self.curves.slopes[drawn.curve]
        lo, hi = self.range(around)
        end = drawn.start + len(self.curves.steps[drawn.curve].at) - 1
        if slope is not None and (drawn.start, end) == (lo + 1, hi):
            slope *= drawn.gain
            terms = {atom: c * slope for atom, c in around}
            return Form(terms, drawn.first - slope * lo, drawn.exp)
        kind = Curve(base, drawn.start, drawn.curve)
        atom = self.atom(kind, *self.curves.ends[drawn.curve], drawn.codes)
        return Form({atom: drawn.gain}, drawn.first, drawn.exp)

    def too_wide(self, value: Lazy) -> Form:
        """Functions of too many codes, which others may still follow."""
        result = self.untried(value.view, value.functions, value.lo, value.hi, value.exp)
        self._waiting[next(iter(result.terms))] = value
        return result

    def untried(self, view: View, functions: Any, lo: int, hi: int, exp: int) -> Form:
        """A function of too many codes, whose results are from ``lo`` to ``hi``."""
        kind = Untried(self.bases[view.base].terms, (*view[3:6], *in_steps_of(view.exp, functions)))
        return Form({self.atom(kind, lo, hi): 1}, 0, exp)

    # -- what the hardware rounds down in parts --------------------------------------------------

    def rounds_down(self, inner: Form, step: int, result: Form) -> None:
        """Remember what an atom is that the network does not have."""
        if self.native is not None and result.atom is not None and result.atom >= self.native:
            self.floors.setdefault(result.atom, Floor(inner, step, result))

    def refined(self, form: Form) -> Form:
        """A sum of what was rounded down and of multiples of the step: the sum, rounded down.

        Only for atoms that the network does not have: of low bits that were cut off early.
        """
        for atom in sorted(form.terms.keys() & self.floors.keys()):
            floor = self.floors[atom]
            factor, odd = divmod(form.terms[atom], floor.result.terms[atom])
            others = {a: c for a, c in form.terms.items() if a != atom}
            if not others or odd or any(c % factor for c in others.values()):
                continue
            beside = Form({a: c // factor for a, c in others.items()}, 0, floor.result.exp)
            if beside.exp + beside.zeros >= floor.step:
                return self._whole(form, floor, factor, beside)
        return form

    def _whole(self, form: Form, floor: Floor, factor: int, beside: Form) -> Form:
        """``factor * (result + beside)`` and the constant, where beside is on the grid."""
        together = combined([(1, floor.inner), (1, beside)])
        rounded = self.applied(together, Rounded(Rounding.FLOOR, floor.step))
        if isinstance(rounded, Lazy) and self.stays_apart(rounded):
            return form
        whole = self.form(rounded)
        offset = Form({}, floor.result.constant, floor.result.exp)
        by = form.exp - floor.result.exp
        parts = [(factor, whole << by), (-factor, offset << by)]
        return self.refined(combined([*parts, (1, Form({}, form.constant, form.exp))]))
