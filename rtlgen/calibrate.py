"""The range of every value, from real data: what formats are chosen from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rtlgen.formats import Formats, Ranges
from rtlgen.frontend import Model
from rtlgen.frontend.evaluation import evaluate
from rtlgen.notation import Format
from sim.errors import DataError, nearest

Data = Mapping[str, npt.NDArray[Any]]

DEFAULTS = {
    "inputs": Format(16, per_element=True),
    "weights": Format(12),
    "activations": Format(12),
}
"""What a float model is rounded to where its configuration says nothing."""


def read(path: str | Path, model: Model) -> dict[str, npt.NDArray[Any]]:
    """Samples for the inputs of a model from an npz file: one array per input, by its name."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, EOFError, TypeError, ValueError, BadZipFile) as error:  # all from NumPy
        reason = error.strerror if isinstance(error, OSError) else None
        raise DataError(
            f"data {str(path)!r}: {reason or 'not an npz file'}; give an npz file with an array "
            f"for each of {', '.join(map(repr, model.inputs))}"
        ) from error
    return fitting(arrays, model, str(path))


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
    """The formats, with defaults for a float model and the ranges of these data."""
    defaults = {**DEFAULTS, **formats.defaults}
    return replace(formats, defaults=defaults, ranges=ranges(model, data))


def ranges(model: Model, data: Data) -> Ranges:
    """The least and the largest number of every element of every value."""
    found: dict[str, tuple[Any, Any]] = {}
    for values in evaluate(model, data):
        for name, value in values.items():
            lo, hi = found.get(name, (value, value))
            found[name] = np.minimum(lo, value), np.maximum(hi, value)
    return {name: (lo.astype(float), hi.astype(float)) for name, (lo, hi) in found.items()}


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
