"""How long the longest stage of a design is: an estimate, to compare designs made alike.

The model is that of a fast UltraScale+ part without congestion. It knows no placement: each net is
as long as the other, but for those within a carry chain's site.
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import NamedTuple

from netlist import Cell, Netlist

NET_PS, SITE_NET_PS = 350, 60
"""Between two cells, and from a LUT to the chain of its own site."""
LUT_PS = 100
IN_TO_SUM_PS, IN_TO_CARRY_PS, CARRY_TO_CARRY_PS, CARRY_TO_SUM_PS = 80, 120, 15, 60
"""Of four bits of a carry chain."""
REGISTER_PS = 150
"""Clock to output, and set-up."""


class Path(NamedTuple):
    """The latest way to a net: picoseconds, LUTs and entries into carry chains."""

    ps: int = 0
    luts: int = 0
    chains: int = 0

    def longer(self, edge: Path) -> Path:
        return Path(self.ps + edge.ps, self.luts + edge.luts, self.chains + edge.chains)


def longest(netlist: Netlist) -> Path:
    """From register or port to register or output port, registers included."""
    arrivals = _arrivals(netlist)
    ends = list(netlist.outputs)
    for cell in netlist.cells.values():
        if cell.register:
            ends += cell.nets(*(pin for pin in cell.pins if pin not in {"Q", "C", "CLK"}))
    paths = (arrivals.get(net, Path()).longer(Path(REGISTER_PS)) for net in ends)
    return max(paths, default=Path())


def _arrivals(netlist: Netlist) -> dict[int, Path]:
    edges = {net: list(_edges(netlist, net)) for net in netlist.drivers}
    before = {net: {source for source, _ in found} for net, found in edges.items()}
    arrivals: dict[int, Path] = {}
    for net in TopologicalSorter(before).static_order():
        found = edges.get(net, ())
        arrivals[net] = max((arrivals[s].longer(edge) for s, edge in found), default=Path())
    return arrivals


def _edges(netlist: Netlist, net: int) -> Iterator[tuple[int, Path]]:
    """The nets that this one is computed from, with the way from there."""
    name, pin, place = netlist.drivers[net]
    cell = netlist.cells[name]
    if cell.register or cell.type in {"BUFG", "IBUF"}:
        return
    if cell.carry:
        yield from _into_chain(netlist, cell, pin, place)
        yield from _along_chain(netlist, cell, pin)
    else:
        edge = Path() if cell.type == "INV" else Path(NET_PS + LUT_PS, 1)
        for source in cell.nets(*(p for p in cell.pins if p not in cell.outputs)):
            yield source, edge


def _into_chain(netlist: Netlist, cell: Cell, pin: str, place: int) -> Iterator[tuple[int, Path]]:
    """From the two inputs of each bit up to this place; a sum's own data input is not in it."""
    for i in range(place + 1):
        own = pin == "O" and i == place
        inside = IN_TO_SUM_PS if own else IN_TO_CARRY_PS + (CARRY_TO_SUM_PS if pin == "O" else 0)
        for given in ("S",) if own else ("S", "DI"):
            source = cell.pins[given][i]
            if isinstance(source, int):
                near = given == "S" and _driver(netlist, source).startswith("LUT")
                yield source, Path((SITE_NET_PS if near else NET_PS) + inside, 0, 1)


def _along_chain(netlist: Netlist, cell: Cell, pin: str) -> Iterator[tuple[int, Path]]:
    inside = CARRY_TO_SUM_PS if pin == "O" else CARRY_TO_CARRY_PS
    for source in cell.nets("CI", "CYINIT"):
        continued = _driver(netlist, source) == cell.type
        yield source, Path(inside) if continued else Path(NET_PS + inside, 0, 1)


def _driver(netlist: Netlist, net: int) -> str:
    """The type of the cell that drives a net; '' for an input port."""
    return netlist.cells[netlist.drivers[net][0]].type if net in netlist.drivers else ""
