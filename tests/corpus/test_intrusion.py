"""FINN's detector of network intrusions: two-bit layers between bits and a bit."""

from __future__ import annotations

import numpy as np

from rtlgen import Options
from tests.corpus.agreement import agreement
from tests.corpus.corpus import golden, needs_corpus, network

pytestmark = needs_corpus

MODEL = "qonnx_unsw_mlp_w2a2"
BITS = Options(config={"formats": {"onnx::Add_0": "s2 e0"}})
"""The features are -1 and 1, which the model, without a quantizer there, leaves unsaid."""


def test_codes_of_random_bits(note):
    x = np.random.default_rng(0).choice([-1, 1], (1000, 600)).astype(np.float32)
    found = agreement(MODEL, network(MODEL, BITS), x)
    note(f"{MODEL}: {found}; {(found.ours > 0).mean():.3f} of the results are 1")
    np.testing.assert_array_equal(found.ours[~found.touched], found.single[~found.touched])


def test_golden():
    (x,), (y,) = golden(MODEL)
    np.testing.assert_array_equal(network(MODEL, BITS).predict(x), y.reshape(-1, 1))
