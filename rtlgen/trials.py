"""Formats of a model, tried on samples of which the classes are known."""

from __future__ import annotations

from dataclasses import dataclass

from rtlgen import labels, quantize, reference, tradeoff
from rtlgen.calibrate import Data
from rtlgen.encoding import Floats
from rtlgen.formats import Formats
from rtlgen.frontend import Model
from rtlgen.labels import Classes
from rtlgen.passes import run
from rtlgen.progress import Progress
from rtlgen.size import adder_bits, multiplications
from rtlgen.tradeoff import Result, Tradeoff


@dataclass(frozen=True)
class Trials:
    """Accuracy and cost of formats, on these samples."""

    model: Model
    samples: Data
    classes: Classes

    def search(
        self, formats: Formats, numbers: Floats, drop: float, progress: Progress
    ) -> tuple[Formats, Tradeoff]:
        """The cheapest formats that lose no more of the accuracy that the float model has.

        ``numbers`` are its outputs, axis 0 counting samples.
        """
        count, accuracy = len(self.classes), labels.accuracy(numbers, self.classes)
        goal = accuracy - drop - 1e-9  # of a number of samples, not of a float
        most = tradeoff.budget(count * multiplications(self.model))
        given = frozenset({*formats.bound(self.model).values, *self.model.inputs})
        progress.begin("formats", most)
        found, trials = tradeoff.search(formats, self._tried, given, goal, most, progress.step)
        return found, Tradeoff(accuracy, accuracy - drop, count, tuple(trials))

    def _tried(self, formats: Formats) -> tuple[frozenset[str], Result]:
        """The values that were given formats, and what these lead to."""
        found = quantize.quantize(self.model, formats)
        graph = run(found.graph)
        codes = {name: found.inputs[name].encode(x, name) for name, x in self.samples.items()}
        (numbers,) = reference.decoded(graph, found.outputs, codes).values()
        right = labels.accuracy(numbers, self.classes)
        return frozenset(found.formats), Result(right, adder_bits(graph))
