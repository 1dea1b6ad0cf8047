"""The curves of networks, by their ONNX names: exact on Fractions, approximate on floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rtlgen import transcendental
from rtlgen.rationals import Values


class _Curve(NamedTuple):
    exact: Callable[[Fraction], Fraction]
    rough: Callable[[Any], Any]
    increasing: bool = True


class Function(Enum):
    """By its ONNX name; ``ELU`` with an ``alpha`` of one."""

    ELU = "Elu"
    SIGMOID = "Sigmoid"
    TANH = "Tanh"
    EXP = "Exp"
    LOG = "Log"
    SQRT = "Sqrt"
    ERF = "Erf"
    SOFTPLUS = "Softplus"
    SOFTSIGN = "Softsign"
    RECIPROCAL = "Reciprocal"
    GELU = "Gelu"
    GELU_TANH = "Gelu, approximated"
    MISH = "Mish"
    SWISH = "Swish"
    SIN = "Sin"
    COS = "Cos"
    TAN = "Tan"
    ASIN = "Asin"
    ACOS = "Acos"
    ATAN = "Atan"
    SINH = "Sinh"
    COSH = "Cosh"
    ASINH = "Asinh"
    ACOSH = "Acosh"
    ATANH = "Atanh"

    def __call__(self, x: Values) -> Values:
        """Of every element: floats with a few units in the last place, Fractions as said above.

        Raises :class:`Undefined` for a Fraction that it is not defined for; floats are then NaN.
        """
        return _called(_CURVES[self], x)

    @property
    def increasing(self) -> bool:
        """Whether it never falls, wherever it is defined."""
        return _CURVES[self].increasing


@dataclass(frozen=True)
class Power:
    """``x ** exponent``."""

    exponent: Fraction

    def __call__(self, x: Values) -> Values:
        exponent = self.exponent
        rough = lambda x: np.power(x, float(exponent))  # noqa: E731
        return _called(_Curve(lambda x: transcendental.power(x, exponent), rough), x)

    @property
    def increasing(self) -> bool:
        """Of an odd number it is; of others only where ``x`` is not negative, as fractions need."""
        p, q = self.exponent.numerator, self.exponent.denominator
        return p > 0 and (q > 1 or p % 2 == 1)


@dataclass(frozen=True)
class Exponential:
    """``base ** x``, of a base above zero."""

    base: Fraction

    def __call__(self, x: Values) -> Values:
        base = self.base
        rough = lambda x: np.power(float(base), x)  # noqa: E731
        return _called(_Curve(lambda x: transcendental.exponential(base, x), rough), x)

    @property
    def increasing(self) -> bool:
        return self.base >= 1


Curve = Function | Power | Exponential


def _called(curve: _Curve, x: Values) -> Values:
    if x.dtype == float:
        with np.errstate(all="ignore"):  # what is not a number decides nothing
            return np.asarray(curve.rough(x), float)
    return np.asarray(np.frompyfunc(curve.exact, 1, 1)(x), object)


_float_erf = np.vectorize(math.erf, [float])
_float_erfc = np.vectorize(math.erfc, [float])


def _float_sigmoid(x: Values) -> Values:
    return np.asarray((np.tanh(x / 2) + 1) / 2)


def _float_gelu_tanh(x: Values) -> Values:
    return np.asarray(x * _float_sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


_CURVES: dict[Function, _Curve] = {
    Function.ELU: _Curve(
        transcendental.elu, lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x)
    ),
    Function.SIGMOID: _Curve(transcendental.sigmoid, _float_sigmoid),
    Function.TANH: _Curve(transcendental.tanh, np.tanh),
    Function.EXP: _Curve(transcendental.exp, np.exp),
    Function.LOG: _Curve(transcendental.log, np.log),
    Function.SQRT: _Curve(transcendental.root, np.sqrt),
    Function.ERF: _Curve(transcendental.erf, _float_erf),
    Function.SOFTPLUS: _Curve(transcendental.softplus, lambda x: np.logaddexp(x, 0)),
    Function.SOFTSIGN: _Curve(transcendental.softsign, lambda x: x / (1 + np.abs(x))),
    Function.RECIPROCAL: _Curve(transcendental.reciprocal, np.reciprocal, increasing=False),
    Function.GELU: _Curve(
        transcendental.gelu, lambda x: x * _float_erfc(-x / math.sqrt(2)) / 2, increasing=False
    ),
    Function.GELU_TANH: _Curve(transcendental.gelu_tanh, _float_gelu_tanh, increasing=False),
    Function.MISH: _Curve(
        transcendental.mish, lambda x: x * np.tanh(np.logaddexp(x, 0)), increasing=False
    ),
    Function.SWISH: _Curve(transcendental.swish, lambda x: x * _float_sigmoid(x), increasing=False),
    Function.SIN: _Curve(transcendental.sin, np.sin, increasing=False),
    Function.COS: _Curve(transcendental.cos, np.cos, increasing=False),
    Function.TAN: _Curve(transcendental.tan, np.tan, increasing=False),
    Function.ASIN: _Curve(transcendental.asin, np.arcsin),
    Function.ACOS: _Curve(transcendental.acos, np.arccos, increasing=False),
    Function.ATAN: _Curve(transcendental.atan, np.arctan),
    Function.SINH: _Curve(transcendental.sinh, np.sinh),
    Function.COSH: _Curve(transcendental.cosh, np.cosh, increasing=False),
    Function.ASINH: _Curve(transcendental.asinh, np.arcsinh),
    Function.ACOSH: _Curve(transcendental.acosh, np.arccosh),
    Function.ATANH: _Curve(transcendental.atanh, np.arctanh),
}
