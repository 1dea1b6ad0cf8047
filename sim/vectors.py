"""Samples for a design and what it must answer: how they are chosen, and ``vectors.npz``.

A sample is an array of integer codes for each tensor. The file holds ``x/<name>`` and ``y/<name>``
with the samples along the first axis: int64, or decimal text where a code needs more bits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError
from sim.manifest import Manifest, Tensor

Codes: TypeAlias = NDArray[Any]  # of int64, or of Python's int where 64 bits are too few

_INT64 = np.iinfo(np.int64)


def corners_and_random(lo: Codes, hi: Codes, count: int, seed: int) -> Codes:
    """Choose `count` samples between the bounds (inclusive), of shape ``(count, *lo.shape)``.

    First come the corners: all lowest; all highest; nearest to zero; lowest and highest
    alternating; its inverse; then, up to half of the samples, single elements at their highest and
    lowest among zeros. The others are uniform, and depend on `seed` alone.
    """
    assert lo.shape == hi.shape
    assert (lo <= hi).all()
    low, high = _narrow(np.stack([lo, hi]).reshape(2, -1))
    walk = islice(_walk(low, high), max(0, count // 2 - 5))
    fixed = list(islice(chain(_corners(low, high), walk), count))
    rows = [*fixed, *_uniform(low, high, count - len(fixed), seed)]
    return np.array(rows, dtype=low.dtype).reshape(count, *lo.shape)


def write(path: Path, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
    """Write the codes that go in and the codes that must come out."""
    arrays = {f"x/{name}": _stored(codes) for name, codes in inputs.items()}
    arrays |= {f"y/{name}": _stored(codes) for name, codes in outputs.items()}
    np.savez_compressed(path, allow_pickle=False, **arrays)


def read(path: Path) -> tuple[dict[str, Codes], dict[str, Codes]]:
    """Read the codes of the inputs and the outputs, by the names of the tensors."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as npz:
            arrays = {key: _loaded(npz[key]) for key in npz.files}
    except (OSError, EOFError, TypeError, ValueError, BadZipFile) as error:  # all from NumPy
        raise _unfit(f"{path}", f"cannot be read ({error})") from error
    return _stream("x/", arrays), _stream("y/", arrays)


def check(path: Path, manifest: Manifest) -> int:
    """Hold the file against the ports that it is for; return the number of samples."""
    inputs, outputs = read(path)
    counts = {
        _samples(f"{path}: {stream}/{tensor.name}", tensor, arrays.get(tensor.name))
        for stream, tensors, arrays in (
            ("x", manifest.inputs, inputs),
            ("y", manifest.outputs, outputs),
        )
        for tensor in tensors
    }
    if len(counts) != 1 or counts == {0}:
        raise _unfit(f"{path}", f"tensors have {' or '.join(map(str, sorted(counts)))} samples")
    return counts.pop()


def _corners(lo: Codes, hi: Codes) -> Iterator[Codes]:
    odd = np.arange(lo.size) % 2 == 1
    yield lo
    yield hi
    yield np.clip(0, lo, hi)
    yield np.where(odd, hi, lo)
    yield np.where(odd, lo, hi)


def _walk(lo: Codes, hi: Codes) -> Iterator[Codes]:
    for i in range(lo.size):
        for extreme in (hi, lo):
            codes = np.clip(0, lo, hi)
            codes[i] = extreme[i]
            yield codes


def _uniform(lo: Codes, hi: Codes, count: int, seed: int) -> Codes:
    if lo.dtype == np.int64:
        return np.random.default_rng(seed).integers(lo, hi, (count, lo.size), endpoint=True)
    rng = random.Random(seed)  # repeatable, not secret
    rows = [[rng.randint(*ends) for ends in zip(lo, hi, strict=True)] for _ in range(count)]
    return np.array(rows, dtype=object).reshape(count, lo.size)


def _narrow(codes: Codes) -> Codes:
    """Choose int64 where every code fits, Python's int elsewhere."""
    fits = not codes.size or (codes.min() >= _INT64.min and codes.max() <= _INT64.max)
    return codes.astype(np.int64 if fits else object)


def _stored(codes: Codes) -> Codes:
    narrow = _narrow(codes)
    return narrow if narrow.dtype == np.int64 else narrow.astype(str)


def _loaded(array: Codes) -> Codes:
    if array.dtype.kind == "U":
        return np.asarray(np.frompyfunc(int, 1, 1)(array), dtype=object)
    if array.dtype != np.int64:
        raise ValueError(f"an array of {array.dtype} where codes are int64 or decimal text")
    return array


def _stream(prefix: str, arrays: dict[str, Codes]) -> dict[str, Codes]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _samples(where: str, tensor: Tensor, codes: Codes | None) -> int:
    if codes is None:
        raise _unfit(where, "is missing")
    if codes.shape[1:] != tensor.shape:
        raise _unfit(where, f"has samples of shape {codes.shape[1:]}, not {tensor.shape}")
    # A bench compares bits: a code that its port cannot hold would look like another one.
    flat = codes.reshape(len(codes), tensor.elements)
    for i, (signed, width) in enumerate(zip(tensor.signed, tensor.width, strict=True)):
        lo, hi = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
        if wrong := [code for code in flat[:, i].tolist() if not lo <= code <= hi]:
            raise _unfit(where, f"code {wrong[0]!r} of element {i} is outside of [{lo}, {hi}]")
    return len(codes)


def _unfit(where: str, what: str) -> DataError:
    return DataError(f"{where}: {what}; generate the vectors again")
