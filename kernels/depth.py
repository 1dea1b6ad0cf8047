"""Operators that move elements between channels and space, in blocks of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kernels.base import Operator, Scales
from sim.array import Array


class DepthMode(Enum):
    """What counts faster through the channels: the pixels of a block, or the channels of one."""

    DCR = "DCR"
    CRD = "CRD"


@dataclass(frozen=True)
class DepthToSpace(Operator):
    """Channels become blocks of ``blocksize`` times ``blocksize`` pixels."""

    onnx = ("DepthToSpace",)
    scales = Scales.MOVE
    blocksize: int
    mode: DepthMode = DepthMode.DCR

    def forward(self, x: Array) -> Array:
        n, channels, height, width = x.shape
        size = self.blocksize
        depth = channels // size**2
        if self.mode is DepthMode.DCR:
            blocks = x.reshape(n, size, size, depth, height, width).transpose(0, 3, 4, 1, 5, 2)
        else:
            blocks = x.reshape(n, depth, size, size, height, width).transpose(0, 1, 4, 2, 5, 3)
        return blocks.reshape(n, depth, height * size, width * size)


@dataclass(frozen=True)
class SpaceToDepth(Operator):
    """Blocks of ``blocksize`` times ``blocksize`` pixels become channels."""

    onnx = ("SpaceToDepth",)
    scales = Scales.MOVE
    blocksize: int
    mode: DepthMode = DepthMode.DCR

    def forward(self, x: Array) -> Array:
        n, channels, height, width = x.shape
        size = self.blocksize
        rows, columns = height // size, width // size
        blocks = x.reshape(n, channels, rows, size, columns, size)
        if self.mode is DepthMode.DCR:
            blocks = blocks.transpose(0, 3, 5, 1, 2, 4)
        else:
            blocks = blocks.transpose(0, 1, 3, 5, 2, 4)
        return blocks.reshape(n, channels * size**2, rows, columns)
