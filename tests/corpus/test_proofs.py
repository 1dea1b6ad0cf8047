"""Models that nobody here made, proved as hardware."""

from __future__ import annotations

import pytest

from rtlgen import Options, generate
from tests.corpus.corpus import needs_corpus, path_of

pytestmark = needs_corpus

JETS = Options(logits=True, config={"formats": {"global_in": "s16 e-12"}})
INTRUSION = Options(config={"formats": {"onnx::Add_0": "s2 e0"}})


@pytest.mark.parametrize(
    ("name", "options", "coefficients"),
    [
        ("qonnx_jettag_qkeras3", JETS, 4256),
        pytest.param("qonnx_unsw_mlp_w2a2", INTRUSION, 46_656, marks=pytest.mark.slow),
        pytest.param("qonnx_tfc_1w1a", Options(), 59_008, marks=pytest.mark.slow),
    ],
)
def test_a_published_network_is_proved(name, options, coefficients, note):
    proof = generate(path_of(name), options).proof()
    note(f"{name:<28} proved: {proof}")
    assert proof.unproved == ()
    assert proof.coefficients == coefficients
