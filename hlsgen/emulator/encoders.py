"""How the real numbers of an input become codes in C++, with doubles alone and yet exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hlsgen.emulator.stairs import Stairs, stairs
from kernels.quant import Quantize
from rtlgen.encoding import Encoding
from rtlgen.pending import Affine, Apply
from rtlgen.rationals import power_of_two
from sim.integers import IntArray, magnitude
from sim.rounding import Overflow, Rounding

WIDEST = 1 << 50
"""Codes of which doubles hold quarters."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Rounded to steps of ``2**exp``, one for each element, then limited to the codes' range."""

    exp: IntArray
    rounding: Rounding
    overflow: Overflow


@dataclass(frozen=True)
class Inexact:
    """There is no such way, and why."""

    reason: str


Encoder: TypeAlias = Grid | Stairs | Inexact


def encoder(encoding: Encoding) -> Encoder:
    """The same codes as ``encoding.encode`` has for every finite double."""
    type_ = encoding.type
    if max(magnitude(type_.lo), magnitude(type_.hi)) >= WIDEST:
        return Inexact("its codes have more than 50 bits")
    found = _grid(encoding) or stairs(encoding.steps, encoding.group)
    return Inexact(found) if isinstance(found, str) else found


def _grid(encoding: Encoding) -> Grid | None:
    match encoding.steps:
        case ():
            return Grid(encoding.type.exp, encoding.rounding, encoding.overflow)
        case (Affine(scale, offset), Apply(op=Quantize(to, rounding, overflow))):
            exponents = [power_of_two(s) for s in scale]
            if not offset.any() and not to.exp.any() and None not in exponents:
                return Grid(-np.array(exponents, np.int64)[encoding.group], rounding, overflow)
    return None
