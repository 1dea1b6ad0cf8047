"""The inputs and outputs of a network as a manifest lists them, whatever the hardware is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from rtlgen.encoding import Decoding, Encoding
from rtlgen.network import Network
from rtlgen.rationals import Values
from sim.manifest import Tensor
from sim.rounding import Interval


def inputs(
    network: Network, intervals: Sequence[Interval], ports: Sequence[str] = ()
) -> Iterator[Tensor]:
    """The inputs; intervals, and ports if they have any, are those of all elements in order."""
    codings = [(name, network.codings.inputs[name]) for name in network.graph.inputs]
    return _tensors(network, codings, iter(intervals), iter(ports))


def outputs(
    network: Network, intervals: Sequence[Interval], ports: Sequence[str] = ()
) -> Iterator[Tensor]:
    """The outputs, likewise."""
    codings = [(name, network.codings.outputs[name]) for name in network.graph.outputs]
    return _tensors(network, codings, iter(intervals), iter(ports))


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
