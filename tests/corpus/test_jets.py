"""The jet tagger of the QONNX model zoo on real LHC jets: exact, and as accurate as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rtlgen import Options, generate
from rtlgen.dataflow import evaluate
from rtlgen.frontend import load
from sim.fixed import Fixed
from tests.corpus.agreement import SINGLE, agreement, magnitudes
from tests.corpus.corpus import data, needs_corpus, network, path_of, published
from tests.corpus.qonnx_oracle import execute

pytestmark = needs_corpus

MODEL = "qonnx_jettag_qkeras3"
CONFIG = {"formats": {"global_in": "s16 e-12"}}
OPTIONS = Options(clock_hz=320e6, target="xcvu13p", logits=True, config=CONFIG)


@pytest.fixture(scope="module")
def tagger():
    return network(MODEL, OPTIONS)


@pytest.fixture(scope="module")
def jets():
    """The jets as the design's input port has them, and their classes."""
    file = data("jsc_hlf_1000")
    codes = np.clip(np.rint(file["x"].astype(float) * 2**12), -(2**15), 2**15 - 1)
    return (codes / 2**12).astype(np.float32), file["y"]


def test_logits_and_classes(tagger, jets, note):
    """Equal where single precision is exact; elsewhere a class differs by a proved tie only."""
    x, _ = jets
    found = agreement(MODEL, tagger, x)
    exact = exact_in_single_precision(tagger, x)
    note(f"{MODEL}: {found}; {found.other_classes.sum()} other classes")
    note(f"{MODEL}: single precision is exact on {exact.sum()} jets of {len(x)}")
    np.testing.assert_array_equal(found.ours, found.double)
    np.testing.assert_array_equal(found.ours[exact], found.single[exact])
    assert not (found.touched & exact).any()
    assert exact.sum() >= 990


def test_accuracy(tagger, jets, note):
    """Also of the jets as they are, with features that no grid has rounded."""
    x, classes = jets
    found = tagger.predict(x).argmax(1)
    unrounded = execute(path_of(MODEL), data("jsc_hlf_1000")["x"], np.float32)["global_out"]
    accuracy = float((found == classes).mean())
    alike = (found == unrounded.argmax(1)).sum()
    note(f"{MODEL}: accuracy {accuracy:.3f}; as without a grid on {alike} jets")
    assert accuracy == published(MODEL, "jsc_hlf_1000") == 0.774
    np.testing.assert_array_equal(found, unrounded.argmax(1))


def test_a_planted_bug_is_found(tagger, jets):
    """The least possible one: a bias of the first layer, off by one step."""
    name = "Add_0.offset"
    offset = tagger.graph.constants[name]
    codes = offset.codes.copy()
    codes[0, 0] += 1
    constants = {**tagger.graph.constants, name: Fixed(codes, offset.exp)}
    wrong = replace(tagger, graph=replace(tagger.graph, constants=constants))
    with pytest.raises(AssertionError, match="Quant_8"):
        agreement(MODEL, wrong, jets[0])


@pytest.mark.slow
def test_the_hardware_is_the_reference(jets, note):
    """The scalar operations on a few jets, and the Verilog on all of them and as many others."""
    x, _ = jets
    design = generate(path_of(MODEL), replace(OPTIONS, data={"global_in": x}, samples=2 * len(x)))
    inputs, results = (next(iter(v.values())) for v in design.vectors())
    flat, wanted = (v.reshape(len(v), -1)[:8].tolist() for v in (inputs, results))
    assert [evaluate(design.flow, row) for row in flat] == wanted
    x_steps = design.network.encode(x)["global_in"].codes
    np.testing.assert_array_equal(inputs[: len(x)], x_steps)
    replay = design.verify()
    note(
        f"{MODEL}: {replay.samples:,} samples verified, {len(design.flow.ops):,} operations, "
        f"{design.latency} clocks, built in {replay.build_seconds:.1f} s"
    )
    assert (replay.samples, replay.latency) == (2 * len(x), design.latency)


def exact_in_single_precision(tagger, x):
    """Samples on which a sum, in whatever order, never has more than 24 bits.

    All scales are powers of two: every partial sum is a multiple of the step of its value, and
    at most the sum of the absolute values of all terms.
    """
    model = load(path_of(MODEL), logits=True)
    sizes = magnitudes(model, execute(path_of(MODEL), x, np.float64))
    types = tagger.graph.types()
    steps = {n.outputs[0]: np.ldexp(1.0, types[n.outputs[0]].exp) for n in tagger.graph.nodes}
    return np.all([(sizes[n] * SINGLE <= step).all(1) for n, step in steps.items()], 0)
