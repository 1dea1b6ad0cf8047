"""hls4ml in a virtual environment of its own, which never meets ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from environment import Environment
from runs import Run

PACKAGES = ("hls4ml==1.3.0", "qonnx==1.0.0")
WORKER = Path(__file__).parent / "hls4ml_worker.py"


@dataclass(frozen=True)
class Peer:
    """The environment that has hls4ml."""

    environment: Environment

    @classmethod
    def install(cls, folder: Path) -> Peer:
        """Make the environment in a folder, or take the one that is there."""
        return cls(Environment.install(folder, PACKAGES))

    def measure(self, model: Path, io: str, x: Path, expected: npt.NDArray[np.float64]) -> Run:
        """One run on a model's file and samples, as real numbers in a fixed<16, 6>."""
        with TemporaryDirectory() as folder:
            words = [f"{WORKER}", f"{model}", io, "fixed<16,6>", f"{x}", folder]
            self.environment.run(words)
            run = Run.of_json(json.loads((Path(folder) / "run.json").read_text()))
            results = np.load(Path(folder) / "results.npy")
        return replace(run, equal=int((results == expected).all(1).sum()))

    def versions(self) -> dict[str, str]:
        return self.environment.versions(("hls4ml", "qonnx", "onnx", "numpy"))
