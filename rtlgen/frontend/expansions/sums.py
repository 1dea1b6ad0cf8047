"""Operators that are weighted sums."""

from __future__ import annotations

from collections.abc import Mapping

from rtlgen.frontend.expansion import Expand, Expansion


def mean(expansion: Expansion) -> None:
    """Of any number of tensors."""
    names = expansion.node.inputs
    total = expansion.made("Sum", *names)
    count = expansion.constant(len(names), "count")
    expansion.made("Div", total, count, output=expansion.node.outputs[0])


EXPANSIONS: Mapping[str, Expand] = {"Mean": mean}
