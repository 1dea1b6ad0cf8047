"""A plan: how to get many weighted sums of the same inputs with few two-input additions.

Pure integer structure: it knows no wires, steps of numbers or intervals, so one plan serves
every vector that the same matrix is multiplied with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim import integers
from sim.integers import IntArray


class Step(NamedTuple):
    """``a + sign * b * 2**shift``; a negative shift is one of ``a``, to the left as well."""

    a: int
    b: int
    shift: int
    sign: int


class Term(NamedTuple):
    """``sign * variable * 2**shift``."""

    variable: int
    shift: int
    sign: int


@dataclass(frozen=True)
class Plan:
    """Variables are the inputs, then the steps; an output is one of them, or None for zero."""

    inputs: int
    steps: tuple[Step, ...]
    outputs: tuple[Term | None, ...]

    def forms(self) -> IntArray:
        """The weights of the inputs in every variable: (variables, inputs)."""
        size = self.inputs + len(self.steps)
        forms = np.zeros((size, self.inputs), np.object_ if self._wide() else np.int64)
        np.fill_diagonal(forms, 1)
        for v, (a, b, shift, sign) in enumerate(self.steps, self.inputs):
            forms[v] = (forms[a] << max(-shift, 0)) + sign * (forms[b] << max(shift, 0))
        return forms

    def matrix(self) -> IntArray:
        """What the plan multiplies a vector with: (inputs, outputs)."""
        forms = self.forms().astype(np.object_)
        zero = np.zeros(self.inputs, np.object_)
        columns = [t.sign * (forms[t.variable] << t.shift) if t else zero for t in self.outputs]
        return integers.integers(np.array(columns).reshape(-1, self.inputs).T)

    def depths(self) -> list[int]:
        """How many steps are behind one another up to every variable."""
        depths = [0] * self.inputs
        for step in self.steps:
            depths.append(1 + max(depths[step.a], depths[step.b]))
        return depths

    def oriented(self) -> Plan:
        """Turn ``a - b`` into ``b - a`` where that spares an output its negation."""
        signs: dict[int, set[int]] = {}
        for term in self.outputs:
            if term:
                signs.setdefault(term.variable, set()).add(term.sign)
        wanted = {v for v, found in signs.items() if found == {-1}}
        negated = [False] * self.inputs
        steps: list[Step] = []
        for v, (a, b, shift, sign) in enumerate(self.steps, self.inputs):
            minus_a, minus_b = negated[a], negated[b] ^ (sign < 0)
            turned = minus_a if minus_a == minus_b else v in wanted
            negated.append(turned)
            if minus_a == minus_b:
                steps.append(Step(a, b, shift, +1))
            elif minus_a ^ turned:
                steps.append(Step(b, a, -shift, -1))
            else:
                steps.append(Step(a, b, shift, -1))
        outputs = tuple(
            t and t._replace(sign=-t.sign if negated[t.variable] else t.sign) for t in self.outputs
        )
        return Plan(self.inputs, tuple(steps), outputs)

    def _wide(self) -> bool:
        """Whether the weights in one variable may add up to more than 62 bits hold."""
        sums = [1] * self.inputs
        for a, b, shift, _ in self.steps:
            sums.append((sums[a] << max(-shift, 0)) + (sums[b] << max(shift, 0)))
        return max(sums, default=0) >= 1 << 62
