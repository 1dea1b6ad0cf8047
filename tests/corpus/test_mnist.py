"""FINN's perceptrons of one and two bits on MNIST: batch normalizations that become thresholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from kernels.quant import Threshold
from rtlgen import Options
from sim.fixed import Fixed
from tests.corpus.agreement import agreement
from tests.corpus.corpus import data, needs_corpus, network, path_of, published

pytestmark = needs_corpus

ACCURACY = {"qonnx_tfc_1w1a": 0.913, "qonnx_tfc_2w2a": 0.966}


@pytest.fixture(scope="module")
def images():
    """The first 1,000, in [0, 1], and their classes."""
    file = data("mnist_t10k")
    return file["x"][:1000].astype(np.float32) / np.float32(255), file["y"][:1000]


@pytest.mark.parametrize("name", ACCURACY)
def test_codes_and_classes(name, images, note):
    x, classes = images
    found = agreement(name, network(name), x)
    accuracy = float((found.ours.argmax(1) == classes).mean())
    note(f"{name}: {found}; {found.other_classes.sum()} other classes; accuracy {accuracy:.3f}")
    assert accuracy == ACCURACY[name] == published(name, "mnist1000_x01")


@pytest.mark.filterwarnings("ignore:Some old-style domain")
def test_thresholds_as_finn_writes_them(images, note):
    """The perceptron of one bit as FINN streamlines it, up to the choice of the largest."""
    name, output = "finn_tfc_dataflow", "Add_0_out0"
    options = Options(outputs=(output,), config={"formats": {"global_in": "u8 e0"}})
    x, classes = np.rint(images[0] * 255), images[1]
    got = network(name, options).predict(x.reshape(-1, 1, 28, 28))
    wrapped = ModelWrapper(str(path_of(name)))
    for k in range(20):
        row = {"global_in": x[k].reshape(1, 1, 28, 28).astype(np.float32)}
        want = execute_onnx(wrapped, row, return_full_exec_context=True)[output]
        np.testing.assert_allclose(got[k], want[0], 0, 1e-6)
    accuracy = float((got.argmax(1) == classes).mean())
    note(f"{name}: accuracy {accuracy:.3f}")
    assert accuracy == ACCURACY["qonnx_tfc_1w1a"]


@pytest.mark.parametrize("name", ACCURACY)
def test_a_planted_bug_is_found(name, images):
    """One threshold of 64, of the second layer, one code too high."""
    whole = network(name)
    at, node = [(i, n) for i, n in enumerate(whole.graph.nodes) if isinstance(n.op, Threshold)][1]
    codes = node.op.thresholds.codes.copy()
    codes[0, 0, np.abs(codes[0, 0, :, 0]).argmin(), 0] += 2
    op = replace(node.op, thresholds=Fixed(codes, node.op.thresholds.exp))
    nodes = (*whole.graph.nodes[:at], replace(node, op=op), *whole.graph.nodes[at + 1 :])
    with pytest.raises(AssertionError, match=node.name):
        agreement(name, replace(whole, graph=whole.graph.with_nodes(nodes)), images[0])
