"""From the tensor graph to the scalar one: the same evaluation, on wires."""

from __future__ import annotations

from kernels.conv import Conv
from kernels.dense import Gemm
from kernels.elementwise import Add, Sub
from rtlgen.dataflow import Dataflow
from rtlgen.graph import Graph, Node
from rtlgen.plans import Plans, Problem
from rtlgen.progress import Progress, Silent
from rtlgen.search import Search
from rtlgen.wires import Wires


def lower(graph: Graph, progress: Progress | None = None, plans: Plans | None = None) -> Dataflow:
    """The unrolled network: an operation for each scalar result, a step for each node."""
    return _evaluated(graph, plans or Plans(), progress or Silent())


def constant_products(graph: Graph) -> list[Problem]:
    """The products that lowering asks for plans of, so that those of all layers can be searched.

    They do not depend on the plans: intervals are exact, whatever adds up to a sum.
    """
    quick = Plans(Search(effort=1))
    _evaluated(graph, quick, Silent())
    return list(quick.known)


def _evaluated(graph: Graph, plans: Plans, progress: Progress) -> Dataflow:
    flow = Dataflow(plans=plans)
    adding = {name for node in graph.nodes if _adds(node, graph) for name in node.inputs}

    def begin(node: Node) -> None:
        flow.origin = node.name
        flow.addend = _adds(node, graph) or not adding.isdisjoint(node.outputs)
        progress.step(node.name)

    inputs = {name: Wires.inputs(flow, type_) for name, type_ in graph.inputs.items()}
    values = graph.evaluate(inputs, begin)
    flow.outputs = [wire for name in graph.outputs for wire in values[name].wires.flat]
    return flow


def _adds(node: Node, graph: Graph) -> bool:
    """Whether a node adds a constant to what it computes or to what another node does."""
    match node.op:
        case Add() | Sub():
            return any(name in graph.constants for name in node.inputs)
        case Gemm() | Conv():
            return len(node.inputs) > 2
        case _:
            return False
