"""The modules of nodes in Verilog: nothing but instances of those of their stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rtlgen.logic import shape
from rtlgen.partition import Net, Part, Partition, module


def wrappers(partition: Partition, top: str) -> str:
    """All of them, for a top of this name."""
    return "".join(_wrapper(partition, node, top) for node in partition.nodes)


def _wrapper(partition: Partition, node: Part, top: str) -> str:
    stages = partition.stages[node.path]
    inner = {net for stage in stages for net in stage.outputs}.difference(node.outputs)
    clock = ["input clk"] if node.clocked else []
    ports = [
        *clock,
        *_declared("input", partition, node.inputs),
        *_declared("output", partition, node.outputs),
    ]
    wires = "".join(f"  {wire};\n" for wire in _declared("wire", partition, sorted(inner)))
    body = "".join(_instance(partition, stage, top) for stage in stages)
    listed = ",\n  ".join(ports)
    return f"module \\{module(top, node.path)} (\n  {listed}\n);\n{wires}{body}endmodule\n"


def _declared(kind: str, partition: Partition, nets: Iterable[Net]) -> Iterator[str]:
    for net in nets:
        width = shape(partition.flow.intervals[net.op]).width
        bits = f"[{width - 1}:0] " if width > 1 else ""
        yield f"{kind} {bits}{partition.name(net)}"


def _instance(partition: Partition, stage: Part, top: str) -> str:
    clock = ["clk"] if stage.clocked else []
    names = [*clock, *map(partition.name, (*stage.inputs, *stage.outputs))]
    ports = ",\n".join(f"    .{name}({name})" for name in names)
    return f"  \\{module(top, stage.path)}  {stage.path[-1]} (\n{ports}\n  );\n"
