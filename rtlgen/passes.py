"""Passes on the tensor graph: the same function from fewer nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kernels.elementwise import Relu
from kernels.quant import Quantize
from kernels.shape import Dropout, Identity
from rtlgen.graph import Graph, Node
from sim.rounding import Overflow

Pass = Callable[[Graph], Graph]


def bypass(graph: Graph) -> Graph:
    """Leave out what hands its input on."""
    renamed: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        inputs = tuple(renamed.get(name, name) for name in node.inputs)
        if isinstance(node.op, Identity | Dropout) and node.outputs[0] not in graph.outputs:
            renamed[node.outputs[0]] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    return graph.with_nodes(tuple(nodes))


def saturate(graph: Graph) -> Graph:
    """Leave out a rectifier before a quantizer that saturates at zero anyway."""
    producers = {name: node for node in graph.nodes for name in node.outputs}

    def direct(node: Node) -> Node:
        source = producers.get(node.inputs[0]) if node.inputs else None
        if source and isinstance(source.op, Relu) and _saturates_at_zero(node):
            return replace(node, inputs=source.inputs)
        return node

    return graph.with_nodes(tuple(map(direct, graph.nodes)))


def prune(graph: Graph) -> Graph:
    """Leave out nodes and constants that no output depends on."""
    needed = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    constants = {name: value for name, value in graph.constants.items() if name in needed}
    return replace(graph, nodes=tuple(reversed(kept)), constants=constants)


PASSES: tuple[Pass, ...] = (bypass, saturate, prune)


def run(graph: Graph, after: Callable[[str, Graph], None] = lambda *_: None) -> Graph:
    """All passes, each checked; ``after`` sees the graph behind each."""
    after("import", graph)
    for step in PASSES:
        graph = step(graph).check()
        after(step.__name__, graph)
    return graph


def _saturates_at_zero(node: Node) -> bool:
    op = node.op
    return (
        isinstance(op, Quantize)
        and op.overflow is Overflow.SATURATE
        and bool((op.to.lo == 0).all())
    )
