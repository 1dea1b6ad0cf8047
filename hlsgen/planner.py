"""From the tensor graph to the calls of a C++ program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hlsgen import operators
from hlsgen.builder import Builder
from hlsgen.calls import Call, Program, Variable
from hlsgen.expand import expand
from hlsgen.forking import forked
from hlsgen.fusing import fuse_biases
from hlsgen.labels import labelled
from hlsgen.layouts import layouts
from hlsgen.naming import Names
from hlsgen.style import Directive, Io, Strategy
from rtlgen.graph import Graph
from sim.errors import ShapeError


def plan(graph: Graph, directives: Mapping[str, Directive], io: Io, names: Names) -> Program:
    """The calls of a network, with a directive for each of its nodes by name.

    Raises :class:`NotStreamable` or :class:`UnsupportedOperator` for a node without a kernel,
    and :class:`ShapeError` for a port without an element.
    """
    graph = expand(graph)
    types = graph.types()
    for name in (*graph.inputs, *graph.outputs):
        if not types[name].size:
            raise ShapeError(f"{name!r} has no elements, so it cannot be a port; leave it out")
    build = Builder(graph, types, layouts(graph, types), io)
    inputs = tuple(build.result(name) for name in graph.inputs)
    for node in graph.nodes:
        if any(types[name].size for name in node.outputs):
            build.begin(node, directives.get(node.name, Directive()))
            operators.call(build, node)
    results = tuple(build.variables[name] for name in graph.outputs)
    calls = _alive(fuse_biases(build.calls, results), results)
    program = Program(inputs, results, calls)
    program = forked(program, graph.outputs, everywhere=processes(io, directives))
    return labelled(program, names)


def processes(io: Io, directives: Mapping[str, Directive]) -> bool:
    """Whether calls run side by side, each on data of its own."""
    resource = any(d.strategy is Strategy.RESOURCE for d in directives.values())
    return io is Io.STREAM or resource


def _alive(calls: Sequence[Call], results: Sequence[Variable]) -> tuple[Call, ...]:
    """Without the calls that no output depends on."""
    needed = {v.name for v in results}
    kept = []
    for call in reversed(calls):
        if any(v.name in needed for v in call.writes):
            needed.update(v.name for v in call.reads)
            kept.append(call)
    return tuple(reversed(kept))
