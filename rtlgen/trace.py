"""Where the values of the model are in its fixed-point network, and what their codes stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rtlgen.draft import Draft
from rtlgen.encoding import Floats
from rtlgen.graph import Graph
from rtlgen.scaled import Scaled
from sim.fixed import Fixed
from sim.intervals import Intervals


@dataclass(frozen=True)
class Trace:
    """Every value of the model that codes of the network are, but for a scale and an offset.

    What a quantizer absorbs together with what follows it is not among them.
    """

    graph: Graph
    values: Mapping[str, Scaled]

    @classmethod
    def of(cls, draft: Draft, values: Mapping[str, object]) -> Trace:
        """The trace of a network that is being made."""
        there = {
            name: value
            for name, value in values.items()
            if isinstance(value, Scaled)
            and not value.constant
            and not value.port
            and value.line is not None
        }
        names = dict.fromkeys(value.name for value in there.values())
        return cls(draft.graph(tuple(names)), there)

    @property
    def types(self) -> dict[str, Intervals]:
        """The codes that each of these values can have."""
        return {name: value.type for name, value in self.values.items()}

    def numbers(self, codes: Mapping[str, Fixed], names: Iterable[str]) -> dict[str, Floats]:
        """These values of the model for codes at the inputs; axis 0 counts samples."""
        found = self.graph.evaluate(codes)
        return {name: _real(self.values[name], found[self.values[name].name]) for name in names}


def _real(value: Scaled, codes: Fixed) -> Floats:
    numbers = codes.to_float()
    if value.identical:
        return numbers
    assert value.line is not None
    scale, offset = (part.astype(float)[value.group] for part in value.line)
    return np.asarray(numbers * scale + offset)
