"""The project folder: what is in it, and what has been verified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from hlsgen.build import build
from hlsgen.synthesis.figures import Synthesis
from hlsgen.vendor import Vendor
from rtlgen import output
from rtlgen.folder import note, write_report
from rtlgen.progress import Progress, Silent
from sim import csim, vectors
from sim.cosim import replay_cpp
from sim.errors import DataError, RtlgenError
from sim.integers import IntArray
from sim.manifest import Manifest

if TYPE_CHECKING:
    from hlsgen.project import Project

Codes: TypeAlias = Mapping[str, IntArray]
"""Of each input or output, by its name."""

LEFTOVERS = (
    *("build", "report.json", "__pycache__", "*.log", "*.jou", ".Xil", "logs"),
    *("*_prj", "*_prj.ccs", "*_component"),
)
"""Patterns of what a project folder holds beside the files that its report lists: of the vendors'
compilers, too."""
RECORDED = 1 << 20
"""Bytes of samples for a vendor's own simulations, which are slow."""
FLAGS = (
    *("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic", "-march=native"),  # -O3 unrolls all
    "-Wno-unknown-pragmas",
)


@dataclass(frozen=True)
class Verified:
    """What was found bit-exact, as a program and behind the ports of a module."""

    samples: int
    cycles: int
    """Of the simulation in Verilator."""


def ours(folder: Path) -> frozenset[str]:
    """What belongs to the project in a folder; nothing does if there is none in it."""
    try:
        report = json.loads((folder / "report.json").read_text())
        known = [*report["files"], *LEFTOVERS] if "vendor" in report else []
    except (OSError, ValueError, TypeError, KeyError):
        return frozenset()
    names = {entry.name for entry in folder.iterdir()}
    return frozenset(name for name in names if any(fnmatchcase(name, k) for k in known))


def check(path: str | Path) -> None:
    """Refuse a place that holds anything but an earlier project, or that cannot be written."""
    output.check(path, ours)


def write(project: Project, path: str | Path) -> None:
    """Write a project's files into a new folder, or in place of an earlier project."""
    files, manifest, samples = dict(project.files), project.manifest, project.vectors()
    files |= project.network.files()
    names = sorted([*files, "manifest.json", "vectors.npz", "vectors.bin"])
    recorded = _recorded(manifest, *samples)
    report = project.report().to_json() | {"files": names} | project.network.notes()
    with output.replacing(path, ours) as folder:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        manifest.write(folder / "manifest.json")
        vectors.write(folder / "vectors.npz", *samples)
        (folder / "vectors.bin").write_bytes(recorded)
        write_report(folder / "report.json", report)


def _recorded(manifest: Manifest, inputs: Codes, outputs: Codes) -> bytes:
    """The first samples for ``testbench.cpp``: the limbs of the inputs and of the outputs."""
    columns = [
        csim.words_of(csim.rows([codes[t.name] for t in tensors]), manifest.words)
        for codes, tensors in ((inputs, manifest.inputs), (outputs, manifest.outputs))
    ]
    samples = np.concatenate([words.reshape(len(words), -1).view(np.int64) for words in columns], 1)
    return samples[: max(1, RECORDED // samples[0].nbytes)].tobytes()


def verify(path: str | Path, seed: int = 0, progress: Progress | None = None) -> Verified:
    """Replay a folder's vectors on its C++, as a program and behind the ports of a module.

    The same in both: C++ compiled without the vendor's tools. Notes in the report that all were
    right. Raises :class:`Mismatch` if one bit of one sample differs; ``build`` in the folder then
    shows what happened. ``seed`` chooses the stalls of the ports.
    """
    folder, progress = Path(path), progress or Silent()
    note(folder, None)
    try:
        result = _verified(folder, seed, progress)
    except RtlgenError:
        raise
    except BaseException:
        output.discard(folder / "build")  # half built
        raise
    note(
        folder, {"samples": result.samples, "cycles": result.cycles, "simulator": "g++, Verilator"}
    )
    return result


def _verified(folder: Path, seed: int, progress: Progress) -> Verified:
    progress.begin("compile")
    library = compiled(folder)
    progress.begin("simulate")
    samples = csim.replay(folder, library)
    progress.begin("Verilator")
    replay = replay_cpp(folder, folder / "build/kernel.so", seed)
    return Verified(samples, replay.cycles)


def synthesize(path: str | Path, progress: Progress | None = None) -> Synthesis:
    """Run the vendor's compiler in a folder, and note in the report what it says."""
    folder = Path(path)
    report = _report(folder)
    note(folder, None, "synthesis")
    figures = build(folder, Vendor(report["vendor"]), report["top"], progress)
    note(folder, figures.to_json(), "synthesis")
    return figures


def compiled(folder: Path) -> csim.Library:
    """The C++ of a folder as a library, ``build/kernel.so``."""
    report = _report(folder)
    place = folder / "build"
    place.mkdir(exist_ok=True)
    return csim.build(
        folder / "bridge.cpp",
        [folder],
        FLAGS,
        Manifest.read(folder / "manifest.json").words,
        beside=[folder / f"{report['top']}.cpp"],
        target=place / "kernel.so",
    )


def _report(folder: Path) -> dict[str, Any]:
    path = folder / "report.json"
    try:
        report = dict(json.loads(path.read_text()))
        return {"top": report["top"], "vendor": report["vendor"]}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: is not the report of a project; generate it again") from error
