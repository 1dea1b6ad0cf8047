"""Comparisons, all of which are ``GreaterOrEqual`` of something."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion


def less_or_equal(expansion: Expansion) -> None:
    """``b >= a``."""
    a, b = expansion.node.inputs
    expansion.made("GreaterOrEqual", b, a, output=expansion.node.outputs[0])


def greater(expansion: Expansion) -> None:
    """Not ``b >= a``."""
    a, b = expansion.node.inputs
    _negated(expansion, expansion.made("GreaterOrEqual", b, a))


def less(expansion: Expansion) -> None:
    """Not ``a >= b``."""
    _negated(expansion, expansion.made("GreaterOrEqual", *expansion.node.inputs))


def equal(expansion: Expansion) -> None:
    """``a >= b`` and ``b >= a``; booleans are equal where they do not differ."""
    a, b = expansion.node.inputs
    if expansion.model.dtypes.get(a) == np.dtype(bool):
        _negated(expansion, expansion.made("Xor", a, b))
        return
    sides = [expansion.made("GreaterOrEqual", *pair) for pair in ((a, b), (b, a))]
    expansion.made("And", *sides, output=expansion.node.outputs[0])


def never(expansion: Expansion) -> None:
    """No number in fixed point is infinite, or not one."""
    no = expansion.constant(np.zeros(expansion.shape()), "never", bool)
    expansion.made("Identity", no, output=expansion.node.outputs[0])


def _negated(expansion: Expansion, name: str) -> None:
    expansion.made("Not", name, output=expansion.node.outputs[0])


EXPANSIONS: Mapping[str, Expand] = {
    "Equal": equal,
    "Greater": greater,
    "IsInf": never,
    "IsNaN": never,
    "Less": less,
    "LessOrEqual": less_or_equal,
}
