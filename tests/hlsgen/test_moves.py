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
from kernels.gather import Gather
from kernels.shape import Concat, Identity, Pad, Reshape, Slice, Transpose
from sim.fixed import Fixed
from tests import cpp
from tests.kernels import test_depth, test_gather, test_shape

FAMILIES = (test_depth, test_gather, test_shape)
CASES = [case for family in FAMILIES for case in family.CASES]

KERNELS = {
    "rearrange": [
        "DepthToSpace-DCR, one block",
        "DepthToSpace-CRD, one block",
        "SpaceToDepth-one block",
        "Gather-one",
        "GatherElements-fewer rows",
        "GatherND-elements",
        "GatherND-one element",
        "Compress-flattened",
        "Reshape-(24,)",
        "Reshape-(-1,)",
        "Flatten-axis 0",
        "Flatten-axis -3",
        "Flatten-default",
        "Split-sizes",
        "Slice-from before the first",
    ],
    "merge": [
        "Gather-one of a vector",
        "Gather-some",
        "Compress-negative axis",
        "Compress-short",
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
    ],
    "follow": [
        "Compress-rows",
        "Concat-negative axis",
        "Concat-constant first",
        "Concat-constant last",
        "Split-sizes",
        "Slice-defaults",
    ],
    "recall": [
        "DepthToSpace-DCR, odd",
        "DepthToSpace-DCR, batch",
        "DepthToSpace-CRD, odd",
        "DepthToSpace-CRD, batch",
        "SpaceToDepth-odd",
        "SpaceToDepth-batch",
        "SpaceToDepth-CRD",
        "Gather-matrix",
        "GatherElements-axis 0",
        "GatherElements-axis 1",
        "GatherElements-negative axis",
        "GatherND-blocks",
        "GatherND-places in places",
        "GatherND-batch",
        "GatherND-batch of lists",
        "GatherND-two batch axes",
        "ReverseSequence-usual",
        "ReverseSequence-batch first",
        "Reshape-(0, -1)",
        "Reshape-(4, 0, 2)",
        "Reshape-(-1, 0, 2)",
        "Reshape-allowzero",
        "Flatten-axis 1",
        "Flatten-axis 2",
        "Flatten-axis 3",
        "Flatten-axis -1",
        "Transpose-default",
        "Transpose-perm",
        "Slice-steps",
        "Pad-zeros",
        "Pad-cropped",
        "Pad-cropped to its padding",
        "Pad-REFLECT",
        "Pad-EDGE",
        "Pad-WRAP",
        "Pad-REFLECT, cropped",
        "Pad-EDGE, cropped",
        "Pad-WRAP, cropped",
        "Expand-more axes",
        "Tile-repeats",
    ],
}
"""By what the elements of each case of these families are moved in a stream."""


def kernels(case) -> set[str]:
    made = plan(cpp.network(case).graph, {}, Io.STREAM, Names())
    return {call.kernel for call in made.calls if call.kernel != "fork"}


@pytest.mark.parametrize(
    "case", [c for c in CASES if any(t.size for t in c.forward(c.types))], ids=str
)
def test_the_kernel_of_each_operator(case):
    """None for what stays in its place."""
    assert kernels(case) == {kernel for kernel, names in KERNELS.items() if str(case) in names}


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


def recalled(made: Move) -> list[list[int]]:
    """What kernels/shape.h calls ``recall``; all of the input is read, in order."""
    told = made.recalled
    (stream,) = map(iter, numbered(made))
    kept, last, turn, given = [None] * told.slots, None, 0, []
    row = [None] * made.result.lanes
    for step in told.steps:
        if step.read:
            kept[turn] = last = next(stream).tolist()
            turn = (turn + 1) % told.slots
        source = last if step.source == told.slots else kept[step.source]
        lanes = told.lanes[step.lanes].tolist()
        changed = [made.padding if i == -2 else source[i] if i >= 0 else None for i in lanes]
        row = [old if i == -1 else new for old, new, i in zip(row, changed, lanes, strict=True)]
        if step.give:
            given.append(row)
    assert not list(stream)
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
    if len(made.inputs) == 1:
        given["recall"] = recalled(made)
    return given


@pytest.mark.parametrize("seed", range(0, 600, 100))
def test_kernels_bring_every_element_to_its_place(seed):
    """What a kernel is chosen for, it does; and each kind of move is among these."""
    kinds = set()
    for made in map(random_move, range(seed, seed + 100)):
        given = played(made)
        assert [places for places in given.values() if places != made.places.tolist()] == []
        kinds |= set(given)
    assert kinds == {"identical", "merge", "rearrange", "follow", "recall"}
