"""What was read: a network in fixed point, and what the codes at its ports stand for."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rtlgen import calibrate, frontend, quantize
from rtlgen.calibrate import Data
from rtlgen.encoding import Floats
from rtlgen.formats import Formats
from rtlgen.frontend import Given
from rtlgen.graph import Graph, describe
from rtlgen.options import Options
from rtlgen.passes import run
from rtlgen.progress import Progress, Silent
from rtlgen.quantize import Codings
from rtlgen.size import check_products, check_size
from sim.errors import DataError
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.manifest import Tensor
from sim.vectors import corners_and_random

Samples: TypeAlias = npt.ArrayLike | Mapping[str, npt.ArrayLike]

CHUNK = 4096
"""Samples that the reference computes at a time: what fits into the caches."""
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
        results = self.evaluate(self.encode(x))
        decoded = {n: self.codings.outputs[n].decode(y) for n, y in results.items()}
        shaped = {n: y[:, 0] if y.shape[1:2] == (1,) else y for n, y in decoded.items()}
        if single == {True}:
            shaped = {n: y[0] for n, y in shaped.items()}
        return shaped if len(shaped) > 1 else next(iter(shaped.values()))

    def encode(self, x: Samples) -> dict[str, Fixed]:
        """The codes of samples at the input ports."""
        encodings = self.codings.inputs
        arrays = {n: a[None] if self._single(n, a) else a for n, a in self._arrays(x).items()}
        codes = {name: encodings[name].encode(a, name) for name, a in arrays.items()}
        if len(counts := {c.samples for c in codes.values()}) > 1:
            raise DataError(
                f"inputs {_listed(codes)}: they have {' and '.join(map(str, sorted(counts)))} "
                f"samples; give each the same number"
            )
        return codes

    def evaluate(self, codes: Mapping[str, Fixed]) -> dict[str, Fixed]:
        """The outputs of the graph, a few thousand samples at a time."""
        count = next(iter(codes.values())).samples
        parts = []
        for start in range(0, max(1, count), CHUNK):
            part = {n: Fixed(x.codes[start : start + CHUNK], x.exp) for n, x in codes.items()}
            parts.append(self.graph.predict(part))
        return {n: _stacked([part[n] for part in parts], count) for n in self.graph.outputs}

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

    def summary(self) -> str:
        """What was read: inputs, outputs, layers, and the formats that were chosen for it."""
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
        return "\n".join([self.name, *(f"  {kind:<8}{text}" for kind, text in rows)])

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
    progress.begin("quantize")
    given, samples = _data(options.data, source), _data(options.calibrate, source)
    formats = _formats(options.config)
    if samples:
        formats = calibrate.with_ranges(formats, source, samples)
    codings = quantize.quantize(source, formats)
    graph = run(codings.graph, options.after)
    check_size(graph, options.limit, command)
    name = Path(model).stem if isinstance(model, str | Path) else source.name
    return Network(name, graph, codings, given or samples)


def _formats(config: str | Path | Mapping[str, Any] | None) -> Formats:
    match config:
        case None:
            return Formats()
        case Mapping():
            return Formats.parse(config, "config")
        case _:
            return Formats.read(config)


def _data(source: str | Path | Data | None, model: frontend.Model) -> Data:
    match source:
        case None:
            return {}
        case Mapping():
            return calibrate.fitting(source, model, "data")
        case _:
            return calibrate.read(source, model)


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


def _stacked(parts: list[Fixed], count: int) -> Fixed:
    """The parts one after the other; a result that depends on no input is the same for all."""
    exp = min(part.exp for part in parts)
    codes = np.concatenate([part.at(exp) for part in parts])
    if len(codes) != count:
        codes = np.broadcast_to(codes[:1], (count, *codes.shape[1:]))
    return Fixed(codes, exp)
