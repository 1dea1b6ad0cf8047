"""What the quantizers of QONNX do to real numbers, as steps that end on integers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from kernels.quant import Quantize, Threshold
from rtlgen.rationals import Values, broadcasts, fractions, power_of_two, powers_of_two
from sim.errors import ShapeError, UnsupportedAttribute, UnsupportedOperator
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

ROUNDINGS = {
    "ROUND": Rounding.HALF_EVEN,
    "HALF_EVEN": Rounding.HALF_EVEN,
    "CEIL": Rounding.CEIL,
    "FLOOR": Rounding.FLOOR,
    "UP": Rounding.AWAY_FROM_ZERO,
    "DOWN": Rounding.TO_ZERO,
    "HALF_UP": Rounding.HALF_AWAY_FROM_ZERO,
    "HALF_DOWN": Rounding.HALF_TO_ZERO,
}

MAX_WIDTH = 62
ANY = Interval.format(signed=True, width=MAX_WIDTH, exp=0)


@dataclass(frozen=True, eq=False)
class Levels:
    """How many numbers of a row of ``values`` each element is at or above.

    ``row`` broadcasts to the data and says which row that is.
    """

    values: Values
    row: IntArray


@dataclass(frozen=True, eq=False)
class Stage:
    """``op(x / scale + zero)``."""

    scale: Values
    zero: Values
    op: Quantize | Threshold | Levels


@dataclass(frozen=True, eq=False)
class Quantizer:
    """``x = op(x / scale + zero)`` in each stage; its codes mean ``code * factor + offset``.

    ``scale``, ``zero``, ``factor`` and ``offset`` broadcast to the data. ``codes`` are all that
    can come out.
    """

    stages: tuple[Stage, ...]
    factor: Values
    offset: Values
    codes: Interval
    node: OnnxNode

    @cached_property
    def simple(self) -> bool:
        """Whether it only rounds and limits on grids of powers of two, whose codes need no factor.

        Each element may have a step of its own.
        """
        stage = self.stages[-1]
        return (
            len(self.stages) == 1
            and isinstance(stage.op, Quantize)
            and not stage.zero.any()
            and not self.offset.any()
            and bool((stage.scale == self.factor).all())
            and all(power_of_two(one) is not None for one in self.factor.flat)
        )

    @cached_property
    def exponents(self) -> IntArray:
        """The steps of the codes, shaped as the scale: of a simple quantizer's grids, else one."""
        if not self.simple:
            return np.zeros(1, np.int64)
        steps = [power_of_two(one) for one in self.factor.flat]
        return np.array(steps, np.int64).reshape(self.factor.shape)

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse parameters that do not fit the shape of the data."""
        for stage in self.stages:
            check_fits(self.node, stage.scale, stage.zero, shape)
            if isinstance(stage.op, Levels) and not broadcasts(stage.op.row.shape, shape):
                raise ShapeError(
                    f"node {self.node.name!r}: {len(stage.op.values)} rows of thresholds do not "
                    f"fit data of shape {list(shape)}; give one row, or one for each channel"
                )


def check_fits(node: OnnxNode, scale: Values, zero: Values, shape: tuple[int, ...]) -> None:
    """Refuse scales and zero points that do not broadcast to data of this shape."""
    for name, value in (("scale", scale), ("zero point", zero)):
        if value.shape != (1,) and not broadcasts(value.shape, shape):
            raise ShapeError(
                f"node {node.name!r}: a {name} of shape {list(value.shape)} does not fit "
                f"data of shape {list(shape)}; give one number, or one for each channel"
            )


def read(node: OnnxNode) -> Quantizer:
    """The quantizer that a node of the QONNX domain is; every attribute honoured or refused."""
    match node.op_type:
        case "Quant" | "IntQuant":
            return _quant(node)
        case "BipolarQuant":
            _only(node, ())
            return _bipolar(node, scale_of(node, 1), fractions(0))
        case "Trunc":
            return _trunc(node)
        case "MultiThreshold":
            return _multi_threshold(node)
        case _:
            raise UnsupportedOperator(
                f"node {node.name!r}: quantizer {node.op_type} is not supported; supported are "
                f"BipolarQuant, IntQuant, MultiThreshold, Quant, Trunc"
            )


def fixed_format(
    node: OnnxNode, codes: Interval, exponents: IntArray, rounding: Rounding, overflow: Overflow
) -> Quantizer:
    """A quantizer to fixed-point formats, as a configuration gives them.

    ``exponents`` broadcast to the data; the step of ``codes`` is one.
    """
    steps, zero = powers_of_two(exponents), fractions(0)
    op = Quantize(Intervals.full((), codes), rounding, overflow)
    return Quantizer((Stage(steps, zero, op),), steps, zero, codes, node)


def _quant(node: OnnxNode) -> Quantizer:
    _only(node, ("signed", "narrow", "rounding_mode"))
    scale, zero = scale_of(node, 1), zero_point_of(node, 2)
    width, signed = _width(node, 3), _flag(node, "signed", default=True)
    narrow, rounding = _flag(node, "narrow", default=False), _rounding(node)
    if width == 1 and signed:
        return _bipolar(node, scale, zero)
    codes = _range(width, signed, narrow)
    op = Quantize(Intervals.full((), codes), rounding, Overflow.SATURATE)
    return Quantizer((Stage(scale, zero, op),), scale, -zero * scale, codes, node)


def _bipolar(node: OnnxNode, scale: Values, zero: Values) -> Quantizer:
    """One bit: its values -1 and +1 are ``2 * code - 1``."""
    op = Threshold(Fixed.constant([0]), Fixed.constant(0), Fixed.constant(1))
    offset = (-1 - zero) * scale
    return Quantizer((Stage(scale, zero, op),), 2 * scale, offset, Interval(0, 1, 0), node)


def _multi_threshold(node: OnnxNode) -> Quantizer:
    """The channels lie along ``axis``; the type that is named has no say in the result."""
    _only(node, ("out_scale", "out_bias", "out_dtype", "axis"))
    levels = fractions(_parameter(node, 1, "threshold"))
    if levels.ndim != 2:
        raise node.unsupported(
            f"thresholds of shape {list(levels.shape)}", "one row of them, or one for each channel"
        )
    scale, offset = (fractions(node.attributes[name]) for name in ("out_scale", "out_bias"))
    row = np.arange(len(levels)).reshape(-1, *(1,) * (-node.attributes["axis"] - 1))
    op = Levels(levels, row if len(levels) > 1 else np.zeros((), np.int64))
    one, zero = fractions(1), fractions(0)
    codes = Interval(0, levels.shape[1], 0)
    return Quantizer((Stage(one, zero, op),), scale, offset, codes, node)


def _trunc(node: OnnxNode) -> Quantizer:
    """Drop low bits of an integer: v1 knows only widths, v2 the scale of its output too."""
    _only(node, ("rounding_mode", "signed", "narrow"))
    scale, zero = scale_of(node, 1), zero_point_of(node, 2)
    if zero.any():
        raise node.unsupported(f"a zero point of {_first(zero):g}", "a zero point of 0")
    if len(node.inputs) > 5:
        output_scale, width = scale_of(node, 4), _width(node, 5)
        drop = power_of_two(output_scale.reshape(-1)[0] / scale.reshape(-1)[0])
        signed, narrow = _flag(node, "signed", default=True), _flag(node, "narrow", default=False)
        codes = _range(width, signed, narrow)
    else:
        drop, output_scale, codes = _width(node, 3) - _width(node, 4), scale, ANY
    if drop is None or drop < 0 or scale.size > 1 or output_scale.size > 1:
        raise node.unsupported(
            f"a scale of {_shown(scale)}, an output scale of {_shown(output_scale)} and "
            f"{drop} bits to drop",
            "one output scale that is a power of two, at least one, times one scale",
        )
    whole = Quantize(Intervals.full((), ANY), Rounding.HALF_EVEN, Overflow.SATURATE)
    cut = Quantize(Intervals.full((), codes), _rounding(node), Overflow.SATURATE)
    stages = (Stage(scale, zero, whole), Stage(fractions(1 << drop), zero, cut))
    return Quantizer(stages, output_scale, zero, codes, node)


def _range(width: int, signed: bool, narrow: bool) -> Interval:
    full = Interval.format(signed, width, 0, narrow=narrow)
    return full if signed or not narrow else Interval(0, full.hi - 1, 0)


def _rounding(node: OnnxNode) -> Rounding:
    mode = str(node.attributes.get("rounding_mode", "ROUND")).upper()
    if mode not in ROUNDINGS:
        raise node.unsupported(f"rounding_mode={mode!r}", ", ".join(sorted(ROUNDINGS)))
    return ROUNDINGS[mode]


def _flag(node: OnnxNode, name: str, *, default: bool) -> bool:
    value = node.attributes.get(name, int(default))
    if value not in (0, 1):
        raise node.unsupported(f"{name}={value!r}", "0 or 1")
    return bool(value)


def _parameter(node: OnnxNode, position: int, name: str) -> Any:
    value = node.constant(position)
    if value is None or not value.size:
        raise node.unsupported(f"no {name}", f"a constant {name} at input {position}")
    if not np.isfinite(value.astype(np.float64)).all():
        raise node.unsupported(f"a {name} that is not finite", f"a finite {name}")
    return value


def scale_of(node: OnnxNode, position: int) -> Values:
    """The scales at an input, which has to be a constant."""
    scale = fractions(_parameter(node, position, "scale"))
    if (scale <= 0).any():
        raise node.unsupported(f"a scale of {float(scale.min())}", "scales above zero")
    return scale


def zero_point_of(node: OnnxNode, position: int) -> Values:
    """The zero points at an input, which has to be a constant."""
    zero = fractions(_parameter(node, position, "zero point"))
    for z in zero.flat:
        if z.denominator != 1:
            raise node.unsupported(f"a zero point of {float(z):g}", "zero points that are integers")
    return zero


def _width(node: OnnxNode, position: int) -> int:
    widths = set(fractions(_parameter(node, position, "bit width")).flat)
    width = widths.pop()
    if widths or width.denominator != 1 or not 1 <= width <= MAX_WIDTH:
        shown = ", ".join(f"{float(w):g}" for w in sorted({width, *widths})[:4])
        raise node.unsupported(f"a bit width of {shown}", f"one integer from 1 to {MAX_WIDTH}")
    return int(width)


def _only(node: OnnxNode, known: tuple[str, ...]) -> None:
    for name, value in node.attributes.items():
        if name not in known:
            raise UnsupportedAttribute(
                f"node {node.name!r}: operator {node.op_type} is not supported with attribute "
                f"{name}={value!r}; supported are {', '.join(known) or 'none'}"
            )


def _first(values: Values) -> float:
    return float(values.reshape(-1)[0])


def _shown(values: Values) -> str:
    return f"{_first(values):g}" if values.size == 1 else f"{values.size} numbers"
