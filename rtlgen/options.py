"""What is asked of a design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from rtlgen import exact
from rtlgen.calibrate import Data
from rtlgen.graph import Graph
from rtlgen.notation import Fit
from rtlgen.search import EFFORTS
from sim.errors import ConfigError, nearest
from sim.manifest import Ports

DEFAULT_CLOCK_HZ = 320e6
"""Eight times the bunch crossing rate of the LHC."""


@dataclass(frozen=True)
class Options:
    """What is asked of a design.

    ``clock_hz`` alone gives as few stages as it allows; ``stages`` alone, that many about as short
    as they can be; both, that many if the clock allows it; neither, as few as 320 MHz allows. 0
    stages are combinational: there is no clock.
    """

    clock_hz: float | None = None
    target: str = "xcvu13p"
    stages: int | None = None
    timing: str | Path | None = None
    """A timing report of the design that the other options give, to schedule it better."""
    ports: Ports = Ports.PACKED
    logits: bool = False
    """Leave out a final Softmax, LogSoftmax, Sigmoid or ArgMax."""
    outputs: tuple[str, ...] = ()
    """Values of the model to end at, instead of its own outputs."""
    config: str | Path | Mapping[str, Any] | None = None
    """Formats: a TOML file, or the same as a mapping."""
    calibrate: str | Path | Data | None = None
    """Samples that formats are chosen from: an npz file, or an array for each input."""
    fit: Fit = Fit.ERROR
    """How steps that are left to the data follow from them."""
    accuracy_drop: float | None = None
    """Search the cheapest formats that lose no more of the float model's accuracy, as 0.005."""
    labels: str = "y"
    """The array beside those of the inputs, if there is one, that has the class of each sample."""
    compare: bool = False
    """Compare with the float model on ``data``, or else on the samples of ``calibrate``."""
    data: str | Path | Data | None = None
    """Samples that the design is verified with, besides corners and random ones."""
    samples: int = 1000
    seed: int = 0
    effort: int = 2
    """How hard constant products are optimized, from 1 to 5; 5 takes minutes."""
    exact: float = 0
    """Seconds that each small product is searched for the fewest adders; needs OR-tools."""
    limit: int = 100_000
    """Of operations that a network may unroll into."""
    after: Callable[[str, Graph], None] = lambda _name, _graph: None
    """Shown the graph after each pass, by the pass's name."""

    def __post_init__(self) -> None:
        """Refuse what no design can be made for."""
        object.__setattr__(self, "ports", _ports(self.ports))
        object.__setattr__(self, "fit", Fit.named(self.fit))
        outputs = (self.outputs,) if isinstance(self.outputs, str) else tuple(self.outputs)
        object.__setattr__(self, "outputs", outputs)
        for name, least in (("stages", 0), ("samples", 1), ("seed", 0), ("limit", 1)):
            count = getattr(self, name)
            if count is not None and count < least:
                raise ConfigError(f"{name} {count}: too small; give {least} or more")
        check_drop(self.accuracy_drop, self.calibrate)
        if self.effort not in EFFORTS:
            raise ConfigError(f"effort {self.effort}: unknown; give 1 (fast) to 5 (thorough)")
        if not (isfinite(self.exact) and self.exact >= 0):
            raise ConfigError(f"exact {self.exact!r}: not a time; give seconds, or 0 for none")
        if self.exact:
            exact.check()
        if self.clock_hz is not None and not (isfinite(self.clock_hz) and self.clock_hz > 0):
            raise ConfigError(f"clock {self.clock_hz!r} Hz: not a frequency; give one above zero")
        if self.clock_hz is not None and self.stages == 0:
            raise ConfigError(
                f"clock {self.clock_hz / 1e6:g} MHz and 0 stages: a combinational design has no "
                f"clock; leave one of them out"
            )

    @property
    def wanted_clock_hz(self) -> float | None:
        """The clock asked for; the default one if no number of stages is given either."""
        if self.clock_hz is None and self.stages is None:
            return DEFAULT_CLOCK_HZ
        return self.clock_hz


def check_drop(drop: float | None, samples: object) -> None:
    """Refuse what is no share of an accuracy, or of that of no samples."""
    if drop is None:
        return
    if not 0 <= drop < 1:
        raise ConfigError(f"accuracy drop {drop!r}: not a share; give one from 0 to 1, as 0.005")
    if samples is None:
        raise ConfigError(
            "accuracy drop: there are no samples to measure the accuracy on; give --calibrate "
            "DATA.npz with labels"
        )


def _ports(name: str) -> Ports:
    if name not in list(Ports):
        raise ConfigError(f"ports {name!r}: unknown{nearest(name, map(str, Ports))}")
    return Ports(name)
