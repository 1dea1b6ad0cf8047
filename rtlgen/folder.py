"""The design folder: what is in it, and what has been verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtlgen import output
from rtlgen.interrupts import undisturbed
from sim import testbench, vectors
from sim.cosim import Replay, replay
from sim.errors import DataError, RtlgenError

if TYPE_CHECKING:
    from rtlgen.design import Design

OURS = frozenset(
    {
        *("top.v", "manifest.json", "vectors.npz", "report.json", "formats.toml"),
        *("comparison.json", "comparison.svg", "accuracy.svg"),
        *("bench.py", "Makefile", "test_top.py", "top.vlt"),
        *("build", "sim_build", "results.xml", "result.json", "dump.vcd"),
        *("__pycache__", ".pytest_cache"),
    }
)
"""What a design folder holds: what is written here, and what simulating leaves behind."""
MARKS = frozenset({"top.v", "manifest.json", "report.json"})
"""What shows that a folder is a design, and not another one with a ``build`` in it."""


def ours(folder: Path) -> frozenset[str]:
    """What belongs to the design in a folder; nothing does if there is none in it."""
    return OURS if all((folder / mark).exists() for mark in MARKS) else frozenset()


def check(path: str | Path) -> None:
    """Refuse a place that holds anything but an earlier design, or that cannot be written."""
    output.check(path, ours)


def write(design: Design, path: str | Path) -> None:
    """Write a design's files into a new folder, or in place of an earlier design.

    Nothing is written of a design that is disproved.
    """
    proof = design.proof().to_json()
    text, manifest, samples = design.verilog, design.manifest, design.vectors()
    report = design.report().to_json() | {"proved": proof} | design.network.notes()
    more = design.network.files()
    with output.replacing(path, ours) as folder:
        (folder / "top.v").write_text(text, encoding="utf-8")
        manifest.write(folder / "manifest.json")
        vectors.write(folder / "vectors.npz", *samples)
        write_report(folder / "report.json", report)
        for name, content in more.items():
            (folder / name).write_text(content, encoding="utf-8")
        testbench.write(folder)


def verify(path: str | Path, seed: int = 0) -> Replay:
    """Replay a folder's vectors on its design, and note in its report that all were right.

    Raises :class:`Mismatch` if one bit of one sample differs; ``build`` in the folder then shows
    what happened. ``seed`` chooses the gaps between the samples.
    """
    folder = Path(path)
    note(folder, None)
    try:
        result = replay(folder, seed)
    except RtlgenError:
        raise
    except BaseException:
        output.discard(folder / "build")  # half built
        raise
    done = {"samples": result.samples, "cycles": result.cycles, "simulator": "Verilator"}
    note(folder, done)
    return result


def note(folder: Path, what: dict[str, Any] | None, key: str = "verified") -> None:
    """Write into a report what was verified; a folder without a report has no place for it."""
    path = folder / "report.json"
    if not path.is_file():
        return
    try:
        report = dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: is not a report; generate the design again") from error
    with undisturbed():
        write_report(path, {**report, key: what})


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write ``report.json``."""
    path.write_text(json.dumps(report, indent=1) + "\n")
