"""Constants of the model as arrays of C++."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hlsgen.calls import Constant
from hlsgen.formats import constant, hull, width
from hlsgen.layout import Layout
from sim.array import IndexArray
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval

Texts = npt.NDArray[Any]
"""Of text, each an initializer."""


def literal(code: int, bits: int) -> str:
    """An integer of any width, in pieces that a compiler reads."""
    if -(1 << 62) < code < 1 << 62:
        return str(code)
    kind, high, low = f"integer<{bits}>", code >> 62, code & ((1 << 62) - 1)
    return f"{kind}({literal(high, bits)}) * ({kind}(1) << 62) + {kind}({low})"


def codes(x: Fixed) -> tuple[Interval, Texts]:
    """The format of a constant, and the code of every element in it."""
    type_ = Intervals.of(x)
    format_ = hull(type_)
    lo, _ = type_.at(np.full(x.shape, format_.exp))
    bits = width(format_) + (not format_.signed)
    return format_, texts(lo, lambda code: literal(int(code), bits))


def texts(values: Any, text: Callable[[Any], str]) -> Texts:
    """The same array, written."""
    array = np.asarray(values)
    result = np.empty(array.shape, object)
    result.reshape(-1)[:] = [text(v) for v in array.reshape(-1)]
    return result


def matrix(role: str, x: Fixed) -> Constant:
    """An array of numbers, in its own shape."""
    format_, numbers = codes(x)
    return Constant(role, constant(format_), numbers, format_)


def whole(role: str, x: Fixed, layout: Layout) -> Constant:
    """A number for each position and lane."""
    format_, numbers = codes(x)
    return Constant(role, constant(format_), numbers.reshape(-1)[layout.index], format_)


def rows(role: str, x: Fixed, layout: Layout) -> Constant:
    """A constant that broadcasts to a tensor: a number for each lane, each position, or both."""
    format_, numbers = codes(x)
    index = broadcast(x.shape, layout)
    return Constant(role, constant(format_), numbers.reshape(-1)[index], format_)


def broadcast(shape: tuple[int, ...], layout: Layout) -> IndexArray:
    """Which element of an array of this shape each position and lane of a tensor takes.

    There is one position, or one lane, where all take the same.
    """
    flat = np.arange(int(np.prod(shape))).reshape(shape)
    index = np.broadcast_to(flat, layout.shape).reshape(-1)[layout.index]
    if (index == index[:1]).all():
        index = index[:1]
    return index[:, :1] if (index == index[:, :1]).all() else index
