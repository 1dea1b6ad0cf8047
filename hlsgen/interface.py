"""The outside of a project: its manifest, and where the manifest's elements stand in C++."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hlsgen.calls import Program, Variable
from hlsgen.formats import width
from rtlgen import tensors
from rtlgen.network import Network
from sim.manifest import Manifest, Tensor
from sim.rounding import Interval


@dataclass(frozen=True)
class Port:
    """An input or output of the function, and the element of it for each of the manifest's."""

    variable: Variable
    places: tuple[int, ...]
    """In the order of memory."""
    shifts: tuple[int, ...]
    """By how many bits the step of an element is coarser than that of the variable's numbers."""


def manifest(network: Network) -> Manifest:
    """What the kernel takes and gives, in the exact types of the network."""
    graph = network.graph
    return Manifest(
        latency=None,
        inputs=tuple(tensors.inputs(network, _intervals(network, graph.inputs))),
        outputs=tuple(tensors.outputs(network, _intervals(network, graph.outputs))),
    )


def ports(program: Program, manifest: Manifest) -> tuple[list[Port], list[Port]]:
    """Those of the inputs and of the outputs, in the order of the manifest."""
    ends = (program.inputs, manifest.inputs), (program.outputs, manifest.outputs)
    given, made = ([_port(*pair) for pair in zip(*end, strict=True)] for end in ends)
    return given, made


def _intervals(network: Network, names: Iterable[str]) -> list[Interval]:
    return [interval for name in names for interval in network.types[name].elements()]


def _port(variable: Variable, tensor: Tensor) -> Port:
    most = width(variable.format) - 1  # what only can be zero may have any step
    coarser = (min(max(0, exp - variable.format.exp), most) for exp in tensor.exp)
    return Port(variable, tuple(map(int, variable.layout.places)), tuple(coarser))
