"""A program played step by step: how far it comes with so much room in its channels.

What such a network does, and so how far it comes, does not depend on when its kernels run (G. Kahn,
The semantics of a simple language for parallel programming, 1974). So if one sample gets through,
all do, whatever pipelines a compiler makes of the kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress

import numpy as np

from hlsgen.calls import Call, Program

Moves = tuple[tuple[str, ...], tuple[str, ...]]
"""The channels that a step reads, and those that it writes."""


class Play:
    """Runs as far as it can, and further each time that there is more ``room``.

    Ports give and take as much as is asked of them.
    """

    def __init__(self, program: Program, room: Mapping[str, int], samples: int = 1) -> None:
        self.room, self.filled = room, dict.fromkeys(room, 0)
        self.tasks = [_Task(call, room, samples) for call in program.calls]
        self.run()

    def run(self) -> None:
        """Go on for as long as anybody can."""
        while any([task.run(self.filled, self.room) for task in self.tasks]):  # noqa: C419  # all of them, in turns
            pass

    @property
    def waiting(self) -> list[str]:
        """Who has not come to the end, by kernel and node."""
        return [f"{t.call.kernel} of {t.call.node!r}" for t in self.tasks if not t.done]

    @property
    def full(self) -> list[str]:
        """The channels without which the last of those could go on who have all that they read."""
        ready = (t for t in reversed(self.tasks) if not t.done and t.ready(self.filled))
        task = next(ready, None)
        return task.full(self.filled, self.room) if task else []


class _Task:
    """A kernel between two of its steps."""

    def __init__(self, call: Call, channels: Mapping[str, int], samples: int) -> None:
        self.call = call
        self.steps = _moves(call, channels) * samples
        self.step = 0

    @property
    def done(self) -> bool:
        return self.step == len(self.steps)

    def ready(self, filled: Mapping[str, int]) -> bool:
        """Whether all is there that the next step reads."""
        return all(filled[name] for name in self.steps[self.step][0])

    def full(self, filled: Mapping[str, int], room: Mapping[str, int]) -> list[str]:
        """The channels without room among those that the next step writes."""
        return [name for name in self.steps[self.step][1] if filled[name] >= room[name]]

    def run(self, filled: dict[str, int], room: Mapping[str, int]) -> bool:
        """Go as far as the channels allow; whether that is any further."""
        before = self.step
        while not self.done and self.ready(filled) and not self.full(filled, room):
            reads, writes = self.steps[self.step]
            for name in reads:
                filled[name] -= 1
            for name in writes:
                filled[name] += 1
            self.step += 1
        return self.step > before


def _moves(call: Call, channels: Mapping[str, int]) -> list[Moves]:
    """What each step of a sample does to channels."""
    names = [v.name for v in (*call.reads, *call.writes)]
    flags = np.array([*call.firing.reads, *call.firing.writes])
    flags &= np.array([[name in channels] for name in names])
    first = len(call.reads)

    def moves(row: tuple[bool, ...]) -> Moves:
        return (
            tuple(compress(names[:first], row[:first])),
            tuple(compress(names[first:], row[first:])),
        )

    rows = list(zip(*flags.tolist(), strict=True))
    known = {row: moves(row) for row in set(rows)}
    return [known[row] for row in rows]
