"""How precise a value has to be, of which the model rounds what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from kernels.base import OnnxNode
from rtlgen.frontend.model import QONNX
from rtlgen.octaves import exponent
from rtlgen.operands import Operands
from rtlgen.qdq import Integers
from rtlgen.quantizers import Quantizer, read
from rtlgen.rationals import Values, power_of_two, powers_of_two


@dataclass(frozen=True)
class Precision:
    """The finest step that a value is rounded to, and the largest number that is left of it."""

    step: Fraction
    largest: Fraction
    exact: bool
    """Whether steps are powers of two, to which a value of more bits is rounded once."""

    @property
    def places(self) -> int:
        """Bits behind the point of a power of two that is no coarser than the step."""
        return -exponent(self.step)

    @property
    def bits(self) -> int:
        """Bits from the largest number down to the step."""
        return 1 + exponent(self.largest / self.step)


def asked(operands: Operands, name: str, shape: tuple[int, ...]) -> Precision | None:
    """What a format asks for, or the quantizers that alone read a value; None if nothing does."""
    if chosen := operands.chosen_for(name, shape):
        steps = powers_of_two(chosen.type.exp.reshape(-1))
        return _precision(steps, max(abs(int(chosen.type.lo.min())), int(chosen.type.hi.max())))
    readers = list(_readers(operands, name))
    if name in operands.model.outputs or not readers or None in readers:
        return None
    found = [q for q in readers if q is not None]
    all_ = [_precision(q.stages[0].scale.reshape(-1), _largest(q)) for q in found]
    exact = all(p.exact for p in all_)
    return Precision(min(p.step for p in all_), max(p.largest for p in all_), exact)


def _readers(operands: Operands, name: str) -> Iterator[Quantizer | None]:
    """What reads a value: quantizers, and None for anything else."""
    for node in operands.model.nodes:
        if name in node.inputs:
            yield _quantizer(node)


def _quantizer(node: OnnxNode) -> Quantizer | None:
    if node.domain == QONNX:
        return read(node)
    return Integers.read(node).quantizer if node.op_type == "QuantizeLinear" else None


def _largest(quantizer: Quantizer) -> int:
    """In steps; a zero point moves the range."""
    zero = max(map(abs, quantizer.stages[-1].zero.flat))
    return max(abs(quantizer.codes.lo), quantizer.codes.hi) + int(zero)


def _precision(steps: Values, largest: int) -> Precision:
    exact = all(power_of_two(step) is not None for step in steps)
    return Precision(min(steps), largest * max(steps), exact)
