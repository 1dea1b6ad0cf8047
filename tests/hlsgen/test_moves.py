"""Moves: how elements get to their places in a stream, by kernels that are played in Python."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from hlsgen.layout import Layout, usual_axis
from hlsgen.moves import Move, moves
from hlsgen.naming import Names
from hlsgen.planner import plan
from hlsgen.style import Io
from kernels.base import Operator
from kernels.shape import Concat, Gather, Identity, Pad, Reshape, Slice, Transpose
from sim.errors import NotStreamable
from sim.fixed import Fixed
from tests import cpp
from tests.kernels.test_shape import CASES, UNSTREAMED

KERNELS = {
    "rearrange": [
        "Reshape-(24,)",
        "Reshape-(-1,)",
        "Flatten-axis 0",
        "Flatten-axis -3",
        "Flatten-default",
        "Split-sizes",
        "Gather-one",
    ],
    "merge": [
        "Concat-three inputs",
        "Split-axis",
        "Split-negative axis",
        "Split-even",
        "Split-uneven",
        "Slice-negative",
        "Slice-clamped",
        "Slice-reversed",
        "Slice-reversed, clamped",
        "Pad-value",
        "Pad-axes",
        "Gather-some",
    ],
    "follow": [
        "Concat-negative axis",
        "Concat-constant first",
        "Concat-constant last",
        "Split-sizes",
        "Slice-defaults",
    ],
}
"""By what the elements of each case of tests/kernels/test_shape.py are moved in a stream."""


def kernels(case) -> set[str]:
    try:
        made = plan(cpp.network(case).graph, {}, Io.STREAM, Names())
    except NotStreamable:
        return {"none"}
    return {call.kernel for call in made.calls if call.kernel != "fork"}


@pytest.mark.parametrize(
    "case", [c for c in CASES if any(t.size for t in c.forward(c.types))], ids=str
)
def test_the_kernel_of_each_operator(case):
    """None for what stays in its place; those that have no kernel are listed there."""
    expected = {kernel for kernel, names in KERNELS.items() if str(case) in names}
    refused = {"none"} if str(case) in UNSTREAMED["stream-latency"] else set()
    assert kernels(case) == expected | refused


# -- against kernels in Python ---------------------------------------------------------------------


def random_move(seed: int) -> Move:
    """Of small tensors in any layouts."""
    random = Random(seed)
    shape = tuple(random.randint(1, 4) for _ in range(random.randint(1, 3)))
    axis = random.randrange(len(shape))
    n = shape[axis]
    ops: list[Operator] = [
        Identity(),
        Concat(axis),
        Transpose(tuple(random.sample(range(len(shape)), len(shape)))),
        Slice((random.randrange(n),), (n,), axes=(axis,), steps=(random.choice((1, 1, 2)),)),
        Gather(tuple(random.choices(range(n), k=3)), axis=axis),
        Gather(tuple(sorted(random.choices(range(n), k=3))), axis=axis),
        Pad((random.randint(-(n > 1), 2), random.randint(0, 1)), 0.0, axes=(axis,)),
        Reshape((-1,)),
    ]
    op = random.choice(ops)
    count = random.randint(1, 3) if isinstance(op, Concat) else 1
    shapes = [(*shape[:axis], random.randint(1, 3), *shape[axis + 1 :]) for _ in range(count - 1)]
    shapes = [shape, *shapes]
    lanes = random.randrange(len(shape)) if random.random() < 0.5 else usual_axis(shape)
    inputs = [Layout(s, lanes) for s in shapes]
    result = op.forward(*(Fixed.constant(np.zeros(s, int)) for s in shapes)).shape
    kept = lanes if len(result) == len(shape) else usual_axis(result)
    (made,) = moves(op, inputs, [Layout(result, kept)])
    return made


def numbered(made: Move) -> list[np.ndarray]:
    """Each input as an array of positions and lanes, with the places as its elements."""
    ends = np.cumsum([0, *(layout.size for layout in made.inputs)])
    return [
        np.arange(start, start + layout.size).reshape(layout.index.shape)
        for start, layout in zip(ends, made.inputs, strict=False)
    ]


def merged(made: Move, lanes: np.ndarray) -> list[list[int]]:
    """What kernels/shape.h calls ``merge``: of one position of all inputs after the other."""
    rows = [np.concatenate([*row, [made.padding]]) for row in zip(*numbered(made), strict=True)]
    return [row[lanes].tolist() for row in rows]


def followed(made: Move, steps: Sequence[tuple[int, int]]) -> list[list[int]]:
    """What kernels/shape.h calls ``follow``; all inputs are read, each to its end and in order."""
    streams = [iter(array.tolist()) for array in numbered(made)]
    given, last = [], None
    for source, give in steps:
        if source >= 0:
            last = next(streams[source])
        if give > 0:
            given.append(last)
        if give < 0:
            given.append([made.padding] * made.result.lanes)
    assert [list(rest) for rest in streams] == [[]] * len(streams)
    return given


def played(made: Move) -> dict[str, list[list[int]]]:
    """What each kernel that a move is fit for makes of it."""
    given = {}
    if made.identical:
        given["identical"] = numbered(made)[0].tolist()
    if (lanes := made.merged) is not None:
        given["merge"] = merged(made, lanes)
    if made.rearranged:
        (kept,) = numbered(made)
        given["rearrange"] = kept.reshape(-1)[made.places].tolist()
    if (steps := made.followed) is not None:
        given["follow"] = followed(made, steps)
    return given


@pytest.mark.parametrize("seed", range(0, 600, 100))
def test_kernels_bring_every_element_to_its_place(seed):
    """What a kernel is chosen for, it does; and each kind of move is among these."""
    kinds = set()
    for made in map(random_move, range(seed, seed + 100)):
        given = played(made)
        assert [places for places in given.values() if places != made.places.tolist()] == []
        kinds |= set(given)
    assert kinds == {"identical", "merge", "rearrange", "follow"}
