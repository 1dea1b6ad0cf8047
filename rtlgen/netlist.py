"""From Amaranth to RTLIL: a netlist of each part of a pipeline, made without the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, assert_never

from amaranth.back.rtlil import convert_fragment
from amaranth.hdl import ClockDomain, Elaboratable, Fragment, Value
from amaranth.hdl._ir import PortDirection

from rtlgen.adders import Modules, Signs
from rtlgen.hardware import Logic, signal
from rtlgen.parallel import spread
from rtlgen.partition import Part, Partition, module
from rtlgen.pipeline import Pipeline
from rtlgen.uncollected import uncollected
from sim.manifest import Ports

ENOUGH = 2500
"""Nets for which a process is worth its start: it takes as long as about so many."""

Ends = tuple[dict[str, Value], dict[str, Value]]
"""What goes into a module and what comes out, by the names of the ports."""


class Netlist(NamedTuple):
    """The RTLIL of a part, and the kinds of adders that it has instances of."""

    text: str
    adders: frozenset[Signs]


def netlists(pipeline: Pipeline, name: str) -> list[Netlist]:
    """Those of all parts, of which the top gets the name.

    Several processes make those of a large design; they are the same however many there are.
    """
    partition = pipeline.partition
    stages = [stage for node in partition.nodes for stage in partition.stages[node.path]]
    largest_first = sorted(stages, key=lambda stage: -len(stage.nets))
    worth = sum(len(stage.nets) for stage in stages) // ENOUGH
    sent = Partition(pipeline.flow, pipeline.schedule)  # smaller than one that knows its parts
    made = spread(_of_stage, (sent, name), largest_first, worth)
    return [_netlist(pipeline, _ends(pipeline), name, partition.top), *made]


def _of_stage(given: tuple[Partition, str], stage: Part) -> Netlist:
    partition, top = given
    nets = {net: signal(partition, net) for net in (*stage.inputs, *stage.outputs)}
    inputs, outputs = (
        {partition.name(net): nets[net] for net in ends} for ends in (stage.inputs, stage.outputs)
    )
    with uncollected():
        return _netlist(Logic(partition, stage, nets).m, (inputs, outputs), top, stage)


def _netlist(source: Elaboratable, ends: Ends, top: str, part: Part) -> Netlist:
    modules = Modules(top)
    ports = {
        name: (Value.cast(value), direction)
        for end, direction in zip(ends, (PortDirection.Input, PortDirection.Output), strict=True)
        for name, value in end.items()
    }
    with _room(len(part.nets)):
        fragment = Fragment.get(source, modules)
        if part.clocked:
            fragment.add_domains(domain := ClockDomain("sync", reset_less=True))
            ports["clk"] = domain.clk, PortDirection.Input
        text: str = convert_fragment(fragment, ports, module(top, part.path), emit_src=False)[0]
    return Netlist(text, frozenset(modules.adders))


def _ends(pipeline: Pipeline) -> Ends:
    """Packed words by the path to them, elements by their own names."""
    x, y = pipeline.x, pipeline.y
    given, made = pipeline.elements()
    match pipeline.ports:
        case Ports.PACKED:
            inputs, outputs = {"x__payload": x.payload}, {"y__payload": y.payload}
        case Ports.ELEMENTS:
            inputs = dict(zip(pipeline.inputs, given, strict=True))
            outputs = dict(zip(pipeline.outputs, made, strict=True))
        case _:
            assert_never(pipeline.ports)
    return inputs | {"x__valid": x.valid}, outputs | {"y__valid": y.valid}


@contextmanager
def _room(depth: int) -> Iterator[None]:
    """For Amaranth's recursion."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 10 * depth)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
