"""Convolution."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from kernels.base import Scales
from kernels.windows import Windowed, elements
from sim.array import Array
from sim.errors import ShapeError
from sim.fixed import Fixed


@dataclass(frozen=True, kw_only=True)
class Conv(Windowed):
    """Convolution over any number of spatial axes: one matrix product for all windows.

    ``x`` is (batch, channels, *sizes), ``w`` (filters, channels / group, *kernel), ``b``
    (filters,).
    """

    onnx = ("Conv",)
    scales = Scales.PRODUCT
    group: int = 1
    kernel_shape: tuple[int, ...] | None = None

    def forward(self, x: Array, w: Array, b: Array | None = None) -> Array:
        self._check(x.shape, w.shape)
        axes = self.axes(x.shape, w.shape[2:])
        index = elements(x.shape, axes)
        batch, group, spatial = x.shape[0], self.group, index.shape[2 : 2 + len(axes)]
        rows = (
            index.reshape(batch, group, w.shape[1], prod(spatial), prod(w.shape[2:]))
            .transpose(1, 0, 3, 2, 4)
            .reshape(group, batch * prod(spatial), prod(w.shape[1:]))
        )
        padded = x.join([Fixed.constant(0)]) if (index < 0).any() else x  # -1 is the last one
        weight = w.reshape(group, w.shape[0] // group, prod(w.shape[1:])).swapaxes(1, 2)
        y = padded.products(rows, weight)
        y = y.reshape(group, batch, prod(spatial), w.shape[0] // group).transpose(1, 0, 3, 2)
        y = y.reshape(batch, w.shape[0], *spatial)
        return y if b is None else y + b.reshape(-1, *(1,) * len(axes))

    def _check(self, x: tuple[int, ...], w: tuple[int, ...]) -> None:
        if len(x) != len(w) or x[1] != w[1] * self.group or w[0] % self.group:
            raise ShapeError(
                f"weights of shape {w} in {self.group} group(s) do not fit an input of {x}; "
                f"they must be (filters, channels / group, *kernel)"
            )
        if self.kernel_shape is not None and self.kernel_shape != w[2:]:
            raise ShapeError(
                f"kernel_shape={self.kernel_shape} is not that of the weights, {w[2:]}; "
                f"leave it out or correct it"
            )
