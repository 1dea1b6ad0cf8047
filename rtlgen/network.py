"""What was read: a network in fixed point, and what the codes at its ports stand for."""

from __future__ import annotations

import json
import shlex
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rtlgen import calibrate, clipping, comparison, frontend, labels, quantize, reference, tables
from rtlgen.calibrate import Data, Evaluation
from rtlgen.clipping import Clipped, OutOfFormat
from rtlgen.comparison import Comparison
from rtlgen.encoding import Floats
from rtlgen.formats import Formats
from rtlgen.frontend import Given
from rtlgen.graph import Graph, describe
from rtlgen.options import Options
from rtlgen.passes import run
from rtlgen.progress import Progress, Silent
from rtlgen.quantize import Codings
from rtlgen.size import check_products, check_size
from rtlgen.tradeoff import Tradeoff
from rtlgen.trials import Trials
from sim.errors import ConfigError, DataError
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.manifest import Tensor
from sim.vectors import corners_and_random

Samples: TypeAlias = npt.ArrayLike | Mapping[str, npt.ArrayLike]

SHOWN = 12
"""Chosen formats that a summary lists."""


@dataclass(frozen=True)
class Network:
    """The reference of a design: it computes what the hardware will, bit for bit."""

    name: str
    graph: Graph
    codings: Codings
    data: Data = field(default_factory=dict)
    """The user's samples, to verify with."""
    model: frontend.Model | None = None
    """What was quantized."""
    calibrated: int = 0
    """Samples that formats were chosen from."""
    clipped: tuple[Clipped, ...] = ()
    """The values that lie outside of their formats on these."""
    comparison: Comparison | None = None
    tradeoff: Tradeoff | None = None

    @cached_property
    def types(self) -> dict[str, Intervals]:
        """The exact interval of every element of every value of the graph."""
        return self.graph.types()

    def predict(self, x: Samples) -> Floats | dict[str, Floats]:
        """Real numbers in, real numbers out; see :meth:`Design.predict`."""
        arrays = self._arrays(x)
        single = {self._single(name, array) for name, array in arrays.items()}
        if len(single) > 1:
            raise DataError(
                f"inputs {_listed(arrays)}: some have an axis of samples and some do not; give it "
                f"to all or to none"
            )
        for found in self.outside(arrays):
            warnings.warn(f"{found}: they are clipped", OutOfFormat, stacklevel=3)
        decoded = reference.decoded(self.graph, self.codings.outputs, self.encode(x))
        shaped = {n: y[:, 0] if y.shape[1:2] == (1,) else y for n, y in decoded.items()}
        if single == {True}:
            shaped = {n: y[0] for n, y in shaped.items()}
        return shaped if len(shaped) > 1 else next(iter(shaped.values()))

    def compared(self, data: str | Path | Data, name: str = "y") -> Comparison:
        """The network beside its float model, on these samples; ``name`` is that of labels."""
        assert self.model is not None, "it was read from a model"
        samples, _ = labels.samples(data, self.model, name)
        return comparison.of(self.model, self.codings, samples)

    def outside(self, x: Samples) -> list[Clipped]:
        """The inputs of which numbers lie outside of their formats."""
        encodings = self.codings.inputs
        arrays = {n: encodings[n].samples(a, n) for n, a in self._sampled(x).items()}
        return clipping.of_inputs(encodings, arrays)

    def encode(self, x: Samples) -> dict[str, Fixed]:
        """The codes of samples at the input ports."""
        encodings = self.codings.inputs
        codes = {name: encodings[name].encode(a, name) for name, a in self._sampled(x).items()}
        if len(counts := {c.samples for c in codes.values()}) > 1:
            raise DataError(
                f"inputs {_listed(codes)}: they have {' and '.join(map(str, sorted(counts)))} "
                f"samples; give each the same number"
            )
        return codes

    def evaluate(self, codes: Mapping[str, Fixed]) -> dict[str, Fixed]:
        """The outputs of the graph, a few thousand samples at a time."""
        return reference.evaluate(self.graph, codes)

    def vectors(self, samples: int, seed: int) -> dict[str, IntArray]:
        """Codes to verify with, each element in its own step.

        Half of the samples at most are the user's, the others corners and random ones.
        """
        given = self.encode(self.data) if self.data else {}
        types = self.graph.inputs
        own = {name: x.in_steps(types[name].exp)[: samples // 2] for name, x in given.items()}
        rest = samples - len(next(iter(own.values()), ()))
        codes: dict[str, IntArray] = {}
        for i, (name, type_) in enumerate(types.items()):
            chosen = corners_and_random(type_.lo, type_.hi, rest, seed + i)
            codes[name] = np.concatenate([own[name], chosen]) if own else chosen
        return codes

    def recorded(
        self, samples: int, seed: int, outputs: Sequence[Tensor]
    ) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
        """Codes to verify with, and those of their results in the steps of these outputs."""
        codes = self.vectors(samples, seed)
        results = self.answers(codes)
        steps = {t.name: np.array(t.exp).reshape(t.shape) for t in outputs}
        return codes, {name: y.in_steps(steps[name]) for name, y in results.items()}

    def answers(self, codes: Mapping[str, IntArray]) -> dict[str, Fixed]:
        """The outputs for such codes."""
        steps = {name: self.graph.inputs[name].exp for name in codes}
        return self.evaluate({n: Fixed.in_own_steps(c, steps[n]) for n, c in codes.items()})

    def files(self) -> dict[str, str]:
        """What a folder of the design holds of the formats: their names and texts."""
        files = {"formats.toml": self.codings.configuration()} if self.codings.chosen else {}
        if self.tradeoff:
            files["accuracy.svg"] = self.tradeoff.svg()
        if self.comparison:
            files["comparison.json"] = json.dumps(self.comparison.to_json(), indent=1) + "\n"
            files["comparison.svg"] = self.comparison.svg()
        return files

    def notes(self) -> dict[str, Any]:
        """What ``report.json`` says of the formats: what was clipped, and what was tried."""
        notes: dict[str, Any] = {}
        if self.calibrated:
            notes["clipped"] = [row.to_json() for row in self.clipped]
        if self.tradeoff:
            notes["accuracy"] = self.tradeoff.to_json()
        return notes

    def summary(self, width: int = tables.WIDTH) -> str:
        """What was read, the formats that were chosen for it, and what lies outside of them."""
        nodes = self.graph.nodes
        operators = Counter(type(node.op).__name__ for node in nodes)
        counts = ", ".join(f"{count} {name}" for name, count in operators.items())
        chosen = self.codings.chosen.items()
        rows = [("input", f"{n}: {describe(self.types[n])}") for n in self.graph.inputs]
        rows += [("output", f"{n}: {describe(self.types[n])}") for n in self.graph.outputs]
        rows += [("layers", f"{len({node.name for node in nodes})} ({counts})")]
        rows += [("format", f"{name}: {text}") for name, text in islice(chosen, SHOWN)]
        if len(chosen) > SHOWN:
            rows += [("", f"and {len(chosen) - SHOWN:,} more, in formats.toml")]
        rows += [("data", str(found)) for found in (self.outside(self.data) if self.data else ())]
        parts = [self.name, *(f"  {kind:<8}{text}" for kind, text in rows)]
        if self.calibrated:
            parts += ["", clipping.text(self.clipped, self.calibrated, width)]
        if self.tradeoff:
            parts += ["", self.tradeoff.text(width)]
        if self.comparison:
            parts += ["", self.comparison.text(width)]
        return "\n".join(parts)

    def _arrays(self, x: Samples) -> dict[str, Floats]:
        """An array for each input, by its name."""
        names = list(self.codings.inputs)
        named = x if isinstance(x, Mapping) else dict.fromkeys(names[:1], x)
        if set(named) != set(names):
            raise DataError(
                f"inputs {_listed(named)}: the model has {_listed(names)}; give a dictionary with "
                f"an array for each"
            )
        return {name: _floats(named[name], name) for name in names}

    def _sampled(self, x: Samples) -> dict[str, Floats]:
        """The same with an axis of samples, where there is none."""
        return {n: a[None] if self._single(n, a) else a for n, a in self._arrays(x).items()}

    def _single(self, name: str, array: Floats) -> bool:
        """Whether this is one sample, without an axis that counts samples."""
        shape = self.graph.inputs[name].shape
        shapes = (shape, shape[1:]) if shape[:1] == (1,) else (shape,)
        return array.shape in shapes and array.shape[1:] not in shapes


def read(model: Given, options: Options, progress: Progress | None = None) -> Network:
    """Import a model and settle its formats."""
    progress = progress or Silent()
    command = _hls_command(model)
    progress.begin("import")
    source = frontend.load(model, outputs=options.outputs, logits=options.logits)
    quantize.check(source)
    check_products(source, options.limit, command)
    given, _ = labels.samples(options.data, source, options.labels)
    samples, known = labels.samples(options.calibrate, source, options.labels)
    if options.compare and not (given or samples):
        raise ConfigError(
            "compare: there are no samples to compare the network with the float model on; give "
            "--data DATA.npz or --calibrate DATA.npz"
        )
    data, halves = given or samples, None
    if options.accuracy_drop is not None:
        classes = labels.classes(known, _count(samples), source, options.labels)
        halves = labels.halves(samples, classes)
        samples = halves[0][0]
    values = Evaluation(source, samples)
    formats, tried = _settled(source, options, values, halves, progress)
    progress.begin("quantize")
    codings = quantize.quantize(source, formats)
    graph = run(codings.graph, options.after)
    check_size(graph, options.limit, command)
    clipped = clipping.of(codings.formats, formats.ranges, values)
    compared = None
    if options.compare:
        progress.begin("compare")
        known_values = None if given else values
        compared = comparison.of(source, codings, given or samples, known_values)
    name = Path(model).stem if isinstance(model, str | Path) else source.name
    return Network(name, graph, codings, data, source, _count(samples), clipped, compared, tried)


def _settled(
    source: frontend.Model,
    options: Options,
    values: Evaluation,
    halves: tuple[labels.Part, labels.Part] | None,
    progress: Progress,
) -> tuple[Formats, Tradeoff | None]:
    """The formats that are asked for, with what the samples show; and how they were searched."""
    formats = replace(Formats.of(options.config), fit=options.fit)
    if not values.data:
        return formats, None
    progress.begin("calibrate")
    seen = calibrate.observe(source, values.data, values)
    formats = calibrate.informed(formats, seen)
    if halves is None or options.accuracy_drop is None:
        return formats, None
    numbers = seen.outputs[source.outputs[0]]
    trials = Trials(source, *halves[0], halves[1])
    return trials.search(formats, numbers, options.accuracy_drop, progress)


def _count(samples: Data) -> int:
    return len(next(iter(samples.values()), ()))


def _hls_command(model: Given) -> str:
    name = shlex.quote(str(model)) if isinstance(model, str | Path) else "MODEL.onnx"
    return f"python -m hlsgen {name} -o DIR --vendor vitis"


def _floats(x: npt.ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(x)
        if array.dtype.kind in "buif":
            return array.astype(np.float64)
        what = f"{array.dtype}"
    except ValueError:
        what = "rows of different lengths"
    raise DataError(f"input {name!r}: {what} where numbers should be; give an array of them")


def _listed(names: Mapping[str, Any] | list[str]) -> str:
    return ", ".join(map(repr, names))
