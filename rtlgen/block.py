"""Straight-line code in static single assignment form: operations, each with its exact interval."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtlgen.operations import Add, Const, Input, Max, Min, Op, Sub, Wire
from rtlgen.plans import Plans
from sim.rounding import Interval, Rounding


@dataclass
class Block:
    """A list in which every operation reads only earlier ones. Grows only through ``emit``."""

    ops: list[Op] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    """The name of the model's node that an operation belongs to; '' for the inputs."""
    origin: str = ""
    """What the next operations belong to."""
    plans: Plans = field(default_factory=Plans)
    """Of the constant products."""
    addend: bool = False
    """Whether a constant is added to each of the next products."""
    _known: dict[tuple[Op, Interval], Wire] = field(default_factory=dict, repr=False)

    def interval(self, wire: Wire) -> Interval:
        """What a wire may hold, in the step of its operation times its shift."""
        r = self.intervals[wire.op]
        return r.scaled(wire.shift) if wire.shift else r

    def emit(self, op: Op, interval: Interval) -> Wire:
        """Append an operation, or find the equal one that is there already."""
        wire = self._known.setdefault((op, interval), Wire(len(self.ops)))
        if wire.op == len(self.ops):
            self.ops.append(op)
            self.intervals.append(interval)
            self.origins.append(self.origin)
        return wire

    def input(self, port: int, interval: Interval) -> Wire:
        return self.emit(Input(port), interval)

    def const(self, code: int, exp: int) -> Wire:
        """A constant, kept odd so that equal ones are found whatever their step."""
        zeros = (code & -code).bit_length() - 1 if code else 0
        odd = code >> zeros
        return self.emit(Const(odd), Interval(odd, odd, 0)) << exp + zeros

    def known(self, wire: Wire) -> int | None:
        """The code of a wire that can have only one, in the wire's step."""
        lo, hi, _ = self.intervals[wire.op]
        return lo if lo == hi else None

    def narrow(self, a: Wire, known: Interval) -> Wire:
        """The same value, proved to be in a tighter interval; an input keeps its own."""
        r = self.interval(a)
        tight = r.narrowed(known)
        if tight == r or isinstance(self.ops[a.op], Input | Const):
            return a
        return self._result(self.ops[a.op], tight.scaled(-a.shift)) << a.shift

    # -- forms ----------------------------------------------------------------------------------

    def _ordered(self, a: Wire, b: Wire) -> tuple[Wire, Wire]:
        """In the order of the operations, constants last."""
        constant_a, constant_b = self.known(a) is not None, self.known(b) is not None
        return (b, a) if (constant_a, a) > (constant_b, b) else (a, b)

    def _aligned(self, a: Wire, b: Wire) -> tuple[Wire, Wire, Interval, Interval]:
        """The same wires, zero in the step of the other, and the intervals in the finer step."""
        x, y = self.interval(a), self.interval(b)
        if x.exp == y.exp:
            return a, b, x, y
        if x.lo == x.hi == 0:
            return a << y.exp - x.exp, b, Interval(0, 0, y.exp), y
        if y.lo == y.hi == 0:
            return a, b << x.exp - y.exp, x, Interval(0, 0, x.exp)
        exp = min(x.exp, y.exp)
        return a, b, x.at(exp), y.at(exp)

    def _common(self, a: Wire, b: Wire) -> int:
        """The shift that is taken out of the operands: that of the first that is no constant."""
        return a.shift if self.known(a) is None else b.shift

    def _pair(
        self, kind: type[Add | Sub | Max | Min], a: Wire, b: Wire, interval: Interval
    ) -> Wire:
        """Emit without the shift that the operands have in common."""
        shift = self._common(a, b)
        lo, hi, exp = interval
        op = kind(Wire(a.op, a.shift - shift), Wire(b.op, b.shift - shift))
        return self._result(op, Interval(lo, hi, exp - shift)) << shift

    def _result(self, op: Op, interval: Interval) -> Wire:
        """Emit, unless the interval leaves only one value."""
        if interval.lo == interval.hi:
            return self.const(interval.lo, interval.exp)
        return self.emit(op, interval)

    def _has_constant(self, op: Op) -> bool:
        """Whether one more constant costs nothing."""
        match op:
            case Add(_, constant) | Sub(constant, _):
                return self.known(constant) is not None
            case _:
                return False

    def _is(self, wire: Wire, value: int) -> bool:
        r = self.interval(wire)
        return r.lo == r.hi and r.exp >= 0 and r.lo << r.exp == value

    def _on_grid(self, a: Wire, other: Wire, rounding: Rounding) -> Wire:
        """A constant, brought to the step of what it is compared with."""
        x, step = self.interval(a), self.interval(other).exp
        if x.lo < x.hi or x.exp >= step or self.known(other) is not None:
            return a
        return self.const(int(rounding.shift(x.lo, step - x.exp)), step)
