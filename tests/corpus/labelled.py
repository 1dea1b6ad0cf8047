"""Data with labels, as each model wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.corpus.corpus import data

Floats = npt.NDArray[np.float64]
Labelled = tuple[Floats, npt.NDArray[Any]]


def _jets() -> Labelled:
    """The labels are g, q, t, w and z; the outputs of the model g, q, w, z and t."""
    file = data("jsc_hlf_1000")
    return file["x_unscaled"], np.array([0, 1, 4, 2, 3])[file["y"]]


def _digits() -> Labelled:
    """In [0, 1]."""
    file = data("mnist_t10k")
    return file["x"][:1000, None] / 255, file["y"][:1000]


def _keywords() -> Labelled:
    file = data("kws01_1000")
    return (file["x"].astype(np.float32) - 83) * np.float32(0.5847029), file["y"]


LABELLED: Mapping[str, Callable[[], Labelled]] = {
    "mlperf13_kws_onnx": _keywords,
    "onnx_mnist_ort": _digits,
    "onnx_three_layer_keras": _jets,
    "qonnx_tfc_1w1a": _digits,
    "qonnx_tfc_2w2a": _digits,
}
"""By the model; what else has labels has a test of its own."""
