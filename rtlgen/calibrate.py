"""What every value is on real data, its range and some of its numbers: formats follow from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rtlgen.formats import Formats, Ranges
from rtlgen.frontend import Model
from rtlgen.frontend.evaluation import evaluate
from rtlgen.moments import Moments, Observer
from rtlgen.notation import Floats, Format
from rtlgen.wanted import apart
from sim.errors import DataError, nearest

Data = Mapping[str, npt.NDArray[Any]]

DEFAULTS = {
    "inputs": Format(16),
    "weights": Format(12),
    "activations": Format(12),
}
"""What a float model is rounded to where its configuration says nothing."""
NUMBERS = 1 << 14
"""Of each value, that are kept to judge formats with; one of each sample at least."""
WHOLE = 1 << 10
"""Samples that are kept as they are of a value whose elements have formats of their own."""

REMEMBERED = 1 << 26
"""Numbers of single precision, of all samples, that are not computed a second time."""


def read(path: str | Path, model: Model) -> dict[str, npt.NDArray[Any]]:
    """Samples for the inputs of a model from an npz file: one array per input, by its name."""
    return fitting(load(path, model), model, str(path))


def load(path: str | Path, model: Model) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an npz file, which should have one for each input."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, TypeError, ValueError, BadZipFile) as error:  # all from NumPy
        reason = error.strerror if isinstance(error, OSError) else None
        raise DataError(
            f"data {str(path)!r}: {reason or 'not an npz file'}; give an npz file with an array "
            f"for each of {', '.join(map(repr, model.inputs))}"
        ) from error


def fitting(arrays: Data, model: Model, where: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays, checked against the inputs of a model and in their shapes."""
    for name in arrays:
        if name not in model.inputs:
            raise DataError(
                f"data {where!r}: the model has no input {name!r}{nearest(name, model.inputs)}"
            )
    shaped = {name: _shaped(name, shape, arrays, where) for name, shape in model.inputs.items()}
    counts = {len(array) for array in shaped.values()}
    if counts == {0}:
        raise DataError(f"data {where!r}: there is no sample in it; give one at least")
    if len(counts) != 1:
        shown = " and ".join(map(str, sorted(counts)))
        raise DataError(
            f"data {where!r}: the inputs have {shown} samples; give each the same number"
        )
    return shaped


def with_ranges(formats: Formats, model: Model, data: Data) -> Formats:
    """The formats, with defaults for a float model, and what these data show of its values."""
    return informed(formats, observe(model, data))


def informed(formats: Formats, seen: Observed) -> Formats:
    """The formats, with defaults for a float model, and what was seen of its values."""
    defaults = {**DEFAULTS, **formats.defaults}
    return replace(
        formats,
        defaults=defaults,
        ranges=seen.ranges,
        rms=seen.rms,
        numbers=seen.numbers,
        moments=seen.moments,
    )


@dataclass(frozen=True)
class Observed:
    """What the values of a model are on some samples."""

    ranges: Ranges
    """The least and the largest number of every element."""
    rms: Mapping[str, Floats]
    """The root of the mean square of every element."""
    numbers: Mapping[str, Floats]
    """Some :data:`NUMBERS` of each value, spread over samples and elements, or all if fewer.

    Of one whose elements are :func:`apart`, they are whole samples: axis 0 counts them.
    """
    moments: Mapping[str, Moments]
    """Of what constants are multiplied with, by their names."""
    outputs: Mapping[str, Floats]
    """What the model gives, axis 0 counting samples."""


class Evaluation:
    """Every value of the model on samples, some at a time; computed once, if few enough to keep."""

    def __init__(self, model: Model, data: Data) -> None:
        self.model, self.data = model, data
        self._kept: list[dict[str, npt.NDArray[Any]]] | None = None

    def __iter__(self) -> Iterator[dict[str, npt.NDArray[Any]]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[dict[str, npt.NDArray[Any]]] = []
        room = REMEMBERED
        for values in evaluate(self.model, self.data):
            room -= sum(value.size for value in values.values())
            if room >= 0:
                kept.append(values)
            else:
                kept.clear()
            yield values
        if room >= 0:
            self._kept = kept


def observe(
    model: Model,
    data: Data,
    evaluated: Iterable[Mapping[str, npt.NDArray[Any]]] | None = None,
    seed: int = 0,
) -> Observed:
    """What every value of the model is on these samples; memory is bounded but for its outputs.

    ``evaluated`` are the values, if they are known.
    """
    draw = np.random.default_rng(seed)
    samples = len(next(iter(data.values())))
    each = -(-NUMBERS // samples)
    found: dict[str, tuple[Any, Any]] = {}
    squares: dict[str, Any] = {}
    numbers: dict[str, list[Any]] = defaultdict(list)
    outputs: dict[str, list[Any]] = {name: [] for name in model.outputs}
    observer, whole, start = Observer(model, samples, draw), apart(model), 0
    for values in evaluated or evaluate(model, data):
        count = len(next(iter(values.values())))
        for name, given in outputs.items():
            given.append(values[name] if name in values else _repeated(model, name, count))
        for name, value in values.items():
            lo, hi = found.get(name, (value[0], value[0]))
            found[name] = np.minimum(lo, value.min(0)), np.maximum(hi, value.max(0))
            squares[name] = squares.get(name, 0) + np.square(value, dtype=float).sum(0)
            if name in whole:
                every = -(-samples // WHOLE)
                numbers[name].append(value[-start % every :: every])
                continue
            rows = value.reshape(count, -1)
            if rows.shape[1] > each:
                picked = draw.integers(rows.shape[1], size=(count, each))
                rows = np.take_along_axis(rows, picked, 1)
            numbers[name].append(rows.reshape(-1))
        observer.add(values)
        start += count
    return Observed(
        {name: (lo.astype(float), hi.astype(float)) for name, (lo, hi) in found.items()},
        {name: np.sqrt(total / samples) for name, total in squares.items()},
        {name: np.concatenate(parts).astype(float) for name, parts in numbers.items()},
        observer.found,
        {name: np.concatenate(parts) for name, parts in outputs.items()},
    )


def _repeated(model: Model, name: str, samples: int) -> npt.NDArray[Any]:
    """An output that is a constant."""
    constant = model.constants[name]
    return np.broadcast_to(constant, (samples, *constant.shape))


def _shaped(name: str, shape: tuple[int, ...], arrays: Data, where: str) -> npt.NDArray[np.float64]:
    if name not in arrays:
        raise DataError(f"data {where!r}: there is no array {name!r}; give one for each input")
    array = np.asarray(arrays[name])
    inner = shape[1:] if shape[:1] == (1,) else shape
    if array.shape[1:] not in (shape, inner):
        raise DataError(
            f"data {where!r}: {name!r} has the shape {list(array.shape)}, but samples have "
            f"{list(inner)}; give an array of the shape [samples, {', '.join(map(str, inner))}]"
        )
    if array.dtype.kind not in "buif" or not np.isfinite(array).all():
        raise DataError(f"data {where!r}: {name!r} holds what is not a finite number; leave it out")
    return array.astype(np.float64).reshape(-1, *shape)
