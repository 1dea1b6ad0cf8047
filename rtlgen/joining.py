"""Several functions of one value that meet again: one function of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.elementwise import Add, Sub, Sum
from rtlgen.pending import Affine, Exact, Join, Step, regrouped
from rtlgen.rationals import Values
from rtlgen.scaled import Line, Scaled, finest


def one_function(
    op: Operator, node: OnnxNode, values: Sequence[Scaled], exact: Exact | None = None
) -> Scaled | None:
    """``op`` of values that start from the same codes, element by element; None if they do not.

    ``exact`` computes it from the values, where each has a fixed-point meaning by itself.
    """
    first, *others = values
    if first.port or any((v.name, v.shape) != (first.name, first.shape) for v in others):
        return None
    group, olds = finest(*(value.group for value in values))
    base = replace(first, group=group, steps=())
    aligned = [
        replace(base, steps=regrouped(value.steps, old))
        for value, old in zip(values, olds, strict=True)
    ]
    lines = [line for value in aligned if (line := value.line)]
    if isinstance(op, Add | Sub | Sum) and len(lines) == len(values):
        return base.then(_added(op, node, lines))
    return base.then(Join(op, tuple(value.steps for value in aligned), node, exact))


def _added(op: Add | Sub | Sum, node: OnnxNode, lines: Sequence[Line]) -> Step:
    """Sums of multiples are multiples."""

    def total(parts: Sequence[Values]) -> Values:
        signs = [-1 if i and isinstance(op, Sub) else 1 for i in range(len(parts))]
        return np.asarray(sum(sign * part for sign, part in zip(signs, parts, strict=True)))

    scales, offsets = zip(*lines, strict=True)
    return Affine(total(scales), total(offsets), node)
