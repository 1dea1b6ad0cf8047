"""How large a network is, before it is unrolled: products and operations, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from kernels.base import Scales
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Mul
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, SumPool
from kernels.quant import Threshold
from kernels.shape import Pad
from kernels.table import Rows, Table
from rtlgen.digits import canonical
from rtlgen.frontend import Model
from rtlgen.graph import Graph, Node
from sim.array import Array
from sim.errors import TooLarge
from sim.intervals import Intervals

Shape = tuple[int, ...]

ENTRIES = 8
"""Of a table, that count as an operation: to write them takes as long, if not as many gates."""
HOPELESS = 20
"""A network with so many times more products than operations are allowed is refused before its
formats are settled, which takes long if it is large: no more weights than that become zero."""


@dataclass(frozen=True)
class Products:
    """What a node multiplies, computed naively: once for each window, row and output."""

    total: int = 0
    weights: int = 0
    """How many constants it multiplies with that are not zero."""
    nonzero: int = 0
    """Products without those by a zero."""


def products(node: Node, values: Mapping[str, Array], graph: Graph) -> Products:
    """The products of one node; ``values`` are those of the graph, in any meaning."""
    if not isinstance(node.op, MatMul | Gemm | Conv | Mul):
        return Products()
    a, b = (values[name].shape for name in node.inputs[:2])
    transposed = isinstance(node.op, Gemm) and bool(node.op.transA)
    total = values[node.outputs[0]].size * _summed(type(node.op).__name__, a, b, transposed)
    weights = next((graph.constants[n] for n in node.inputs[:2] if n in graph.constants), None)
    if weights is None or not weights.size:
        return Products(total, 0, total)
    nonzero = int(np.count_nonzero(weights.codes))
    return Products(total, nonzero, total * nonzero // weights.size)  # all are used alike often


def adder_bits(graph: Graph) -> int:
    """The bits of the adders of all products with constants, before any are shared: a quick cost.

    A product takes an adder for each signed digit of its weight, as wide as its other factor; one
    of two computed factors, as many as the second has bits.
    """
    types = graph.types()
    total = 0.0
    for node in graph.nodes:
        if isinstance(node.op, MatMul | Gemm | Conv):
            count = products(node, types, graph).total
            a, b = (_digits(name, types, graph) for name in node.inputs[:2])
            total += count * a * b
    return round(total)


def _digits(name: str, types: Mapping[str, Intervals], graph: Graph) -> float:
    """The mean of the signed digits of a constant's elements, or of the bits of computed ones."""
    if name in graph.constants:
        codes = graph.constants[name].codes.reshape(-1)
        return sum(len(canonical(int(code))) for code in codes) / max(1, codes.size)
    widths = [r.width for r in types[name].elements()]
    return sum(widths) / max(1, len(widths))


def operations(node: Node, values: Mapping[str, Array], graph: Graph) -> int:
    """About how many operations a node unrolls into, before any are shared or left out."""
    given, made = (sum(values[n].size for n in names) for names in (node.inputs, node.outputs))
    match node.op:
        case MatMul() | Gemm() | Conv() | Mul():
            return products(node, values, graph).nonzero
        case Threshold(thresholds=thresholds):
            return made * thresholds.shape[-1]
        case Table(values=table):
            return made * max(1, table.size // ENTRIES)
        case Rows(values=rows):
            return given * max(1, rows.size // ENTRIES)
        case MaxPool() | SumPool():
            return made * prod(node.op.kernel_shape)
        case GlobalMaxPool() | GlobalSumPool():
            return given
        case Pad():
            return 0
        case _:
            return 0 if node.op.scales is Scales.MOVE else made


def check_size(graph: Graph, limit: int, command: str) -> None:
    """Refuse a network that unrolls into more operations than ``limit``."""
    values = graph.evaluate(graph.inputs)
    counts: Counter[str] = Counter()
    for node in graph.nodes:
        counts[node.name] += operations(node, values, graph)
    _check(counts, limit, limit, command)


def check_products(model: Model, limit: int, command: str) -> None:
    """Refuse a network that is far too large, from the shapes of its values alone."""
    _check(_multiplied(model), limit, HOPELESS * limit, command)


def multiplications(model: Model) -> int:
    """How many products there are in a network, from the shapes of its values alone."""
    return _multiplied(model).total()


def _multiplied(model: Model) -> Counter[str]:
    """The products of each node."""
    counts: Counter[str] = Counter()
    for node in model.nodes:
        if node.op_type in ("MatMul", "Gemm", "Conv"):
            a, b = (model.shapes[name] for name in node.inputs[:2])
            transposed = bool(node.attributes.get("transA", 0))
            made = prod(model.shapes[node.outputs[0]])
            counts[node.name] += made * _summed(node.op_type, a, b, transposed)
    return counts


def _summed(op_type: str, a: Shape, b: Shape, transposed: bool) -> int:
    """How many products there are in each element of the result."""
    match op_type:
        case "MatMul":
            return a[-1]
        case "Gemm":
            return a[0] if transposed else a[1]
        case "Conv":
            return prod(b[1:])
        case _:
            return 1


def _check(counts: Counter[str], limit: int, most: int, command: str) -> None:
    if counts.total() > most:
        [(largest, count)] = counts.most_common(1)
        raise TooLarge(
            f"node {largest!r}: the network unrolls into about {counts.total():,} operations "
            f"before any are shared, {count:,} of them here, and the limit is {limit:,}; raise it "
            f"with --limit, or make HLS C++ of the network: {command}"
        )
