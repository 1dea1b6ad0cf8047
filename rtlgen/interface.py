"""The outside of a design: its manifest, and a Verilog name for every element of its ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np

from rtlgen import verilog
from rtlgen.dataflow import Dataflow
from rtlgen.encoding import Decoding, Encoding
from rtlgen.network import Network
from rtlgen.rationals import Values
from sim.manifest import Manifest, Ports, Tensor
from sim.rounding import Interval


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
    graph, codings = network.graph, network.codings
    given = [interval for type_ in graph.inputs.values() for interval in type_.elements()]
    made = [flow.interval(wire) for wire in flow.outputs]
    names = element_names(network) if ports is Ports.ELEMENTS else ([], [])
    inputs = [(name, codings.inputs[name]) for name in graph.inputs]
    outputs = [(name, codings.outputs[name]) for name in graph.outputs]
    return Manifest(
        ports=ports,
        clock="clk" if latency else None,
        latency=latency,
        inputs=tuple(_tensors(network, inputs, iter(given), iter(names[0]))),
        outputs=tuple(_tensors(network, outputs, iter(made), iter(names[1]))),
    )


def _tensors(
    network: Network,
    codings: Sequence[tuple[str, Encoding | Decoding]],
    intervals: Iterator[Interval],
    ports: Iterator[str],
) -> Iterator[Tensor]:
    """Deal the elements out to the tensors that they belong to."""
    for name, coding in codings:
        shape, size = network.types[name].shape, network.types[name].size
        own = list(islice(intervals, size))
        yield Tensor(
            name,
            shape,
            tuple(r.signed for r in own),
            tuple(max(1, r.width) for r in own),
            tuple(r.exp for r in own),
            _reals(coding.scale, shape),
            _reals(coding.offset, shape),
            tuple(islice(ports, size)),
        )


def _reals(values: Values, shape: tuple[int, ...]) -> tuple[float, ...]:
    """One number for all elements, or one for each."""
    if values.size == 1:
        return (float(values.reshape(-1)[0]),)
    return tuple(map(float, np.broadcast_to(values, shape).reshape(-1)))
