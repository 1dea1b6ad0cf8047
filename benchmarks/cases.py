"""The cases that arithmetic is compared on: layers in numbers, and samples with their results.

A folder ``cases`` has, for each, ``NAME.json`` and ``NAME.npz`` (integers, and the fraction bits
of each layer), or ``NAME.meta`` and ``NAME.npz`` (real numbers, and a format of its own for every
element in front of each layer). All numbers here are float64, which holds each of them exactly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dense:
    """``x @ weight + bias``."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class Conv:
    """A convolution without padding; the weight is (height, width, channels, filters)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class Relu:
    """``max(x, 0)``."""


@dataclass(frozen=True)
class Quantize:
    """Onto formats with so many bits each, for each element: sign, integer, fraction.

    ``rounding`` is TRN (down) or RND (to the nearest, halves up), ``overflow`` WRAP or SAT. A
    format without bits is zero.
    """

    signed: Integers
    integer: Integers
    fraction: Integers
    rounding: str
    overflow: str

    @property
    def width(self) -> Integers:
        return np.maximum(self.signed + self.integer + self.fraction, 0)

    @property
    def range(self) -> tuple[Integers, Integers]:
        """The lowest and the highest code."""
        lo = np.where(
            (self.signed != 0) & (self.width > 0), -(1 << np.maximum(self.width - 1, 0)), 0
        )
        return lo, lo + (1 << self.width) - 1

    def of(self, x: Floats) -> Floats:
        """What becomes of samples, whose elements are the last axes."""
        codes = np.floor(np.ldexp(x, self.fraction) + (0.5 if self.rounding == "RND" else 0))
        lo, hi = self.range
        limited = (codes - lo) % (hi - lo + 1) + lo
        if self.overflow == "SAT":
            limited = codes.clip(lo, hi)
        return np.ldexp(limited, -self.fraction)


@dataclass(frozen=True)
class MaxPool:
    """The largest of each square."""

    size: int


@dataclass(frozen=True)
class Flatten:
    """All elements, channels fastest."""


Layer: TypeAlias = Dense | Conv | Relu | Quantize | MaxPool | Flatten


@dataclass(frozen=True)
class Case:
    """A network: the format of its input, its layers, samples ``x`` and their results ``y``.

    Images have their channels last, also where the ONNX file has them first.
    """

    name: str
    files: tuple[Path, ...]
    given: Quantize
    layers: tuple[Layer, ...]
    x: Floats
    y: Floats

    @property
    def onnx(self) -> Path | None:
        """The same as QONNX, which cannot say everything."""
        return next((file for file in self.files if file.suffix == ".onnx"), None)

    @property
    def products(self) -> int:
        """How often a sample is multiplied by a weight that is not zero."""
        return sum(self._times(layer) * _nonzero(layer) for layer in self.layers)

    def _times(self, layer: Layer) -> int:
        """How often the weights are used; a convolution is the first layer, if there is one."""
        if not isinstance(layer, Conv):
            return 1
        (_, height, width, _), kernel = self.x.shape, layer.weight.shape
        return (height - kernel[0] + 1) * (width - kernel[1] + 1)


def _nonzero(layer: Layer) -> int:
    return np.count_nonzero(layer.weight) if isinstance(layer, Dense | Conv) else 0


def names(bench: Path, patterns: str) -> list[str]:
    """The cases that one of the patterns, separated by commas, fits."""
    folder = bench / "cases"
    found = sorted(file.stem for suffix in ("json", "meta") for file in folder.glob(f"*.{suffix}"))
    if not found:
        sys.exit(f"error: {folder}: has no cases; name the folder that has them with --bench")
    chosen = [n for n in found if any(fnmatch(n, p) for p in patterns.split(","))]
    if not chosen:
        sys.exit(f"error: --cases {patterns!r}: fits none; there are {', '.join(found)}")
    return chosen


def read(bench: Path, name: str) -> Case:
    folder = bench / "cases"
    found = (folder / f"{name}.{end}" for end in ("json", "meta", "npz", "qonnx.onnx"))
    files = tuple(file for file in found if file.is_file())
    spec = json.loads(files[0].read_text())
    arrays = dict(np.load(folder / f"{name}.npz"))
    parts = _integers(spec, arrays) if files[0].suffix == ".json" else _formats(spec, arrays)
    return Case(name, files, *parts)


def _integers(spec: dict[str, Any], arrays: dict[str, Any]) -> tuple[Any, ...]:
    given, fraction = spec["input"], spec["input"]["frac"]
    shape = tuple(given["shape"])
    first = _quantize(shape, given["signed"], given["bits"] - given["signed"] - fraction, fraction)
    x = np.ldexp(arrays["x_ref"].reshape(-1, *shape).astype(float), -fraction)
    y = np.ldexp(arrays["y_ref"].astype(float), -spec["output"]["frac"])
    return first, tuple(_layers(spec["layers"], arrays, fraction)), x, y


def _layers(specs: list[dict[str, Any]], arrays: dict[str, Any], fraction: int) -> Iterator[Layer]:
    """The layers of a case in integers; ``fraction`` bits come in."""
    for spec in specs:
        match spec["op"]:
            case "dense" | "conv2d" as op:
                fraction += spec["w_frac"]
                weight = np.ldexp(arrays[spec["w"]].astype(float), -spec["w_frac"])
                codes = arrays[spec["b"]] if spec["b"] else np.zeros(weight.shape[-1])
                kind = Dense if op == "dense" else Conv
                yield kind(weight, np.ldexp(codes.astype(float), -fraction))
            case "relu_q":
                fraction = spec["frac"]
                yield Relu()
                yield _quantize((), 0, spec["bits"] - fraction, fraction, spec["overflow"])
            case "maxpool":
                yield MaxPool(spec["size"])
            case "flatten":
                yield Flatten()
            case op:
                raise ValueError(op)


def _quantize(
    shape: tuple[int, ...], signed: int, integer: int, fraction: int, overflow: str = "WRAP"
) -> Quantize:
    """All elements alike."""
    bits = (np.full(shape, n, np.int64) for n in (signed, integer, fraction))
    return Quantize(*bits, "TRN", overflow)


def _formats(spec: dict[str, Any], arrays: dict[str, Any]) -> tuple[Any, ...]:
    layers: list[Layer] = []
    for i, told in enumerate(spec["layers"]):
        bits = (arrays[f"{kind}{i}"].astype(np.int64) for kind in "kif")
        layers.append(Quantize(*bits, told["round"], told["overflow"]))
        layers.append(Dense(arrays[f"w{i}"], arrays[f"b{i}"]))
        layers += [Relu()] * told["relu"]
    first = layers.pop(0)
    assert isinstance(first, Quantize)
    return first, tuple(layers), first.of(arrays["x_ref"]), arrays["y_ref"]
