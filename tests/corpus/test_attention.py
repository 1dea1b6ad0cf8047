"""Models with a Softmax inside, beside what ONNX Runtime gives for them."""

import numpy as np
import pytest

from rtlgen import Options
from rtlgen.frontend import load
from tests.corpus.corpus import golden, needs_corpus, network, path_of

pytestmark = needs_corpus


def predicted(name: str) -> list[np.ndarray]:
    """What comes of formats that clip nothing, as a bound of the largest error needs."""
    inputs, wanted = golden(name)
    samples = dict(zip(load(path_of(name)).inputs, inputs, strict=True))
    results = network(name, Options(calibrate=samples, fit="range")).predict(samples)
    arrays = list(results.values()) if isinstance(results, dict) else [results]
    return [y.reshape(w.shape) for y, w in zip(arrays, wanted, strict=True)]


def test_attention_is_within_some_steps_of_its_formats():
    """Values of up to four, in 12 bits, are weighed with probabilities in 12 bits."""
    (got,), (_, (want,)) = predicted("qonnx_sdp_attention"), golden("qonnx_sdp_attention")
    assert np.abs(got - want).max() <= 0.004


@pytest.mark.slow
def test_faces():
    """The classes of all boxes, and where these are; formats are the default ones, of 12 bits."""
    scores, boxes = predicted("onnx_ultraface_rfb320")
    _, (classes, places) = golden("onnx_ultraface_rfb320")
    assert (scores.argmax(-1) == classes.argmax(-1)).all()
    assert np.abs(scores - classes).max() <= 0.02
    assert np.abs(boxes - places).max() <= 0.01
