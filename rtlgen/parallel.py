"""Work that other processes take a share of, where there is enough of it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import current_process
from typing import Any, TypeVar

from loky import ProcessPoolExecutor, cpu_count

from sim.errors import ConfigError

CORES = "LOKY_MAX_CPU_COUNT"
"""The environment variable that says how many processes there may be, this one among them."""

Given = TypeVar("Given")
Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    function: Callable[[Given, Item], Result], given: Given, items: Sequence[Item], most: int
) -> list[Result]:
    """``function(given, item)`` for every item, by a process per core, but no more than ``most``.

    An error of one is raised here, and ends the others. This process does all if one is killed, or
    if it may not start any since it is a worker of multiprocessing's itself.
    """
    processes = min(most, len(items))
    if processes > 1 and not current_process().daemon and (cores := _cores()) > 1:
        try:
            return _shared(function, given, items, min(processes, cores) - 1)
        except BrokenProcessPool:
            pass
    return [function(given, item) for item in items]


def _cores() -> int:
    """How many this process may use."""
    try:
        return int(cpu_count())
    except ValueError:
        raise ConfigError(
            f"{CORES}={os.environ[CORES]!r}: not a number of processes; give 1 or more, or unset it"
        ) from None


def _shared(
    function: Callable[[Given, Item], Result], given: Given, items: Sequence[Item], others: int
) -> list[Result]:
    """The first item is for this process; then, from the end, what no other one has begun."""
    pool = ProcessPoolExecutor(others)
    try:
        sent = pickle.dumps(given)
        begun = [pool.submit(_elsewhere, function, sent, item) for item in items[1:]]
        first = function(given, items[0])
        pairs = zip(items[:0:-1], begun[::-1], strict=True)
        rest = [function(given, item) if f.cancel() else f.result() for item, f in pairs]
    finally:
        pool.shutdown(kill_workers=True)
    return [first, *rest[::-1]]


def _elsewhere(function: Callable[[Any, Item], Result], sent: bytes, item: Item) -> Result:
    return function(_received(sent), item)


@lru_cache(1)
def _received(sent: bytes) -> Any:
    """What all items of a call have in common, read once by each process."""
    return pickle.loads(sent)  # noqa: S301, it comes from us
