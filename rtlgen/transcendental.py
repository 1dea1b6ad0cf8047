"""Real functions of rational numbers, to so many digits that every comparison is decided.

Exact arithmetic is asked whether a value reaches a rational number, an edge of a quantizer. A
transcendental function of a rational is irrational but at a few points (Lindemann and Weierstrass),
where the result here is exact. Everywhere else it is correct to 45 digits, and no edge made of
floats lies that close. An asymptote is never reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath

from rtlgen.rationals import sqrt

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


def exp(x: Fraction) -> Fraction:
    if abs(x) > _FURTHEST:
        return _MOST if x > 0 else _LEAST
    return _limited(_of(_MP.exp, x)) if abs(x) > 1 else 1 + _of(_MP.expm1, x)


def power(x: Fraction, exponent: Fraction) -> Fraction:
    p, q = exponent.numerator, exponent.denominator
    if q > 1 and x < 0:
        raise Undefined(f"such as {float(x):g}")
    if not x:
        return Fraction(not p) if p >= 0 else _MOST
    if q > 1 << _ROOTS or q & q - 1:
        return exp(exponent * log(x))
    for _ in range(q.bit_length() - 1):
        x = sqrt(x)
    return Fraction(x**p)


def exponential(base: Fraction, x: Fraction) -> Fraction:
    if abs(x) * abs(math.log(base)) > _FURTHEST:
        return _MOST if (x > 0) == (base > 1) else _LEAST
    return _limited(power(base, x))


def elu(x: Fraction) -> Fraction:
    if x >= 0:
        return x
    return _of(_MP.expm1, x) if x > -1 else exp(x) - 1


def sigmoid(x: Fraction) -> Fraction:
    return (1 + tanh(x / 2)) / 2


def tanh(x: Fraction) -> Fraction:
    if abs(x) < 1:
        return _of(_MP.tanh, x)
    e = exp(-2 * abs(x))
    return (1 if x > 0 else -1) * (1 - e) / (1 + e)


def log(x: Fraction) -> Fraction:
    if x < 0:
        raise Undefined(f"such as {float(x):g}")
    if not x:
        return -_MOST
    return _of(_MP.log1p, x - 1) if abs(x - 1) < Fraction(1, 2) else _of(_MP.log, x)


def root(x: Fraction) -> Fraction:
    if x < 0:
        raise Undefined(f"such as {float(x):g}")
    return sqrt(x) if x else x


def erf(x: Fraction) -> Fraction:
    if abs(x) < 1:
        return _of(_MP.erf, x)
    rest = _LEAST if abs(x) > 30 else _of(_MP.erfc, abs(x))
    return (1 if x > 0 else -1) * (1 - max(rest, _LEAST))


def softplus(x: Fraction) -> Fraction:
    return max(x, Fraction(0)) + _limited(_of(_MP.log1p, exp(-abs(x))))


def reciprocal(x: Fraction) -> Fraction:
    return 1 / x if x else _MOST


def gelu(x: Fraction) -> Fraction:
    """``x * (1 + erf(x / sqrt(2))) / 2``; Hendrycks and Gimpel, arXiv:1606.08415."""
    if not x:
        return x
    size = abs(x)
    below = _LEAST if size > 30 else _of(lambda a: _MP.erfc(a / _MP.sqrt(2)) / 2, size)
    below = max(below, _LEAST)
    return size * (1 - below) if x > 0 else -size * below


def gelu_tanh(x: Fraction) -> Fraction:
    """The same with a hyperbolic tangent, as ONNX writes ``approximate="tanh"``."""
    inner = _of(lambda a: _MP.sqrt(2 / _MP.pi) * (a + _MP.mpf("0.044715") * a**3), x)
    return x * sigmoid(2 * inner)


def mish(x: Fraction) -> Fraction:
    """``x * tanh(softplus(x))``; Misra, arXiv:1908.08681."""
    return x * tanh(softplus(x))


def _within_one(function: Callable[[Any], Any]) -> Callable[[Fraction], Fraction]:
    def exact(x: Fraction) -> Fraction:
        if abs(x) > 1:
            raise Undefined(f"such as {float(x):g}")
        return _of(function, x)

    return exact


def sinh(x: Fraction) -> Fraction:
    return _of(_MP.sinh, x) if abs(x) < 1 else (exp(x) - exp(-x)) / 2


def cosh(x: Fraction) -> Fraction:
    return 1 + 2 * sinh(x / 2) ** 2


def cos(x: Fraction) -> Fraction:
    return 1 - 2 * _of(_MP.sin, x / 2) ** 2


def acosh(x: Fraction) -> Fraction:
    above = x - 1
    if above < 0:
        raise Undefined(f"such as {float(x):g}")
    return _of(_MP.log1p, above + root(above * (above + 2)))


def _anywhere(function: Callable[[Any], Any]) -> Callable[[Fraction], Fraction]:
    return lambda x: _of(function, x)


def atanh(x: Fraction) -> Fraction:
    if abs(x) > 1:
        raise Undefined(f"such as {float(x):g}")
    return _of(_MP.atanh, x) if abs(x) < 1 else x * _MOST


sin, tan, atan, asinh = map(_anywhere, (_MP.sin, _MP.tan, _MP.atan, _MP.asinh))
asin, acos = map(_within_one, (_MP.asin, _MP.acos))


def softsign(x: Fraction) -> Fraction:
    return x / (1 + abs(x))


def swish(x: Fraction) -> Fraction:
    return x * sigmoid(x)
