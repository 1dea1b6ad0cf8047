"""The order of the nodes: every value is given once, and before it is read.

What a node reads is its inputs, and what its subgraphs read of the graph around them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

import onnx

from sim.errors import ModelError

Nodes = Sequence[onnx.NodeProto]


def in_order(where: str, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes in topological order, which is theirs if that is one; each only once."""
    nodes = sorted_nodes(where, graph)
    given = _given(graph).union(*(node.output for node in nodes))
    for reader, name in _reads(graph):
        if name not in given:
            raise ModelError(
                f"{reader}: value {name!r} is read, but nothing gives it; export the network again"
            )
    return nodes


def sorted_nodes(where: str, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The same of a subgraph, which may read values of others."""
    nodes = list({node.SerializeToString(): node for node in graph.node}.values())
    producers = _producers(where, nodes)
    needs = {
        i: [producers[name] for name in read_by(node) if name in producers]
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


def subgraphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """The graphs that a node holds."""
    return [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]


def graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph, and all that its nodes hold, however deep."""
    yield graph
    for node in graph.node:
        for subgraph in subgraphs(node):
            yield from graphs(subgraph)


def read_by(node: onnx.NodeProto) -> list[str]:
    """The values of the graph around it that a node reads, without those that are absent."""
    return [*filter(None, node.input), *(n for g in subgraphs(node) for n in captured(g))]


def captured(graph: onnx.GraphProto) -> list[str]:
    """The values of the graphs around it that a subgraph reads, each once."""
    given = _given(graph).union(*(node.output for node in graph.node))
    read = (name for _, name in _reads(graph))
    return list(dict.fromkeys(name for name in read if name not in given))


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


def _given(graph: onnx.GraphProto) -> set[str]:
    given = {value.name for value in (*graph.input, *graph.initializer)}
    return given | {tensor.values.name for tensor in graph.sparse_initializer}


def _reads(graph: onnx.GraphProto) -> Iterator[tuple[str, str]]:
    """Who reads what."""
    for node in graph.node:
        for name in read_by(node):
            yield f"node {label(node)!r}", name
    for output in graph.output:
        yield "outputs of the network", output.name
