"""What a project costs: layer by layer, as far as it is known before synthesis.

``report.json`` is a :class:`Report` as an object, with the keys of rtlgen's where they mean the
same, and these: ``format``, the version of this description, which is 1; ``files``, what the
folder is made of; ``verified``, null until the C++ was replayed without a difference; and
``synthesis``, null until the vendor's tool has run (``--build``), and then what its reports say.
What is called an estimate follows from the schedule of the kernels; everything else is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hlsgen import tables
from hlsgen.calls import FORK, Call
from hlsgen.depths import period
from hlsgen.formats import number
from hlsgen.parts import part
from hlsgen.planner import processes
from rtlgen.graph import describe

if TYPE_CHECKING:
    from hlsgen.project import Project

FORMAT = 1


@dataclass(frozen=True)
class Layer:
    """A node of the model: the kernels that stand for it."""

    name: str
    kernels: tuple[str, ...]
    multiplies: int
    """Products of a sample."""
    nonzero_weights: int
    """Constants that it multiplies with and that are not zero."""
    multipliers: int
    """That work side by side; an estimate, for constants may need none."""
    reuse: int
    interval_clocks: int
    """From one sample to the next; an estimate."""
    output: str
    """Shape and formats of what it gives."""


@dataclass(frozen=True)
class Report:
    """The costs of a project."""

    model: str
    vendor: str
    top: str
    io: str
    target: str
    clock_mhz: float
    """What is asked for."""
    initiation_interval: int
    """Clocks from one sample to the next; an estimate."""
    inputs: dict[str, str]
    """Shape and formats of each input."""
    outputs: dict[str, str]
    layers: tuple[Layer, ...]
    channels: dict[str, int]
    """Positions that each channel has room for."""

    def to_json(self) -> dict[str, Any]:
        """What ``report.json`` holds as long as nothing is verified or built."""
        return {"format": FORMAT, "verified": None, "synthesis": None} | asdict(self)

    def text(self, width: int = tables.WIDTH) -> str:
        """The tables, no wider than so many columns (if these are 80 or more)."""
        return tables.text(self, width)

    def __str__(self) -> str:
        return self.text()


def of(project: Project) -> Report:
    """The report of a project."""
    options, program = project.options, project.program
    types, graph = project.network.types, project.network.graph
    side_by_side = processes(options.io, project.directives)
    return Report(
        model=project.network.name,
        vendor=options.vendor,
        top=project.top,
        io=options.io,
        target=part(options.part, options.vendor),
        clock_mhz=round(options.clock_hz / 1e6, 6),
        initiation_interval=period(program) if side_by_side else 1,
        inputs={name: describe(types[name]) for name in graph.inputs},
        outputs={name: describe(types[name]) for name in graph.outputs},
        layers=_layers(program.calls, side_by_side),
        channels=project.depths,
    )


def _layers(calls: Sequence[Call], side_by_side: bool) -> tuple[Layer, ...]:
    nodes: dict[str, list[Call]] = {}
    for call in calls:
        if call.kernel != FORK:
            nodes.setdefault(call.node, []).append(call)
    return tuple(_layer(name, own, side_by_side) for name, own in nodes.items())


def _layer(name: str, calls: Sequence[Call], side_by_side: bool) -> Layer:
    result = calls[-1].writes[0]
    multiplies = sum(call.multiplies for call in calls)
    positions = result.layout.positions if side_by_side else 1
    reuse = max(call.reuse.factor for call in calls)
    return Layer(
        name,
        tuple(dict.fromkeys(call.kernel for call in calls)),
        multiplies,
        sum(call.weights for call in calls),
        multiplies // (positions * reuse),
        reuse,
        max(call.firing.total for call in calls) if side_by_side else 1,
        f"{result.layout.positions} x {result.layout.lanes}, {number(result.format)}",
    )
