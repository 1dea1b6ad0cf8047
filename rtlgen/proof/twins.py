"""Functions of the hardware alone that are one of the network's, found on a grid.

That is how a table of several values is proved, where the network has sums of them or functions of
sums: both are tried on all that the values can be together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from rtlgen.proof.algebra import Algebra
from rtlgen.proof.curves import Drawn
from rtlgen.proof.forms import Form, combined
from rtlgen.proof.grid import Grid
from rtlgen.proof.kinds import Curve, Largest, Port, Product, Untried
from sim import integers
from sim.integers import IntArray

_POINTS = 1 << 12
"""Of the grid of each function of the network, at most."""
_USERS = 2000
"""Atoms of the network that are asked whether they are the twin of one of the hardware."""


@dataclass
class Twins(Algebra):
    """Atoms, of which those of the hardware are recognized."""

    own_bases: int = 0
    """How many sums the network has, of which any two functions can be compared as they are."""
    _twins: dict[int, Form | None] = field(default_factory=dict)
    _supports: dict[int, frozenset[int]] = field(default_factory=dict)
    _users: dict[int, list[int]] = field(default_factory=dict)
    """For each atom of the network, those that are made of it."""
    _grids: dict[tuple[int, ...], Grid | None] = field(default_factory=dict)
    _seen: dict[tuple[int, ...], dict[bytes, Form]] = field(default_factory=dict)

    def close(self) -> None:
        """All that follows is the hardware's."""
        self.native, self.own_bases = len(self.kinds), len(self.bases)

    def placed(self, base: int, drawn: Drawn) -> Form:
        form = super().placed(base, drawn)
        atom = form.atom
        if atom is None or not isinstance(self.kinds[atom], Curve):
            return form
        if atom not in self._twins:
            self._twins[atom] = self._twin(atom)
        twin = self._twins[atom]
        if twin is None:
            return form
        parts = [(form.terms[atom], twin << form.exp), (1, Form({}, form.constant, form.exp))]
        return combined(parts)

    def support(self, atom: int) -> frozenset[int]:
        """The atoms of the network that one of the hardware is made of."""
        if self.native is None or atom < self.native:
            return frozenset({atom})
        if atom not in self._supports:
            inside = {inner for form in self.made_of(atom) for inner in form.terms}
            self._supports[atom] = frozenset().union(*map(self.support, inside))
        return self._supports[atom]

    def made_of(self, atom: int) -> list[Form]:
        """The forms that an atom is a function of; none for a port."""
        match kind := self.kinds[atom]:
            case Curve(base):
                return [Form(dict(self.bases[base].terms))]
            case Product(factors):
                return [Form({factor: 1}) for factor in factors]
            case Largest(keys):
                return [Form(dict(terms)) for _, _, terms in keys]
            case Untried(terms):
                return [Form(dict(terms))]
            case Port():
                return []
            case _:
                assert_never(kind)

    def grid(self, axes: set[int]) -> Grid | None:
        key = tuple(sorted(axes))
        if key not in self._grids:
            self._grids[key] = Grid.over(self, key)
        return self._grids[key]

    def _twin(self, atom: int) -> Form | None:
        """A form of the network's atoms that is the same at every point of their grid."""
        inside = {inner for form in self.made_of(atom) for inner in form.terms}
        if self.native is None:
            return self._line(atom, Grid.over(self, inside, _POINTS))
        grid = self.grid({leaf for inner in inside for leaf in self.support(inner)})
        if grid is None or (codes := grid.atom(atom)) is None:
            return None
        if (line := self._line(atom, grid)) is not None:
            return line
        normal, gain, first = _normal(codes)
        known = self._natives(grid).get(normal)
        return None if known is None else combined([(gain, known), (1, Form({}, first))])

    @staticmethod
    def _line(atom: int, grid: Grid | None) -> Form | None:
        """A weighted sum of the axes, as where all but one of them are too small to matter."""
        codes = None if grid is None else grid.atom(atom)
        return None if grid is None or codes is None else _line(grid, codes)

    def _natives(self, grid: Grid) -> dict[bytes, Form]:
        """What the network has of the atoms of a grid, by its values."""
        if grid.axes not in self._seen:
            found: dict[bytes, Form] = {}
            for atom in self._used_with(grid):
                if (codes := grid.atom(atom)) is not None and len(np.unique(codes)) > 1:
                    normal, gain, first = _normal(codes)
                    if abs(gain) == 1:
                        found[normal] = combined(
                            [(gain, Form({atom: 1})), (-gain, Form({}, first))]
                        )
            self._seen[grid.axes] = found
        return self._seen[grid.axes]

    def _used_with(self, grid: Grid) -> list[int]:
        """The network's atoms that are made of those of a grid, on any level, in order."""
        if not self._users:
            for atom in range(self.native or 0):
                for inner in {inner for form in self.made_of(atom) for inner in form.terms}:
                    self._users.setdefault(inner, []).append(atom)
        found: set[int] = set()
        waiting = list(grid.axes)
        while waiting and len(found) < _USERS:
            users = [a for a in self._users.get(waiting.pop(), []) if a not in found]
            known = [a for a in users if grid.atom(a) is not None]
            found.update(known)
            waiting += known
        return sorted(found)


def _line(grid: Grid, codes: IntArray) -> Form | None:
    """A weighted sum of the axes that has these codes at every point, as a table of a sum has."""
    axes = {axis: grid.axis(axis) for axis in grid.axes}
    apart = sum((values != values[0]).astype(int) for values in axes.values())
    terms, constant = {}, int(codes[0])
    for axis, values in axes.items():
        beside = np.flatnonzero((apart == 1) & (values != values[0]))
        if not beside.size:
            continue
        rise = int(codes[beside[0]]) - int(codes[0])
        step = rise // (int(values[beside[0]]) - int(values[0]))
        if step:
            terms[axis] = step
            constant -= step * int(values[0])
    form = Form(terms, constant)
    found = grid.form(form)
    return form if found is not None and np.array_equal(found, codes) else None


def _normal(codes: IntArray) -> tuple[bytes, int, int]:
    """``first + gain * normal``, where normal begins with zero and then rises, by single steps."""
    first = int(codes[0])
    rest = codes - first
    changes = np.flatnonzero(rest)
    if not changes.size:
        return b"", 0, first
    gain = int(np.gcd.reduce(rest)) * (1 if rest[changes[0]] > 0 else -1)
    normal = integers.narrow(rest // gain)
    data = repr(normal.tolist()).encode() if normal.dtype == np.object_ else normal.tobytes()
    return data, gain, first
