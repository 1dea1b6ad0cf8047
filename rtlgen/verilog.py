"""From a scheduled dataflow graph to the text of a Verilog file."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, product
from typing import assert_never

from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Fragment, Value
from amaranth.hdl._ir import PortDirection
from amaranth.lib import data

from rtlgen.adders import Modules
from rtlgen.dataflow import Dataflow, Input, operands
from rtlgen.hardware import identifier
from rtlgen.logic import shape
from rtlgen.pipeline import Pipeline
from rtlgen.schedule import Schedule
from rtlgen.uncollected import uncollected
from rtlgen.yosys import to_verilog
from sim.manifest import Ports
from sim.rounding import Interval

_WORDS = """
always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign
default defparam design disable edge else end endcase endconfig endfunction endgenerate
endmodule endprimitive endspecify endtable endtask event for force forever fork function
generate genvar highz0 highz1 if ifnone incdir include initial inout input instance integer
join large liblist library localparam macromodule medium module nand negedge nmos nor
noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1
pulldown pullup pulsestyle_onevent pulsestyle_ondetect rcmos real realtime reg release repeat
rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam
strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand
trior trireg unsigned use vectored wait wand weak0 weak1 while wire wor xnor xor
bit byte logic int shortint longint var do return break continue class new this super
clk rst signature x__valid x__payload y__valid y__payload
"""
_MEMBERS = {name for kind in (data.View, data.Const) for name in dir(kind)}
RESERVED = _MEMBERS.union(_WORDS.split())
"""What no element is called: words of (System)Verilog, our own ports, members in Amaranth."""


def emit(
    flow: Dataflow,
    schedule: Schedule,
    inputs: Sequence[str],
    outputs: Sequence[str],
    ports: Ports = Ports.PACKED,
    name: str = "top",
) -> str:
    """The module ``name``, the same text for the same arguments.

    ``inputs`` and ``outputs`` name each element, as ``element_names`` makes them. The ports are
    ``x__payload`` and ``y__payload``, or one for each element; ``x__valid`` and ``y__valid``;
    and ``clk`` unless the latency is zero.
    """
    pipeline = Pipeline(flow, schedule, inputs, outputs, ports)
    modules = Modules(name)
    with uncollected(), _room(len(flow.ops)):
        text = _plain(to_verilog(_rtlil(pipeline, modules)))
        return "\n".join([*_header(pipeline, name), text]) + modules.text()


def _rtlil(pipeline: Pipeline, modules: Modules) -> str:
    fragment = Fragment.get(pipeline, modules)
    signals = _ports(pipeline)
    if pipeline.schedule.latency:
        fragment.add_domains(domain := ClockDomain("sync", reset_less=True))
        signals["clk"] = (domain.clk, PortDirection.Input)
    text: str = rtlil.convert_fragment(fragment, signals, modules.prefix, emit_src=False)[0]
    return text


def element_names(tensors: Sequence[tuple[str, tuple[int, ...]]]) -> list[list[str]]:
    """A Verilog identifier for every element of some tensors: ``fc1_out_0_3``, all different.

    Letters, digits and single underscores of the tensor's name stay, anything else is ``_``.
    """
    taken = set(RESERVED)
    return [_names(name, shape, taken) for name, shape in tensors]


def _names(tensor: str, shape: tuple[int, ...], taken: set[str]) -> list[str]:
    positions = ["_".join(map(str, index)) for index in product(*map(range, shape))]
    for attempt in count(1):
        stem = identifier(tensor) if attempt == 1 else f"{identifier(tensor)}_v{attempt}"
        names = [f"{stem}_{position}" if position else stem for position in positions]
        if taken.isdisjoint(names):
            break
    taken.update(names)
    return names


def _ports(pipeline: Pipeline) -> dict[str, tuple[Value, PortDirection]]:
    """Packed words by the path to them, elements by their own name."""
    x, y = pipeline.x, pipeline.y
    match pipeline.ports:
        case Ports.PACKED:
            given, made = {"x__payload": x.payload}, {"y__payload": y.payload}
        case Ports.ELEMENTS:
            elements = pipeline.elements()
            given = dict(zip(pipeline.inputs, elements[0], strict=True))
            made = dict(zip(pipeline.outputs, elements[1], strict=True))
        case _:
            assert_never(pipeline.ports)
    return {
        n: (Value.cast(value), direction)
        for ports, direction in (
            (given | {"x__valid": x.valid}, PortDirection.Input),
            (made | {"y__valid": y.valid}, PortDirection.Output),
        )
        for n, value in ports.items()
    }


def _header(pipeline: Pipeline, name: str) -> list[str]:
    """What a reader of the file has to know, as comments."""
    flow, latency, ports = pipeline.flow, pipeline.schedule.latency, pipeline.ports
    given = {
        o.port: r for o, r in zip(flow.ops, flow.intervals, strict=True) if isinstance(o, Input)
    }
    inputs, outputs = [given[port] for port in sorted(given)], map(flow.interval, flow.outputs)
    counts = Counter(
        origin for op, origin in zip(flow.ops, flow.origins, strict=True) if operands(op)
    )
    lines = [
        f"{name}: " + (f"one sample per clock, latency {latency}" if latency else "combinational"),
        "",
        "Elements, with their format: unsigned or signed, bits, and e for steps of 2**e.",
        *_listed("input", ports, "x__payload", pipeline.inputs, inputs),
        *_listed("output", ports, "y__payload", pipeline.outputs, outputs),
        "",
        "Nodes of the model, an instance each, of an instance for each stage. Operation k is the",
        "wire <node>_w<k>, its register at the end of stage s is <node>_w<k>_<s>.",
        *(f"  {identifier(n):<31} {n!r}, {counts[n]} operations" for n in counts),
    ]
    return [f"// {line}".rstrip() for line in lines]


def _listed(
    kind: str, ports: Ports, word: str, names: Sequence[str], intervals: Iterable[Interval]
) -> Iterator[str]:
    offset = 0
    for name, r in zip(names, intervals, strict=True):
        width = shape(r).width
        place = f"{word}[{offset + width - 1}:{offset}]" if ports is Ports.PACKED else "port"
        yield f"  {kind:<7} {place:<24} {name:<24} {r}"
        offset += width


@contextmanager
def _room(depth: int) -> Iterator[None]:
    """For Amaranth's recursion."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 10 * depth)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _plain(text: str) -> str:
    """Without the generator's version and empty lines."""
    return re.sub(r"^\s*(/\*.*\*/)?\n", "", text, flags=re.MULTILINE)
