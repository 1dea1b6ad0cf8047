"""Classifiers at eight bits, held against onnxruntime's floats; and how long reading takes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import pytest

from rtlgen import Options
from rtlgen.frontend import load
from sim.errors import RtlgenError
from tests.corpus.corpus import CORPUS, data, needs_corpus, network, path_of

pytestmark = needs_corpus

EIGHT = {"weights": "8", "activations": "8"}
SECONDS = 10
"""That the import of any model may take."""


@dataclass(frozen=True)
class Case:
    """A model, its samples, and what it may lose."""

    samples: int
    calibrated: int = 0
    """Of other samples, that formats are chosen from; none, if the model has formats."""
    config: dict[str, Any] = field(default_factory=dict)
    logits: bool = True
    labelled: bool = True
    agreement: float = 0.99


CASES = {
    "mlperf13_kws_onnx": Case(200, agreement=1),
    "mlperf13_ic_onnx": Case(50, labelled=False, agreement=1),
    "mlperf12_ic_float_onnx": Case(
        100, 50, {"defaults": {**EIGHT, "inputs": "u8 e0"}}, labelled=False, agreement=0.95
    ),
    "onnx_mnist_ort": Case(300, 100, {"defaults": {**EIGHT, "inputs": "u8 e0"}}, logits=False),
}
SLOW = ("mlperf12_ic_float_onnx", "mlperf13_ic_onnx")


def samples(name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Real samples as the model takes them, and their classes if these are known."""
    match name:
        case "mlperf13_kws_onnx":
            file = data("kws01_1000")
            return (file["x"].astype(float) - 83) * 0.5847029, file["y"]
        case "onnx_mnist_ort":
            file = data("mnist_t10k")
            return file["x"].astype(float)[:, None], file["y"]
        case "mlperf13_ic_onnx":
            return data("cifar10_calib_500")["x"].astype(float), None
        case _:
            return data("cifar10_calib_500")["x"].astype(float).transpose(0, 3, 1, 2), None


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in CASES]
)
def test_classes_at_eight_bits(name, note):
    case, (x, labels) = CASES[name], samples(name)
    own, others = x[: case.samples], x[-case.calibrated :]
    session = onnxruntime.InferenceSession(path_of(name), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name
    floats = np.array([session.run(None, {given: _one(row)})[0].argmax() for row in own])
    options = Options(
        logits=case.logits,
        config=case.config,
        calibrate={given: others} if case.calibrated else None,
    )
    fixed = network(name, options)
    start = perf_counter()
    found = fixed.predict(own).reshape(len(own), -1).argmax(1)
    rate = len(own) / (perf_counter() - start)
    alike = (found == floats).mean()
    note(f"{name}: {alike:.3f} of {len(own)} samples alike, reference {rate:,.0f} a second")
    assert alike >= case.agreement
    if case.labelled:
        right, right_floats = ((f == labels[: len(own)]).mean() for f in (found, floats))
        note(f"{name}: accuracy {right:.3f}, {right_floats:.3f} in float")
        assert right >= right_floats - 0.01


def _one(row):
    return row[None].astype(np.float32)


def test_import_takes_seconds(note):
    names = sorted(path.parent.name for path in CORPUS.glob("*/model.onnx"))
    seconds = {name: _seconds(name) for name in names}
    slowest = max(seconds, key=seconds.__getitem__)
    note(f"import: {len(names)} models, at most {seconds[slowest]:.2f} s ({slowest})")
    assert seconds[slowest] < SECONDS


def _seconds(name: str) -> float:
    start = perf_counter()
    with suppress(RtlgenError):  # which models are refused is tested elsewhere
        load(path_of(name))
    return perf_counter() - start
