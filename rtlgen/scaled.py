"""A value of the model on its way to fixed point: codes in the graph, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kernels.base import OnnxNode, Operator
from rtlgen.pending import Affine, Apply, Count, Step, Steps, merged, regrouped
from rtlgen.quantizers import Levels, Quantizer
from rtlgen.rationals import Values, fractions, objects
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals

_SPARSE = 4
"""Numbers in so much wider a range than there are elements are sorted, not counted."""

Line = tuple[Values, Values]
"""A scale and an offset for each group."""


@dataclass(frozen=True, eq=False)
class Port:
    """An input of the network that has no format yet."""

    input: str
    element: IntArray
    """Which of its elements each element of the value is."""
    moves: tuple[tuple[Operator, OnnxNode], ...] = ()
    """What has led from the one to the other."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """``steps`` applied to the codes of the graph's value ``name``.

    ``group`` has the shape of the value and says which of the parameters in ``steps`` an
    element takes. ``array`` is None as long as an input has no format (then ``port`` is set).
    """

    name: str
    array: Intervals | Fixed | None
    group: IntArray
    steps: Steps = ()
    port: Port | None = None

    @classmethod
    def plain(cls, name: str, array: Intervals | Fixed) -> Scaled:
        """A value that is its codes."""
        return cls(name, array, np.zeros(array.shape, np.int64))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.group.shape

    @property
    def groups(self) -> int:
        return int(self.group.max(initial=0)) + 1

    @property
    def constant(self) -> bool:
        return isinstance(self.array, Fixed)

    @property
    def type(self) -> Intervals:
        assert self.array is not None
        return Intervals.of(self.array)

    @property
    def line(self) -> Line | None:
        """Scale and offset of each group, if the steps are no more than that."""
        if not self.steps:
            return fractions(np.ones(self.groups, int)), fractions(np.zeros(self.groups, int))
        step = self.steps[0]
        if isinstance(step, Affine) and len(self.steps) == 1:
            return step.scale, step.offset
        return None

    @property
    def identical(self) -> bool:
        """Whether the value is its codes."""
        return self.line is not None and _identity(*self.line)

    def split(self, *constants: Values) -> tuple[Scaled, list[Values]]:
        """Groups so fine that these constants, broadcast, are one number in each."""
        group, steps = self.group, self.steps
        per_group: list[Values] = []
        for constant in constants:
            ids, distinct = _identified(constant)
            combined = group * len(distinct) + np.broadcast_to(ids, self.shape)
            kept, group = _renumbered(combined)
            old = kept // len(distinct)
            steps, per_group = regrouped(steps, old), [p[old] for p in per_group]
            per_group.append(distinct[kept % len(distinct)])
        return replace(self, group=group, steps=steps), per_group

    def then(self, *steps: Step) -> Scaled:
        return replace(self, steps=merged((*self.steps, *steps)))

    def affine(self, scale: Values, offset: Values, source: OnnxNode) -> Scaled:
        """``scale * self + offset``, with numbers that broadcast to the shape."""
        if _identity(scale, offset):
            return self
        value, (a, b) = self.split(scale, offset)
        return value.then(Affine(a, b, source))


def finest(*groups: IntArray) -> tuple[IntArray, list[IntArray]]:
    """Groups that tell apart what any of these do; and for each of these, which ones they were."""
    combined, sizes = 0 * groups[0], [int(group.max(initial=0)) + 1 for group in groups]
    for group, size in zip(groups, sizes, strict=True):
        combined = combined * size + group
    kept, fine = _renumbered(combined)
    return fine, list(np.unravel_index(kept, sizes))


def before(quantizer: Quantizer, value: Scaled) -> Scaled:
    """The value with all steps up to the quantizer's integer, on groups fine enough for it.

    Each of them has one step of the codes.
    """
    for stage in quantizer.stages:
        value, (scale, zero) = value.split(stage.scale, stage.zero)
        value = value.then(Affine(1 / scale, zero, quantizer.node))
        if isinstance(stage.op, Levels):
            value, (row,) = value.split(fractions(stage.op.row))
            levels = stage.op.values[row.astype(np.int64)]
            value = value.then(Count(levels, quantizer.node))
        else:
            value = value.then(Apply(stage.op, quantizer.node))
    return value


def meaning(codes: Scaled, quantizer: Quantizer) -> Scaled:
    """Codes that a quantizer gave, with what they stand for."""
    if quantizer.simple:
        return codes
    return codes.affine(quantizer.factor, quantizer.offset, quantizer.node)


def _renumbered(ids: IntArray) -> tuple[IntArray, IntArray]:
    """The numbers that occur, ascending, and the place of each element's among them."""
    largest = int(ids.max(initial=0))
    if largest > _SPARSE * ids.size:
        kept, places = np.unique(ids, return_inverse=True)
        return kept, places.reshape(ids.shape)
    occurs = np.bincount(ids.reshape(-1), minlength=largest + 1) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[ids]


def _identity(scale: Values, offset: Values) -> bool:
    return bool((scale == 1).all() and not offset.any())


def _identified(constant: Values) -> tuple[IntArray, Values]:
    """Each element's number in a list of the distinct ones."""
    known: dict[object, int] = {}
    ids = [known.setdefault(v, len(known)) for v in constant.flat]
    shape = constant.shape if constant.size > 1 else ()
    return np.array(ids, np.int64).reshape(shape), objects(known)
