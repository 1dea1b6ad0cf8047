"""ConvTranspose, as one convolution whose filters are the phases of its strides.

Between two neighbours of the input lie ``stride`` results, its phases. Those of one phase are the
convolution with every so many weights of the kernel, turned round, so no product is one with an
inserted zero. All phases are filters of a single Conv, and their results are interleaved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from kernels.base import OnnxNode
from kernels.windows import AutoPad
from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Shape
from sim.errors import ShapeError


@dataclass(frozen=True)
class Axis:
    """One spatial axis: result ``i`` is number ``before + i`` of all that the kernel reaches."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    results: int

    @property
    def taps(self) -> int:
        """How many neighbours a result is made of, at most."""
        return (self.kernel - 1) * self.dilation // self.stride + 1

    @property
    def first(self) -> int:
        """The position of the Conv that is computed first."""
        return min(self.before // self.stride, self.taps - 1)

    @property
    def pads(self) -> tuple[int, int]:
        last = (self.before + self.results - 1) // self.stride
        return self.taps - 1 - self.first, max(0, last + 1 - self.size)

    @property
    def positions(self) -> int:
        """How many the Conv computes."""
        return self.size + sum(self.pads) - self.taps + 1

    def weight(self, phase: int, tap: int) -> int:
        """Which weight of the kernel a tap has in a phase; ``kernel`` if none."""
        reach = (self.taps - 1 - tap) * self.stride + phase
        inside = reach % self.dilation == 0 and reach // self.dilation < self.kernel
        return reach // self.dilation if inside else self.kernel


def conv_transpose(expansion: Expansion) -> None:
    """In any number of dimensions, with every attribute."""
    node, (batch, channels, *sizes) = expansion.node, expansion.shape(0)
    weights = expansion.shape(1)
    group = node.attributes["group"]
    if weights[0] != channels:
        raise ShapeError(
            f"node {node.name!r}: weights of shape {weights} do not fit an input of "
            f"{expansion.shape(0)}; they must be (channels, filters / group, *kernel)"
        )
    axes = _axes(node, tuple(sizes), weights[2:])
    filters = weights[1]
    phases = [axis.stride for axis in axes]
    pads = [[axis.pads[end] for axis in axes] for end in (0, 1)]
    inputs = [node.inputs[0], _filters(expansion, axes, group, channels // group, filters)]
    if node.has(2):
        inputs.append(_bias(expansion, group, prod(phases), filters))
    y = expansion.made("Conv", *inputs, group=group, pads=(*pads[0], *pads[1]))
    if prod(phases) > 1:
        y = _interleaved(expansion, y, axes, (batch, group, filters))
    starts = [axis.before - axis.first * axis.stride for axis in axes]
    ends = [start + axis.results for start, axis in zip(starts, axes, strict=True)]
    limits = (starts, ends, range(2, 2 + len(axes)))
    names = [expansion.constant(list(numbers), "slice", np.int64) for numbers in limits]
    expansion.made("Slice", y, *names, output=node.outputs[0])


def _interleaved(
    expansion: Expansion, name: str, axes: list[Axis], sizes: tuple[int, int, int]
) -> str:
    """The phases, which were filters of each group, as neighbours along their axes."""
    batch, group, filters = sizes
    n, phases = len(axes), [axis.stride for axis in axes]
    positions = [axis.positions for axis in axes]
    split = _reshaped(expansion, name, (batch, group, *phases, filters, *positions))
    pairs = [axis for i in range(n) for axis in (3 + n + i, 2 + i)]
    turned = expansion.made("Transpose", split, perm=(0, 1, 2 + n, *pairs))
    rows = map(prod, zip(positions, phases, strict=True))
    return _reshaped(expansion, turned, (batch, group * filters, *rows))


def _filters(expansion: Expansion, axes: list[Axis], group: int, inner: int, filters: int) -> str:
    """The weights in (group * phases * filters, channels / group, *taps)."""
    kernel = [axis.kernel for axis in axes]
    phases, taps = [axis.stride for axis in axes], [axis.taps for axis in axes]
    flat = _reshaped(expansion, expansion.node.inputs[1], (group, inner, filters, prod(kernel)))
    pads = expansion.constant([0] * 7 + [1], "pads", np.int64)
    padded = expansion.made("Pad", flat, pads)  # the last weight of each kernel is zero
    index = [
        _flat([axis.weight(p, t) for axis, p, t in zip(axes, phase, tap, strict=True)], kernel)
        for phase in np.ndindex(*phases)
        for tap in np.ndindex(*taps)
    ]
    chosen = expansion.made("Gather", padded, expansion.constant(index, "taps", np.int64), axis=3)
    split = _reshaped(expansion, chosen, (group, inner, filters, prod(phases), prod(taps)))
    turned = expansion.made("Transpose", split, perm=(0, 3, 2, 1, 4))
    return _reshaped(expansion, turned, (group * prod(phases) * filters, inner, *taps))


def _flat(position: list[int], kernel: list[int]) -> int:
    """The position of a weight in a kernel on one axis; behind the last, if it is in none."""
    if any(i >= size for i, size in zip(position, kernel, strict=True)):
        return prod(kernel)
    return int(np.ravel_multi_index(position, kernel))


def _bias(expansion: Expansion, group: int, phases: int, filters: int) -> str:
    """The bias again for each phase."""
    shape = expansion.constant([group, phases, filters], "shape", np.int64)
    rows = _reshaped(expansion, expansion.node.inputs[2], (group, 1, filters))
    return _reshaped(expansion, expansion.made("Expand", rows, shape), (group * phases * filters,))


def _axes(node: OnnxNode, sizes: Shape, kernel: Shape) -> list[Axis]:
    """Each spatial axis, as the attributes describe it."""
    n, given = len(sizes), node.attributes
    if given["auto_pad"] not in [rule.value for rule in AutoPad]:
        known = " or ".join(repr(rule.value) for rule in AutoPad)
        raise node.unsupported(f"auto_pad={given['auto_pad']!r}", known)
    strides, dilations = (given.get(name) or (1,) * n for name in ("strides", "dilations"))
    more = given.get("output_padding") or (0,) * n
    if given.get("kernel_shape", kernel) != kernel:
        raise ShapeError(
            f"node {node.name!r}: kernel_shape={given['kernel_shape']} is not that of its "
            f"weights, {kernel}; leave it out or correct it"
        )
    given_of_axis = zip(sizes, kernel, strides, dilations, more, strict=True)
    reached = [(size - 1) * s + (k - 1) * d + 1 + extra for size, k, s, d, extra in given_of_axis]
    wanted = given.get("output_shape")
    if wanted is None and given["auto_pad"].startswith("SAME"):
        wanted = tuple(size * stride for size, stride in zip(sizes, strides, strict=True))
    before, results = _padded(node, reached) if wanted is None else _cut(node, reached, wanted)
    if min(results) < 1:
        raise ShapeError(
            f"node {node.name!r}: nothing is left of an output of {tuple(reached)}; choose smaller "
            f"pads, or a larger output_shape"
        )
    axes = zip(sizes, kernel, strides, dilations, before, results, strict=True)
    return [Axis(*axis) for axis in axes]


def _padded(node: OnnxNode, reached: list[int]) -> tuple[Shape, Shape]:
    """Where the results begin and how many there are, by ``pads``."""
    n = len(reached)
    pads = tuple(node.attributes.get("pads") or (0,) * 2 * n)
    results = tuple(r - a - b for r, a, b in zip(reached, pads[:n], pads[n:], strict=True))
    return pads[:n], results


def _cut(node: OnnxNode, reached: list[int], wanted: Shape) -> tuple[Shape, Shape]:
    """The same for an output of a given shape; what is odd goes to the side that ONNX says."""
    cut = [r - w for r, w in zip(reached, wanted, strict=True)]
    if min(cut) < 0:
        raise node.unsupported(
            f"an output of {tuple(wanted)}, of which its kernel reaches {tuple(reached)}",
            "an output that the kernel reaches; say output_padding",
        )
    upper = node.attributes["auto_pad"] == "SAME_UPPER"
    return tuple(c // 2 if upper else c - c // 2 for c in cut), tuple(wanted)


def _reshaped(expansion: Expansion, name: str, shape: tuple[int, ...]) -> str:
    return expansion.made("Reshape", name, expansion.constant(shape, "shape", np.int64))


EXPANSIONS: Mapping[str, Expand] = {"ConvTranspose": conv_transpose}
