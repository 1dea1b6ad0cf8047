"""Real functions of one number, to so many digits that every comparison is decided.

Exact arithmetic is asked whether a value reaches a rational number, an edge of a quantizer. A
transcendental function of a rational is irrational but at a few points (Lindemann and Weierstrass),
where the result here is exact. Everywhere else it is correct to 45 digits, and no edge made of
floats lies that close. An asymptote is never reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np

from rtlgen.rationals import Values, sqrt

_MP = mpmath.MPContext()
_MP.dps = 80
_LEAST, _MOST = Fraction(1, 10**75), Fraction(10**75)
"""Stand for what is nearer to an asymptote, and for what no format holds, infinity among it."""
_FURTHEST = 10**4
"""Beyond this, an exponential is one of the two."""
_ROOTS = 4
"""An exponent of so many bits behind the point is carried out by square roots, which are exact."""


class Undefined(ValueError):
    """The function of this number is not a number."""


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
        return _called(_Curve(lambda x: _power(x, exponent), rough), x)

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
        return _called(_Curve(lambda x: _exponential(base, x), rough), x)

    @property
    def increasing(self) -> bool:
        return self.base >= 1


Curve = Function | Power | Exponential


def _called(curve: _Curve, x: Values) -> Values:
    if x.dtype == float:
        with np.errstate(all="ignore"):  # what is not a number decides nothing
            return np.asarray(curve.rough(x), float)
    return np.asarray(np.frompyfunc(curve.exact, 1, 1)(x), object)


# -- exact -----------------------------------------------------------------------------------------


def _of(function: Callable[..., Any], *arguments: Fraction) -> Fraction:
    """A function of mpmath as a Fraction."""
    numbers = (_MP.mpf(x.numerator) / x.denominator for x in arguments)
    y = function(*numbers)
    sign, mantissa, exponent, _ = y._mpf_
    return Fraction(-mantissa if sign else mantissa) * Fraction(2) ** int(exponent)


def _limited(y: Fraction) -> Fraction:
    """Not zero, and not beyond what stands for infinity."""
    size = min(max(abs(y), _LEAST), _MOST)
    return size if y > 0 else -size


def _exp(x: Fraction) -> Fraction:
    if abs(x) > _FURTHEST:
        return _MOST if x > 0 else _LEAST
    return _limited(_of(_MP.exp, x)) if abs(x) > 1 else 1 + _of(_MP.expm1, x)


def _power(x: Fraction, exponent: Fraction) -> Fraction:
    p, q = exponent.numerator, exponent.denominator
    if q > 1 and x < 0:
        raise Undefined(f"such as {float(x):g}")
    if not x:
        return Fraction(not p) if p >= 0 else _MOST
    if q > 1 << _ROOTS or q & q - 1:
        return _exp(exponent * _log(x))
    for _ in range(q.bit_length() - 1):
        x = sqrt(x)
    return Fraction(x**p)


def _exponential(base: Fraction, x: Fraction) -> Fraction:
    if abs(x) * abs(math.log(base)) > _FURTHEST:
        return _MOST if (x > 0) == (base > 1) else _LEAST
    return _limited(_power(base, x))


def _elu(x: Fraction) -> Fraction:
    if x >= 0:
        return x
    return _of(_MP.expm1, x) if x > -1 else _exp(x) - 1


def _sigmoid(x: Fraction) -> Fraction:
    return (1 + _tanh(x / 2)) / 2


def _tanh(x: Fraction) -> Fraction:
    if abs(x) < 1:
        return _of(_MP.tanh, x)
    e = _exp(-2 * abs(x))
    return (1 if x > 0 else -1) * (1 - e) / (1 + e)


def _log(x: Fraction) -> Fraction:
    if x < 0:
        raise Undefined(f"such as {float(x):g}")
    if not x:
        return -_MOST
    return _of(_MP.log1p, x - 1) if abs(x - 1) < Fraction(1, 2) else _of(_MP.log, x)


def _sqrt(x: Fraction) -> Fraction:
    if x < 0:
        raise Undefined(f"such as {float(x):g}")
    return sqrt(x) if x else x


def _erf(x: Fraction) -> Fraction:
    if abs(x) < 1:
        return _of(_MP.erf, x)
    rest = _LEAST if abs(x) > 30 else _of(_MP.erfc, abs(x))
    return (1 if x > 0 else -1) * (1 - max(rest, _LEAST))


def _softplus(x: Fraction) -> Fraction:
    return max(x, Fraction(0)) + _limited(_of(_MP.log1p, _exp(-abs(x))))


def _reciprocal(x: Fraction) -> Fraction:
    return 1 / x if x else _MOST


def _gelu(x: Fraction) -> Fraction:
    """``x * (1 + erf(x / sqrt(2))) / 2``; Hendrycks and Gimpel, arXiv:1606.08415."""
    if not x:
        return x
    size = abs(x)
    below = _LEAST if size > 30 else _of(lambda a: _MP.erfc(a / _MP.sqrt(2)) / 2, size)
    below = max(below, _LEAST)
    return size * (1 - below) if x > 0 else -size * below


def _gelu_tanh(x: Fraction) -> Fraction:
    """The same with a hyperbolic tangent, as ONNX writes ``approximate="tanh"``."""
    inner = _of(lambda a: _MP.sqrt(2 / _MP.pi) * (a + _MP.mpf("0.044715") * a**3), x)
    return x * _sigmoid(2 * inner)


def _mish(x: Fraction) -> Fraction:
    """``x * tanh(softplus(x))``; Misra, arXiv:1908.08681."""
    return x * _tanh(_softplus(x))


def _within_one(function: Callable[[Any], Any]) -> Callable[[Fraction], Fraction]:
    def exact(x: Fraction) -> Fraction:
        if abs(x) > 1:
            raise Undefined(f"such as {float(x):g}")
        return _of(function, x)

    return exact


def _sinh(x: Fraction) -> Fraction:
    return _of(_MP.sinh, x) if abs(x) < 1 else (_exp(x) - _exp(-x)) / 2


def _cosh(x: Fraction) -> Fraction:
    return 1 + 2 * _sinh(x / 2) ** 2


def _cos(x: Fraction) -> Fraction:
    return 1 - 2 * _of(_MP.sin, x / 2) ** 2


def _acosh(x: Fraction) -> Fraction:
    above = x - 1
    if above < 0:
        raise Undefined(f"such as {float(x):g}")
    return _of(_MP.log1p, above + _sqrt(above * (above + 2)))


def _anywhere(function: Callable[[Any], Any]) -> Callable[[Fraction], Fraction]:
    return lambda x: _of(function, x)


def _atanh(x: Fraction) -> Fraction:
    if abs(x) > 1:
        raise Undefined(f"such as {float(x):g}")
    return _of(_MP.atanh, x) if abs(x) < 1 else x * _MOST


# -- floats ----------------------------------------------------------------------------------------

_float_erf = np.vectorize(math.erf, [float])
_float_erfc = np.vectorize(math.erfc, [float])


def _float_sigmoid(x: Values) -> Values:
    return np.asarray((np.tanh(x / 2) + 1) / 2)


def _float_gelu_tanh(x: Values) -> Values:
    return np.asarray(x * _float_sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


_CURVES: dict[Function, _Curve] = {
    Function.ELU: _Curve(_elu, lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x)),
    Function.SIGMOID: _Curve(_sigmoid, _float_sigmoid),
    Function.TANH: _Curve(_tanh, np.tanh),
    Function.EXP: _Curve(_exp, np.exp),
    Function.LOG: _Curve(_log, np.log),
    Function.SQRT: _Curve(_sqrt, np.sqrt),
    Function.ERF: _Curve(_erf, _float_erf),
    Function.SOFTPLUS: _Curve(_softplus, lambda x: np.logaddexp(x, 0)),
    Function.SOFTSIGN: _Curve(lambda x: x / (1 + abs(x)), lambda x: x / (1 + np.abs(x))),
    Function.RECIPROCAL: _Curve(_reciprocal, np.reciprocal, increasing=False),
    Function.GELU: _Curve(
        _gelu, lambda x: x * _float_erfc(-x / math.sqrt(2)) / 2, increasing=False
    ),
    Function.GELU_TANH: _Curve(_gelu_tanh, _float_gelu_tanh, increasing=False),
    Function.MISH: _Curve(_mish, lambda x: x * np.tanh(np.logaddexp(x, 0)), increasing=False),
    Function.SWISH: _Curve(
        lambda x: x * _sigmoid(x), lambda x: x * _float_sigmoid(x), increasing=False
    ),
    Function.SIN: _Curve(_anywhere(_MP.sin), np.sin, increasing=False),
    Function.COS: _Curve(_cos, np.cos, increasing=False),
    Function.TAN: _Curve(_anywhere(_MP.tan), np.tan, increasing=False),
    Function.ASIN: _Curve(_within_one(_MP.asin), np.arcsin),
    Function.ACOS: _Curve(_within_one(_MP.acos), np.arccos, increasing=False),
    Function.ATAN: _Curve(_anywhere(_MP.atan), np.arctan),
    Function.SINH: _Curve(_sinh, np.sinh),
    Function.COSH: _Curve(_cosh, np.cosh, increasing=False),
    Function.ASINH: _Curve(_anywhere(_MP.asinh), np.arcsinh),
    Function.ACOSH: _Curve(_acosh, np.arccosh),
    Function.ATANH: _Curve(_atanh, np.arctanh),
}
