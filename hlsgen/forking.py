"""A pass on calls: who reads a channel, or gives an output, has it for himself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hlsgen.calls import FORK, Call, Operand, Program, Variable
from hlsgen.firing import steady
from hlsgen.layout import Layout

Slot = tuple[int, int]
"""A call and its operand, or (_PORT, output)."""
_PORT = -1


def forked(program: Program, outputs: Sequence[str], *, everywhere: bool) -> Program:
    """The same program with copies of what several read; ``everywhere``, or for outputs alone.

    ``outputs`` are the model's names. What is read by nobody is read to its end.
    """
    forks = _Forks(program, tuple(outputs), everywhere)
    calls = [fork for variable in program.inputs for fork in forks.of(variable, given=True)]
    for i, call in enumerate(program.calls):
        calls.append(replace(call, operands=forks.operands(i, call)))
        calls += [fork for variable in call.writes for fork in forks.of(variable, given=False)]
    results = [forks.copies.get((_PORT, i), v) for i, v in enumerate(program.outputs)]
    return Program(program.inputs, tuple(results), tuple(calls))


@dataclass
class _Forks:
    program: Program
    outputs: tuple[str, ...]
    everywhere: bool
    copies: dict[Slot, Variable] = field(default_factory=dict)
    """What a slot reads instead."""
    layouts: dict[Slot, Layout] = field(default_factory=dict)
    """As a slot sees the variable: not as it was written, if a move left all in place."""

    def __post_init__(self) -> None:
        self.slots: dict[str, list[Slot]] = defaultdict(list)
        for i, call in enumerate(self.program.calls):
            for j, operand in enumerate(call.operands):
                if isinstance(operand, Variable):
                    self._read((i, j), operand)
        for i, variable in enumerate(self.program.outputs):
            self._read((_PORT, i), variable)

    def _read(self, slot: Slot, variable: Variable) -> None:
        self.slots[variable.name].append(slot)
        self.layouts[slot] = variable.layout

    def operands(self, i: int, call: Call) -> tuple[Operand, ...]:
        return tuple(self.copies.get((i, j), operand) for j, operand in enumerate(call.operands))

    def of(self, variable: Variable, *, given: bool) -> list[Call]:
        """The call that makes the copies of a variable, if there have to be any."""
        slots = self._copied(variable, given=given)
        unread = given and self.everywhere and not self.slots[variable.name]
        if not slots and not unread:
            return []
        self.copies |= {slot: self._copy(variable, slot, i) for i, slot in enumerate(slots)}
        writes = tuple(self.copies[slot] for slot in slots)
        positions = variable.layout.positions
        firing = steady(positions, 1, len(writes))
        template = (str(positions),)
        return [Call(variable.value, FORK, FORK, template, writes, (variable,), firing)]

    def _copied(self, variable: Variable, *, given: bool) -> list[Slot]:
        """The readers that get a copy of their own."""
        slots = self.slots[variable.name]
        if len(slots) > 1 and self.everywhere:
            return slots
        return [s for s in slots if s[0] == _PORT] if given or len(slots) > 1 else []

    def _copy(self, variable: Variable, slot: Slot, i: int) -> Variable:
        value = self.outputs[slot[1]] if slot[0] == _PORT else variable.value
        layout = self.layouts[slot]
        return replace(variable, name=f"{variable.name}_{i}", value=value, layout=layout)
