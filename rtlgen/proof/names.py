"""What the model calls the atoms and the sums that its values are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from rtlgen.graph import Graph
from rtlgen.proof.algebra import Algebra
from rtlgen.proof.lazy import View
from rtlgen.proof.symbols import Symbols


@dataclass
class Names:
    """Elements of the network's values, by the atoms and by the bases that they hold."""

    atoms: dict[int, str] = field(default_factory=dict)
    units: dict[int, Fraction] = field(default_factory=dict)
    """How much larger an element becomes with the atom that it holds."""
    bases: dict[int, tuple[str, View]] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, values: Mapping[str, Any], algebra: Algebra) -> Names:
        """The first element that holds each; a value that is read by nobody has none."""
        names = cls()
        producers = {name: node.name for node in graph.nodes for name in node.outputs}
        for name, array in values.items():
            if isinstance(array, Symbols):
                node = f"node {producers[name]!r}: " if name in producers else ""
                for i, value in enumerate(array.values.flat):
                    form = algebra.form(value)
                    place = element(name, array.shape, i)
                    if form.atom is not None:
                        names.atoms.setdefault(form.atom, place)
                        unit = Fraction(2) ** form.exp * form.terms[form.atom]
                        names.units.setdefault(form.atom, unit)
                    if form.terms:
                        view = algebra.view(form)
                        names.bases.setdefault(view.base, (node + place, view))
        return names

    def atom(self, atom: int) -> str:
        return self.atoms.get(atom, "what is computed in between")

    def value(self, atom: int, code: int) -> str:
        """What an element is, where its atom has a code; without what is added to it."""
        return f"{self.atom(atom)} is {Fraction(code) * self.units.get(atom, 1)}"

    def coefficient(self, atom: int, code: int, exp: int) -> str:
        """Of the element that holds an atom, if ``code * 2**exp`` is that of the atom."""
        return str(Fraction(2) ** exp * code / self.units.get(atom, 1))

    def base(self, base: int, otherwise: str) -> tuple[str, int, int]:
        """Where the model has a sum, and with what factor and in which step."""
        if base not in self.bases or self.bases[base][1].inner is not None:
            return otherwise, 1, 0
        place, view = self.bases[base]
        return place, view.factor, view.exp

    def code(self, base: int, code: int) -> str:
        """A code of a base, as what an element of the model then is."""
        if base not in self.bases or self.bases[base][1].inner is not None:
            return f"the sum in front of it has the code {code}"
        place, view = self.bases[base]
        return f"{place} is {number(view.factor * code + view.constant, view.exp)}"


def number(code: int, exp: int) -> str:
    """As ``5/16``."""
    return str(Fraction(code) * Fraction(2) ** exp)


def element(name: str, shape: tuple[int, ...], position: int) -> str:
    """As ``'fc1' [0, 3]``."""
    index = ", ".join(str(int(i)) for i in np.unravel_index(position, shape))
    return f"{name!r} [{index}]" if shape else repr(name)
