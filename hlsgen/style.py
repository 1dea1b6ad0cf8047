"""How a network is asked to be built: between layers, and within one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Io(StrEnum):
    """What goes from layer to layer."""

    PARALLEL = "parallel"
    """Arrays, whole."""
    STREAM = "stream"
    """Channels, position by position."""


class Strategy(StrEnum):
    """How a layer spends multipliers."""

    LATENCY = "latency"
    """One for every product."""
    RESOURCE = "resource"
    """One for ``reuse`` products; position by position, even where arrays are whole."""


@dataclass(frozen=True)
class Directive:
    """What is asked of one node."""

    strategy: Strategy = Strategy.LATENCY
    reuse: int = 1
