"""Every model of the corpus: what becomes of it, as a table that shows progress and regress."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pytest

from rtlgen import Options
from rtlgen.frontend import load
from sim.errors import NotQuantized, RtlgenError, ShapeError, UnsupportedOperator
from tests.corpus.corpus import CORPUS, golden, needs_corpus, network, path_of

pytestmark = needs_corpus


@dataclass(frozen=True)
class Expected:
    """Of the samples of ``golden.npz``: how many come out alike; or the error that refuses it.

    Alike are all results of a quantized model, to 10**-5 of the largest one: single precision
    errs by less, and another code makes a larger difference. Of a float model, which calibration
    quantizes, and of logits, the class is alike: the largest of several outputs, or the sign of
    the only one.
    """

    outcome: int | type[RtlgenError]
    calibrated: bool = False
    logits: bool = False
    formats: tuple[tuple[str, str], ...] = ()
    slow: bool = False


Refused = UnsupportedOperator
TABLE = {
    "finn_tfc_dataflow": Expected(Refused),  # MultiThreshold
    "mlperf11_vww_float_onnx": Expected(8, calibrated=True, logits=True, slow=True),
    "mlperf12_ic_float_onnx": Expected(8, calibrated=True, logits=True),
    "mlperf13_ad_onnx": Expected(8),
    "mlperf13_ic_onnx": Expected(8, logits=True),
    "mlperf13_kws_onnx": Expected(8, logits=True),
    "mlperf_ic_alibaba": Expected(NotQuantized),  # calibrated: a residual sum of unlike scales
    "mlperf_vww_alibaba": Expected(8, calibrated=True),
    "onnx_branched_chlast_q": Expected(Refused, slow=True),  # Resize
    "onnx_conv2d_small_keras": Expected(8, calibrated=True, logits=True),
    "onnx_conv2d_small_mp_keras": Expected(8, calibrated=True, logits=True),
    "onnx_dense_big_keras": Expected(8, calibrated=True, logits=True),
    "onnx_espcn_float_nnresize": Expected(Refused, calibrated=True, slow=True),  # Resize
    "onnx_espcn_float_subpixel": Expected(Refused, calibrated=True),  # DepthToSpace
    "onnx_mnist_ort": Expected(8, calibrated=True),
    "onnx_separable_conv_q": Expected(1, slow=True),
    "onnx_three_layer_bn_keras": Expected(ShapeError),  # onnxruntime refuses it, too
    "onnx_three_layer_keras": Expected(8, calibrated=True, logits=True),
    "onnx_three_layer_pytorch": Expected(8, calibrated=True, logits=True),
    "onnx_tiny_unet_q": Expected(Refused, slow=True),  # Resize
    "onnx_two_layer_pytorch": Expected(8, calibrated=True, logits=True),
    "onnx_ultraface_rfb320": Expected(Refused),  # Softmax in the middle
    "qonnx_espcn_quant_nnresize": Expected(Refused, slow=True),  # Resize
    "qonnx_fp8_act_weight": Expected(Refused),  # FloatQuant
    "qonnx_jettag_qkeras3": Expected(8, logits=True, formats=(("global_in", "s16 e-12"),)),
    "qonnx_kwsmlp_w3a3": Expected(8),
    "qonnx_kwsmlp_w3a3_mlperf07": Expected(8),
    "qonnx_radioml_vgg10_w8a8": Expected(6, slow=True),  # of the others, single precision ties
    "qonnx_sdp_attention": Expected(Refused),  # Softmax in the middle
    "qonnx_tfc_1w1a": Expected(8),
    "qonnx_tfc_2w2a": Expected(8),
    "qonnx_unsw_mlp_w2a2": Expected(8, formats=(("onnx::Add_0", "s2 e0"),)),
}


def marked(name: str):
    return pytest.param(name, marks=[pytest.mark.slow] if TABLE[name].slow else [])


def test_the_table_is_complete():
    assert set(TABLE) == {path.parent.name for path in CORPUS.glob("*/model.onnx")}


@pytest.mark.parametrize("name", [marked(name) for name in TABLE])
def test_model(name, note):
    expected = TABLE[name]
    start = perf_counter()
    try:
        found, words = alike(name, expected)
        words = f"{found} alike, {words}"
    except RtlgenError as error:
        found, words = type(error), f"{type(error).__name__}: {str(error).split(';')[0]}"
    note(f"{name:<28} {perf_counter() - start:6.1f} s  {words:.140}")
    assert found == expected.outcome


def alike(name: str, expected: Expected) -> tuple[int, str]:
    model = load(path_of(name), logits=expected.logits)
    inputs, (wanted, *_) = golden(name)
    samples = dict(zip(model.inputs, inputs, strict=True))
    options = Options(
        logits=expected.logits,
        config={"formats": dict(expected.formats)},
        calibrate=samples if expected.calibrated else None,
    )
    fixed = network(name, options)
    results = fixed.predict(samples)
    rows, others = (np.reshape(r, (len(wanted), -1)) for r in (results, wanted))
    if expected.calibrated or expected.logits:
        same = classes(rows, 0) == classes(others, 0.5 if expected.logits else 0)
    else:
        same = (np.abs(rows - others) <= 1e-5 * np.abs(others).max()).all(1)
    return int(same.sum()), f"{len(fixed.graph.nodes)} nodes"


def classes(rows, threshold):
    """The largest output; the only one is a probability, or its logit, beside a threshold."""
    return rows.argmax(1) if rows.shape[1] > 1 else rows[:, 0] > threshold
