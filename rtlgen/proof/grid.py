"""All that a few atoms can be together, and what forms then are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Any, assert_never

import numpy as np

from rtlgen.proof.atoms import Atoms
from rtlgen.proof.forms import Form
from rtlgen.proof.kinds import Curve, Largest, Port, Product, Untried
from sim import integers
from sim.integers import IntArray

LIMIT = 1 << 16
"""Points of a grid, at most."""


@dataclass(frozen=True)
class Grid:
    """Codes of every atom that depends on some atoms alone, at each point of the grid of these."""

    atoms: Atoms
    axes: tuple[int, ...]
    codes: dict[int, IntArray | None] = field(default_factory=dict)
    """None for what depends on something else."""

    @classmethod
    def over(cls, atoms: Atoms, axes: Iterable[int], limit: int = LIMIT) -> Grid | None:
        """None if there are too many points."""
        axes = tuple(sorted(axes))
        if prod(atoms.hi[a] - atoms.lo[a] + 1 for a in axes) > 64 * limit:
            return None
        images = [_image(atoms, a) for a in axes]
        if prod(map(len, images)) > limit:
            return None
        points = np.meshgrid(*images, indexing="ij")
        return cls(atoms, axes, {a: p.reshape(-1) for a, p in zip(axes, points, strict=True)})

    def axis(self, atom: int) -> IntArray:
        """The codes of one of the axes."""
        codes = self.codes[atom]
        assert codes is not None, "an axis has codes"
        return codes

    def form(self, form: Form) -> IntArray | None:
        """Codes in the step of the form."""
        total: IntArray = integers.integers(np.array(form.constant, np.object_))
        for atom, c in form.terms.items():
            if (codes := self.atom(atom)) is None:
                return None
            scaled = integers.multiply(codes, integers.integers(np.array(c, np.object_)))
            total = integers.add(total, scaled)
        return total

    def atom(self, atom: int) -> IntArray | None:
        if atom not in self.codes:
            self.codes[atom] = self._computed(atom)
        return self.codes[atom]

    def _computed(self, atom: int) -> IntArray | None:
        match self.atoms.kinds[atom]:
            case Port() | Untried():
                return None
            case Curve(base, start, curve):
                codes = self.form(Form(dict(self.atoms.bases[base].terms)))
                at, values = self.atoms.curves.steps[curve]
                if codes is None:
                    return None
                places = integers.add(codes, integers.integers(np.array(-start, np.object_)))
                return np.asarray(values[np.searchsorted(at, places, "right")])
            case Product(factors):
                return self._all(integers.multiply, [Form({a: 1}) for a in factors])
            case Largest(keys):
                forms = [Form(dict(terms), c, exp) for exp, c, terms in keys]
                return self._all(np.maximum, [form.at(0) for form in forms])
            case kind:
                assert_never(kind)

    def _all(self, f: Any, forms: list[Form]) -> IntArray | None:
        result, *others = (self.form(form) for form in forms)
        for codes in others:
            result = None if result is None or codes is None else f(result, codes)
        return result


def _image(atoms: Atoms, atom: int) -> IntArray:
    """All codes that an atom can have."""
    kind = atoms.kinds[atom]
    if isinstance(kind, Curve):
        return np.unique(atoms.curves.steps[kind.curve].values)
    first = integers.integers(np.array(atoms.lo[atom], np.object_))
    return integers.add(np.arange(atoms.hi[atom] - atoms.lo[atom] + 1), first)
