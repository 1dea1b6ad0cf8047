"""What atoms are: everything that is not a sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rtlgen.proof.forms import Form, Key, Terms
from rtlgen.proof.lazy import Lazy


@dataclass(frozen=True, slots=True)
class Port:
    """The code of an element of the sample, counted over all inputs."""

    position: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A function of a base: ``curve(k - start)``, as :class:`rtlgen.proof.curves.Curves` has it."""

    base: int
    start: int
    curve: int


@dataclass(frozen=True, slots=True)
class Product:
    """Of atoms, in order."""

    factors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Largest:
    """Of several forms that are zero or more, in the order of their keys."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Untried:
    """A function of too many codes: equal only if it is computed in the same way."""

    terms: Terms
    """Of what it is a function of; nothing for a product of two long sums."""
    what: Any


Kind = Port | Curve | Product | Largest | Untried
Value = Form | Lazy
"""What an element of a tensor or a wire holds."""


@dataclass(frozen=True, slots=True)
class Base:
    """A sum with coefficients that have no common factor, the first positive; no constant."""

    terms: Terms
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Floor:
    """What an atom is made of: ``result`` is ``inner``, rounded down to steps of ``2**step``."""

    inner: Form
    step: int
    result: Form

    def __lshift__(self, shift: int) -> Floor:
        return Floor(self.inner << shift, self.step + shift, self.result << shift)
