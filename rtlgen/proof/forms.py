"""Linear forms: what a sum of anything is, whatever tree of adders computes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import gcd

Terms = tuple[tuple[int, int], ...]
"""Atoms and their coefficients, in the order of the atoms."""
Key = tuple[int, int, Terms]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """``(constant + sum of coefficient * atom) * 2**exp``, exact; no coefficient is zero.

    Atoms are numbered by :class:`rtlgen.proof.atoms.Atoms`; each is an unknown integer.
    """

    terms: Mapping[int, int] = field(default_factory=dict)
    constant: int = 0
    exp: int = 0

    @property
    def key(self) -> Key:
        """Equal for equal forms, in whatever step they are written."""
        zeros = self.zeros
        terms = tuple(sorted((atom, c >> zeros) for atom, c in self.terms.items()))
        return (self.exp + zeros if terms or self.constant else 0, self.constant >> zeros, terms)

    @property
    def zeros(self) -> int:
        """How many low bits are zero in every coefficient and in the constant."""
        bits = self.constant
        for c in self.terms.values():
            bits |= c
        return (bits & -bits).bit_length() - 1 if bits else 0

    @property
    def atom(self) -> int | None:
        """The only one, if there is only one."""
        return next(iter(self.terms)) if len(self.terms) == 1 else None

    @property
    def base(self) -> tuple[int, Terms]:
        """What all coefficients are multiples of, negative if the first is, and what is left."""
        terms = sorted(self.terms.items())
        factor = gcd(*self.terms.values()) * (1 if terms[0][1] > 0 else -1)
        return factor, tuple((atom, c // factor) for atom, c in terms)

    def __lshift__(self, shift: int) -> Form:
        return Form(self.terms, self.constant, self.exp + shift)

    def at(self, exp: int) -> Form:
        """The same, written in a finer step."""
        by = self.exp - exp
        return Form({a: c << by for a, c in self.terms.items()}, self.constant << by, exp)

    @property
    def coarse(self) -> Form:
        """The same, written in the coarsest step."""
        return self.divided(1 << self.zeros) << self.zeros

    def divided(self, by: int) -> Form:
        """A part of a form, of which all numbers are multiples of ``by``."""
        return Form({a: c // by for a, c in self.terms.items()}, self.constant // by, self.exp)


def combined(parts: Iterable[tuple[int, Form]]) -> Form:
    """The sum of ``factor * form``."""
    some = [(factor, form) for factor, form in parts if form.terms or form.constant]
    if not some:
        return Form()
    exp = min(form.exp for _, form in some)
    terms: dict[int, int] = {}
    constant = 0
    for factor, form in some:
        scale = factor << form.exp - exp
        constant += scale * form.constant
        for atom, c in form.terms.items():
            terms[atom] = terms.get(atom, 0) + scale * c
    if 0 in terms.values():
        terms = {atom: c for atom, c in terms.items() if c}
    return Form(terms, constant, exp)
