"""Inputs of the network: an input takes the format of the first quantizer that it meets.

What the model does before that quantizer, to every element for itself, happens where the data
come from: the port carries the quantizer's codes, and the manifest says what they stand for.
"""

from __future__ import annotations

from math import prod

import numpy as np

from rtlgen.draft import Draft
from rtlgen.encoding import ONE, ZERO, Encoding
from rtlgen.moves import moved
from rtlgen.quantizers import ANY, Quantizer
from rtlgen.rationals import Values
from rtlgen.scaled import Port, Scaled, before, meaning
from sim.errors import NotQuantized
from sim.intervals import Intervals
from sim.rounding import Overflow, Rounding

GIVE_FORMAT = "give the input a format: --config FILE or --calibrate DATA.npz"


def unformatted(name: str, shape: tuple[int, ...]) -> Scaled:
    """An input that waits for its first quantizer."""
    element = np.arange(prod(shape)).reshape(shape)
    return Scaled(name, None, 0 * element, port=Port(name, element))


def formatted(
    draft: Draft, name: str, type_: Intervals, rounding: Rounding, overflow: Overflow
) -> tuple[Scaled, Encoding]:
    """An input whose format is given: its codes are its values."""
    draft.input(name, type_)
    group = np.zeros(type_.shape, np.int64)
    encoding = Encoding(type_, (), group, rounding=rounding, overflow=overflow)
    return Scaled.plain(name, type_), encoding


def bind(
    draft: Draft, value: Scaled, quantizer: Quantizer, shape: tuple[int, ...]
) -> tuple[Scaled, Encoding]:
    """Give the input of this shape, of which ``value`` is made, the quantizer's codes."""
    port, node, codes = value.port, quantizer.node, quantizer.codes
    assert port is not None
    if codes == ANY:
        raise NotQuantized(
            f"node {node.name!r}: {node.op_type} needs codes, but the input {port.input!r} has "
            f"none; put a Quant node before it, or {GIVE_FORMAT}"
        )
    fine = before(quantizer, value)
    group = _spread(fine.group, port, shape, 0)
    if (group.reshape(-1)[port.element] != fine.group).any():
        raise NotQuantized(
            f"node {node.name!r}: an element of the input {port.input!r} is quantized in two "
            f"ways; {GIVE_FORMAT}"
        )
    exponents = np.broadcast_to(quantizer.exponents, value.shape or (1,)).reshape(value.shape)
    exp = _spread(exponents, port, shape, int(exponents.min(initial=0)))
    type_ = Intervals(np.full(shape, codes.lo), np.full(shape, codes.hi), exp)
    draft.input(port.input, type_)
    scale, offset = (_few(v, port, shape) for v in _meant(value, quantizer))
    result = Scaled.plain(port.input, type_)
    for op, move in port.moves:
        (result,) = moved(draft, op, move, [result])
    return meaning(result, quantizer), Encoding(type_, fine.steps, group, scale, offset)


def _meant(value: Scaled, quantizer: Quantizer) -> tuple[Values, Values]:
    """What number of the input a code stands for, for every element of the value."""
    factor, offset = (ONE, ZERO) if quantizer.simple else (quantizer.factor, quantizer.offset)
    if value.line is not None and value.line[0].all():
        a, b = value.line
        if factor.size == offset.size == 1:
            by, plus = factor.reshape(-1), offset.reshape(-1)
            factor, offset = (x[value.group] for x in (by / a, (plus - b) / a))
        else:
            a, b = a[value.group], b[value.group]
            factor, offset = factor / a, (offset - b) / a
    return np.broadcast_to(factor, value.shape or 1), np.broadcast_to(offset, value.shape or 1)


def _few(of_value: Values, port: Port, shape: tuple[int, ...]) -> Values:
    """One number for each element of the input, or one for all."""
    first = of_value.reshape(-1)[:1]
    return first if (of_value == first).all() else _spread(of_value, port, shape, first[0])


def _spread(of_value: Values, port: Port, shape: tuple[int, ...], unread: object) -> Values:
    """For each element of the input, what it is in the value; ``unread`` if it is not in there."""
    flat = np.full(prod(shape), unread, of_value.dtype)
    flat[port.element.reshape(-1)] = of_value.reshape(-1)
    return flat.reshape(shape)
