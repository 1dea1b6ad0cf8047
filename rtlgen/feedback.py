"""Weights rounded so that their product errs least on samples: some make up for others' errors.

One row after the other is rounded, and what that does to the results is taken back, as far as it
can be, by the rows that are still to come (Hassibi and Stork, Optimal Brain Surgeon, 1993; Frantar
et al., GPTQ, 2023). What it does to their mean, a bias takes back, if there is one (Nagel et al.,
Data-Free Quantization, 2019).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kernels.base import OnnxNode
from kernels.conv import Conv
from rtlgen.constants import Numbers
from rtlgen.frontend import Model
from rtlgen.moments import Product, matrices
from rtlgen.notation import PLENTY, Chosen, Fit
from rtlgen.operands import Operands
from rtlgen.rationals import along, rounded

Nearest = Callable[[Numbers, int], Numbers]
"""Numbers on the formats of a row of weights."""

DAMPING = 0.01
"""Added to each variance, as a share of it: what few samples say is not taken for certain."""
_CONSTANT = 1e-12
"""A variance is none, as a share of the mean square: it may be a rounding error."""


def fed_back(
    operands: Operands, op: Product, node: OnnxNode, at: int, value: Numbers, chosen: Chosen
) -> Numbers:
    """The weights of a product, each on its format; the constant added to it is corrected."""
    moments = operands.formats.moments.get(node.inputs[at])
    given = node.inputs[at] in operands.formats.constants
    plenty = int(chosen.type.hi.max()) >> PLENTY
    if given or plenty or moments is None or operands.formats.fit is not Fit.ERROR:
        return value
    bias = _bias(operands, op, node, at)
    result = np.empty(value.shape)
    after, before = (matrices(op, numbers, at) for numbers in (result, value))
    type_ = chosen.type
    lo, hi, exp = (matrices(op, part, at) for part in (type_.lo, type_.hi, type_.exp))
    for i, spread in enumerate(moments.covariance if bias else moments.square):

        def nearest(numbers: Numbers, row: int, i: int = i) -> Numbers:
            codes = rounded(np.ldexp(numbers, -exp[i, row]), chosen.rounding)
            codes = chosen.overflow.limit(codes, lo[i, row], hi[i, row])
            return np.asarray(np.ldexp(codes, exp[i, row]))

        live = np.diag(spread) > _CONSTANT * np.diag(moments.square[i])
        after[i] = _rounded(before[i], np.where(live & live[:, None], spread, 0), nearest)
    if bias:
        name, axis = bias
        moved = np.einsum("gkm,gk->gm", before - after, moments.mean).reshape(-1)
        corrected = (operands.values[name] + along(axis, moved)).astype(np.float32)
        operands.values[name] = operands.fitted[name] = corrected.astype(float)
    operands.fitted[node.inputs[at]] = result
    return result


def _rounded(weights: Numbers, spread: Numbers, nearest: Nearest) -> Numbers:
    """Weights of shape (numbers, results), for numbers that vary so; the weightiest come first.

    A column for which that is no better has each weight rounded to the nearest. The inverse of the
    spread of the rows that are still to come is the lower right corner of ``upper.T @ upper``.
    """
    variance = np.diag(spread)
    scale = np.sqrt(np.where(variance > 0, variance, 1))
    correlation = spread / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1 + DAMPING)
    left = weights * scale[:, None]
    order = np.argsort(-np.square(left).sum(1), kind="stable")
    upper = np.linalg.cholesky(np.linalg.inv(correlation[np.ix_(order, order)])).T
    left, result = left[order], np.empty(weights.shape)
    for i, row in enumerate(order):
        result[row] = nearest(left[i] / scale[row], row)
        error = (left[i] - result[row] * scale[row]) / upper[i, i]
        left[i + 1 :] -= np.outer(upper[i, i + 1 :], error)
    plain = np.stack([nearest(numbers, row) for row, numbers in enumerate(weights)])
    better = _error(result - weights, spread) < _error(plain - weights, spread)
    return np.where(better, result, plain)


def _error(moved: Numbers, spread: Numbers) -> Numbers:
    """The mean square of what is moved in the result of each column."""
    return np.asarray((moved * (spread @ moved)).sum(0))


def _bias(operands: Operands, op: Product, node: OnnxNode, at: int) -> tuple[str, int] | None:
    """The constant that is added to this product alone, and its axis that counts channels."""
    model, result = operands.model, node.outputs[0]
    rank = len(model.shapes[result])
    axis = 1 - rank if isinstance(op, Conv) else -1 if at or rank == 1 else -2
    name = ""
    if node.has(2):
        plain = all(node.attributes.get(factor, 1) == 1 for factor in ("alpha", "beta"))
        name = node.inputs[2] if plain else ""
        axis = -1 if isinstance(op, Conv) else axis
    elif (
        len(readers := _readers(model, result)) == 1
        and (add := readers[0])
        and add.op_type == "Add"
    ):
        name = next((other for other in add.inputs if other != result), "")
    ours = all(len(_readers(model, one)) == 1 for one in (name, node.inputs[at]))
    return (name, axis) if ours and isinstance(operands.values.get(name), np.ndarray) else None


def _readers(model: Model, name: str) -> list[OnnxNode | None]:
    """The nodes that take a value, and None for an output of the network."""
    outputs = [None] if name in model.outputs else []
    return [*outputs, *(node for node in model.nodes if name in node.inputs)]
