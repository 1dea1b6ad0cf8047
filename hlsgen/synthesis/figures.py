"""What a vendor's compiler says of a design: the same figures of each of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Synthesis:
    """The compiler's own estimates; ``None`` where it gives none.

    Nothing here was measured on hardware, or even placed and routed.
    """

    tool: str
    """With its version, if the report has that."""
    clock_target_ns: float | None
    clock_estimated_ns: float | None
    latency_min: int | None
    """Clocks from the first input of a sample to its last output."""
    latency_max: int | None
    interval_min: int | None
    """Clocks from one sample to the next."""
    interval_max: int | None
    lut: int | None
    ff: int | None
    dsp: int | None
    bram: int | None
    """Block memories: of 18 Kb (AMD) or 20 Kb (Intel)."""
    uram: int | None
    area: float | None
    """Catapult's area score."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
