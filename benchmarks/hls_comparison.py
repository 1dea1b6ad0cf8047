"""hlsgen beside hls4ml, on the same networks with the same formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import networks
import numpy as np
import onnx
from hls4ml_peer import Peer
from hls_job import Job, measured
from runs import WAY, Figure, Run, cpu, rate, shown, wall

from hlsgen import Io, Options, generate
from rtlgen.tables import Column, table

SAMPLES = 2000
"""Half of them ordinary, the others corners and random ones."""


@dataclass(frozen=True)
class Case:
    """A network, and what goes from layer to layer."""

    name: str
    make: Callable[[], onnx.ModelProto]
    shape: tuple[int, ...]
    io: Io

    @property
    def options(self) -> Options:
        ordinary = np.random.default_rng(0).normal(size=(SAMPLES, *self.shape))
        formats = {networks.INPUT: "s16 e-10"}
        data = {networks.INPUT: ordinary}
        return Options(io=self.io, config={"formats": formats}, data=data, samples=SAMPLES)


CASES = (
    Case("perceptron 16-64-32-32-5", networks.perceptron, (16,), Io.PARALLEL),
    Case("perceptron 16-64-32-32-5", networks.perceptron, (16,), Io.STREAM),
    Case("convolutional 16x16x3", networks.convolutional, (3, 16, 16), Io.STREAM),
)


@dataclass(frozen=True)
class Comparison:
    """Both on one case."""

    name: str
    ours: list[Run]
    theirs: list[Run]


def compare(case: Case, peer: Peer, runs: int) -> Comparison:
    with TemporaryDirectory() as folder:
        model, samples = Path(folder) / "model.onnx", Path(folder) / "samples.npy"
        onnx.save(case.make(), model)
        expected = _recorded(case, model, samples)
        theirs = [peer.measure(model, case.io, samples, expected) for _ in range(runs)]
        ours = measured(Job(case.name, model, case.options), runs)
    return Comparison(f"{case.name}, io_{case.io}", ours, theirs)


def _recorded(case: Case, model: Path, samples: Path) -> networks.Floats:
    """Keep the samples that hlsgen is verified with in a file, as real numbers; the results."""
    project = generate(model, case.options)
    codes = project.vectors()[0][networks.INPUT]
    x = np.ldexp(codes, project.network.types[networks.INPUT].exp)
    np.save(samples, x.reshape(SAMPLES, *case.shape))
    return np.asarray(project.predict(x))


def text(comparison: Comparison) -> str:
    """A table, with how many times less hlsgen needs, or more it does."""
    cells = zip(*_rows(comparison.ours, comparison.theirs), strict=True)
    heads = ("", "unit", "hlsgen", "spread", "hls4ml", "spread", "times")
    columns = zip(heads, cells, strict=True)
    lines = table([Column(head, own, right=head not in heads[:2]) for head, own in columns])
    return "\n".join([comparison.name, *lines])


def _rows(ours: list[Run], theirs: list[Run]) -> Iterator[tuple[str, ...]]:
    phases = {"clean": "clean up the QONNX", "convert": "read and generate"}
    for phase, label in (phases | {"write": "write", "compile": "g++"}).items():
        yield _row(label, "CPU s", cpu(ours, phase), cpu(theirs, phase))
    yield _row("from file to callable", "CPU s", cpu(ours, *WAY), cpu(theirs, *WAY))
    yield _row("", "s", wall(ours, *WAY), wall(theirs, *WAY))
    whole = ("import", *WAY)
    yield _row("with Python and imports", "CPU s", cpu(ours, *whole), cpu(theirs, *whole))
    slow = Figure.of(value for run in theirs for value in run.slow_rates)
    for label, rates in {"a batch": rate(theirs), "predict()": slow}.items():
        times = rate(ours).median / rates.median
        yield _row(f"C simulation, {label}", "samples/CPU-s", rate(ours), rates, times)
    for label in ("files", "bytes"):
        own, other = (Figure.of(getattr(r, label) for r in runs) for runs in (ours, theirs))
        yield _row(label, "", own, other)
    equal = [f"{min(run.equal for run in runs):,}" for runs in (ours, theirs)]
    yield ("equal to the reference", f"of {ours[0].samples:,}", equal[0], "", equal[1], "", "")


def _row(
    label: str, unit: str, ours: Figure, theirs: Figure, times: float | None = None
) -> tuple[str, ...]:
    """Unless it is said how many times better we are, less is better."""
    if times is None and ours.median:
        times = theirs.median / ours.median
    return (label, unit, *_cells(ours), *_cells(theirs), shown(times) if times else "")


def _cells(figure: Figure) -> tuple[str, str]:
    return (shown(figure.median), figure.spread_shown) if figure.median else ("", "")
