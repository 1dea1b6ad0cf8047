"""What is not alike: wrong, which is an error, or not proved, which is a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rtlgen.proof import running
from rtlgen.proof.differences import Comparison
from rtlgen.proof.forms import Form
from rtlgen.proof.kinds import Port
from rtlgen.proof.names import Names
from rtlgen.proof.sides import Sides
from sim import integers
from sim.errors import Disproved
from sim.fixed import Fixed
from sim.rounding import Interval

REPORT = "do not use this design, and report it together with the model"
SAMPLES = 1000
"""Tried where something is not proved, only to tell whether it is wrong."""
CODES = 4_000_000
"""Of all operations on these samples, at most: a large design is tried on fewer."""


def judged(sides: Sides, loose: Sequence[int]) -> tuple[str, ...]:
    """What is not proved; :class:`Disproved` if an output or one of these widths is wrong."""
    ports = [r for type_ in sides.graph.inputs.values() for r in type_.elements()]
    count = max(10, min(SAMPLES, CODES // len(sides.flow.ops)))
    extremes = _extremes(sides, ports, loose[:count])
    codes = np.concatenate([running.samples(ports, count), extremes], 1)
    results = running.run(sides.flow, codes)
    outputs = _outputs(sides, _unlike(sides, codes, results), certain=not loose)
    return (*outputs, *(_width(sides, i, results[i]) for i in loose))


def _outputs(sides: Sides, unlike: Sequence[bool], *, certain: bool) -> list[str]:
    """The outputs that are not proved; those first for which a sample shows another value.

    That a code is reached is certain only if all intervals are: a table ends with its interval.
    """
    names = Names.of(sides.graph, sides.tensors, sides.algebra)
    comparison, doubts = Comparison(sides.algebra, names), []
    places = [i for i, alike in enumerate(sides.alike) if not alike]
    elements = list(sides.elements())
    for i in sorted(places, key=lambda i: not unlike[i]):
        difference = comparison.forms(sides.wanted[i], sides.found[i], elements[i])
        what = difference.behind(elements[i])
        if unlike[i] or (certain and difference.certain):
            raise Disproved(f"output {elements[i]} is not the network's: {what}; {REPORT}")
        doubts.append(f"output {elements[i]}: {what}")
    return doubts


def _width(sides: Sides, i: int, codes: running.Codes) -> str:
    r = sides.flow.intervals[i]
    steps = f"in steps of 2**{r.exp}"
    for code in codes[(codes < r.lo) | (codes > r.hi)][:1]:
        raise Disproved(
            f"{sides.operation(i)} can be {code}, outside of its interval {r.lo}..{r.hi} {steps}; "
            f"{REPORT}"
        )
    return f"{sides.operation(i)} stays in {r.lo}..{r.hi}, {steps}"


def _extremes(sides: Sides, ports: Sequence[Interval], loose: Sequence[int]) -> running.Codes:
    """The samples that make these as large and as small as they get, if they are sums of ports."""
    forms = [sides.algebra.form(sides.operations[i]) for i in loose]
    rows = [_extreme(sides, ports, form, sign) for form in forms for sign in (1, -1)]
    return np.array(rows, np.object_).reshape(-1, len(ports)).T


def _extreme(sides: Sides, ports: Sequence[Interval], form: Form, sign: int) -> list[int]:
    codes = [r.lo for r in ports]
    for atom, c in form.terms.items():
        if isinstance(kind := sides.algebra.kinds[atom], Port):
            r = ports[kind.position]
            codes[kind.position] = r.hi if c * sign > 0 else r.lo
    return codes


def _unlike(sides: Sides, codes: running.Codes, results: Sequence[running.Codes]) -> list[bool]:
    """For each element of the outputs, whether it differs from the reference on a sample."""
    flow, wanted = sides.flow, _reference(sides, codes)
    steps = [flow.intervals[wire.op].exp + wire.shift for wire in flow.outputs]
    return [
        not np.array_equal(_at(results[wire.op], step, exp), _at(column, exp, step))
        for wire, step, (column, exp) in zip(flow.outputs, steps, wanted, strict=True)
    ]


def _reference(sides: Sides, codes: running.Codes) -> list[tuple[running.Codes, int]]:
    """The codes of each element of the outputs, and their step."""
    inputs: dict[str, Fixed] = {}
    first = 0
    for name, type_ in sides.graph.inputs.items():
        part = codes[first : first + type_.size].T.reshape(-1, *type_.shape)
        inputs[name] = Fixed.in_own_steps(integers.integers(part), type_.exp)
        first += type_.size
    outputs: Mapping[str, Any] = sides.graph.predict(inputs)
    return [
        (np.broadcast_to(column, codes.shape[1:]), y.exp)
        for y in outputs.values()
        for column in y.codes.astype(np.object_).reshape(y.samples, -1).T
    ]


def _at(codes: running.Codes, exp: int, other: int) -> running.Codes:
    """Codes in the finer one of two steps."""
    return codes << exp - min(exp, other)
