"""Pools that are averages of something, or a function of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kernels.pool import SumPool
from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.opsets import without


def lp_pool(expansion: Expansion) -> None:
    """The norm of every window: an average, times how many it is of, and its root."""
    settings = {**without(expansion.node, "p").attributes, "count_include_pad": 1}
    average = expansion.made("AveragePool", _power(expansion), **settings)
    op = SumPool.from_onnx(replace(expansion.node, attributes=settings))
    count = expansion.constant(op.divisors(expansion.shape()), "count")
    _root(expansion, expansion.made("Mul", average, count))


def global_lp_pool(expansion: Expansion) -> None:
    """The norm of every channel."""
    axes = expansion.constant(range(2, len(expansion.shape())), "axes", np.int64)
    total = expansion.made("ReduceSum", _power(expansion), axes, noop_with_empty_axes=1)
    _root(expansion, total)


def _power(expansion: Expansion) -> str:
    """The magnitude of the input to the power of ``p``."""
    p = expansion.node.attributes["p"]
    if p < 1:
        raise expansion.node.unsupported(f"p={p}", "p of at least 1")
    size = power = expansion.made("Abs", expansion.node.inputs[0])
    for _ in range(p - 1):
        power = expansion.made("Mul", power, size)
    return power


def _root(expansion: Expansion, total: str) -> None:
    """The norm, of which this is the power of ``p``."""
    p, (output,) = expansion.node.attributes["p"], expansion.node.outputs
    if p == 1:
        expansion.made("Identity", total, output=output)
    elif p == 2:
        expansion.made("Sqrt", total, output=output)
    else:
        exponent = expansion.constant(1 / p, "exponent", np.float64)
        expansion.made("Pow", total, exponent, output=output)


EXPANSIONS: Mapping[str, Expand] = {"GlobalLpPool": global_lp_pool, "LpPool": lp_pool}
