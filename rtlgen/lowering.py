"""From the tensor graph to the scalar one: the same evaluation, on wires."""

from __future__ import annotations

from rtlgen.dataflow import Dataflow
from rtlgen.graph import Graph, Node
from rtlgen.progress import Progress, Silent
from rtlgen.wires import Wires


def lower(graph: Graph, progress: Progress | None = None) -> Dataflow:
    """The unrolled network: an operation for each scalar result, a step for each node."""
    flow, progress = Dataflow(), progress or Silent()

    def begin(node: Node) -> None:
        flow.origin = node.name
        progress.step(node.name)

    inputs = {name: Wires.inputs(flow, type_) for name, type_ in graph.inputs.items()}
    values = graph.evaluate(inputs, begin)
    flow.outputs = [wire for name in graph.outputs for wire in values[name].wires.flat]
    return flow
