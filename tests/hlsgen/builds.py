"""Projects compiled as programs, with our numbers or with a vendor's."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from hlsgen import Options, generate
from hlsgen.folder import FLAGS
from hlsgen.project import Project
from hlsgen.vendor import Vendor
from rtlgen import Design
from sim import csim

EXAMPLES = Path(__file__).parents[2] / "examples"


def shipped() -> Path:
    """The vendors' headers, which hls4ml ships."""
    spec = find_spec("hls4ml")
    assert spec
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "templates"


def vendors_headers(vendor: Vendor) -> list[Path]:
    folder = shipped()
    if vendor is Vendor.VITIS:
        return [folder / "vivado/ap_types"]
    return [folder / "catapult/ac_types/include"]


def library(
    project: Project, folder: Path, include: list[Path] | None = None, *flags: str
) -> csim.Library:
    """A project, compiled in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in project.files.items():
        (folder / name).write_text(text)
    return csim.build(
        folder / "bridge.cpp",
        [folder, *(include or [])],
        flags or FLAGS,
        project.manifest.words,
        beside=[folder / f"{project.top}.cpp"],
    )


def answers(project: Project, library: csim.Library) -> tuple[Any, Any]:
    """What the C++ gives for the project's vectors, and what the reference gives."""
    x, y = (csim.rows(list(codes.values())) for codes in project.vectors())
    return library.run(csim.KERNEL, x, y.shape[1]), y


def agrees(project: Project, folder: Path, include: list[Path] | None = None, *flags: str) -> None:
    got, expected = answers(project, library(project, folder, include, *flags))
    np.testing.assert_array_equal(got, expected)


def gives(compiled: csim.Library, project: Project, design: Design) -> None:
    """The C++ gives the numbers that a design's Verilog is held against, whatever their steps."""
    x, y = (csim.rows(list(codes.values())) for codes in design.vectors())
    steps, others = (
        np.concatenate([t.exp for t in m.outputs]) for m in (project.manifest, design.manifest)
    )
    finest = min(steps.min(), others.min())
    got = compiled.run(csim.KERNEL, x, y.shape[1])
    np.testing.assert_array_equal(got << steps - finest, y << others - finest)


def example(name: str, **options: Any) -> Project:
    return generate(EXAMPLES / f"{name}.onnx", Options(**options))
