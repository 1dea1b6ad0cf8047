"""Where the hardware leaves the network: the first coefficient or code that is another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from rtlgen.proof.curves import merged
from rtlgen.proof.forms import Form, Key, combined
from rtlgen.proof.kinds import Curve, Largest, Port, Product
from rtlgen.proof.names import Names, number
from rtlgen.proof.twins import Twins

T = TypeVar("T")

_REACHED = 1 << 22
"""Codes of a sum of which it is asked whether the sum can have them, at most."""
_IMAGE = 1 << 10
"""Codes of each of its atoms, at most."""
_PAIRS = 10_000
"""Pairs of atoms of which the closest is looked for."""
_ONE = 2
"""Terms in which sums differ if one coefficient does."""
_AXES = 8
"""Atoms whose codes are told together, at most."""
_PLACES = 20
"""Places where two functions differ, of which one is looked for that is reached."""


@dataclass(frozen=True)
class Difference:
    """What is another value in the hardware."""

    where: str
    """By the model's names."""
    what: str
    certain: bool
    """Whether what leads there can have the value, as far as intervals and tables tell."""

    def only_if(self, alone: bool) -> Difference:
        """No longer certain if it is not the only one."""
        return replace(self, certain=self.certain and alone)

    def behind(self, place: str) -> str:
        """The text that follows if a place has been named."""
        return self.what if self.where == place else f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Comparison:
    """Of forms of the network with those of the hardware, down to where they part."""

    algebra: Twins
    names: Names

    def forms(self, wanted: Form, found: Form, where: str) -> Difference:
        """What makes these unequal."""
        if wanted.terms and found.terms and self._base(wanted) == self._base(found):
            return self._along(wanted, found, where)
        exp = min(wanted.exp, found.exp)
        ours, theirs = wanted.at(exp), found.at(exp)
        if difference := self._on_grid(ours, theirs, where):
            return difference
        lost = {a: c for a, c in ours.terms.items() if a not in theirs.terms}
        new = {a: c for a, c in theirs.terms.items() if a not in ours.terms}
        if pair := self._closest(lost, new):
            a, b = pair
            rest = combined([(1, ours), (-1, theirs), (-lost[a], Form({a: 1}, 0, exp))])
            alone = rest.key == Form({b: -lost[a]}, 0, exp).key
            return self.atoms(a, b, where).only_if(alone)
        atoms = sorted(ours.terms.keys() | theirs.terms.keys())
        unlike = [a for a in atoms if ours.terms.get(a, 0) != theirs.terms.get(a, 0)]
        if unlike:
            a = unlike[0]
            c, d = (form.terms.get(a, 0) for form in (ours, theirs))
            x, y = (self.names.coefficient(a, code, exp) for code in (d, c))
            what = f"the coefficient of {self.names.atom(a)} is {x} instead of {y}"
            return Difference(where, what, certain=False)
        what = f"{number(theirs.constant, exp)} instead of {number(ours.constant, exp)}"
        return Difference(where, f"the constant is {what}", certain=True)

    def _on_grid(self, wanted: Form, found: Form, where: str) -> Difference | None:
        """The first codes of a few atoms where functions of quite different sums differ."""
        kinds = [self.algebra.kinds[a] for form in (wanted, found) for a in form.terms]
        bases = [self.algebra.bases[kind.base].terms for kind in kinds if isinstance(kind, Curve)]
        if [len(kinds), len(bases)] != [2, 2] or len(set(bases[0]) ^ set(bases[1])) <= _ONE:
            return None
        axes = {leaf for a in found.terms for leaf in self.algebra.support(a)}
        if len(axes) > _AXES or (grid := self.algebra.grid(axes)) is None:
            return None
        ours, theirs = grid.form(wanted), grid.form(found)
        if ours is None or theirs is None or not (places := np.flatnonzero(ours != theirs)).size:
            return None
        first = places[0]
        point = [self.names.value(a, int(grid.axis(a)[first])) for a in grid.axes]
        values = [number(int(codes[first]), wanted.exp) for codes in (theirs, ours)]
        what = f"where {' and '.join(point)}, it is {values[0]} instead of {values[1]}"
        return Difference(where, what, certain=self._free(grid.axes))

    def atoms(self, wanted: int, found: int, where: str) -> Difference:
        """What makes these atoms unequal."""
        ours, theirs = (self.algebra.kinds[atom] for atom in (wanted, found))
        where = self.names.atoms.get(wanted, where)
        match ours, theirs:
            case Curve(), Curve() if ours.base == theirs.base:
                return self._along(Form({wanted: 1}), Form({found: 1}), where)
            case Curve(), Curve():
                place, factor, exp = self.names.base(ours.base, where)
                sums = (self.algebra.bases[kind.base].terms for kind in (ours, theirs))
                before, after = (Form({a: factor * c for a, c in sum_}, 0, exp) for sum_ in sums)
                alike = (ours.start, ours.curve) == (theirs.start, theirs.curve)
                return self.forms(before, after, place).only_if(alike)
            case Largest(keys), Largest(others):
                lost, new = _unlike(keys, others)
                if lost and new:
                    difference = self.forms(_form(lost[0]), _form(new[0]), where)
                    return difference.only_if(len(lost) == len(new) == 1)
            case Product(factors), Product(others):
                less, more = _unlike(factors, others)
                if less and more:
                    alone = len(less) == len(more) == 1
                    return self.atoms(less[0], more[0], where).only_if(alone)
        return Difference(where, "it is computed from other values", certain=False)

    def _base(self, form: Form) -> int:
        return self.algebra.view(form).base

    def _closest(self, lost: dict[int, int], new: dict[int, int]) -> tuple[int, int] | None:
        """The atoms of network and hardware that most likely stand for each other."""
        made = [[a for a in sorted(some) if not self._is_port(a)] for some in (lost, new)]
        pairs = [(a, b) for a in made[0] for b in made[1]][:_PAIRS]
        return max(
            pairs,
            key=lambda pair: (lost[pair[0]] == new[pair[1]]) + self._likeness(*pair),
            default=None,
        )

    def _is_port(self, atom: int) -> bool:
        return isinstance(self.algebra.kinds[atom], Port)

    def _likeness(self, a: int, b: int) -> float:
        x, y = self.algebra.kinds[a], self.algebra.kinds[b]
        score = float(type(x) is type(y))
        if isinstance(x, Curve) and isinstance(y, Curve):
            ours, theirs = (set(self.algebra.bases[kind.base].terms) for kind in (x, y))
            score += 4 * len(ours & theirs) / len(ours | theirs) + (x.curve == y.curve)
        return score

    def _along(self, wanted: Form, found: Form, where: str) -> Difference:
        """The first code of a base where two functions of it differ."""
        exp = min(wanted.exp, found.exp)
        views = [self.algebra.view(form.at(exp)) for form in (wanted, found)]
        seen = [steps for view in views if (steps := self.algebra.curves.seen(view)) is not None]
        if len(seen) < len(views):
            return Difference(
                where, "it is another function of what is in front of it", certain=False
            )
        base, at = views[0].base, merged(seen[0].at, seen[1].at)
        ours, theirs = (steps.over(at) for steps in seen)
        around = self.algebra.bases[base]
        starts, ends = [around.lo, *at.tolist()], [*(at - 1).tolist(), around.hi]
        places = np.flatnonzero(ours != theirs).tolist()
        codes = ((i, self._reached(base, starts[i], ends[i])) for i in places[:_PLACES])
        i, code = next((pair for pair in codes if pair[1] is not None), (places[0], None))
        values = f"{number(int(theirs[i]), exp)} instead of {number(int(ours[i]), exp)}"
        shown = self.names.code(base, starts[i] if code is None else code)
        certain = code is not None and self._free(atom for atom, _ in around.terms)
        return Difference(where, f"where {shown}, it is {values}", certain=certain)

    def _free(self, atoms: Iterable[int]) -> bool:
        """Whether atoms can have all values together: only ports have nothing in common."""
        return all(isinstance(self.algebra.kinds[atom], Port) for atom in atoms)

    def _reached(self, base: int, lo: int, hi: int) -> int | None:
        """A code from ``lo`` to ``hi`` that the sum has for some values of its atoms."""
        around = self.algebra.bases[base]
        sizes = [self.algebra.hi[atom] - self.algebra.lo[atom] for atom, _ in around.terms]
        if lo > hi or around.hi - around.lo > _REACHED or max(sizes) > _IMAGE:
            return None
        bits, least = 1, 0
        for atom, c in around.terms:
            values = [c * v for v in self._image(atom)]
            start, least = min(values), least + min(values)
            one = 0
            for v in values:
                one |= bits << v - start
            bits = one
        some = bits >> max(0, lo - least) & (1 << hi - max(lo, least) + 1) - 1
        return max(lo, least) + (some & -some).bit_length() - 1 if some else None

    def _image(self, atom: int) -> list[int]:
        kind = self.algebra.kinds[atom]
        if isinstance(kind, Curve):
            return [int(v) for v in np.unique(self.algebra.curves.steps[kind.curve].values)]
        return list(range(self.algebra.lo[atom], self.algebra.hi[atom] + 1))


def _form(key: Key) -> Form:
    exp, constant, terms = key
    return Form(dict(terms), constant, exp)


def _unlike(ours: Sequence[T], theirs: Sequence[T]) -> tuple[list[T], list[T]]:
    """What only one of two has."""
    return [x for x in ours if x not in theirs], [x for x in theirs if x not in ours]
