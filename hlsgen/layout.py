"""How the elements of a tensor are spread over positions and lanes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.array import IndexArray


@dataclass(frozen=True)
class Layout:
    """A tensor as ``x[positions][lanes]``: the lanes run along one axis, positions along the rest.

    Images of ONNX have their channels on axis 1, and so a pixel is a position; vectors are one
    position. What has no axis is one lane of one position.
    """

    shape: tuple[int, ...]
    axis: int

    @cached_property
    def index(self) -> IndexArray:
        """The flat place, in C order, of the element in each position and lane."""
        flat = np.arange(int(np.prod(self.shape))).reshape(self.shape)
        if not self.shape:
            return flat.reshape(1, 1)
        lanes = self.shape[self.axis]
        return np.moveaxis(flat, self.axis, -1).reshape(flat.size // max(1, lanes), lanes)

    @cached_property
    def places(self) -> IndexArray:
        """The opposite of ``index``: where in memory the element with each flat place is."""
        inverse = np.empty(self.index.size, np.intp)
        inverse[self.index.reshape(-1)] = np.arange(self.index.size)
        return inverse

    @property
    def size(self) -> int:
        return self.index.size

    @property
    def positions(self) -> int:
        return len(self.index)

    @property
    def lanes(self) -> int:
        return int(self.index.shape[1])


def usual_axis(shape: tuple[int, ...]) -> int:
    """The axis of the lanes where nothing asks for another: channels, or the last one."""
    return 1 if len(shape) > 2 else max(0, len(shape) - 1)
