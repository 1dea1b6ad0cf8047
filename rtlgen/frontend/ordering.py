"""The order of the nodes: every value is given once, and before it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

import onnx

from sim.errors import ModelError

Nodes = Sequence[onnx.NodeProto]


def in_order(where: str, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes in topological order, which is theirs if that is one; each only once."""
    nodes = list({node.SerializeToString(): node for node in graph.node}.values())
    producers = _producers(where, nodes)
    given = {value.name for value in (*graph.input, *graph.initializer)}
    given |= {tensor.values.name for tensor in graph.sparse_initializer}
    for reader, name in _reads(nodes, graph):
        if name not in given and name not in producers:
            raise ModelError(
                f"{reader}: value {name!r} is read, but nothing gives it; export the network again"
            )
    needs = {
        i: [producers[name] for name in node.input if name in producers]
        for i, node in enumerate(nodes)
    }
    if all(j < i for i, needed in needs.items() for j in needed):
        return nodes
    try:
        return [nodes[i] for i in TopologicalSorter(needs).static_order()]
    except CycleError as error:
        cycle = " -> ".join(repr(label(nodes[i])) for i in error.args[1])
        raise ModelError(
            f"{where}: nodes {cycle} form a cycle; only feed-forward networks are supported"
        ) from error


def label(node: onnx.NodeProto) -> str:
    """The name of a node, or of what it computes where it has none."""
    return node.name or next(filter(None, node.output), node.op_type)


def _producers(where: str, nodes: Nodes) -> dict[str, int]:
    producers: dict[str, int] = {}
    for i, node in enumerate(nodes):
        for output in filter(None, node.output):
            if output in producers:
                raise ModelError(
                    f"{where}: value {output!r} is computed by two nodes, "
                    f"{label(nodes[producers[output]])!r} and {label(node)!r}; rename one output"
                )
            producers[output] = i
    return producers


def _reads(nodes: Nodes, graph: onnx.GraphProto) -> Iterator[tuple[str, str]]:
    """Who reads what."""
    for node in nodes:
        for name in filter(None, node.input):
            yield f"node {label(node)!r}", name
    for output in graph.output:
        yield "outputs of the network", output.name
