"""When a kernel reads and writes: step by step, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
"""For each step, whether a position goes over a channel."""


@dataclass(frozen=True, eq=False)
class Firing:
    """The steps of a kernel for one sample: each reads, then takes its clocks, then writes."""

    reads: tuple[Flags, ...]
    """For each variable that it reads."""
    writes: tuple[Flags, ...]
    """For each variable that it writes."""
    clocks: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """Clocks for one sample, if nothing makes it wait."""
        return int(self.clocks.sum())


def steady(steps: int, reads: int = 1, writes: int = 1, clocks: int = 1) -> Firing:
    """Every step reads from every input and writes to every output."""
    always = np.ones(steps, bool)
    return Firing((always,) * reads, (always,) * writes, np.full(steps, clocks, np.int64))


def windows(images: int, reads: Flags, writes: Flags, clocks: int = 1) -> Firing:
    """A pass over padded images: ``reads`` is where pixels are, ``writes`` where windows end.

    A step that completes a window takes so many clocks, any other takes one.
    """
    given, made = (np.tile(flags.reshape(-1), images) for flags in (reads, writes))
    return Firing((given,), (made,), np.where(made, clocks, 1).astype(np.int64))


def all_first(given: int, made: int) -> Firing:
    """All of the input is read before any of the output is written."""
    steps = np.arange(given + made)
    return Firing((steps < given,), (steps >= given,), np.ones(len(steps), np.int64))


def reduced(images: int, pixels: int) -> Firing:
    """The last pixel of each image gives a result."""
    steps = np.arange(images * pixels)
    last = steps % pixels == pixels - 1
    return Firing((np.ones(len(steps), bool),), (last,), np.ones(len(steps), np.int64))


def chosen(sources: Sequence[int], gives: Sequence[bool], inputs: int) -> Firing:
    """Each step reads from one input, or from none (-1), and writes or does not."""
    source = np.asarray(sources)
    reads: tuple[Any, ...] = tuple(source == i for i in range(inputs))
    return Firing(reads, (np.asarray(gives, bool),), np.ones(len(source), np.int64))
