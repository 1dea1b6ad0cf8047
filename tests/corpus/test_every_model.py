"""Every model of the corpus: what becomes of it, as a table that shows progress and regress."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import onnxruntime
import pytest

from rtlgen import Options
from rtlgen.frontend import load
from rtlgen.network import Network
from sim.errors import RtlgenError, ShapeError, UnsupportedOperator
from tests.corpus.corpus import CORPUS, golden, needs_corpus, network, path_of
from tests.corpus.labelled import LABELLED
from tests.corpus.qonnx_oracle import execute

pytestmark = needs_corpus

CALIBRATED, TRIED = 100, 200
"""Labelled samples that formats are chosen from, too, and those after them that are classified."""


@dataclass(frozen=True)
class Expected:
    """Of the samples of ``golden.npz``: how many come out alike; or the error that refuses it.

    Alike are all results of a quantized model, to 10**-5 of the largest one: single precision
    errs by less, and another code makes a larger difference. Of a float model, which calibration
    quantizes, and of logits, the class is alike: the largest of several outputs, or the sign of
    the only one. An image of a float model is alike if its error is below a hundredth of it, both
    as root mean squares.
    """

    outcome: int | type[RtlgenError]
    why: str = ""
    """Of a refusal."""
    accuracy: float | None = None
    """On labelled samples."""
    calibrated: bool = False
    logits: bool = False
    formats: tuple[tuple[str, str], ...] = ()
    slow: bool = False
    image: bool = False
    boxes: bool = False
    """Each has a class of its own, along the last axis; a hundredth of them may be another."""
    double: bool = False
    """Beside qonnx in double precision: in single, some of so many results are ties."""


Refused = UnsupportedOperator
TABLE = {
    "finn_tfc_dataflow": Expected(8, formats=(("global_in", "u8 e0"),)),
    "mlperf11_vww_float_onnx": Expected(8, calibrated=True, slow=True),
    "mlperf12_ic_float_onnx": Expected(8, calibrated=True),
    "mlperf13_ad_onnx": Expected(8),
    "mlperf13_ic_onnx": Expected(8, logits=True),
    "mlperf13_kws_onnx": Expected(8, logits=True, accuracy=0.905),
    "mlperf_ic_alibaba": Expected(8, calibrated=True),
    "mlperf_vww_alibaba": Expected(8, calibrated=True),
    "onnx_branched_chlast_q": Expected(1, slow=True),
    "onnx_conv2d_small_keras": Expected(8, calibrated=True),
    "onnx_conv2d_small_mp_keras": Expected(8, calibrated=True),
    "onnx_dense_big_keras": Expected(8, calibrated=True),
    "onnx_espcn_float_nnresize": Expected(1, calibrated=True, slow=True, image=True),
    "onnx_espcn_float_subpixel": Expected(8, calibrated=True, image=True),
    "onnx_mnist_ort": Expected(8, calibrated=True, accuracy=0.99),
    "onnx_separable_conv_q": Expected(1, slow=True),
    "onnx_three_layer_bn_keras": Expected(ShapeError, "onnxruntime refuses its shapes, too"),
    "onnx_three_layer_keras": Expected(8, calibrated=True, accuracy=0.755),
    "onnx_three_layer_pytorch": Expected(8, calibrated=True),
    "onnx_tiny_unet_q": Expected(1, slow=True),
    "onnx_two_layer_pytorch": Expected(8, calibrated=True),
    "onnx_ultraface_rfb320": Expected(1, calibrated=True, slow=True, boxes=True),
    "qonnx_espcn_quant_nnresize": Expected(1, slow=True, double=True),
    "qonnx_fp8_act_weight": Expected(Refused, "it rounds to floats of 8 bits (FloatQuant)"),
    "qonnx_jettag_qkeras3": Expected(8, logits=True, formats=(("global_in", "s16 e-12"),)),
    "qonnx_kwsmlp_w3a3": Expected(8),
    "qonnx_kwsmlp_w3a3_mlperf07": Expected(8),
    "qonnx_radioml_vgg10_w8a8": Expected(6, slow=True),  # of the others, single precision ties
    "qonnx_sdp_attention": Expected(8, calibrated=True),
    "qonnx_tfc_1w1a": Expected(8, accuracy=0.945),
    "qonnx_tfc_2w2a": Expected(8, accuracy=0.98),
    "qonnx_unsw_mlp_w2a2": Expected(8, formats=(("onnx::Add_0", "s2 e0"),)),
}


def marked(name: str):
    return pytest.param(name, marks=[pytest.mark.slow] if TABLE[name].slow else [])


def test_the_table_is_complete():
    assert set(TABLE) == {path.parent.name for path in CORPUS.glob("*/model.onnx")}


def test_every_refusal_is_justified():
    refused = {name for name, e in TABLE.items() if not isinstance(e.outcome, int)}
    assert {name for name, e in TABLE.items() if e.why} == refused
    assert {name for name, e in TABLE.items() if e.accuracy is not None} == set(LABELLED)


@pytest.mark.parametrize("name", [marked(name) for name in TABLE])
def test_model(name, note):
    expected, start, right = TABLE[name], perf_counter(), ()
    try:
        fixed, wanted, samples = imported(name, expected)
    except RtlgenError as error:
        found, seconds = type(error), perf_counter() - start
        words = f"refused: {expected.why} ({found.__name__})"
    else:
        seconds, start = perf_counter() - start, perf_counter()
        results = fixed.predict(samples)
        rate = len(wanted) / (perf_counter() - start)
        found, right = alike(results, wanted, expected), classified(name, fixed)
        accuracies = f", accuracy {', in float '.join(f'{a:.3f}' for a in right)}" if right else ""
        words = f"{found} alike{accuracies}; {rate:,.0f} samples/s; {formats(fixed, expected)}"
    note(f"{name:<28} {seconds:6.1f} s  {words}")
    assert (found, right[0] if right else None) == (expected.outcome, expected.accuracy)


def imported(name: str, expected: Expected):
    """The network, and the samples that it is compared on: their results, and themselves."""
    model = load(path_of(name), logits=expected.logits)
    inputs, (wanted, *_) = golden(name)
    samples = dict(zip(model.inputs, inputs, strict=True))
    given = samples
    if name in LABELLED:
        ((source, x),) = samples.items()
        labelled = LABELLED[name]()[0][:CALIBRATED]
        given = {source: np.concatenate([x, labelled.reshape(-1, *x.shape[1:])])}
    options = Options(
        logits=expected.logits,
        config={"formats": dict(expected.formats)},
        calibrate=given if expected.calibrated else None,
    )
    if expected.double:
        wanted = execute(path_of(name), inputs[0][0], np.float64)[model.outputs[0]][None]
    return network(name, options), wanted, samples


def alike(results, wanted, expected: Expected) -> int:
    results = next(iter(results.values())) if isinstance(results, dict) else results
    rows, others = (np.reshape(r, (len(wanted), -1)) for r in (results, wanted))
    if expected.boxes:
        others = np.asarray(wanted).argmax(-1)
        equal = np.reshape(results, wanted.shape).argmax(-1) == others
        same = equal.reshape(len(wanted), -1).mean(1) >= 0.99
    elif expected.image:
        same = ((rows - others) ** 2).mean(1) < 1e-4 * (others**2).mean(1)
    elif expected.calibrated or expected.logits:
        same = classes(rows, 0) == classes(others, 0.5 if expected.logits else 0)
    else:
        same = (np.abs(rows - others) <= 1e-5 * np.abs(others).max()).all(1)
    return int(same.sum())


def classes(rows, threshold):
    """The largest output; the only one is a probability, or its logit, beside a threshold."""
    return rows.argmax(1) if rows.shape[1] > 1 else rows[:, 0] > threshold


def classified(name: str, fixed: Network) -> tuple[float, ...]:
    """How many labelled samples have their class: here, and in float if that is what it is."""
    if name not in LABELLED:
        return ()
    x, labels = (part[CALIBRATED : CALIBRATED + TRIED] for part in LABELLED[name]())
    ((source, type_),) = fixed.graph.inputs.items()
    x = x.reshape(-1, *type_.shape)
    found = [np.reshape(fixed.predict(x), (len(x), -1)).argmax(1)]
    if TABLE[name].calibrated:
        session = onnxruntime.InferenceSession(path_of(name), providers=["CPUExecutionProvider"])
        rows = (session.run(None, {source: row})[0] for row in x.astype(np.float32))
        found.append(np.array([np.argmax(row) for row in rows]))
    return tuple(float((classes == labels).mean()) for classes in found)


def formats(fixed: Network, expected: Expected) -> str:
    """Where its formats are from, and how wide those are that were chosen."""
    widths = Counter(
        int(max(interval.width for interval in set(chosen.type.elements())))
        for chosen in fixed.codings.formats.values()
    )
    shown = ", ".join(f"{count} of {width} bits" for width, count in sorted(widths.items()))
    source = "calibrated" if expected.calibrated else "its own"
    return f"formats: {source}" + (f", {shown}" if shown else "")
