"""Classes of samples: what they are, what a network says, and how often the two agree."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtlgen import calibrate
from rtlgen.calibrate import Data
from rtlgen.frontend import Model
from sim.errors import ConfigError, DataError

Classes = npt.NDArray[np.int64]
Part = tuple[Data, Classes]
"""Samples, and the class of each."""


def check(model: Model) -> None:
    """Refuse a network that does not give a number for each class."""
    shapes = {name: list(model.shapes[name]) for name in model.outputs}
    if len(shapes) > 1 or any(prod(shape) < 2 for shape in shapes.values()):
        listed = ", ".join(f"{name!r} of shape {shape}" for name, shape in shapes.items())
        raise ConfigError(
            f"accuracy: the network has the outputs {listed}; it is known for one output with a "
            f"number for each class, choose it with --output"
        )


def samples(
    source: str | Path | Data | None, model: Model, name: str
) -> tuple[Data, npt.NDArray[Any] | None]:
    """Samples for each input, and what the array of labels holds, if there is one."""
    if source is None:
        return {}, None
    where = "data" if isinstance(source, Mapping) else str(source)
    arrays = source if isinstance(source, Mapping) else calibrate.load(source, model)
    inputs, known = split(arrays, model, name)
    return calibrate.fitting(inputs, model, where), known


def split(arrays: Data, model: Model, name: str) -> tuple[Data, npt.NDArray[Any] | None]:
    """The arrays of inputs, and that of labels if there is one; an input is none."""
    if name in model.inputs or name not in arrays:
        return arrays, None
    return {key: array for key, array in arrays.items() if key != name}, np.asarray(arrays[name])


def classes(labels: npt.NDArray[Any] | None, samples: int, model: Model, name: str) -> Classes:
    """The class of each sample, from its number or from a one for it among zeros."""
    check(model)
    if labels is None:
        raise DataError(
            f"labels {name!r}: there is no such array beside those of the inputs; give the class "
            f"of each sample in the file of --calibrate, and the array's name with --labels"
        )
    count = prod(model.shapes[model.outputs[0]])
    if labels.shape == (samples, count) and count > 1:
        return np.asarray(labels.argmax(1), np.int64)
    if labels.shape not in ((samples,), (samples, 1)):
        raise DataError(
            f"labels {name!r}: they have the shape {list(labels.shape)}; give an array of the "
            f"shape [{samples}], or [{samples}, {count}] with a one for the class"
        )
    flat = labels.reshape(-1)
    whole = labels.dtype.kind in "bui" or (labels.dtype.kind == "f" and (flat % 1 == 0).all())
    if not whole or flat.min() < 0 or flat.max() >= count:
        raise DataError(f"labels {name!r}: the classes are whole numbers from 0 to {count - 1}")
    return np.asarray(flat, np.int64)


def halves(samples: Data, classes: Classes, seed: int = 0) -> tuple[Part, Part]:
    """The samples in two parts, drawn at random but always alike; the first is not smaller."""
    if len(classes) < 2:
        raise DataError(
            "accuracy: there is one sample with a class; give two at least, for formats are "
            "searched on one half of them, and the accuracy that is told is that of the other"
        )
    drawn = np.random.default_rng(seed).permutation(len(classes))
    half = (len(classes) + 1) // 2
    first, second = (
        ({name: array[chosen] for name, array in samples.items()}, classes[chosen])
        for chosen in (np.sort(drawn[:half]), np.sort(drawn[half:]))
    )
    return first, second


def accuracy(numbers: npt.NDArray[Any], wanted: Classes) -> float:
    """The share of samples for which the number of the right class is the largest."""
    return float((numbers.reshape(len(wanted), -1).argmax(1) == wanted).mean())
