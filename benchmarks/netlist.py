"""A module after synthesis, as Yosys writes it: cells, and the bits that they drive."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

Bit: TypeAlias = int | str
"""A number names a net, text is a constant."""


@dataclass(frozen=True)
class Cell:
    """An instance of a primitive, by the bits at its pins."""

    type: str
    pins: Mapping[str, Sequence[Bit]]
    outputs: frozenset[str]

    def nets(self, *pins: str) -> Iterator[int]:
        """The nets at these pins, one after the other."""
        for pin in pins:
            yield from (bit for bit in self.pins.get(pin, ()) if isinstance(bit, int))

    @property
    def lut(self) -> bool:
        return self.type in {f"LUT{k}" for k in range(1, 7)}

    @property
    def carry(self) -> bool:
        return self.type in {"CARRY4", "CARRY8"}

    @property
    def register(self) -> bool:
        return self.type.startswith(("FD", "SRL"))


@dataclass(frozen=True)
class Netlist:
    """One flat module; names and order are those of the file."""

    cells: Mapping[str, Cell]
    outputs: tuple[int, ...]
    """The nets at the output ports."""

    @classmethod
    def read(cls, path: Path, top: str) -> Netlist:
        """The module ``top`` of a file of ``write_json``, compressed by gzip."""
        with gzip.open(path, "rt") as file:
            return cls.of(json.load(file)["modules"][top])

    @classmethod
    def of(cls, module: Mapping[str, Any]) -> Netlist:
        made = [port["bits"] for port in module["ports"].values() if port["direction"] == "output"]
        nets = tuple(bit for bits in made for bit in bits if isinstance(bit, int))
        return cls({name: _cell(cell) for name, cell in module["cells"].items()}, nets)

    def count(self) -> Counter[str]:
        """How many cells there are of each type."""
        return Counter(cell.type for cell in self.cells.values())

    @cached_property
    def drivers(self) -> dict[int, tuple[str, str, int]]:
        """For each net the name of the cell that drives it, the pin, and the place in the pin."""
        return {
            bit: (name, pin, i)
            for name, cell in self.cells.items()
            for pin in cell.pins
            if pin in cell.outputs
            for i, bit in enumerate(cell.pins[pin])
            if isinstance(bit, int)
        }


def _cell(cell: Mapping[str, Any]) -> Cell:
    directions = cell["port_directions"]
    outputs = frozenset(pin for pin, direction in directions.items() if direction == "output")
    return Cell(cell["type"], cell["connections"], outputs)
