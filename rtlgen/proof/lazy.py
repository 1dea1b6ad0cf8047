"""Functions that wait to be tried, until all that follow them are known.

What a sum becomes in the end, a few codes, takes far fewer trials than what it is between a
rectifier and a quantizer: only the codes between the two ends where nothing changes any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from rtlgen.proof.forms import Form
from rtlgen.proof.functions import Bounded, Function, Rounded


class View(NamedTuple):
    """A form as a function of one base: ``factor * inner + constant`` in steps of ``2**exp``."""

    base: int
    start: int
    """The first code of the base that counts."""
    size: int
    inner: int | None
    """A curve, of which the codes count; if there is none, those of the base itself do."""
    factor: int
    constant: int
    exp: int


@dataclass(frozen=True, slots=True, eq=False)
class Lazy:
    """Monotone functions of a form, one after the other, and then times ``2**shift``."""

    source: Form
    view: View
    functions: tuple[Function, ...]
    lo: int
    hi: int
    exp: int
    """The ends of the result, codes of this step, before the shift."""
    shift: int = 0

    def then(self, f: Function) -> Lazy:
        """Followed by one more monotone function; a limit goes behind a rounding."""
        f, shift = self.unshifted(f)
        if isinstance(f, Bounded):
            f = f.coarse(self.exp)
        if f.idle(self.lo, self.hi, self.exp):
            return self
        *before, last = self.functions or (None,)
        if isinstance(f, Rounded) and isinstance(last, Bounded):
            lo, hi = (None if end is None else f(end, last.exp)[0] for end in (last.lo, last.hi))
            step = max(last.exp, f.exp)
            return self._followed((*before, f, Bounded(lo, hi, step)), f, shift)
        return self._followed((*self.functions, f), f, shift)

    def unshifted(self, f: Function) -> tuple[Function, int]:
        """A function of the codes before the shift, and the shift behind it."""
        if not self.shift:
            return f, 0
        moved: Function = replace(f, exp=f.exp - self.shift)  # type: ignore[type-var]
        return moved, self.shift if f.homogeneous else 0

    def _followed(self, functions: tuple[Function, ...], f: Function, shift: int) -> Lazy:
        (a, exp), (b, _) = (f(end, self.exp) for end in (self.lo, self.hi))
        lo, hi = sorted((int(a), int(b)))
        return Lazy(self.source, self.view, functions, lo, hi, exp, shift)

    def __lshift__(self, shift: int) -> Lazy:
        return replace(self, shift=self.shift + shift)
