"""Recorded samples as bytes, which a test in C++ replays without any library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtlgen.encoding import Floats
from rtlgen.network import Network
from sim.integers import IntArray, magnitude
from sim.manifest import Manifest

CODES, REALS = 1 << 20, 1 << 16
"""How many are recorded, whatever number of samples is asked for."""


@dataclass(frozen=True)
class Records:
    """Samples and their results, in a row each: what goes in, then what comes out.

    ``data`` is their numbers in the order of C, each in ``size`` bytes, the lowest first: integers
    in two's complement, or doubles.
    """

    samples: int
    size: int
    data: bytes


def codes(network: Network, manifest: Manifest, samples: int, seed: int) -> Records:
    """Codes in the steps of the manifest."""
    x, y = network.recorded(_few(manifest, samples, CODES), seed, manifest.outputs)
    rows = _rows([*x.values(), *y.values()])
    size = next(n for n in (1, 2, 4, 8, 8 * manifest.words) if magnitude(rows) >> 8 * n - 1 == 0)
    if size <= 8:
        return Records(len(rows), size, rows.astype(f"<i{size}").tobytes())
    whole = b"".join(int(code).to_bytes(size, "little", signed=True) for code in rows.flat)
    return Records(len(rows), size, whole)


def reals(network: Network, manifest: Manifest, samples: int, seed: int) -> Records:
    """Real numbers: the user's own, and others that are in range and beyond it."""
    count = _few(manifest, samples, REALS)
    x = {name: np.asarray(a, float)[: count // 2] for name, a in network.data.items()}
    rest = count - len(next(iter(x.values()), ()))
    for i, tensor in enumerate(manifest.inputs):
        steps = _around(tensor.width, tensor.signed, rest, seed + i)
        factor = np.array(tensor.scale) * np.ldexp(1.0, tensor.exp)
        made = (steps * factor + np.array(tensor.offset)).reshape(rest, *tensor.shape)
        own = x.get(tensor.name, made[:0]).reshape(-1, *tensor.shape)
        x[tensor.name] = np.concatenate([own, made])
    results = network.evaluate(network.encode(x))
    y = {name: network.codings.outputs[name].decode(value) for name, value in results.items()}
    rows = _rows([*(x[t.name] for t in manifest.inputs), *y.values()])
    return Records(len(rows), 8, rows.astype("<f8").tobytes())


def _few(manifest: Manifest, samples: int, numbers: int) -> int:
    elements = sum(t.elements for t in (*manifest.inputs, *manifest.outputs))
    return max(1, min(samples, numbers // elements))


def _around(width: tuple[int, ...], signed: tuple[bool, ...], samples: int, seed: int) -> Floats:
    """In steps: all over the range and a little beyond it, and in every second sample ties."""
    size = np.ldexp(1.0, width)
    steps = np.random.default_rng(seed).uniform(-0.1, 1.1, (samples, len(width))) * size
    steps -= size / 2 * np.array(signed)
    steps[::2] = np.round(steps[::2] * 2) / 2
    return steps


def _rows(arrays: list[IntArray | Floats]) -> IntArray | Floats:
    return np.concatenate([a.reshape(len(a), -1) for a in arrays], 1)
