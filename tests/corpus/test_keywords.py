"""Perceptrons of three bits on spoken keywords: real scales, one for each neuron."""

from __future__ import annotations

import numpy as np
import pytest

from rtlgen.frontend import load
from tests.corpus.agreement import agreement
from tests.corpus.corpus import data, needs_corpus, network, path_of, published

pytestmark = needs_corpus

FITTING = "qonnx_kwsmlp_w3a3_mlperf07"
OTHER = "qonnx_kwsmlp_w3a3"
"""Trained on features of another front end, so its accuracy here is low, but it is an accuracy."""
EXPECTED = {FITTING: ("kws1000", 0.825, 1), OTHER: ("kws1000_x_times_0_33674", 0.428, 0)}
"""What the corpus calls the accuracy, ours, and how many weights are ties.

One weight of the first model is 2.50000005 steps, which single precision divides to 2.5 and so
rounds to 2, not 3. That changes no class; a sample with two equal logits changes its own.
"""


def input_scale() -> np.float32:
    first = next(node for node in load(path_of(FITTING)).nodes if node.op_type == "Quant")
    (scale,) = first.constants[first.inputs[1]].astype(np.float32).reshape(-1)
    return scale


@pytest.fixture(scope="module")
def features():
    """The samples that were stored as codes of the first model's input, and their classes."""
    file = data("kws_w3a3_1000")
    return file["x"].astype(np.float32) * input_scale(), file["y"]


@pytest.mark.parametrize("name", EXPECTED)
def test_codes_and_classes(name, features, note):
    x, classes = features
    what, expected, weights = EXPECTED[name]
    found = agreement(name, network(name), x)
    accuracy = float((found.ours.argmax(1) == classes).mean())
    note(
        f"{name}: {found}; {found.other_classes.sum()} other classes; accuracy {accuracy:.3f}, "
        f"published {published(name, what):.3f}"
    )
    assert accuracy == expected
    assert abs(accuracy - published(name, what)) < 0.002
    assert found.weights == weights


def test_the_authors_predictions(features, note):
    """They ran the same file in single precision; all but the ties agree."""
    x = features[0].reshape(-1, 1, 10, 49)
    agreed = network(FITTING).predict(x).argmax(1) == data("kws_w3a3_1000")["y_model"]
    note(f"{FITTING}: {agreed.sum()} of {len(agreed)} classes are those that the authors found")
    assert agreed.sum() >= 998


def test_ties_are_found_and_proved(monkeypatch):
    """Features half-way between two codes, as well as single precision can say that."""
    scale = input_scale()
    halves = np.random.default_rng(0).integers(-127, 127, (50, 490)) + 0.5
    x = (halves * float(scale)).astype(np.float32)
    found = agreement(FITTING, network(FITTING), x)
    assert found.ties > 1000
    assert found.touched.all()
    monkeypatch.setattr("tests.corpus.agreement._gamma", lambda _: 0.0)
    with pytest.raises(AssertionError, match="single precision differs, but not by a tie"):
        agreement(FITTING, network(FITTING), x)
