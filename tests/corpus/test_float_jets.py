"""A float network on real LHC jets, with formats from calibration alone."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from rtlgen import Options
from tests.corpus.corpus import data, needs_corpus, network, path_of

pytestmark = needs_corpus

MODEL = "onnx_three_layer_keras"
CLASSES = ("g", "q", "w", "z", "t")
LABELS = ("g", "q", "t", "w", "z")
"""The classes in the order of the model's outputs, and of the labels in the file."""
EIGHT = {"inputs": "8", "weights": "8", "activations": "8"}


@pytest.mark.parametrize(("defaults", "loss", "alike"), [({}, 0.005, 0.98), (EIGHT, 0.01, 0.94)])
def test_accuracy_on_the_other_half(defaults, loss, alike, note):
    file = data("jsc_hlf_1000")
    x, classes = file["x_unscaled"], np.array([CLASSES.index(c) for c in LABELS])[file["y"]]
    half = len(x) // 2
    fixed = network(
        MODEL,
        Options(logits=True, calibrate={"input_1_0": x[:half]}, config={"defaults": defaults}),
    )
    found, floats = fixed.predict(x).argmax(1), float_classes(x)
    (right, right_floats) = ((f == classes)[half:].mean() for f in (found, floats))
    note(
        f"{MODEL}: accuracy {right:.3f}, {right_floats:.3f} in float; "
        f"{(found == floats)[half:].mean():.3f} alike"
    )
    for name, text in fixed.codings.chosen.items():
        note(f"{MODEL}: {name} {text}")
    assert right >= right_floats - loss
    assert (found == floats)[half:].mean() >= alike


def float_classes(x):
    session = onnxruntime.InferenceSession(path_of(MODEL), providers=["CPUExecutionProvider"])
    return np.array([session.run(None, {"input_1_0": row[None]})[0][0].argmax() for row in x])
