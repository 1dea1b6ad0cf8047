"""Real models and data that nobody here made, read from where they lie."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rtlgen import Options
from rtlgen.network import Network, read

REPOSITORY = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("RTLGEN_CORPUS", REPOSITORY.parent / "shared" / "corpus"))

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of models is not here; set RTLGEN_CORPUS"
)


def path_of(name: str) -> Path:
    return CORPUS / name / "model.onnx"


def data(name: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a labelled data set."""
    with np.load(CORPUS / "_data" / name / "data.npz") as file:
        return dict(file)


def golden(name: str) -> tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]]]:
    """Inputs and outputs of a model, as another engine has them; axis 0 counts samples."""
    with np.load(CORPUS / name / "golden.npz") as file:
        inputs = [file[key] for key in file.files if key.startswith("in_")]
        return inputs, [file[key] for key in file.files if key.startswith("out_")]


def published(name: str, what: str) -> float:
    """The accuracy that the original has on these data."""
    return float(json.loads((CORPUS / name / "meta.json").read_text())["measured_accuracy"][what])


def network(name: str, options: Options | None = None) -> Network:
    """A model in fixed point, however large: without the hardware."""
    return read(path_of(name), replace(options or Options(), limit=10**12))
