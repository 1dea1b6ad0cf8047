"""hlsgen's way from a model's file to its C simulation, measured."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import Stopwatch, rates, start_python
from runs import Run, size

from hlsgen import Options, Project, generate
from hlsgen.folder import compiled
from sim import csim
from sim.integers import IntArray

RATES = 3
"""A run, of the C simulation."""


@dataclass(frozen=True)
class Job:
    """A model, and what is asked of its project."""

    name: str
    path: Path
    options: Options


def measured(job: Job, runs: int) -> list[Run]:
    """Do a job several times, each time in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        return [fresh.submit(measure, job).result() for _ in range(runs)]


def measure(job: Job) -> Run:
    """Do a job in this process, and make the project once more when everything is warm."""
    watch = Stopwatch()
    with TemporaryDirectory() as name:
        folder = Path(name) / "project"
        with watch.phase("import"):
            start_python("hlsgen")
        with watch.phase("convert"):
            project = _project(job)
        with watch.phase("write"):
            project.write(folder)
        written = size(folder)
        with watch.phase("compile"):
            library = compiled(folder)
        with watch.phase("again"):
            _project(job)
        x, y = _samples(job, project)
        simulate = partial(library.run, csim.KERNEL, x, y.shape[1])
        equal = int((simulate() == y).all(1).sum())
        return Run(watch.phases, rates(simulate, len(x), RATES), [], *written, len(x), equal)


def _project(job: Job) -> Project:
    """The project with all its text, but without samples, which take the reference to compute."""
    project = generate(job.path, replace(job.options, samples=1, data=None))
    assert project.files  # they are made when they are asked for
    return project


def _samples(job: Job, project: Project) -> Iterator[IntArray]:
    """Codes of samples, and of their results, a sample in a row."""
    options, outputs = job.options, project.manifest.outputs
    recorded = project.network.recorded(options.samples, options.seed, outputs)
    return (csim.rows([*codes.values()]) for codes in recorded)
