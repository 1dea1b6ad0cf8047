"""Emulators of published networks on real data: the real numbers that the reference has."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest

from rtlgen import Options
from tests.corpus.corpus import data, needs_corpus, network
from tests.hlsgen.emulators import build

pytestmark = [needs_corpus, pytest.mark.slow]

JETS = Options(logits=True, config={"formats": {"global_in": "s16 e-12"}})
NETWORKS = {
    "qonnx_jettag_qkeras3": (JETS, "jsc_hlf_1000", 1),
    "qonnx_kwsmlp_w3a3": (Options(), "kws_w3a3_1000", 1),
    "qonnx_tfc_2w2a": (Options(), "mnist_t10k", 255),
}
"""With data that are given in so many parts of one."""


@pytest.mark.parametrize("name", NETWORKS)
def test_real_numbers_are_those_of_the_reference(name, tmp_path, note):
    options, samples, parts = NETWORKS[name]
    of = network(name, options)
    shape = next(iter(of.graph.inputs.values())).shape
    x = data(samples)["x"][:1000].astype(np.float64).reshape(-1, *shape[1:]) / parts
    built = build(tmp_path, of, flags="-O3", samples=10)
    start = process_time()
    found = built.predict(x)
    seconds = process_time() - start
    note(f"{name}: the emulator takes {len(x) / seconds:,.0f} samples per CPU-second")
    np.testing.assert_array_equal(found, of.predict(x))
