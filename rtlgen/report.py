"""What a design costs: layer by layer, stage by stage and in total.

``report.json`` is a :class:`Report` as an object, with three keys more: ``format``, the version of
this description, which is 1; ``proved``, a :class:`rtlgen.proof.Proof` as an object; and
``verified``, null until the design was replayed without a difference, and then an object of
``samples``, ``cycles`` and ``simulator``. After calibration there is ``clipped``, a list of
:class:`rtlgen.clipping.Clipped`, and after a search of formats ``accuracy``, a
:class:`rtlgen.tradeoff.Tradeoff` with all its trials. What is called an estimate is one for the
target; everything else is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from rtlgen import tables
from rtlgen.cost import costs
from rtlgen.dataflow import Const, Dataflow, Input
from rtlgen.graph import Node, describe
from rtlgen.registers import register_bits
from rtlgen.schedule import Schedule
from rtlgen.size import products
from rtlgen.targets import Target
from rtlgen.timing import Timing

if TYPE_CHECKING:
    from rtlgen.design import Design

FORMAT = 1


@dataclass(frozen=True)
class Layer:
    """A node of the model; those that share its name are one layer with it."""

    name: str
    operators: tuple[str, ...]
    """Each once, in order."""
    multiplies: int
    """Products of the layer, computed naively."""
    nonzero_weights: int
    """Constants that it multiplies with and that are not zero."""
    operations: int
    """Scalar operations left after optimization."""
    luts: int
    """An estimate."""
    depth: int
    """Operations on the longest path through the layer."""
    output: str
    """Shape and formats of what it gives, such as ``1x32, u1..s11 e-7``."""


@dataclass(frozen=True)
class Stage:
    """The logic in front of one layer of registers; all of it, if there are none."""

    delay_ns: float
    """An estimate of the longest path, with clock-to-output and set-up if there are registers."""
    luts: int
    """An estimate."""
    registers: int
    """Bits of the layer behind the logic."""


@dataclass(frozen=True)
class Report:
    """The costs of a design."""

    model: str
    target: str
    clock_mhz: float
    """What was asked for; else, the fastest clock."""
    clock_asked: bool
    fastest_mhz: float
    """An estimate, rounded down; of a design without registers, with registers around it."""
    latency_clocks: int
    latency_ns: float
    """At ``clock_mhz``; without registers, an estimate of the longest path."""
    initiation_interval: int
    operations: int
    luts: int
    """An estimate."""
    luts_available: int
    registers: int
    """Bits, with those of ``valid``."""
    registers_available: int
    inputs: dict[str, str]
    """Shape and formats of each input."""
    outputs: dict[str, str]
    layers: tuple[Layer, ...]
    stages: tuple[Stage, ...]

    def to_json(self) -> dict[str, Any]:
        """What ``report.json`` holds as long as nothing is proved or verified."""
        return {"format": FORMAT, "verified": None} | asdict(self)

    def text(self, width: int = tables.WIDTH) -> str:
        """The tables, no wider than so many columns (if these are 80 or more)."""
        return tables.text(self, width)

    def __str__(self) -> str:
        return self.text()


def of(design: Design) -> Report:
    """The report of a design."""
    flow, target, plan = design.flow, design.target, design.schedule
    timing, luts = Timing(flow, target, plan.percents), _luts(flow, plan, target)
    period = timing.longest(plan.stages)
    fastest = floor(1e7 / period) / 10
    asked = design.options.wanted_clock_hz
    clock = round(asked / 1e6, 6) if asked else fastest
    stages = _stages(flow, timing, luts, plan.stages, plan.latency)
    types, graph = design.network.types, design.network.graph
    return Report(
        model=design.name,
        target=target.name,
        clock_mhz=clock,
        clock_asked=asked is not None,
        fastest_mhz=fastest,
        latency_clocks=plan.latency,
        latency_ns=round(plan.latency * 1e3 / clock, 3) if plan.latency else stages[0].delay_ns,
        initiation_interval=1,
        operations=sum(not isinstance(op, Input | Const) for op in flow.ops),
        luts=sum(luts),
        luts_available=target.luts,
        registers=sum(stage.registers for stage in stages),
        registers_available=target.luts * target.registers_per_lut,
        inputs={name: describe(types[name]) for name in graph.inputs},
        outputs={name: describe(types[name]) for name in graph.outputs},
        layers=_layers(design, luts, timing),
        stages=stages,
    )


def _luts(flow: Dataflow, plan: Schedule, target: Target) -> list[int]:
    """Estimated LUTs of each operation; on top of another in its chain, it needs no ends."""
    stacked = {i for chain in plan.chains for i in chain[1:]}
    spared = max(0, target.chain_ends - 1)  # but a bit between the two
    found = [ceil(taken.luts) for taken in costs(flow, target)]
    return [count - spared * (i in stacked) for i, count in enumerate(found)]


def _layers(design: Design, luts: Sequence[int], timing: Timing) -> tuple[Layer, ...]:
    flow = design.flow
    operations: dict[str, list[int]] = defaultdict(list)
    depths: list[int] = []
    for i, (op, origin) in enumerate(zip(flow.ops, flow.origins, strict=True)):
        before = [depths[j] for j in timing.reads[i] if flow.origins[j] == origin]
        depths.append(max(before, default=0) + (timing.delays[i] > 0))
        if not isinstance(op, Input | Const):
            operations[origin].append(i)
    nodes: dict[str, list[Node]] = defaultdict(list)
    for node in design.network.graph.nodes:
        nodes[node.name].append(node)
    return tuple(
        _layer(design, name, own, operations[name], luts, depths) for name, own in nodes.items()
    )


def _layer(
    design: Design,
    name: str,
    nodes: Sequence[Node],
    operations: Sequence[int],
    luts: Sequence[int],
    depths: Sequence[int],
) -> Layer:
    types, graph = design.network.types, design.network.graph
    multiplied = [products(node, types, graph) for node in nodes]
    return Layer(
        name,
        tuple(dict.fromkeys(type(node.op).__name__ for node in nodes)),
        sum(p.total for p in multiplied),
        sum(p.weights for p in multiplied),
        len(operations),
        sum(luts[i] for i in operations),
        max((depths[i] for i in operations), default=0),
        describe(types[nodes[-1].outputs[0]]),
    )


def _stages(
    flow: Dataflow, timing: Timing, luts: Sequence[int], stages: Sequence[int], latency: int
) -> tuple[Stage, ...]:
    count = max(1, latency)
    delays, sums, bits = [0] * count, [0] * count, [int(latency > 0)] * count  # 1 bit of valid
    crossing = register_bits(flow, timing, stages, latency)
    for i, (stage, arrival) in enumerate(zip(stages, timing.arrivals(stages), strict=True)):
        delays[stage] = max(delays[stage], arrival)
        sums[stage] += luts[i]
        width = max(1, flow.intervals[i].width)
        for layer in range(stage, stage + crossing[i] // width):
            bits[layer] += width
    around = timing.register if latency else 0
    return tuple(
        Stage(round((delay + around) / 1000, 3), lut, bit)
        for delay, lut, bit in zip(delays, sums, bits, strict=True)
    )
