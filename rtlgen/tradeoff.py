"""Accuracy against cost: formats that were tried for a float classifier, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from rtlgen import plots, tables
from rtlgen.tables import Column


@dataclass(frozen=True)
class Trial:
    """Formats that were tried."""

    changed: str
    """What is unlike the best formats before."""
    accuracy: float
    cost: int
    kept: bool
    """Whether these are the best formats from then on."""


@dataclass(frozen=True)
class HeldOut:
    """Accuracies on samples that no format was chosen from."""

    samples: int
    float_accuracy: float
    accuracy: float
    """With the best formats that were found."""

    @property
    def error(self) -> float:
        """The standard error of the accuracy."""
        return standard_error(self.accuracy, self.samples)


@dataclass(frozen=True)
class Tradeoff:
    """What was tried, and what it led to."""

    float_accuracy: float
    goal: float
    """The least accuracy that was asked for."""
    samples: int
    """That formats were chosen from, and tried on."""
    trials: tuple[Trial, ...]
    held_out: HeldOut

    @property
    def best(self) -> Trial:
        return [trial for trial in self.trials if trial.kept][-1]

    def text(self, width: int = tables.WIDTH) -> str:
        """A table of the trials; what was kept has a star."""
        columns = [
            Column("tried", [trial.changed for trial in self.trials]),
            Column("accuracy", [f"{trial.accuracy:.2%}" for trial in self.trials], right=True),
            tables.numbers("cost\n(adder bits)", [trial.cost for trial in self.trials]),
            Column("kept", ["*" if trial.kept else "" for trial in self.trials]),
        ]
        lines = tables.table(tables.fitted(columns, width, {"tried": 20}))
        best, held = self.best, self.held_out
        found = (
            f"accuracy {_with_error(best.accuracy, self.samples)} of {self.samples:,} samples that "
            f"formats were searched on; float model {self.float_accuracy:.2%}, goal {self.goal:.2%}"
        )
        others = (
            f"accuracy {_with_error(held.accuracy, held.samples)} of {held.samples:,} others; "
            f"float model {held.float_accuracy:.2%}"
        )
        return "\n".join([*lines, found, others])

    def to_json(self) -> dict[str, Any]:
        """As ``report.json`` has it."""
        held = self.held_out
        return {
            "float": self.float_accuracy,
            "goal": self.goal,
            "accuracy": self.best.accuracy,
            "standard_error": standard_error(self.best.accuracy, self.samples),
            "cost_adder_bits": self.best.cost,
            "samples": self.samples,
            "held_out": {
                "float": held.float_accuracy,
                "accuracy": held.accuracy,
                "standard_error": held.error,
                "samples": held.samples,
            },
            "trials": [vars(trial) for trial in self.trials],
        }

    def svg(self) -> str:
        """A plot of accuracy over cost; a bar has a standard error on each side."""
        tried = sorted((t.cost, 100 * t.accuracy, t.changed) for t in self.trials)
        costs = [tried[0][0], tried[-1][0]]
        held = self.held_out
        ends = [held.accuracy - held.error, held.accuracy + held.error]
        kept = [(t.cost, 100 * t.accuracy) for t in self.trials if t.kept]
        series = [
            plots.Series([(x, 100 * self.float_accuracy) for x in costs], "line", plots.GREY),
            plots.Series([(x, 100 * self.goal) for x in costs], "line", plots.RED),
            plots.Series([t[:2] for t in tried], titles=[t[2] for t in tried]),
            plots.Series(kept, "line"),
            plots.Series([(self.best.cost, 100 * y) for y in ends], "line", plots.GREEN),
        ]
        title = "accuracy of what was tried (grey: float model, red: goal, green: held out)"
        drawing = plots.chart(title, "cost (adder bits)", "accuracy (%)", series)
        return plots.document([(drawing, plots.HEIGHT)])


def standard_error(accuracy: float, samples: int) -> float:
    """That of a share of so many samples, if they are drawn from many more."""
    return sqrt(accuracy * (1 - accuracy) / samples)


def _with_error(accuracy: float, samples: int) -> str:
    return f"{accuracy:.2%} ± {standard_error(accuracy, samples):.2%}"
