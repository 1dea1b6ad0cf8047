"""A pass on calls: variables and constants get the names that they have in C++."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hlsgen.calls import Call, Operand, Program, Variable
from hlsgen.naming import Names


def labelled(program: Program, names: Names) -> Program:
    """The same program with the model's own names: ports first, then whatever is in between."""
    labels = {name: names.give(wanted) for name, wanted in dict(_wanted(program)).items()}

    def variables(given: tuple[Variable, ...]) -> tuple[Variable, ...]:
        return tuple(replace(v, name=labels[v.name]) for v in given)

    def operand(call: Call, given: Operand) -> Operand:
        if isinstance(given, Variable):
            return replace(given, name=labels[given.name])
        return replace(given, name=names.give(f"{call.node}_{given.role}"))

    def renamed(call: Call) -> Call:
        operands = tuple(operand(call, given) for given in call.operands)
        return replace(call, writes=variables(call.writes), operands=operands)

    calls = tuple(map(renamed, program.calls))
    return Program(variables(program.inputs), variables(program.outputs), calls)


def _wanted(program: Program) -> Iterator[tuple[str, str]]:
    """What each variable, by its provisional name, should be called."""
    for variable in (*program.inputs, *program.outputs):
        yield variable.name, variable.value
    ports = {v.name for v in (*program.inputs, *program.outputs)}
    for call in program.calls:
        for variable in call.writes:
            if variable.name not in ports:
                yield variable.name, original(variable.value)


def original(value: str) -> str:
    """The value of the model for whose sake there is another one."""
    return re.sub(r"[.#]\d+$", "", value)
