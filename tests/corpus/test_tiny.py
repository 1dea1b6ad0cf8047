"""The int8 models of MLPerf Tiny (QDQ): every code, and what single precision makes of them.

Our codes must be those of ONNX's reference in double precision. Single precision may choose
another code where its own rounding error carries a number over an edge: a *tie*. Each is proved.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rtlgen import Options
from tests.corpus.corpus import data, golden, needs_corpus, network, path_of, published
from tests.corpus.qdq_oracle import Oracle

pytestmark = needs_corpus

AUTOENCODER, KEYWORDS, IMAGES = (f"mlperf13_{task}_onnx" for task in ("ad", "kws", "ic"))
ROUNDINGS = 640 + 8
"""Of one term: to dequantize it and what it is multiplied with, their product, a sum of no more
than 640 terms, a bias that is dequantized and added, a mean, the quantizer's division; and one
for double precision, which errs by far less."""
GAMMA = ROUNDINGS * 2.0**-24 / (1 - ROUNDINGS * 2.0**-24)
"""How far single precision errs at most, relative to the sum of the sizes of all terms, whatever
their order (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1)."""


@cache
def fixed(name):
    return network(name, Options(logits=name != AUTOENCODER))


def windows():
    """Five spectra in a row, of which there are 196."""
    spectra = data("ad01_one_normal")["x"]
    return np.lib.stride_tricks.sliding_window_view(spectra, (5, 128))[:, 0].reshape(-1, 640)


def features(count):
    """Keywords, and their classes; the reference model's integers as the numbers they are for."""
    file = data("kws01_1000")
    x = (file["x"][:count].astype(np.float32) - 83) * np.float32(0.5847029)
    return x, file["y"][:count]


def images(count):
    return data("cifar10_calib_500")["x"][:count].astype(np.float32)


SAMPLES = {AUTOENCODER: windows, KEYWORDS: lambda: features(8)[0], IMAGES: lambda: images(2)}


def ours(name, x, quantizers):
    """Our integers for each quantizer: the first is an input's, the last an output's."""
    first, *_, last = quantizers
    values = fixed(name).graph.evaluate(fixed(name).encode(x))
    ends = {first.output[0]: first.input[0], last.output[0]: fixed(name).graph.outputs[0]}
    names = (node.output[0] for node in quantizers)
    return {n: values[ends.get(n, n)].codes for n in names}


def ties(name, x):
    """How many codes there are, and how many are another one in single precision, by a tie."""
    oracle = Oracle(path_of(name))
    quantizers = [node for node in oracle.proto.graph.node if node.op_type == "QuantizeLinear"]
    double, single, found = oracle.double(x), oracle.single(x), ours(name, x, quantizers)
    sizes, touched, codes, differing = oracle.sizes(double), np.zeros(len(x), bool), 0, 0
    for node in quantizers:
        given, (output,) = node.input[0], node.output
        scale, zero = (double[parameter].astype(np.float64) for parameter in node.input[1:])
        moved = -128 if zero == -128 else 0  # at an end of the range, it is not in our codes
        wanted = double[output].astype(np.int64)
        np.testing.assert_array_equal(found[output].reshape(wanted.shape) + moved, wanted)
        other = (single[output] != wanted).reshape(len(x), -1)
        y, error = double[given] / scale, GAMMA * sizes[given] / scale
        close = (np.abs(y - np.floor(y) - 0.5) <= error).reshape(other.shape)
        assert close[other & ~touched[:, None]].all(), f"{output}: another code, but no tie"
        codes, differing = codes + wanted.size, differing + int(other[~touched].sum())
        touched |= other.any(1)
    return codes, differing


@pytest.mark.parametrize(("name", "expected"), [(AUTOENCODER, 3), (KEYWORDS, 0), (IMAGES, 0)])
def test_codes(name, expected, note):
    codes, differing = ties(name, SAMPLES[name]())
    note(f"{name}: {codes:,} codes are the reference's in double precision, {differing} are ties")
    assert differing == expected


def test_a_difference_that_is_no_tie_is_seen(monkeypatch):
    monkeypatch.setattr("tests.corpus.test_tiny.GAMMA", 0.0)
    with pytest.raises(AssertionError, match="another code, but no tie"):
        ties(AUTOENCODER, windows())


def test_the_outputs_of_onnxruntime():
    """Bit by bit, for its results are our exact ones, rounded once to single precision."""
    (x,), (wanted,) = golden(AUTOENCODER)
    results = fixed(AUTOENCODER).predict(x.reshape(-1, 640))
    np.testing.assert_array_equal(results.astype(np.float32), wanted.reshape(results.shape))


def test_weights_are_the_integers_of_the_file():
    constants, oracle = fixed(AUTOENCODER).graph.constants, Oracle(path_of(AUTOENCODER))
    integers = {n: c for n, c in oracle.constants.items() if c.dtype == np.int8 and c.ndim}
    assert len(integers) == 10
    for name, wanted in integers.items():
        np.testing.assert_array_equal(constants[name].codes[0], wanted)


@pytest.mark.slow
def test_accuracy(note):
    """Of the published keywords, and of what a microcontroller has logged for the original."""
    x, classes = features(1000)
    found = fixed(KEYWORDS).predict(x).argmax(1)
    accuracy = float((found == classes).mean())
    alike = float((found == data("kws01_1000")["hw_stm32"].argmax(1)).mean())
    note(f"{KEYWORDS}: accuracy {accuracy:.3f}, {alike:.3f} as the microcontroller")
    assert accuracy == published(KEYWORDS, "kws01_1000")
    assert alike == published(KEYWORDS, "argmax agreement with STM32 log")
