"""Projects of small graphs, and the C++ of many of them, compiled at once and run."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import CDLL
from pathlib import Path

import numpy as np

from hlsgen.project import Project
from sim import csim
from tests import cpp
from tests.harness import CPP_FLAGS


def differing(projects: Sequence[Project], folder: Path) -> list[str]:
    """The projects whose C++ and reference differ, by the names of their functions."""
    source = folder / "projects.cpp"
    source.write_text(cpp.source(projects))
    functions = csim.build(source, (), CPP_FLAGS).functions
    return [p.top for p in projects if not _agrees(p, functions)]


def _agrees(project: Project, functions: CDLL) -> bool:
    x, y = (csim.rows(list(codes.values())) for codes in project.vectors())
    library = csim.Library(functions, project.manifest.words)
    return np.array_equal(library.run(f"{project.top}_kernel", x, y.shape[1]), y)
