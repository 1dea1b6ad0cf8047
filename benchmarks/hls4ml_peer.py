"""hls4ml in a virtual environment of its own, which never meets ours."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from runs import Run

PACKAGES = ("hls4ml==1.3.0", "qonnx==1.0.0")
WORKER = Path(__file__).parent / "hls4ml_worker.py"


@dataclass(frozen=True)
class Peer:
    """The Python that has hls4ml."""

    python: Path

    @classmethod
    def install(cls, folder: Path) -> Peer:
        """Make the environment in a folder, or take the one that is there."""
        python = folder / "bin/python"
        if not python.is_file():
            _run([sys.executable, "-m", "venv", f"{folder}"])
        _run([f"{python}", "-m", "pip", "install", "--quiet", *PACKAGES])
        return cls(python)

    def measure(self, model: Path, io: str, x: Path, expected: npt.NDArray[np.float64]) -> Run:
        """One run on a model's file and samples, as real numbers in a fixed<16, 6>."""
        with TemporaryDirectory() as folder:
            words = [f"{self.python}", f"{WORKER}", f"{model}", io, "fixed<16,6>", f"{x}", folder]
            _run(words)
            run = Run.of_json(json.loads((Path(folder) / "run.json").read_text()))
            results = np.load(Path(folder) / "results.npy")
        return replace(run, equal=int((results == expected).all(1).sum()))

    def versions(self) -> dict[str, str]:
        listed = _run([f"{self.python}", "-m", "pip", "list", "--format=json"])
        found = {entry["name"]: entry["version"] for entry in json.loads(listed)}
        return {name: found[name] for name in ("hls4ml", "qonnx", "onnx", "numpy")}


def _run(words: list[str]) -> str:
    """What a program prints; what it complains of is shown if it fails."""
    result = subprocess.run(  # noqa: S603  # Python, on files of ours
        words, capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(f"{result.stdout}{result.stderr}error: {' '.join(words)}: failed")
    return result.stdout
