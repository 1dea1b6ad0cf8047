"""What a model still does to a tensor, between its fixed-point codes and the next quantizer.

Elements that are treated alike form a *group*; a step holds its real parameters once per group,
as exact Fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.elementwise import Clip, LeakyRelu, Max, Min, PRelu, Relu, Sign, ThresholdedRelu
from kernels.logic import GreaterOrEqual
from kernels.quant import Integral, Quantize, Threshold
from kernels.real import Div
from rtlgen.curves import Curve
from rtlgen.rationals import Rationals, Values
from rtlgen.transcendental import Undefined
from sim.errors import NotQuantized
from sim.integers import IntArray
from sim.rounding import Overflow


@dataclass(frozen=True, eq=False)
class Affine:
    """``scale * x + offset``."""

    scale: Values
    offset: Values
    source: OnnxNode
    bias: OnnxNode | None = None
    """The node that brought an offset first, if it was another one."""


@dataclass(frozen=True, eq=False)
class Apply:
    """An elementwise operator, with further arguments that are one number per group."""

    op: Operator
    source: OnnxNode
    arguments: tuple[Values, ...] = ()


@dataclass(frozen=True, eq=False)
class Transcend:
    """A function of real numbers that there is no hardware for but a table, or thresholds."""

    function: Curve
    source: OnnxNode


@dataclass(frozen=True, eq=False)
class Count:
    """How many of the levels of its group, a row of them, a number is at or above."""

    levels: Values
    source: OnnxNode


@dataclass(frozen=True, eq=False)
class Join:
    """An elementwise operator of several branches, each of which starts from the same number.

    So is ``x * sigmoid(x)`` one function of ``x``, however an exporter wrote it down.
    """

    op: Operator
    branches: tuple[Steps, ...]
    source: OnnxNode
    exact: Exact | None = None
    """Has operators compute it, where each branch has a fixed-point meaning by itself."""


Exact = Callable[[Any, Operator, OnnxNode, list[Any]], Any]
"""Of a draft, an operator, its node, and settled values."""
Step = Affine | Apply | Count | Transcend | Join
Steps = tuple[Step, ...]


def evaluate(steps: Steps, x: Values, group: IntArray) -> Values:
    """The steps on each element of ``x``, whose group is given; exact on Fractions.

    On floats, the parameters must be floats too.
    """
    for step in steps:
        x = apply(step, x, group)
    return x


def apply(step: Step, x: Values, group: IntArray) -> Values:
    """One step on each element."""
    match step:
        case Affine(scale, offset):
            return np.asarray(x * scale[group] + offset[group])
        case Apply(op, arguments=arguments):
            result = op.forward(Rationals(x), *(Rationals(a[group]) for a in arguments))
            return np.asarray(result.values)
        case Count(levels):
            reached = (x[..., None] >= levels[group]).sum(-1)
            return np.asarray(reached).astype(x.dtype)
        case Transcend(function):
            return _curve(function, x, step.source)
        case Join(op, branches):
            return joined(op, [evaluate(branch, x, group) for branch in branches], step.source)
        case _:
            assert_never(step)


def joined(op: Operator, values: Sequence[Values], source: OnnxNode) -> Values:
    """An operator of several numbers, element by element."""
    if not isinstance(op, Div):
        return np.asarray(op.forward(*map(Rationals, values)).values)
    a, b = values
    if a.dtype == object and not b.all():
        raise _undefined(source, "a division by 0")
    with np.errstate(all="ignore"):  # floats only enclose
        return np.asarray(a / b)


def regrouped(steps: Steps, old: IntArray) -> Steps:
    """The steps for new groups, of which group ``g`` was ``old[g]``."""
    return tuple(_regrouped(step, old) for step in steps)


def directions(steps: Steps, groups: int) -> IntArray | None:
    """+1 for a group in which the steps never fall, -1 where they never rise; else None."""
    signs = np.ones(groups, np.int64)
    for step in steps:
        match step:
            case Affine(scale):
                signs = signs * np.where(scale >= 0, 1, -1)
            case Apply() if not _increasing(step):
                return None
            case Transcend(function) if not function.increasing:
                return None
            case Join():
                return None
            case Apply() | Count() | Transcend():
                pass
            case _:
                assert_never(step)
    return signs


def merged(steps: Steps) -> Steps:
    """Neighbouring affine steps as one."""
    out: list[Step] = []
    for step in steps:
        last = out[-1] if out else None
        if isinstance(step, Affine) and isinstance(last, Affine):
            scale, offset = last.scale * step.scale, last.offset * step.scale + step.offset
            bias = (last.bias or last.source) if last.offset.any() else step.bias
            out[-1] = Affine(scale, offset, step.source, bias)
        else:
            out.append(step)
    return tuple(out)


def _regrouped(step: Step, old: IntArray) -> Step:
    match step:
        case Affine(scale, offset):
            return replace(step, scale=scale[old], offset=offset[old])
        case Apply(arguments=arguments):
            return replace(step, arguments=tuple(a[old] for a in arguments))
        case Count(levels):
            return replace(step, levels=levels[old])
        case Transcend():
            return step
        case Join(branches=branches):
            return replace(step, branches=tuple(regrouped(branch, old) for branch in branches))
        case _:
            assert_never(step)


def _curve(function: Curve, x: Values, source: OnnxNode) -> Values:
    try:
        return function(x)
    except Undefined as error:
        raise _undefined(source, str(error)) from error


def _undefined(source: OnnxNode, what: str) -> NotQuantized:
    return NotQuantized(
        f"node {source.name!r}: its input can have values for which {source.op_type} is no number, "
        f"{what}; limit them before it, by a Clip, a Relu or a format without a sign"
    )


def _increasing(step: Apply) -> bool:
    match step.op:
        case Relu() | Clip() | Sign() | Max() | Min() | Threshold() | GreaterOrEqual():
            return True
        case Quantize(overflow=overflow):
            return overflow is Overflow.SATURATE
        case LeakyRelu(alpha) | ThresholdedRelu(alpha):
            return alpha >= 0
        case Integral():
            return True
        case PRelu():
            return bool((step.arguments[0] >= 0).all())
        case _:
            return False
