"""How many LUT6 sites LUTs fill: an estimate, since Yosys leaves packing to the vendor.

A site of UltraScale+ has one LUT of six inputs, or two that have five inputs together. A LUT that
selects (pin S of a carry chain) is at its chain's site as the first of two, so that two of these
never share one. Greedy: first a carry chain's two LUTs of each bit, then any two with the most
inputs in common, one at least. Good to compare designs, not to foretell what a vendor's tool does.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlist import Cell, Netlist

PINS = 5
"""Inputs that the two LUTs of a site have together."""
TRIED = 96
"""Candidates looked at for each input."""


def sites(netlist: Netlist) -> int:
    """Sites that a netlist fills: with LUTs, and with shift registers, which share none."""
    packing = Packing(netlist)
    shifts = sum(cell.type.startswith("SRL") for cell in netlist.cells.values())
    return len(packing.inputs) - packing.pairs + shifts


class Packing:
    """Pairs of LUTs, found once."""

    def __init__(self, netlist: Netlist) -> None:
        luts = {name: cell for name, cell in netlist.cells.items() if cell.lut}
        self.inputs = {name: _inputs(cell) for name, cell in luts.items()}
        driver = {cell.pins["O"][0]: name for name, cell in luts.items()}
        chains = [cell for cell in netlist.cells.values() if cell.carry]
        self._selects = {driver[s] for c in chains for s in c.pins["S"] if s in driver}
        self._used: set[str] = set()
        bits = (zip(c.pins["S"], c.pins["DI"], strict=True) for c in chains)
        for select, data in (pair for chain in bits for pair in chain):
            if select in driver and data in driver:
                self._pair_of_chain(driver[select], driver[data])
        self._pair_others()

    @property
    def pairs(self) -> int:
        return len(self._used) // 2

    def _pair_of_chain(self, a: str, b: str) -> None:
        free = a != b and self._used.isdisjoint((a, b))
        if free and len(self.inputs[a] | self.inputs[b]) <= PINS:
            self._used |= {a, b}

    def _pair_others(self) -> None:
        rest = [n for n, nets in self.inputs.items() if n not in self._used and len(nets) <= PINS]
        readers: dict[int, list[str]] = {}
        for name in rest:
            for net in self.inputs[name]:
                readers.setdefault(net, []).append(name)
        for name in sorted(rest, key=lambda n: -len(self.inputs[n])):
            if name not in self._used and (partner := self._partner(name, readers)):
                self._used |= {name, partner}

    def _partner(self, name: str, readers: dict[int, list[str]]) -> str | None:
        """The first of those that share the most inputs."""
        best, most = None, 0
        for other in self._candidates(name, readers):
            shared = len(self.inputs[name] & self.inputs[other])
            if shared > most:
                best, most = other, shared
        return best

    def _candidates(self, name: str, readers: dict[int, list[str]]) -> Iterator[str]:
        own = self.inputs[name]
        for net in own:
            for other in readers[net][:TRIED]:
                both_select = name in self._selects and other in self._selects
                free = other != name and other not in self._used and not both_select
                if free and len(self.inputs[other] | own) <= PINS:
                    yield other


def _inputs(cell: Cell) -> frozenset[int]:
    return frozenset(cell.nets(*(f"I{i}" for i in range(int(cell.type[3:])))))
