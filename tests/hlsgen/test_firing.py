"""When kernels read and write, against kernels that are walked through step by step."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest

from hlsgen.firing import Firing, all_first, chosen, reduced, steady
from hlsgen.windowing import Windows, windows_of
from kernels.conv import Conv
from kernels.pool import MaxPool
from kernels.windows import AutoPad
from sim.errors import ShapeError


def steps(firing: Firing) -> list[tuple[str, str, int]]:
    """As (inputs that are read, outputs that are written, clocks), counted from 0."""
    return [
        (
            "".join(str(i) for i, flags in enumerate(firing.reads) if flags[k]),
            "".join(str(i) for i, flags in enumerate(firing.writes) if flags[k]),
            int(clocks),
        )
        for k, clocks in enumerate(firing.clocks)
    ]


@pytest.mark.parametrize(
    ("firing", "expected"),
    [
        (steady(2), [("0", "0", 1)] * 2),
        (steady(2, 2, 3, clocks=5), [("01", "012", 5)] * 2),
        (steady(1, 0), [("", "0", 1)]),
        (steady(1, 1, 0), [("0", "", 1)]),
        (all_first(2, 3), [("0", "", 1)] * 2 + [("", "0", 1)] * 3),
        (reduced(2, 3), ([("0", "", 1)] * 2 + [("0", "0", 1)]) * 2),
        (reduced(2, 1), [("0", "0", 1)] * 2),
        (
            chosen([1, -1, 0], [True, True, False], 2),
            [("1", "0", 1), ("", "0", 1), ("0", "", 1)],
        ),
    ],
)
def test_steps(firing, expected):
    assert steps(firing) == expected
    assert firing.total == sum(clocks for *_, clocks in expected)


def walked(windows: Windows, clocks: int) -> list[tuple[str, str, int]]:
    """Every pixel of every padded image; where windows end, by their elements' own places."""
    spans = []
    for axis in windows.axes:
        ends = [int(positions.max()) for positions in axis.positions]
        last = max(axis.size - 1, *ends)
        spans.append([(i, 0 <= i < axis.size, i in ends) for i in range(-axis.before, last + 1)])
    made = []
    for _ in range(windows.images):
        for places in product(*spans):
            inside, ends = (all(flags) for flags in list(zip(*places, strict=True))[1:])
            made.append(("0" * inside, "0" * ends, clocks if ends else 1))
    return made


def window(seed: int) -> Windows:
    """Windows of any kind on one or two axes."""
    random = Random(seed)
    rank = random.choice((1, 2))

    def each(*options: int) -> tuple[int, ...]:
        return tuple(random.choice(options) for _ in range(rank))

    mode = random.choice([AutoPad.NOTSET, AutoPad.NOTSET, AutoPad.SAME_LOWER, AutoPad.SAME_UPPER])
    pads = each(0, 1, 2) + each(0, 1, 2) if mode is AutoPad.NOTSET else None
    given = {"strides": each(1, 2, 3), "dilations": each(1, 1, 2), "pads": pads, "auto_pad": mode}
    shape = (random.choice((1, 2)), 1, *(random.randint(2, 6) for _ in range(rank)))
    kernel = each(1, 2, 3)
    try:
        if random.random() < 0.5:
            op = MaxPool(kernel_shape=kernel, ceil_mode=1, **given)
            return windows_of(op, shape, kernel, ceil_mode=True)
        return windows_of(Conv(**given), shape, kernel)
    except ShapeError:
        return window(seed + 1000)


@pytest.mark.parametrize("seed", range(100))
def test_windows_are_complete_where_their_last_element_is(seed):
    windows = window(seed)
    firing = windows.firing(clocks=3)
    assert steps(firing) == walked(windows, 3)
    sizes = [axis.size for axis in windows.axes]
    counts = [len(axis.positions) for axis in windows.axes]
    assert firing.reads[0].sum() == windows.images * np.prod(sizes)
    assert firing.writes[0].sum() == windows.images * np.prod(counts)


@pytest.mark.parametrize("seed", range(100))
def test_cpp_walks_the_same_way(seed):
    """The formulas of ``Axis`` in kernels/windows.h, with the arguments that it is given."""
    windows = window(seed)
    expected = []
    for text in windows.arguments(len(windows.axes)):
        size, kernel, stride, dilation, before, count = map(int, text[5:-1].split(", "))
        span = (kernel - 1) * dilation + 1
        extent = max(before + size, (count - 1) * stride + span)
        own = []
        for place in range(extent):
            behind = place - span + 1
            ends = behind >= 0 and behind % stride == 0 and behind // stride < count
            own.append((before <= place < before + size, ends))
        expected.append(own)
    flags = [list(map(all, zip(*places, strict=True))) for places in product(*expected)]
    reads, writes = zip(*flags * windows.images, strict=True)
    firing = windows.firing(clocks=1)
    np.testing.assert_array_equal(firing.reads[0], reads)
    np.testing.assert_array_equal(firing.writes[0], writes)


def test_axes_that_a_model_does_not_have_stand_in_front():
    windows = windows_of(Conv(strides=(2,), pads=(1, 0)), (1, 3, 8), (3,))
    assert windows.arguments(1) == ("Axis<8, 3, 2, 1, 1, 4>",)
    assert windows.arguments(3) == ("Axis<1, 1>", "Axis<1, 1>", "Axis<8, 3, 2, 1, 1, 4>")
    assert windows.taps == 3


def test_a_window_takes_more_clocks_than_a_pixel():
    windows = windows_of(Conv(), (1, 1, 3, 3), (2, 2))
    assert windows.firing(clocks=4).total == 5 + 4 * 4
