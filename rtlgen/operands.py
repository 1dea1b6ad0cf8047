"""The values of a model while it is quantized: data, constants, and the formats they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernels.base import OnnxNode, Operator, Scales
from kernels.conv import Conv
from kernels.dense import Gemm
from kernels.logic import And, GreaterOrEqual, Not, Or, Where, Xor
from kernels.order import ArgMax, ArgMin, TopK
from kernels.pool import GlobalMaxPool, MaxPool
from kernels.real import DequantizeLinear, QuantizeLinear
from kernels.reduce import ReduceMax, ReduceMin
from rtlgen.constants import Numbers, affine, quantized_constant, real
from rtlgen.draft import Draft
from rtlgen.encoding import Encoding
from rtlgen.formats import Formats
from rtlgen.frontend import Model
from rtlgen.notation import Chosen
from rtlgen.ports import GIVE_FORMAT, bind, formatted, unformatted
from rtlgen.quantizers import Quantizer, fixed_format
from rtlgen.rationals import Values, fractions
from rtlgen.requantize import requantize
from rtlgen.scaled import Scaled
from rtlgen.settle import lined
from rtlgen.wanted import PRODUCTS, wanted
from sim.errors import NotQuantized
from sim.fixed import Fixed
from sim.rounding import Interval, Overflow, Rounding

EXACT_BITS = 16
"""A float constant of no more bits is taken as it is; a wider one needs a format."""

_PICKING = MaxPool | GlobalMaxPool | ReduceMax | ReduceMin | TopK | Where
_FEW = QuantizeLinear | DequantizeLinear | GreaterOrEqual | Not | And | Or | Xor | ArgMax | ArgMin
Value = Scaled | Numbers


@dataclass
class Operands:
    """Every value so far, by the model's name; constants are floats until they are needed."""

    model: Model
    formats: Formats
    draft: Draft = field(default_factory=Draft)
    values: dict[str, Value] = field(default_factory=dict)
    encodings: dict[str, Encoding] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)
    rounded: set[str] = field(default_factory=set)
    """Values that a quantizer or a format has given few bits."""
    fitted: dict[str, Numbers] = field(default_factory=dict)
    """Constants that are not the model's any more, since calibration has made others of them."""
    wanted: set[str] = field(default_factory=set)
    """Values that should have few bits: factors of products, and both ends of curves."""

    def __post_init__(self) -> None:
        self.values.update(self.formats.replaced(self.model))
        counted = _indices(self.model) - {*self.formats.values}
        for name, shape in self.model.inputs.items():
            chosen = None if name in counted else self.formats.input(name, shape)
            if chosen is None:
                self.values[name] = unformatted(name, shape)
                continue
            self.values[name], self.encodings[name] = formatted(
                self.draft, name, chosen.type, chosen.rounding, chosen.overflow
            )
            self._note(name, chosen)
        self.wanted.update(wanted(self.model))

    # -- reading -------------------------------------------------------------------------------

    def is_constant(self, name: str) -> bool:
        value = self.values[name]
        return not isinstance(value, Scaled) or value.constant

    def is_read(self, name: str) -> bool:
        """Whether a node or an output of the network takes a value."""
        return name in self.model.outputs or any(name in node.inputs for node in self.model.nodes)

    def data(self, name: str, node: OnnxNode) -> Scaled:
        """A value as codes with whatever is pending: computed, constant, or an input."""
        value = self.values[name]
        return value if isinstance(value, Scaled) else self.weight(name, node)

    def bound(self, name: str, node: OnnxNode) -> Scaled:
        """Data that have codes: not an input without a format."""
        return self.settled(self.data(name, node), node)

    def settled(self, data: Scaled, node: OnnxNode) -> Scaled:
        """The same data; NotQuantized for an input without a format."""
        return lined(self.draft, data, node)[0] if data.port else data

    def numbers(self, name: str, node: OnnxNode) -> Values:
        """The real numbers of a constant; rounded, if it is given a format."""
        value = self.values[name]
        if not self.is_constant(name):
            raise node.unsupported(f"{name!r}, which the model computes", "a constant there")
        if isinstance(value, Scaled):
            return real(value)
        chosen = self.formats.constant(name, value)
        if chosen is None:
            return fractions(value)
        self.values[name] = rounded = self._on_formats(name, value, chosen)
        return real(rounded)

    def weight(
        self,
        name: str,
        node: OnnxNode,
        kind: str = "",
        magnitude: Any = 0,
        axis: int | None = None,
        fit: Callable[[Numbers, Chosen], Numbers] = lambda value, _: value,
    ) -> Scaled:
        """A constant on a grid: its own if it has few bits, else that of its format.

        ``fit`` moves its numbers towards those of the format; they are rounded then.
        """
        value = self.values[name]
        if isinstance(value, Scaled):
            result = affine(self.draft, value)
        elif chosen := self.formats.constant(name, value, kind, magnitude, axis):
            result = self._on_formats(name, fit(value, chosen), chosen)
        else:
            result = self._as_it_is(name, value, node)
        self.values[name] = result
        return result

    def magnitude(self, op: Operator, names: tuple[str, ...], at: int) -> Any:
        """How large what each weight is multiplied with becomes, as a power of two."""
        value = self.values[names[at]]
        if isinstance(value, Scaled):
            return 0
        found, rank = self._largest(names[at], at), len(value.shape)
        if found is None or rank != 2 + isinstance(op, Conv) * (rank - 2):
            return 0
        match op:
            case Conv(group=1):
                channels = found.max(tuple(i for i in range(found.ndim) if i != 1))
                return channels.reshape(-1, *(1,) * (rank - 2))
            case Conv() | Gemm(transA=1):
                return 0
            case _:
                rows = found.reshape(-1, found.shape[-1]).max(0)
                by_row = isinstance(op, Gemm) and op.transB
                return 0 if at == 0 else rows if by_row else rows[:, None]

    def channels(self, op: Operator, names: tuple[str, ...], at: int) -> int:
        """The axis of a product's weights that counts what it gives for each position."""
        rank = len(self.values[names[at]].shape)
        match op:
            case Conv():
                return 0
            case Gemm():
                return at ^ (op.transB if at else op.transA)
            case _:
                return rank - 1 if at else max(0, rank - 2)

    def _largest(self, weight: str, at: int) -> Any:
        """How large all that a weight is multiplied with becomes, if that is of one shape."""
        partners = {
            node.inputs[1 - at]
            for node in self.model.nodes
            if node.op_type in PRODUCTS and node.inputs[at] == weight
        }
        found = [f for name in partners if (f := self.formats.magnitude(name)) is not None]
        alike = len({f.shape for f in found}) == 1
        return np.maximum.reduce(found) if alike else None

    # -- writing -------------------------------------------------------------------------------

    def define(self, name: str, node: OnnxNode, value: Scaled) -> None:
        """Take in what a node computes, rounded if a format is given or wanted for it."""
        self.values[name] = value
        chosen = self.chosen_for(name, value.shape, port=value.port is not None)
        if chosen is not None:
            self._round(name, node, chosen)

    def aligned(self, name: str, node: OnnxNode) -> bool:
        """Round a value so that it can be added to others, if there is a format to choose."""
        value = self.values[name]
        if name in self.rounded or not isinstance(value, Scaled) or value.port:
            return False
        chosen = self.formats.activation(name, value.shape)
        if chosen is not None:
            self._round(name, node, chosen)
        return chosen is not None

    def chosen_for(self, name: str, shape: tuple[int, ...], *, port: bool = False) -> Chosen | None:
        """The format that is given or wanted for what a node computes."""
        chosen = self.formats.value(name, shape)
        if chosen is None and self._wants_format(name) and not port:
            chosen = self.formats.activation(name, shape)
        return chosen

    def quantized(self, name: str, quantizer: Quantizer) -> Scaled:
        """A value after a quantizer, which an input without a format takes its own from."""
        value = self.values[name]
        quantizer.check(value.shape)
        if not isinstance(value, Scaled) or value.constant:
            return quantized_constant(self.draft, value, quantizer)
        if not value.port:
            return requantize(self.draft, value, quantizer)
        name = value.port.input
        if name in self.encodings:
            raise NotQuantized(
                f"node {quantizer.node.name!r}: the input {name!r} is quantized in two places; "
                f"{GIVE_FORMAT}"
            )
        shape = self.model.inputs[name]
        result, self.encodings[name] = bind(self.draft, value, quantizer, shape)
        return result

    def integers(self, name: str, type_: Interval, node: OnnxNode) -> Scaled:
        """A value that is integers of this type: an input has them at its port."""
        value = self.values[name]
        if not isinstance(value, Scaled):
            codes = Fixed.constant(value.astype(np.int64))
            value = Scaled.plain(self.draft.constant(name, codes), codes)
        elif value.port:
            steps, rounding, overflow = np.zeros(1, np.int64), Rounding.FLOOR, Overflow.SATURATE
            value = self.quantized(name, fixed_format(node, type_, steps, rounding, overflow))
        self.values[name] = value
        return value

    def pass_on_rounding(self, op: Operator, node: OnnxNode) -> None:
        """Moves, and picking some, leave numbers that a format has rounded; bits are few."""
        few = isinstance(op, _PICKING) or op.scales is Scales.MOVE
        few = few and all(n in self.rounded for n in op.data_inputs(node))
        if few or isinstance(op, _FEW):
            self.rounded.update(node.outputs)

    # -- constants -----------------------------------------------------------------------------

    def _on_formats(self, name: str, value: Numbers, chosen: Chosen) -> Scaled:
        self._note(name, chosen)
        codes = Fixed.of_floats(value).quantize(chosen.type, chosen.rounding, chosen.overflow)
        return Scaled.plain(self.draft.constant(name, codes), codes)

    def _as_it_is(self, name: str, value: Numbers, node: OnnxNode) -> Scaled:
        codes = Fixed.of_floats(value)
        if codes.magnitude.bit_length() > EXACT_BITS:
            raise NotQuantized(
                f"node {node.name!r}: its constant {name!r} holds floats of "
                f"{codes.magnitude.bit_length()} bits and has no fixed-point format; quantize "
                f"the model, or give it formats: --config FILE or --calibrate DATA.npz"
            )
        return Scaled.plain(self.draft.constant(name, codes), codes)

    def _wants_format(self, name: str) -> bool:
        return name in self.wanted and name not in self.rounded

    def _round(self, name: str, node: OnnxNode, chosen: Chosen) -> None:
        self._note(name, chosen)
        format_node = OnnxNode(node.name, "Quant", (name,), (f"{name}.rounded",))
        lo, hi = int(chosen.type.lo.flat[0]), int(chosen.type.hi.flat[0])
        exps = chosen.type.exp
        steps = exps.reshape(-1)[:1] if (exps == exps.flat[0]).all() else exps
        quantizer = fixed_format(
            format_node, Interval(lo, hi, 0), steps, chosen.rounding, chosen.overflow
        )
        self.values[name] = self.quantized(name, quantizer)

    def _note(self, name: str, chosen: Chosen) -> None:
        self.chosen[name] = chosen
        self.rounded.add(name)


def _indices(model: Model) -> set[str]:
    """Values that say which rows of a constant are read: these have no format to choose."""
    return {node.inputs[1] for node in model.nodes if node.op_type == "Gather"}
