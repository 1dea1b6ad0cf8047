"""Seconds from scheduled operations to Verilog: by one process, and by one for each core.

    python benchmarks/emission.py [--cases GLOB,...]

In turns, each in a process of its own, which starts the others. Medians of the runs, with the
spread of the first column; an idle machine is assumed.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

import case_network
import cases
import machine
from loky import cpu_count
from peers import BENCH

from rtlgen import Design, Options
from rtlgen.dataflow import Dataflow, Input
from rtlgen.devices import find
from rtlgen.generation import build
from rtlgen.partition import Partition
from rtlgen.schedule import Schedule
from rtlgen.verilog import emit
from sim.rounding import Interval

CASES = "digits_conv_w4a4,cmvm_64_w8,cmvm_128_w4"
CLOCK_HZ = 320e6
RUNS = 5


def read(bench: Path, name: str) -> Design:
    options = Options(CLOCK_HZ, target="xcvu13p", limit=10**7)
    return build(case_network.read(cases.read(bench, name), options), options, find(options.target))


def seconds(flow: Dataflow, schedule: Schedule, processes: int) -> float:
    """Of a process that has loaded all programs and has made no other design."""
    os.environ["LOKY_MAX_CPU_COUNT"] = f"{processes}"
    small = Dataflow()
    small.outputs = [small.input(0, Interval(0, 1, 0))]
    emit(small, Schedule((0,), 0), ["x"], ["y"])
    inputs = [f"x{k}" for k in range(sum(isinstance(op, Input) for op in flow.ops))]
    outputs = [f"y{k}" for k in range(len(flow.outputs))]
    start = perf_counter()
    emit(flow, schedule, inputs, outputs)
    return perf_counter() - start


def row(name: str, design: Design, cores: int) -> str:
    kinds = [1, cores] * RUNS
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        runs = list(pool.map(partial(seconds, design.flow, design.schedule), kinds))
    firsts, alone, shared = runs[::2], median(runs[::2]), median(runs[1::2])
    spread = (max(firsts) - min(firsts)) / alone
    made, operations = Partition(design.flow, design.schedule), len(design.flow.ops)
    sizes = [len(stage.nets) for node in made.nodes for stage in made.stages[node.path]]
    return (
        f"{name:<18}{operations:>11,}{sum(sizes):>9,}{max(sizes) / sum(sizes):>9.0%}"
        f"{alone:>11.2f}{spread:>8.0%}{shared:>11.2f}{1000 * shared / operations:>13.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bench", type=Path, default=BENCH, help="has the cases [%(default)s]")
    parser.add_argument("--cases", default=CASES, metavar="GLOB,...", help="[%(default)s]")
    given, cores = parser.parse_args(), cpu_count()
    print(", ".join(f"{key}: {value}" for key, value in machine.describe().items()))
    print(
        f"{'case':<18}{'operations':>11}{'nets':>9}{'largest':>9}{'alone, s':>11}{'spread':>8}"
        f"{f'{cores} cores, s':>11}{'s per 1,000':>13}"
    )
    for name in cases.names(given.bench, given.cases):
        print(row(name, read(given.bench, name), cores), flush=True)


if __name__ == "__main__":
    main()
