# amaranth: UnusedElaboratable=no
# (an interrupted run leaves some unused)

"""A dataflow graph as an Amaranth component: a pipeline that takes one sample per clock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, assert_never

from amaranth.hdl import Module, Shape, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out, Signature

from rtlgen.dataflow import Dataflow, Input
from rtlgen.hardware import Logic, Node, signal
from rtlgen.logic import shape
from rtlgen.partition import Net, Partition
from rtlgen.schedule import Schedule
from sim.manifest import Ports


class Pipeline(Component):
    """``flow`` as a pipeline that takes and gives one sample per clock.

    Nothing has a reset; ``valid`` travels beside the data. A sample that is at ``x`` before a
    clock edge has its result at ``y`` after ``schedule.latency`` edges, counting that one.

    Members
    -------
    x.valid, y.valid : one bit
    x.payload, y.payload : a member for each element, of its own shape, in the order given
    """

    def __init__(
        self,
        flow: Dataflow,
        schedule: Schedule,
        inputs: Sequence[str],
        outputs: Sequence[str],
        ports: Ports = Ports.PACKED,
    ) -> None:
        self.flow, self.schedule = flow, schedule
        self.partition = Partition(flow, schedule)
        self.inputs, self.outputs, self.ports = inputs, outputs, ports
        given = sorted(
            (op.port, r)
            for op, r in zip(flow.ops, flow.intervals, strict=True)
            if isinstance(op, Input)
        )
        assert [port for port, _ in given] == list(range(len(inputs))), "one operation per port"
        x = {name: shape(r) for name, (_, r) in zip(inputs, given, strict=True)}
        y = {n: shape(flow.intervals[w.op]) for n, w in zip(outputs, flow.outputs, strict=True)}
        super().__init__({"x": In(_bundle(x, ports)), "y": Out(_bundle(y, ports))})

    def elements(self) -> tuple[list[Value], list[Value]]:
        """The signals of all elements that come in, and of all that go out."""
        match self.ports:
            case Ports.PACKED:
                read: Callable[[Any, str], Value] = operator.getitem
            case Ports.ELEMENTS:
                read = getattr
            case _:
                assert_never(self.ports)
        x, y = self.x.payload, self.y.payload
        return [read(x, name) for name in self.inputs], [read(y, name) for name in self.outputs]

    def elaborate(self, platform: object) -> Module:
        x, y = self.elements()
        partition = self.partition
        made = [*partition.top.outputs, *(net for node in partition.nodes for net in node.outputs)]
        nets: dict[Net, Value] = {net: signal(partition, net) for net in made}
        inputs = [(i, op) for i, op in enumerate(self.flow.ops) if isinstance(op, Input)]
        nets |= {Net(i, 0): x[op.port] for i, op in inputs}
        logic = Logic(partition, partition.top, nets)
        m = logic.m
        for node in partition.nodes:
            m.submodules[node.path[-1]] = Node(partition, node, nets)
        for element, wire in zip(y, self.flow.outputs, strict=True):
            m.d.comb += element.eq(logic.at(wire.op, self.schedule.latency))
        valid = self.x.valid
        for stage in range(1, self.schedule.latency + 1):
            valid, last = Signal(name=f"valid_{stage}", reset_less=True), valid
            m.d.sync += valid.eq(last)
        m.d.comb += self.y.valid.eq(valid)
        return m


def _bundle(elements: dict[str, Shape], ports: Ports) -> Signature:
    match ports:
        case Ports.PACKED:
            payload = Out(data.StructLayout(elements))
        case Ports.ELEMENTS:
            payload = Out(Signature({name: Out(shape) for name, shape in elements.items()}))
        case _:
            assert_never(ports)
    return Signature({"payload": payload, "valid": Out(1)})
