"""What is rounded or wrapped and has too many codes to be tried: a floor, in one form.

``floor(x + n * step) = floor(x) + n * step``, and ``x mod m = x - m * floor(x / m)``. So, whatever
cuts the bits of a sum into pieces and however it adds them again, what remains are floors of few
values, which are functions of the sum, and the sum itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rtlgen.proof.forms import Form, combined
from rtlgen.proof.functions import Function, Limited, Rounded
from rtlgen.proof.kinds import Curve, Value
from rtlgen.proof.lazy import Lazy
from rtlgen.proof.maxima import Maxima
from sim.rounding import Overflow, Rounding


@dataclass
class Floors(Maxima):
    """Atoms, of sums of which multiples of a step can be told apart."""

    _inner: dict[int, tuple[int, Form]] = field(default_factory=dict)
    """For atoms that are floors: the step that they count, and what they round down."""

    def _try(self, value: Lazy) -> Form:
        if self._overlaps(value) and (apart := self._apart(value)) is not None:
            return apart
        return super()._try(value)

    def stays_apart(self, value: Lazy) -> bool:
        return self._overlaps(value) or super().stays_apart(value)

    def _overlaps(self, value: Lazy) -> bool:
        """Whether a sum of many codes has a term that is a function of others of its terms."""
        if value.view.inner is not None or value.view.size <= self.curves.limit:
            return False
        terms = set(value.source.terms)
        rounded = [self._inner[atom][1].terms for atom in terms & self._inner.keys()]
        whole = terms.union(*rounded)
        curves = [kind for atom in terms if isinstance(kind := self.kinds[atom], Curve)]
        return any(self.bases[curve.base].terms[0][0] in whole for curve in curves)

    def too_wide(self, value: Lazy) -> Form:
        """A function of too many codes, with what it only adds outside of it."""
        if (apart := self._apart(value)) is not None:
            return apart
        result = super().too_wide(value)
        if len(value.functions) == 1 and (atom := result.atom) is not None:
            self._inner[atom] = value.exp, value.source
        return result

    def _apart(self, value: Lazy) -> Form | None:
        """The same with multiples of the step outside of its floor; None if there is nothing."""
        first, *others = _merged(value.functions) or (None,)
        if not isinstance(first, Rounded) or (moved := _as_floor(value.source, first)) is None:
            return None
        outside, inside = _parted(self._opened(moved, first.exp), first.exp)
        down = Rounded(Rounding.FLOOR, first.exp)
        if (inside.key, down, *others) == (value.source.key, *value.functions):
            return None
        result: Value = self.sum([(1, outside), (1, self.apply(inside, down))])
        for f in others:
            result = self.apply(result, f)
        return self.narrow(self.form(result), value.lo, value.hi, value.exp)

    def _opened(self, form: Form, step: int) -> Form:
        """A form that is rounded down to ``2**step``, without what is rounded down inside of it.

        That is nothing new if all beside it are multiples of the step of that inner floor.
        """
        for atom, c in form.terms.items():
            unit = form.exp + c.bit_length() - 1
            if c & -c != c or unit > step or atom not in self._inner:
                continue
            own, inner = self._inner[atom]
            beside = combined([(1, form), (-1, Form({atom: 1}, 0, unit))])
            if _on_grid(beside, unit):
                return self._opened(combined([(1, beside), (1, inner << unit - own)]), step)
        return form

    def wrapped(self, value: Lazy, f: Limited) -> Form | None:
        """The remainder of a value that leaves its range, if that has a power of two of codes."""
        count = f.hi - f.lo + 1
        if f.overflow is not Overflow.WRAP or count & count - 1:
            return None
        x = self.form(value)
        down = Rounded(Rounding.FLOOR, f.exp + count.bit_length() - 1)
        over = self.apply(self.sum([(1, x), (-1, Form({}, f.lo, f.exp))]), down)
        self.entangled.update(self.form(over).terms)
        return self.narrow(self.sum([(1, x), (-1, over)]), f.lo, f.hi, f.exp)


def _as_floor(source: Form, f: Rounded) -> Form | None:
    """What is rounded down instead, if that is the same."""
    match f.rounding:
        case Rounding.FLOOR:
            return source
        case Rounding.HALF_UP:
            return combined([(1, source), (1, Form({}, 1, f.exp - 1))])
        case _:
            return None


def _parted(form: Form, step: int) -> tuple[Form, Form]:
    """The part of a sum that is made of multiples of ``2**step``, and the rest."""
    unit = 1 << max(0, step - form.exp)
    whole = {a: c for a, c in form.terms.items() if c % unit == 0}
    rest = {a: c for a, c in form.terms.items() if c % unit}
    above = form.constant - form.constant % unit
    return Form(whole, above, form.exp), Form(rest, form.constant - above, form.exp)


def _on_grid(form: Form, step: int) -> bool:
    """Whether it is a multiple of ``2**step``, whatever its atoms are."""
    return not (form.terms or form.constant) or form.exp + form.zeros >= step


def _merged(functions: tuple[Function, ...]) -> tuple[Function, ...]:
    """Without what is rounded down in a step that the next one rounds, too."""
    match functions:
        case (
            Rounded(Rounding.FLOOR, fine),
            Rounded(Rounding.FLOOR | Rounding.HALF_UP, coarse),
            *_,
        ):
            return _merged(functions[1:]) if fine < coarse else functions
        case _:
            return functions
