"""Formats of a model, tried on samples of which the classes are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtlgen import labels, quantize, reference, widths
from rtlgen.calibrate import Data
from rtlgen.encoding import Floats
from rtlgen.formats import Formats
from rtlgen.frontend import Model
from rtlgen.frontend.evaluation import evaluate
from rtlgen.graph import Graph
from rtlgen.labels import Classes, Part
from rtlgen.passes import run
from rtlgen.progress import Progress
from rtlgen.quantize import Codings
from rtlgen.size import adder_bits, multiplications
from rtlgen.tradeoff import HeldOut, Tradeoff
from rtlgen.widths import Result


@dataclass(frozen=True)
class Trials:
    """Accuracy and cost of formats, on these samples."""

    model: Model
    samples: Data
    classes: Classes
    held_out: Part
    """Samples that nothing is chosen from, and their classes."""

    def search(
        self, formats: Formats, numbers: Floats, drop: float, progress: Progress
    ) -> tuple[Formats, Tradeoff]:
        """The cheapest formats that lose no more of the accuracy that the float model has.

        ``numbers`` are its outputs, axis 0 counting samples. What was found is then judged on the
        samples that were held out.
        """
        count, accuracy = len(self.classes), labels.accuracy(numbers, self.classes)
        goal = accuracy - drop - 1e-9  # of a number of samples, not of a float
        most = widths.budget(count * multiplications(self.model))
        given = frozenset({*formats.bound(self.model).values, *self.model.inputs})
        progress.begin("formats", most)
        found, trials = widths.search(formats, self._tried, given, goal, most, progress.step)
        held_out = self._held_out(found)
        return found, Tradeoff(accuracy, accuracy - drop, count, tuple(trials), held_out)

    def _held_out(self, formats: Formats) -> HeldOut:
        samples, classes = self.held_out
        (output,) = self.model.outputs
        numbers = np.concatenate([v[output] for v in evaluate(self.model, samples)])
        found = quantize.quantize(self.model, formats)
        ours = self._accuracy(found, run(found.graph), samples, classes)
        return HeldOut(len(classes), labels.accuracy(numbers, classes), ours)

    def _tried(self, formats: Formats) -> tuple[frozenset[str], Result]:
        """The values that were given formats, and what these lead to."""
        found = quantize.quantize(self.model, formats)
        graph = run(found.graph)
        right = self._accuracy(found, graph, self.samples, self.classes)
        return frozenset(found.formats), Result(right, adder_bits(graph))

    def _accuracy(self, found: Codings, graph: Graph, samples: Data, classes: Classes) -> float:
        codes = {name: found.inputs[name].encode(x, name) for name, x in samples.items()}
        (numbers,) = reference.decoded(graph, found.outputs, codes).values()
        return labels.accuracy(numbers, classes)
