"""Moves as calls: a gather of arrays; in a stream, whatever keeps the least of what has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hlsgen import constants
from hlsgen.builder import Builder
from hlsgen.calls import Constant, Operand, Variable
from hlsgen.firing import all_first, chosen, steady
from hlsgen.labels import original
from hlsgen.layout import Layout
from hlsgen.moves import Move, Recalled, moves
from hlsgen.style import Io
from kernels.base import Operator
from kernels.shape import Identity, Pad
from sim.array import IndexArray
from sim.errors import NotStreamable
from sim.fixed import Fixed


def move(build: Builder, op: Operator, names: Sequence[str], outputs: Sequence[str]) -> None:
    """The results of an operator that only moves elements."""
    results = [build.layouts[name] for name in outputs]
    axis = results[0].axis
    layouts = [build.layout(name, axis) for name in names]
    if build.io is Io.STREAM and len(names) > 1:
        layouts = [Layout(layout.shape, axis) for layout in layouts]
    operands = [_operand(build, n, at) for n, at in zip(names, layouts, strict=True) if at.size]
    for made, name in zip(moves(op, layouts, results), outputs, strict=True):
        if made.identical and isinstance(operands[0], Variable):
            build.variables[name] = replace(operands[0], layout=made.result)
        elif made.places.size:
            _call(build, made, operands, build.result(name), _padding(op))


def rows(build: Builder, name: str, layout: Layout) -> Operand:
    """An operand that is taken element by element: data, or a constant that broadcasts."""
    known = build.constant(name)
    if known is None:
        return read(build, name, layout.axis)
    return constants.rows("operand", known, layout)


def read(build: Builder, name: str, axis: int) -> Variable:
    """A value with its lanes along this axis; a constant is copied into a variable."""
    known = build.constant(name)
    if known is not None:
        return _copied(build, name, known, Layout(known.shape, axis))
    variable = build.variables[name]
    layout = Layout(variable.layout.shape, axis)
    if not layout.shape or variable.layout.axis == axis:
        return variable
    return moved(build, Identity(), variable, layout)


def moved(build: Builder, op: Operator, variable: Variable, layout: Layout) -> Variable:
    """What an operator makes of one variable, in another layout."""
    (made,) = moves(op, [variable.layout], [layout])
    if made.identical:
        return replace(variable, layout=layout)
    result = replace(variable, layout=layout, name=build.provisional())
    _call(build, made, [variable], result, Fixed.constant(0))
    return result


def _copied(build: Builder, name: str, known: Fixed, layout: Layout) -> Variable:
    (made,) = moves(Identity(), [layout], [layout])
    result = build.variable(name, layout, build.types[name])
    _call(build, made, [constants.whole("operand", known, layout)], result, Fixed.constant(0))
    return result


def _operand(build: Builder, name: str, layout: Layout) -> Operand:
    known = build.constant(name)
    if known is None:
        return (
            build.variables[name]
            if layout == build.layouts[name]
            else read(build, name, layout.axis)
        )
    return constants.whole("operand", known, layout)


def _padding(op: Operator) -> Fixed:
    return Fixed.of_floats(op.value) if isinstance(op, Pad) else Fixed.constant(0)


def _call(
    build: Builder, made: Move, operands: Sequence[Operand], y: Variable, padding: Fixed
) -> None:
    fill = constants.matrix("fill", padding.reshape(1, 1))
    inputs = [*operands, fill] if made.padded else [*operands]
    if build.io is Io.PARALLEL:
        places = _table(made.places)
        build.call("gather", [build.steps(y.layout.positions)], [y], [places, *inputs])
    else:
        _stream(build, made, inputs, y, fill)


def _stream(
    build: Builder, made: Move, inputs: Sequence[Operand], y: Variable, fill: Constant
) -> None:
    reads = sum(isinstance(operand, Variable) for operand in inputs)
    positions = made.result.positions
    if (lanes := made.merged) is not None:
        operands = [_table(lanes), *inputs]
        build.call("merge", [positions], [y], operands, steady(positions, reads))
    elif made.rearranged:
        given = made.inputs[0].positions
        operands = [_table(made.places), *inputs]
        build.call("rearrange", [given], [y], operands[::-1], all_first(given, positions))
    elif (steps := made.followed) is not None:
        _follow(build, steps, inputs[: len(made.inputs)], y, fill)
    elif len(made.inputs) == 1:
        _recall(build, made.recalled, inputs[0], y, fill)
    else:
        raise NotStreamable(
            f"node {build.node.name!r}: the elements of {original(y.value)!r} are needed in "
            f"another order than those of its inputs come in a stream; use --io parallel, or leave "
            f"the node out of the model"
        )


def _follow(
    build: Builder,
    steps: Sequence[tuple[int, int]],
    inputs: Sequence[Operand],
    y: Variable,
    fill: Constant,
) -> None:
    data = [i for i, operand in enumerate(inputs) if isinstance(operand, Variable)]
    firing = chosen(
        [data.index(source) if source in data else -1 for source, _ in steps],
        [bool(give) for _, give in steps],
        len(data),
    )
    table = np.empty(len(steps), object)
    table[:] = [f"{{{source}, {give}}}" for source, give in steps]
    operands = [Constant("steps", "Step", table), fill, *inputs]
    build.call("follow", [], [y], operands, firing)


def _recall(build: Builder, made: Recalled, x: Operand, y: Variable, fill: Constant) -> None:
    data = isinstance(x, Variable)
    firing = chosen(
        [0 if step.read and data else -1 for step in made.steps],
        [step.give for step in made.steps],
        int(data),
    )
    table = np.empty(len(made.steps), object)
    table[:] = [f"{{{', '.join(map(str, map(int, step)))}}}" for step in made.steps]
    steps, lanes = Constant("steps", "Recall", table), _table(made.lanes)
    build.call("recall", [made.slots], [y], [x, steps, lanes, fill], firing)


def _table(places: IndexArray) -> Constant:
    return Constant("sources", "int", constants.texts(places, str))
