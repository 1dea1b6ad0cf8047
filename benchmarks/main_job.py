"""The main job, measured: from a model's file to Verilog that Verilator has verified.

    python benchmarks/main_job.py [--json FILE]

Each model runs in a process of its own. The jet tagger is read from the folder that the
environment variable ``RTLGEN_CORPUS`` names, and left out if there is none.
"""

import argparse
import json
import os
import platform
import resource
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from machine import cpu_seconds
from rich.console import Console
from rich.table import Table

from rtlgen import Design, Options, generate, verify
from sim.fixed import Fixed

REPOSITORY = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("RTLGEN_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
JETS = CORPUS / "qonnx_jettag_qkeras3" / "model.onnx"
CLOCK_HZ = 320e6
SAMPLES, RUNS = 100_000, 9


@dataclass(frozen=True)
class Job:
    """A model, and what is asked of its design."""

    name: str
    path: Path
    options: Options


JOBS = (
    Job("digits_mlp", REPOSITORY / "examples/digits_mlp.onnx", Options(CLOCK_HZ)),
    Job("digits_cnn", REPOSITORY / "examples/digits_cnn.onnx", Options(CLOCK_HZ)),
    Job(
        "jet tagger",
        JETS,
        Options(CLOCK_HZ, logits=True, config={"formats": {"global_in": "s16 e-12"}}),
    ),
)


class Stopwatch:
    """Takes the time of the phases that ``generate`` tells of."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._phase, self._start = "", 0.0

    def begin(self, phase: str, steps: int = 0) -> None:
        self.end()
        self._phase, self._start = phase, perf_counter()

    def step(self, name: str) -> None:
        pass

    def end(self) -> None:
        if self._phase:
            before = self.seconds.get(self._phase, 0.0)  # some begin more than once
            self.seconds[self._phase] = before + perf_counter() - self._start
        self._phase = ""


@dataclass(frozen=True)
class Measurement:
    """What one job took and gave; the units are in ``ROWS``."""

    model: str
    seconds: Mapping[str, float]
    to_verilog: float
    to_verified: float
    """By the clock on the wall; a busy machine makes it longer."""
    to_verilog_cpu: float
    to_verified_cpu: float
    """Of all cores, with the tools."""
    operations: int
    latency_clocks: int
    latency_ns: float
    luts: int
    registers: int
    verilog_bytes: int
    memory_mb: float
    tools_memory_mb: float
    samples_per_second: float
    spread: float
    """Between the slowest and the fastest run of the reference, relative to the median."""


ROWS = (
    ("import", "s", "seconds.import"),
    ("quantize", "s", "seconds.quantize"),
    ("search", "s", "seconds.search"),
    ("lower", "s", "seconds.lower"),
    ("optimize", "s", "seconds.optimize"),
    ("schedule", "s", "seconds.schedule"),
    ("prove", "s", "seconds.prove"),
    ("Amaranth and Verilog", "s", "seconds.verilog"),
    ("from file to Verilog", "s", "to_verilog"),
    ("", "CPU s", "to_verilog_cpu"),
    ("vectors and files", "s", "seconds.write"),
    ("Verilator build", "s", "seconds.build"),
    ("replay of 1,000 samples", "s", "seconds.replay"),
    ("from file to verified", "s", "to_verified"),
    ("", "CPU s", "to_verified_cpu"),
    ("scalar operations", "", "operations"),
    ("latency", "clocks", "latency_clocks"),
    ("latency", "ns", "latency_ns"),
    ("LUTs (est.)", "", "luts"),
    ("registers", "bits", "registers"),
    ("top.v", "bytes", "verilog_bytes"),
    ("peak memory", "MB", "memory_mb"),
    ("peak memory of the tools", "MB", "tools_memory_mb"),
    ("reference", "samples/s", "samples_per_second"),
    ("its spread", "%", "spread"),
)


def measure(name: str) -> Measurement:
    """Do a job once, and its reference several times."""
    job = next(job for job in JOBS if job.name == name)
    watch, start, used = Stopwatch(), perf_counter(), cpu_seconds()
    design = generate(job.path, job.options, watch)
    watch.begin("verilog")
    size = len(design.verilog.encode())
    watch.end()
    to_verilog, to_verilog_cpu = perf_counter() - start, cpu_seconds() - used
    with TemporaryDirectory() as folder:
        watch.begin("write")
        design.write(Path(folder) / "design")
        watch.end()
        replay = verify(Path(folder) / "design")
    to_verified, to_verified_cpu = perf_counter() - start, cpu_seconds() - used
    taken = {"build": replay.build_seconds, "replay": replay.simulation_seconds}
    report, rates = design.report(), reference_rates(design)
    return Measurement(
        job.name,
        watch.seconds | taken,
        to_verilog,
        to_verified,
        to_verilog_cpu,
        to_verified_cpu,
        report.operations,
        report.latency_clocks,
        report.latency_ns,
        report.luts,
        report.registers,
        size,
        _peak_mb(resource.RUSAGE_SELF),
        _peak_mb(resource.RUSAGE_CHILDREN),
        median(rates),
        100 * (max(rates) - min(rates)) / median(rates),
    )


def _peak_mb(whose: int) -> float:
    """The largest resident set of this process, or of one that it waited for (Linux: in KiB)."""
    return resource.getrusage(whose).ru_maxrss * 1024 / 1e6


def reference_rates(design: Design) -> list[float]:
    """Samples per second of the fixed-point reference, one number a run."""
    random = np.random.default_rng(0)
    codes = {
        name: Fixed.in_own_steps(random.integers(t.lo, t.hi + 1, (SAMPLES, *t.shape)), t.exp)
        for name, t in design.network.graph.inputs.items()
    }
    rates = []
    for _ in range(RUNS):
        start = perf_counter()
        design.network.evaluate(codes)
        rates.append(SAMPLES / (perf_counter() - start))
    return rates


def table(measurements: list[Measurement]) -> Table:
    rendered = Table(box=None, pad_edge=False)
    rendered.add_column("")
    rendered.add_column("unit")
    for m in measurements:
        rendered.add_column(m.model, justify="right")
    records = [flat(m) for m in measurements]
    for label, unit, key in ROWS:
        rendered.add_row(label, unit, *(shown(record[key]) for record in records))
    return rendered


def flat(m: Measurement) -> dict[str, Any]:
    seconds = {f"seconds.{phase}": value for phase, value in m.seconds.items()}
    return asdict(m) | seconds


def shown(value: float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here, too")
    arguments = parser.parse_args()
    console, measurements = Console(width=100, soft_wrap=True, highlight=False), []
    for job in JOBS:
        if not job.path.is_file():
            console.print(f"{job.name}: left out; set RTLGEN_CORPUS to a folder that has it")
            continue
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            measurements.append(fresh.submit(measure, job.name).result())
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    console.print(f"{machine}; {CLOCK_HZ / 1e6:g} MHz, {JOBS[0].options.target}\n")
    console.print(table(measurements))
    if arguments.json:
        record = {"machine": machine, "jobs": [asdict(m) for m in measurements]}
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
