"""The examples: what their files say is what the designs compute, in every shape of hardware."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from rtlgen import Options, generate
from rtlgen.dataflow import evaluate
from sim.manifest import Ports

EXAMPLES = Path(__file__).parents[1] / "examples"
SHAPES = {"digits_mlp": (64,), "digits_cnn": (1, 8, 8)}
TESTED = 540


@pytest.fixture(scope="module", params=SHAPES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def design(name):
    return generate(EXAMPLES / f"{name}.onnx")


@pytest.fixture(scope="module")
def digits(name):
    """The images and classes that the example was not trained with, in its shape."""
    loaded = load_digits()
    pixels = (loaded.data / 16).astype(np.float32).reshape(-1, *SHAPES[name])
    _, x, _, classes = train_test_split(
        pixels, loaded.target, test_size=0.3, stratify=loaded.target, random_state=0
    )
    assert len(x) == TESTED
    return x, classes


@pytest.fixture(scope="module")
def qonnx_logits(name, digits):
    x, _ = digits
    model = ModelWrapper(str(EXAMPLES / f"{name}.onnx"))
    for end in (model.graph.input[0], model.graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_value = len(x)
    return execute_onnx(model.transform(InferShapes()), {"pixels": x})["logits"]


def test_logits_are_qonnxs(design, digits, qonnx_logits):
    np.testing.assert_array_equal(design.predict(digits[0]), qonnx_logits)


def test_accuracy_is_the_one_in_the_file(name, design, digits):
    x, classes = digits
    model = onnx.load(EXAMPLES / f"{name}.onnx", load_external_data=False)
    (stored,) = (p.value for p in model.metadata_props if p.key == "test_accuracy")
    assert f"{np.mean(design.predict(x).argmax(1) == classes):.4f}" == stored


def test_scalar_operations_are_the_reference(design):
    inputs, results = (next(iter(v.values())) for v in design.vectors())
    flat, wanted = (v.reshape(len(v), -1)[:16].tolist() for v in (inputs, results))
    assert [evaluate(design.flow, row) for row in flat] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("ports", list(Ports), ids=str)
@pytest.mark.parametrize(
    ("stages", "target"),
    [
        (0, "xcvu13p"),
        (1, "xcvu13p"),
        (5, "xcvu13p"),
        (5, "lfe5u-25f"),
    ],  # which decides on cuts only
)
def test_verilog_is_the_reference(name, digits, stages, target, ports):
    options = Options(
        stages=stages, ports=ports, target=target, data={"pixels": digits[0]}, samples=2 * TESTED
    )
    design = generate(EXAMPLES / f"{name}.onnx", options)
    assert design.latency == stages
    replay = design.verify()
    assert (replay.samples, replay.latency) == (2 * TESTED, stages)


@pytest.mark.slow
def test_verilog_of_the_default_design(design):
    assert design.latency > 1
    replay = design.verify()
    assert (replay.samples, replay.latency) == (1000, design.latency)
