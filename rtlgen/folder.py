"""The design folder: complete or not there, and never at the cost of somebody else's files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtlgen.interrupts import undisturbed
from sim import testbench, vectors
from sim.cosim import Replay, replay
from sim.errors import DataError, OutputError, RtlgenError

if TYPE_CHECKING:
    from rtlgen.design import Design

OURS = frozenset(
    {
        *("top.v", "manifest.json", "vectors.npz", "report.json", "formats.toml"),
        *("bench.py", "Makefile", "test_top.py", "top.vlt"),
        *("build", "sim_build", "results.xml", "result.json", "dump.vcd"),
        *("__pycache__", ".pytest_cache"),
    }
)
"""What a design folder holds: what is written here, and what simulating leaves behind."""
MARKS = frozenset({"top.v", "manifest.json", "report.json"})
"""What shows that a folder is a design, and not another one with a ``build`` in it."""


def write(design: Design, path: str | Path) -> None:
    """Write a design's files into a new folder, or in place of an earlier design."""
    text, manifest, samples = design.verilog, design.manifest, design.vectors()
    report, formats = design.report().to_json(), design.network.codings
    with replacing(path) as folder:
        (folder / "top.v").write_text(text, encoding="utf-8")
        manifest.write(folder / "manifest.json")
        vectors.write(folder / "vectors.npz", *samples)
        _write(folder / "report.json", report)
        if formats.chosen:
            (folder / "formats.toml").write_text(formats.configuration(), encoding="utf-8")
        testbench.write(folder)


def verify(path: str | Path, seed: int = 0) -> Replay:
    """Replay a folder's vectors on its design, and note in its report that all were right.

    Raises :class:`Mismatch` if one bit of one sample differs; ``build`` in the folder then shows
    what happened. ``seed`` chooses the gaps between the samples.
    """
    folder = Path(path)
    _note(folder, None)
    try:
        result = replay(folder, seed)
    except RtlgenError:
        raise
    except BaseException:
        with undisturbed():
            shutil.rmtree(folder / "build", ignore_errors=True)  # half built
        raise
    note = {"samples": result.samples, "cycles": result.cycles, "simulator": "Verilator"}
    _note(folder, note)
    return result


def check(path: str | Path) -> None:
    """Refuse a place that holds anything but an earlier design, or that cannot be written."""
    place, shown = Path(path).resolve(), f"output {str(path)!r}"
    if place.exists() and not place.is_dir():
        raise OutputError(f"{shown}: is not a folder; choose another name")
    if Path.cwd().is_relative_to(place):
        raise OutputError(f"{shown}: is where you are, and would be replaced; name a folder in it")
    if place.is_dir() and (names := {entry.name for entry in place.iterdir()}):
        _check_ours(names, shown)
    above = next(p for p in place.parents if p.exists())
    if not above.is_dir():
        raise OutputError(f"{shown}: {str(above)!r} is not a folder; choose another place")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(f"{shown}: {str(above)!r} is not yours to write; choose another place")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A new folder beside ``path`` that takes its place if all goes well, and else vanishes."""
    check(path)
    place = Path(path).resolve()
    missing = [p for p in place.parents if not p.exists()]
    folder = None
    try:
        with undisturbed():
            place.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        yield folder
        with undisturbed():
            folder.chmod(0o777 & ~_umask())
            _swap(folder, place)
            missing = []
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"output {str(path)!r}: cannot be written ({reason}); choose another place"
        ) from error
    finally:
        with undisturbed(), suppress(OSError):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            for parent in missing:
                parent.rmdir()


def _check_ours(names: set[str], shown: str) -> None:
    foreign = sorted(names - OURS)
    if not foreign and not names >= MARKS:
        foreign = sorted(names)
    if foreign:
        listed = ", ".join(map(repr, foreign[:3])) + (", ..." if len(foreign) > 3 else "")
        raise OutputError(
            f"{shown}: holds files that are not ours: {listed}; choose another folder, or move "
            f"them away"
        )


def _swap(new: Path, path: Path) -> None:
    """Put the new folder where the old one is, if there is one; all or nothing."""
    old = Path(f"{new}.old")
    if path.exists():
        path.rename(old)
    try:
        new.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _note(folder: Path, verified: dict[str, Any] | None) -> None:
    """Write into a report what was verified; a folder without a report has no place for it."""
    path = folder / "report.json"
    if not path.is_file():
        return
    try:
        report = dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: is not a report; generate the design again") from error
    with undisturbed():
        _write(path, {**report, "verified": verified})


def _write(path: Path, report: dict[str, Any]) -> None:
    path.write_text(json.dumps(report, indent=1) + "\n")
