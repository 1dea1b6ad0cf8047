"""Moves with attributes drawn at random, against ONNX Runtime: what nobody thought of."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from kernels.base import Operator
from kernels.gather import Compress, Gather, GatherElements, GatherND, ReverseSequence
from kernels.shape import Pad, PadMode, Slice, Split, Tile, Unsqueeze
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, mixed
from tests.kernels.test_gather import tuples
from tests.oracles import runtime

Shape = tuple[int, ...]


def places(random: Random, size: int, *shape: int) -> np.ndarray:
    count = int(np.prod(shape, dtype=int))
    return np.array([random.randrange(-size, size) for _ in range(count)]).reshape(shape)


def some_slice(random: Random, shape: Shape) -> Operator:
    axes = random.sample(range(len(shape)), random.randint(1, len(shape)))
    signed = tuple(axis - len(shape) * random.randint(0, 1) for axis in axes)
    ends = [tuple(random.randint(-7, 7) for _ in axes) for _ in range(2)]
    steps = tuple(random.choice((-3, -2, -1, 1, 2, 3)) for _ in axes)
    return Slice(*ends, axes=signed, steps=steps)


def some_pad(random: Random, shape: Shape) -> Operator:
    mode = random.choice(list(PadMode))
    before, after = [], []
    for size in shape:
        if mode is PadMode.CONSTANT:
            before.append(random.randint(-2, 3))
            after.append(random.randint(max(-2, -size - before[-1]), 3))
        else:
            crops = [random.randint(0, (size - 1) // 2) for _ in range(2)]
            most = size - sum(crops) - (mode is PadMode.REFLECT)
            pads = [-crop if crop else random.randint(0, most) for crop in crops]
            before.append(pads[0])
            after.append(pads[1])
    value = 0.5 if mode is PadMode.CONSTANT else 0.0
    return Pad((*before, *after), value, mode=mode)


def some_elements(random: Random, shape: Shape) -> Operator:
    axis = random.randrange(-len(shape), len(shape))
    sizes = [random.randint(1, size) for size in shape]
    sizes[axis] = random.randint(1, 4)
    return GatherElements(tuples(places(random, shape[axis], *sizes)), axis)


def some_blocks(random: Random, shape: Shape) -> Operator:
    batch = random.randrange(len(shape))
    depth = random.randint(1, len(shape) - batch)
    outer = (*shape[:batch], *(random.randint(1, 3) for _ in range(random.randint(0, 2))))
    columns = [places(random, size, *outer) for size in shape[batch : batch + depth]]
    return GatherND(tuples(np.stack(columns, -1)), batch)


def some_gather(random: Random, shape: Shape) -> Operator:
    axis = random.randrange(-len(shape), len(shape))
    sizes = [random.randint(1, 3) for _ in range(random.randint(0, 2))]
    return Gather(tuples(places(random, shape[axis], *sizes)), axis)


def some_compress(random: Random, shape: Shape) -> Operator:
    axis = random.choice((None, *range(-len(shape), len(shape))))
    size = int(np.prod(shape)) if axis is None else shape[axis]
    return Compress(tuple(random.random() < 0.5 for _ in range(random.randint(1, size))), axis)


def some_reversal(random: Random, shape: Shape) -> Operator:
    batch = random.randint(0, 1)
    lengths = tuple(random.randint(0, shape[1 - batch]) for _ in range(shape[batch]))
    return ReverseSequence(lengths, batch, 1 - batch)


def some_split(random: Random, shape: Shape) -> Operator:
    axis = random.randrange(-len(shape), len(shape))
    first = random.randint(0, shape[axis])
    return Split((first, shape[axis] - first), axis)


def some_tile(random: Random, shape: Shape) -> Operator:
    return Tile(tuple(random.randint(0, 3) for _ in shape))


def some_unsqueeze(random: Random, shape: Shape) -> Operator:
    rank = len(shape) + 2
    axes = random.sample(range(rank), 2)
    return Unsqueeze(tuple(axis - rank * random.randint(0, 1) for axis in axes))


KINDS: tuple[Callable[[Random, Shape], Operator], ...] = (
    *(some_slice, some_pad, some_elements, some_blocks, some_gather, some_compress),
    *(some_reversal, some_split, some_tile, some_unsqueeze),
)


def drawn(seed: int) -> Case:
    random = Random(seed)
    kind = KINDS[seed % len(KINDS)]
    rank = random.randint(2 if kind is some_reversal else 1, 3)
    shape = tuple(random.randint(1, 4) for _ in range(rank))
    return Case(f"seed {seed}", kind(random, shape), (mixed(*shape, seed=seed),), runtime)


CASES = tuple(map(drawn, range(200)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case, samples=6)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES[:100], tmp_path, style, samples=12) == []
