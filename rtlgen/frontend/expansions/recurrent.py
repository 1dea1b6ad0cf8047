"""RNN, GRU and LSTM, unrolled over time: every step is hardware of its own, of the same weights.

The products with the input are one MatMul for all steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.expansions.cells import Cell, Gru, Lstm, Rnn
from rtlgen.frontend.expansions.gates import Function, functions
from rtlgen.frontend.unrolling import check_unrolling

_REVERSED = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}

NODES = 16
"""About how many there are in a step."""


def unrolled(kind: type[Cell], expansion: Expansion) -> None:
    """Write out a recurrent operator: all steps of all directions."""
    Unrolling(expansion, kind).unroll()


@dataclass
class Unrolling:
    """A recurrent operator while it is written out; in here, the first axis is time."""

    expansion: Expansion
    kind: type[Cell]

    def unroll(self) -> None:
        check_unrolling(self.expansion.node, self.length * len(self.reversed), NODES)
        walks = [self._walk(direction) for direction in range(len(self.reversed))]
        for position, output in enumerate(self.expansion.node.outputs):
            if output:
                parts = [walk[position] for walk in walks]
                value = self._states(parts) if position else self._sequence(parts)
                self.expansion.made("Identity", value, output=output)

    # -- what the node says --------------------------------------------------------------------

    @cached_property
    def reversed(self) -> tuple[bool, ...]:
        """For each direction, whether it begins at the end."""
        direction = self.expansion.node.attributes["direction"]
        if direction not in _REVERSED:
            known = ", ".join(map(repr, _REVERSED))
            raise self.expansion.node.unsupported(f"direction={direction!r}", known)
        return _REVERSED[direction]

    @cached_property
    def batch_first(self) -> bool:
        return bool(self.expansion.node.attributes["layout"])

    @cached_property
    def hidden(self) -> int:
        """How many numbers the state has."""
        width = self.expansion.shape(2)[-1]
        given = self.expansion.node.attributes.get("hidden_size", width)
        if given != width:
            raise self.expansion.node.unsupported(
                f"hidden_size={given} and weights for {width}", f"hidden_size={width}"
            )
        return width

    @cached_property
    def steps(self) -> int:
        return self.expansion.shape(0)[int(self.batch_first)]

    @cached_property
    def length(self) -> int:
        """How many of the steps are taken; those after them give zeros."""
        lengths = self.expansion.given(4)
        if lengths is None:
            return self.steps
        found = {int(length) for length in lengths.flat}
        if len(found) != 1 or not found.issubset(range(1, self.steps + 1)):
            raise self.expansion.node.unsupported(
                f"sequence_lens={tuple(lengths.tolist())}",
                f"one length from 1 to {self.steps} for the whole batch",
            )
        return found.pop()

    @cached_property
    def functions(self) -> list[Function]:
        """Those of all directions."""
        node, needed = self.expansion.node, self.kind.defaults * len(self.reversed)
        names = node.attributes.get("activations", needed)
        if node.op_type == "RNN" and names == ("Tanh", "Tanh"):
            names = needed  # the default of the attribute, which is for two directions
        if len(names) != len(needed):
            raise node.unsupported(f"{len(names)} activations", f"{len(needed)} of them")
        return functions(self.expansion, names)

    # -- what it is written as -----------------------------------------------------------------

    @cached_property
    def x(self) -> str:
        return self._time_first(self.expansion.node.inputs[0])

    def _walk(self, direction: int) -> tuple[str, ...]:
        """All outputs, and the last state."""
        prefix = "reverse." if self.reversed[direction] else ""
        cell, products = self._cell(direction, prefix)
        state = tuple(self._initial(5 + i, direction) for i in range(self.kind.states))
        steps = self.expansion.split(products, (1,) * self.steps, 0, f"{prefix}step")
        times = range(self.length)
        outputs = {}
        for t in reversed(times) if self.reversed[direction] else times:
            state = cell.step(steps[t], state, t)
            outputs[t] = state[0]
        y = self.expansion.made("Concat", *(outputs[t] for t in times), axis=0)
        return self._padded(y), *state

    def _cell(self, direction: int, prefix: str) -> tuple[Cell, str]:
        """The cell of a direction, and the products of the whole input with its weights."""
        made, split = self.expansion.made, self.expansion.split
        each, rows = len(self.kind.defaults), self.kind.gates * self.hidden
        chosen = self.functions[direction * each : (direction + 1) * each]
        w, r = (
            made("Transpose", self._part(i, direction), perm=(1, 0), called=f"{prefix}{name}")
            for i, name in ((1, "W"), (2, "R"))
        )
        cell = self.kind(self.expansion, prefix, self.hidden, tuple(chosen), r)
        products = made("MatMul", self.x, w, called=f"{prefix}products")
        if self.expansion.node.has(3):
            wb, rb = split(self._part(3, direction), (rows, rows), 0, f"{prefix}B")
            products = cell.with_bias(cell.plus(products, wb), rb)
        if self.kind is Lstm and self.expansion.node.has(7):
            cell.peepholes = split(self._part(7, direction), (self.hidden,) * 3, 0, f"{prefix}P")
        return cell, products

    def _part(self, position: int, direction: int | Sequence[int]) -> str:
        """What an input holds for a direction."""
        where = self.expansion.constant(direction, "direction", np.int64)
        return self.expansion.made("Gather", self.expansion.node.inputs[position], where, axis=0)

    def _initial(self, position: int, direction: int) -> str:
        """The state before the first step; '' if it is zero."""
        name = self.expansion.node.inputs[position] if self.expansion.node.has(position) else ""
        zero = (
            name in self.expansion.model.constants
            and not self.expansion.model.constants[name].any()
        )
        if not name or zero:
            return ""
        where = self.expansion.constant([direction], "direction", np.int64)
        axis = int(self.batch_first)
        value = self.expansion.made("Gather", name, where, axis=axis)
        return self._time_first(value)

    def _padded(self, y: str) -> str:
        """With zeros for the steps that were not taken."""
        missing = self.steps - self.length
        if not missing:
            return y
        pads = self.expansion.constant([0, 0, 0, missing, 0, 0], "pads", np.int64)
        return self.expansion.made("Pad", y, pads)

    def _time_first(self, name: str) -> str:
        """Of a tensor that has its batch first, if the node says so."""
        made = self.expansion.made
        return made("Transpose", name, perm=(1, 0, 2)) if self.batch_first else name

    def _sequence(self, parts: Sequence[str]) -> str:
        """The outputs of all steps, with an axis for the direction."""
        made = self.expansion.made
        one = self.expansion.constant([1], "axes", np.int64)
        joined = made("Concat", *(made("Unsqueeze", part, one) for part in parts), axis=1)
        return made("Transpose", joined, perm=(2, 0, 1, 3)) if self.batch_first else joined

    def _states(self, parts: Sequence[str]) -> str:
        """The last states of all directions."""
        return self._time_first(self.expansion.made("Concat", *parts, axis=0))


EXPANSIONS: Mapping[str, Expand] = {
    "GRU": partial(unrolled, Gru),
    "LSTM": partial(unrolled, Lstm),
    "RNN": partial(unrolled, Rnn),
}
