"""The outside of a design: its manifest, and a Verilog name for every element of its ports."""

from __future__ import annotations

from itertools import chain

from rtlgen import tensors, verilog
from rtlgen.dataflow import Dataflow
from rtlgen.network import Network
from sim.manifest import Manifest, Ports


def element_names(network: Network) -> tuple[list[str], list[str]]:
    """A Verilog name for every element of the inputs, and of the outputs."""
    inputs, outputs = network.graph.inputs, network.graph.outputs
    shapes = [(name, network.types[name].shape) for name in (*inputs, *outputs)]
    names = verilog.element_names(shapes)
    ends = names[: len(inputs)], names[len(inputs) :]
    given, made = (list(chain.from_iterable(tensors)) for tensors in ends)
    return given, made


def manifest(network: Network, flow: Dataflow, latency: int, ports: Ports) -> Manifest:
    """The ports of the hardware that ``flow`` describes, and what their codes stand for."""
    graph = network.graph
    given = [interval for type_ in graph.inputs.values() for interval in type_.elements()]
    made = [flow.interval(wire) for wire in flow.outputs]
    names = element_names(network) if ports is Ports.ELEMENTS else ([], [])
    return Manifest(
        ports=ports,
        clock="clk" if latency else None,
        latency=latency,
        inputs=tuple(tensors.inputs(network, given, names[0])),
        outputs=tuple(tensors.outputs(network, made, names[1])),
    )
