"""Time taken, and the machine that took it."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import perf_counter, process_time

LEAST = 0.5
"""CPU seconds that a rate is taken over."""


def describe() -> dict[str, str | int]:
    """What the numbers depend on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    """The model of the processor (Linux: as it says itself)."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def cpu_seconds() -> float:
    """Of this process and of those that it waited for, on all cores."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, whose))


@dataclass(frozen=True)
class Seconds:
    """By the clock on the wall, and of all cores that worked."""

    wall: float
    cpu: float


class Stopwatch:
    """Takes the time of phases."""

    def __init__(self) -> None:
        self.phases: dict[str, Seconds] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start, used = perf_counter(), cpu_seconds()
        yield
        self.phases[name] = Seconds(perf_counter() - start, cpu_seconds() - used)


def start_python(*modules: str) -> None:
    """Start this Python once more, for nothing but to import these modules."""
    subprocess.run([sys.executable, "-c", f"import {', '.join(modules)}"], check=True)  # noqa: S603


def rates(simulate: Callable[[], object], samples: int, runs: int) -> list[float]:
    """Samples per CPU-second of a simulation of so many samples, one number a run."""
    count = 1
    while (seconds := _seconds(simulate, count)) < LEAST / 4:
        count *= 2
    count = ceil(count * LEAST / seconds)
    return [count * samples / _seconds(simulate, count) for _ in range(runs)]


def _seconds(simulate: Callable[[], object], count: int) -> float:
    start = process_time()
    for _ in range(count):
        simulate()
    return process_time() - start
