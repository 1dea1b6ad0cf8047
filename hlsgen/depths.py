"""How much room each channel needs.

First, as much as throughput does, by estimate: where inputs come evenly, and samples as fast as the
slowest kernel can take them, that is what waits in a channel at most for the other inputs of its
reader. Then the program is played, and as long as it does not come to its end, the last kernel that
only lacks room gets more (T. Parks, Bounded scheduling of process networks, 1995).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hlsgen.calls import Call, Program
from hlsgen.playing import Play

Times = npt.NDArray[np.int64]
"""In clocks."""

LEAST = 2
"""Positions: one may be written while another is read."""
PIPELINE = 12
"""Clocks from the end of a step to its result: an estimate, for throughput alone."""


def depths(program: Program) -> dict[str, int]:
    """Positions that each variable needs room for, by its name."""
    waiting = _waiting(program)
    room = {v.name: max(LEAST, waiting.get(v.name, 0)) for v in program.locals}
    play = Play(program, room)
    while full := play.full:
        for name in full:
            room[name] += 1
        play.run()
    return room


def period(program: Program) -> int:
    """Clocks from one sample to the next: those of the slowest kernel."""
    ports = [v.layout.positions for v in (*program.inputs, *program.outputs)]
    return max([*ports, *(call.firing.total for call in program.calls)])


def _waiting(program: Program) -> dict[str, int]:
    """How many positions of a variable wait at most for others of its reader, where it has any."""
    clocks = period(program)
    written = {
        v.name: np.arange(v.layout.positions) * clocks // v.layout.positions for v in program.inputs
    }
    most: dict[str, int] = {}
    for call in program.calls:
        start, end = _schedule(call, written)
        if len(call.reads) > 1:
            for variable, flags in zip(call.reads, call.firing.reads, strict=True):
                most[variable.name] = _most(written[variable.name], start[flags], clocks)
        for variable, flags in zip(call.writes, call.firing.writes, strict=True):
            written[variable.name] = end[flags] + PIPELINE
    return most


def _schedule(call: Call, written: Mapping[str, Times]) -> tuple[Times, Times]:
    """When each step begins and ends: in order, and not before there is what it reads."""
    taken = call.firing.clocks
    before = np.cumsum(taken) - taken
    ready = np.zeros_like(taken)
    for variable, flags in zip(call.reads, call.firing.reads, strict=True):
        ready[flags] = np.maximum(ready[flags], written[variable.name])
    start = before + np.maximum.accumulate(ready - before)
    return start, start + taken


def _most(written: Times, read: Times, clocks: int) -> int:
    """How many positions are in a channel at most, once sample follows upon sample."""
    samples = 2 + max(0, int((read - written).max())) // clocks
    later = np.arange(samples)[:, None] * clocks
    all_written, all_read = (np.sort((times + later).reshape(-1)) for times in (written, read))
    gone = np.searchsorted(all_read, all_written, "left")
    return int((np.arange(1, len(gone) + 1) - gone).max())
