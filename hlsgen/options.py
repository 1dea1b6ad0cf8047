"""What is asked of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from hlsgen.naming import identifier
from hlsgen.parts import part
from hlsgen.style import Io, Strategy
from hlsgen.vendor import Vendor
from rtlgen.calibrate import Data
from rtlgen.notation import Fit
from rtlgen.options import check_drop
from sim.errors import ConfigError, nearest

Choice = TypeVar("Choice", bound=StrEnum)

UNLIMITED = 1 << 62
"""Operations: nothing is unrolled here, so nothing is too large."""


@dataclass(frozen=True)
class Options:
    """What is asked of a project.

    ``strategy`` and ``reuse`` are those of the whole model; ``config`` may have others for single
    operators and layers (see :mod:`hlsgen.directives`), beside the formats.
    """

    vendor: Vendor = Vendor.VITIS
    io: Io = Io.PARALLEL
    strategy: Strategy | None = None
    reuse: int | None = None
    part: str | None = None
    """The vendor's name of the part; None for a usual one."""
    clock_hz: float = 200e6
    top: str | None = None
    """The name of the function; None for that of the model."""
    logits: bool = False
    outputs: tuple[str, ...] = ()
    config: str | Path | Mapping[str, Any] | None = None
    calibrate: str | Path | Data | None = None
    fit: Fit = Fit.ERROR
    accuracy_drop: float | None = None
    labels: str = "y"
    compare: bool = False
    data: str | Path | Data | None = None
    samples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no project can be made for."""
        for name, kind in (("vendor", Vendor), ("io", Io), ("strategy", Strategy)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _member(name, getattr(self, name), kind))
        object.__setattr__(self, "fit", Fit.named(self.fit))
        check_drop(self.accuracy_drop, self.calibrate)
        part(self.part, self.vendor)
        outputs = (self.outputs,) if isinstance(self.outputs, str) else tuple(self.outputs)
        object.__setattr__(self, "outputs", outputs)
        for name, least in (("reuse", 1), ("samples", 1), ("seed", 0)):
            count = getattr(self, name)
            if count is not None and count < least:
                raise ConfigError(f"{name} {count}: too small; give {least} or more")
        if not (isfinite(self.clock_hz) and self.clock_hz > 0):
            raise ConfigError(f"clock {self.clock_hz!r} Hz: not a frequency; give one above zero")
        if self.top is not None and identifier(self.top) != self.top:
            raise ConfigError(
                f"top {self.top!r}: not a plain name in C++; write it {identifier(self.top)!r}"
            )


def _member(name: str, value: str, kind: type[Choice]) -> Choice:
    if value not in list(kind):
        raise ConfigError(f"{name} {value!r} is unknown{nearest(value, map(str, kind))}")
    return kind(value)
