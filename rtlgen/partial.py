"""Products of computed numbers as sums of narrower products, which a clock has time for.

A multiplier is one operation, in one stage. Where that is too slow, the narrower operand is cut
into digits of a few bits; each is multiplied for itself, and registers go between the sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kernels.dense import MatMul
from kernels.elementwise import Mul, Sum
from kernels.quant import Quantize
from rtlgen.cost import cost
from rtlgen.graph import Graph, Node
from rtlgen.operations import Mul as Product
from rtlgen.operations import Wire
from rtlgen.targets import Target
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding


def within(graph: Graph, target: Target, clock_hz: float | None) -> Graph:
    """The same function with no product that takes longer than a clock period, if there is one."""
    if clock_hz is None:
        return graph
    types = graph.evaluate(graph.inputs)
    nodes: list[Node] = []
    for node in graph.nodes:
        limit = 1e9 / clock_hz - target.register_ns
        nodes += _parts(node, types, limit, target, graph) if _computed(node, graph) else [node]
    return graph.with_nodes(tuple(nodes)).check()


def _computed(node: Node, graph: Graph) -> bool:
    known = graph.constants.keys()
    return isinstance(node.op, Mul | MatMul) and known.isdisjoint(node.inputs)


def _parts(
    node: Node, types: Mapping[str, Intervals | Fixed], limit: float, target: Target, graph: Graph
) -> list[Node]:
    """The node, or those that compute it from digits of its narrower operand."""
    hulls = [_hull(Intervals.of(types[name])) for name in node.inputs]
    at = 0 if hulls[0].width < hulls[1].width else 1
    bits = _digit(hulls[at], hulls[1 - at], limit, target)
    if bits is None or hulls[at].width <= bits or len(set(node.inputs)) < 2:
        return [node]
    output, name = node.outputs[0], node.inputs[at]
    out: list[Node] = []
    terms = []
    for start in range(0, hulls[at].width, bits):
        digit, term = f"{output}.digit{start}", f"{output}.part{start}"
        op = _digit_of(hulls[at], start, bits)
        inputs = (digit, node.inputs[1]) if at == 0 else (node.inputs[0], digit)
        out += [
            Node(op, (name,), (digit,), node.name),
            replace(node, inputs=inputs, outputs=(term,)),
        ]
        terms.append(term)
    if _only_quantized(output, graph):
        return [*out, Node(Sum(), tuple(terms), (output,), node.name)]
    exact = Quantize(Intervals.of(types[output]), Rounding.FLOOR, Overflow.SATURATE)
    total = f"{output}.total"
    out.append(Node(Sum(), tuple(terms), (total,), node.name))
    return [*out, Node(exact, (total,), (output,), node.name)]


def _digit_of(x: Interval, start: int, bits: int) -> Quantize:
    """So many bits from this one on; the last ones with the sign."""
    exp = x.exp + start
    if start + bits >= x.width:
        to = Interval(x.lo >> start, x.hi >> start, exp)
        return Quantize(Intervals.full((), to), Rounding.FLOOR, Overflow.SATURATE)
    to = Interval(0, (1 << bits) - 1, exp)
    return Quantize(Intervals.full((), to), Rounding.FLOOR, Overflow.WRAP)


def _digit(few: Interval, many: Interval, limit: float, target: Target) -> int | None:
    """The most bits that can be multiplied at once; None if all can, or not even two."""
    if _takes(few, many, target) <= limit:
        return None
    for bits in (16, 8, 4, 2):
        digit = Interval(-(1 << bits - 1), (1 << bits - 1) - 1, 0)
        if bits < few.width and _takes(digit, many, target) <= limit:
            return bits
    return None


def _takes(a: Interval, b: Interval, target: Target) -> float:
    product = Interval(0, 1 << a.width + b.width, a.exp + b.exp)
    return cost(Product(Wire(0), Wire(1)), product, (a, b), target).delay_ns


def _hull(type_: Intervals) -> Interval:
    exp = int(type_.exp.min(initial=0))
    lo, hi = type_.at(np.full(type_.shape, exp))
    return Interval(int(lo.min(initial=0)), int(hi.max(initial=0)), exp)


def _only_quantized(name: str, graph: Graph) -> bool:
    """Whether a value is only rounded and limited, so that its own interval matters to nobody."""
    readers = [node for node in graph.nodes if name in node.inputs]
    return name not in graph.outputs and all(isinstance(node.op, Quantize) for node in readers)
