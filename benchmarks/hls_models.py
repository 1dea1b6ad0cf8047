"""The models whose C simulation is measured, for each vendor and interface."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from hls_job import Job, measured
from runs import WAY, Run, cpu, rate, shown, wall

from hlsgen import Io, Options, Vendor
from rtlgen.tables import Column, table
from sim.errors import RtlgenError

REPOSITORY = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("RTLGEN_CORPUS", REPOSITORY.parent / "shared" / "corpus"))


@dataclass(frozen=True)
class Model:
    """A file, and what is asked of its project."""

    name: str
    path: Path
    asked: dict[str, Any]


MODELS = (
    Model("digits_mlp", REPOSITORY / "examples/digits_mlp.onnx", {}),
    Model("digits_cnn", REPOSITORY / "examples/digits_cnn.onnx", {}),
    Model(
        "jet tagger",
        CORPUS / "qonnx_jettag_qkeras3/model.onnx",
        {"logits": True, "config": {"formats": {"global_in": "s16 e-12"}}},
    ),
    Model("keywords MLP", CORPUS / "qonnx_kwsmlp_w3a3_mlperf07/model.onnx", {}),
    Model("radio VGG10", CORPUS / "qonnx_radioml_vgg10_w8a8/model.onnx", {"samples": 100}),
)


@dataclass(frozen=True)
class Done:
    """A job, and what came of it: runs, or a reason why it is refused."""

    model: str
    vendor: Vendor
    io: Io
    runs: list[Run]
    refused: str = ""


def done(vendors: Sequence[Vendor], runs: int) -> Iterator[Done]:
    """All jobs, one by one; a model whose file is not here is left out."""
    here = [model for model in MODELS if model.path.is_file()]
    for model, vendor, io in product(here, vendors, Io):
        job = Job(model.name, model.path, Options(vendor=vendor, io=io, **model.asked))
        try:
            yield Done(model.name, vendor, io, measured(job, runs))
        except RtlgenError as error:
            yield Done(model.name, vendor, io, [], str(error))


def text(jobs: Sequence[Done]) -> str:
    """A table with a line for each job, and the reasons of those that are refused."""
    rows = [job for job in jobs if job.runs]
    names = [
        Column("model", [job.model for job in rows]),
        Column("vendor", [job.vendor for job in rows]),
        Column("io", [job.io for job in rows]),
    ]
    cells = zip(*(_numbers(job.runs) for job in rows), strict=True)
    numbers = [Column(h, own, right=True) for h, own in zip(HEADS, cells, strict=True)]
    refused = [f"{j.model}, {j.vendor}, {j.io}: {j.refused}" for j in jobs if j.refused]
    return "\n".join([*table([*names, *numbers]), *refused])


HEADS = (
    "generate\ncold, CPU s",
    "warm\nCPU s",
    "g++\nCPU s",
    "file to\ncallable, s",
    "samples\nper CPU-s",
    "\nspread",
    "\nbytes",
    "equal to the\nreference",
)


def _numbers(runs: list[Run]) -> tuple[str, ...]:
    return (
        shown(cpu(runs, "convert").median),
        shown(cpu(runs, "again").median),
        shown(cpu(runs, "compile").median),
        shown(wall(runs, *WAY).median),
        shown(rate(runs).median),
        rate(runs).spread_shown,
        shown(runs[0].bytes),
        f"{min(run.equal for run in runs):,} of {runs[0].samples:,}",
    )
