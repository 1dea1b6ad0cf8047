"""Remainders and bits of integers: quantization writes them out in roundings, gates and sums."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kernels.real import RealOperator


class Direction(Enum):
    """Which way bits are moved."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


@dataclass(frozen=True)
class Mod(RealOperator):
    """What is left of ``x`` after multiples of a constant.

    It has the sign of the constant; with ``fmod``, that of ``x``.
    """

    onnx = ("Mod",)
    limits = "the divisor is a constant"
    fmod: int = 0


@dataclass(frozen=True)
class BitShift(RealOperator):
    """Integers times a constant power of two, or divided by it and rounded down."""

    onnx = ("BitShift",)
    limits = "the number of bits is a constant, and none is lost on the left"
    direction: Direction = Direction.LEFT


@dataclass(frozen=True)
class BitwiseNot(RealOperator):
    """Every bit of an integer turned round."""

    onnx = ("BitwiseNot",)


@dataclass(frozen=True)
class BitwiseAnd(RealOperator):
    """Ones where both integers have them."""

    onnx = ("BitwiseAnd",)


@dataclass(frozen=True)
class BitwiseOr(RealOperator):
    """Ones where one integer at least has them."""

    onnx = ("BitwiseOr",)


@dataclass(frozen=True)
class BitwiseXor(RealOperator):
    """Ones where exactly one integer has them."""

    onnx = ("BitwiseXor",)
