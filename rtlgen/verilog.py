# amaranth: UnusedElaboratable=no
# (an interrupted run leaves some unused)

"""From a scheduled dataflow graph to the text of a Verilog file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, product

from amaranth.lib import data

from rtlgen.adders import adders
from rtlgen.dataflow import Dataflow, Input, operands
from rtlgen.logic import shape
from rtlgen.netlist import netlists
from rtlgen.partition import identifier
from rtlgen.pipeline import Pipeline
from rtlgen.schedule import Schedule
from rtlgen.uncollected import uncollected
from rtlgen.wrappers import wrappers
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
    with uncollected():
        texts, kinds = zip(*netlists(pipeline, name), strict=True)
        text = _plain(to_verilog("".join(texts)))
    header = "".join(f"{line}\n" for line in _header(pipeline, name))
    instances = wrappers(pipeline.partition, name) + adders(name, set().union(*kinds))
    return header + text + instances


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


def _plain(text: str) -> str:
    """Without the generator's version and empty lines."""
    return re.sub(r"^\s*(/\*.*\*/)?\n", "", text, flags=re.MULTILINE)
