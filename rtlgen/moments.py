"""What weights are multiplied with, on samples: its means, and how its elements vary together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.base import OnnxNode, Operator
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.windows import elements
from rtlgen.frontend import Model

Floats = npt.NDArray[np.float64]
Product = MatMul | Gemm | Conv

ROWS = 1 << 12
"""Of each product, that are looked at; one of each sample at least."""
LARGEST = 2048
"""Numbers of a row; how so many vary together is not asked."""


@dataclass(frozen=True)
class Moments:
    """Of the rows that are multiplied with each column of a matrix, for each group of a Conv."""

    rows: int
    total: Floats
    """Of shape (groups, numbers): the sum of all rows."""
    products: Floats
    """Of shape (groups, numbers, numbers): the sum of the products of two numbers of a row."""

    @property
    def mean(self) -> Floats:
        return self.total / self.rows

    @property
    def covariance(self) -> Floats:
        mean = self.mean
        return self.square - mean[:, :, None] * mean[:, None, :]

    @property
    def square(self) -> Floats:
        """The mean product of two numbers."""
        return self.products / self.rows

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.rows + other.rows, self.total + other.total, self.products + other.products
        )


class Observer:
    """The moments of all products with float constants, gathered from some samples at a time."""

    def __init__(self, model: Model, samples: int, draw: np.random.Generator) -> None:
        self.found: dict[str, Moments] = {}
        """By the name of the constant."""
        self._each, self._draw = -(-ROWS // samples), draw
        self._products = list(_products(model))

    def add(self, values: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take in what the values of the model are on some samples."""
        for data, weight, rows in self._products:
            x = rows.of(values[data].astype(float), self._each, self._draw)
            moments = Moments(len(x), x.sum(0), np.einsum("ngi,ngj->gij", x, x, optimize=True))
            known = self.found.get(weight)
            self.found[weight] = moments if known is None else known + moments


@dataclass(frozen=True)
class Rows:
    """How a product reads its data, which is not its input ``at``."""

    op: Product
    at: int
    shape: tuple[int, ...]
    """Of the weights."""

    def of(self, x: Floats, each: int, draw: np.random.Generator) -> Floats:
        """Some rows of each sample, of shape (rows, groups, numbers); axis 0 counts samples."""
        if isinstance(self.op, Conv):
            return self._windows(self.op, x, each, draw)
        turned = isinstance(self.op, Gemm) and (self.op.transA if self.at else self.op.transB)
        if bool(turned) is bool(self.at) and x.ndim > 2:
            x = x.swapaxes(-1, -2)
        rows: Floats = x.reshape(len(x), -1, 1, x.shape[-1])
        picked = _picked(rows.shape[1], len(x), each, draw)
        rows = rows[np.arange(len(x))[:, None], picked]
        return rows.reshape(-1, *rows.shape[2:])

    def _windows(self, op: Conv, x: Floats, each: int, draw: np.random.Generator) -> Floats:
        count, shape, rank = len(x), x.shape[1:], len(self.shape)
        index = elements(shape, op.axes(shape, self.shape[2:]))
        index = np.moveaxis(index, 1, rank - 1)  # the channels behind the places of windows
        rows = index.reshape(-1, op.group, prod(self.shape[1:]))
        padded = np.concatenate([x.reshape(count, -1), np.zeros((count, 1))], 1)  # -1 is the last
        picked = rows[_picked(len(rows), count, each, draw)]
        windows: Floats = padded[np.arange(count)[:, None, None, None], picked]
        return windows.reshape(-1, *rows.shape[1:])


def matrices(op: Product, weight: npt.NDArray[Any], at: int) -> npt.NDArray[Any]:
    """Weights as (groups, numbers of a row, results): a view of them."""
    match op:
        case Conv(group=group):
            channels = weight.reshape(group, len(weight) // group, -1)
            return channels.swapaxes(1, 2)
        case Gemm():
            by_row = op.transB if at else not op.transA
        case _:
            by_row = at == 0
    return (weight.T if by_row else weight)[None]


def _products(model: Model) -> Iterator[tuple[str, str, Rows]]:
    """Data, weights, and how the ones are read for the others."""
    for node in model.nodes:
        op = _product(node)
        if op is None:
            continue
        constant = [name in model.constants for name in node.inputs[:2]]
        at = 1 if constant[1] else 0
        if constant.count(True) != 1 or (at == 0 and isinstance(op, Conv)):
            continue
        weight = model.constants[node.inputs[at]]
        flat = isinstance(op, Conv) or weight.ndim == 2
        if flat and matrices(op, weight, at).shape[1] <= LARGEST:
            yield node.inputs[1 - at], node.inputs[at], Rows(op, at, weight.shape)


def _product(node: OnnxNode) -> Product | None:
    if node.op_type not in ("Conv", "Gemm", "MatMul"):
        return None
    op = Operator.named(node).from_onnx(node)
    assert isinstance(op, Product)
    return op


def _picked(count: int, samples: int, each: int, draw: np.random.Generator) -> npt.NDArray[Any]:
    """Of so many, all, or a few of each sample."""
    if count <= each:
        return np.broadcast_to(np.arange(count), (samples, count))
    return draw.integers(count, size=(samples, each))
