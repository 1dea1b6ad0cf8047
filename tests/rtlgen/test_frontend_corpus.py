"""Real models, straight from their exporters, mean after ``load`` what they meant before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from rtlgen.frontend import load
from sim.errors import ShapeError
from tests.rtlgen.frontend_oracle import CORPUS, run

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of models is not here; set RTLGEN_CORPUS"
)

PATHS = sorted(CORPUS.glob("*/*.onnx"))
BROKEN = "onnx_three_layer_bn_keras"
"""Its exporter transposed the batch; onnxruntime refuses it, too."""


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", [p for p in PATHS if p.parent.name != BROKEN], ids=name_of)
def test_every_model_is_in_normal_form(path):
    model = load(path)
    values = [name for node in model.nodes for name in node.outputs]
    assert set(model.shapes) == {*values, *model.inputs, *model.constants}
    assert set(model.outputs) <= set(values)
    assert len(values) == len(set(values))
    names = [node.name for node in model.nodes]
    assert "" not in names
    assert len([*groupby(names)]) == len(set(names)), "only what stands for one node has its name"
    known = {*model.inputs, *model.constants, ""}
    for node in model.nodes:
        assert known.issuperset(node.inputs)
        assert node.constants.keys() == model.constants.keys() & set(node.inputs)
        assert not set(node.inputs) - {""} <= set(model.constants) or node.op_type in QUANTIZERS
        known.update(node.outputs)
    read = {name for node in model.nodes for name in node.inputs}
    assert model.constants.keys() <= read


QUANTIZERS = {"Quant", "BipolarQuant", "FloatQuant", "DequantizeLinear"}


def test_a_model_that_is_wrong_is_refused():
    with pytest.raises(ShapeError) as caught:
        load(CORPUS / BROKEN / "model.onnx")
    assert str(caught.value) == (
        "node 'BatchNormalization__': BatchNormalization does not fit its inputs: Dimension "
        "mismatch in unification between 64 and 1; check the shapes in the model"
    )


@pytest.mark.parametrize(
    ("name", "operators", "constants"),
    [
        (
            "qonnx_tfc_2w2a",  # its Shape, Gather, Unsqueeze, Concat and Pow are gone
            {"Quant": 8, "MatMul": 4, "Transpose": 4, "BatchNormalization": 3, "Mul": 2, "Sub": 2}
            | {"Reshape": 1, "Div": 1, "Add": 1},
            47,
        ),
        (
            "mlperf_ic_alibaba",  # 34 Constant nodes give the bounds of 17 Clip
            {"Conv": 26, "BatchNormalization": 26, "Clip": 17, "Add": 3, "Squeeze": 2}
            | {"GlobalAveragePool": 1, "Gemm": 1},
            168,
        ),
        ("onnx_dense_big_keras", {"MatMul": 6, "Add": 6, "Relu": 5, "Softmax": 1}, 12),
        (
            "qonnx_radioml_vgg10_w8a8",  # a Ceil of a constant bit width is gone
            {"Quant": 21, "Conv": 7, "BatchNormalization": 9, "Relu": 9, "MaxPool": 7}
            | {"Flatten": 1, "Transpose": 2, "MatMul": 2, "Gemm": 1},
            110,
        ),
        (
            "onnx_separable_conv_q",  # from channels-last convolutions
            {"Quant": 11, "Transpose": 12, "Conv": 4, "LeakyRelu": 1},
            39,
        ),
    ],
)
def test_nodes(name, operators, constants):
    model = load(CORPUS / name / "model.onnx")
    assert Counter(node.op_type for node in model.nodes) == operators
    assert len(model.constants) == constants


@pytest.mark.parametrize("name", ["qonnx_tfc_2w2a", "qonnx_kwsmlp_w3a3_mlperf07"])
def test_quantizers_have_one_domain(name):
    nodes = load(CORPUS / name / "model.onnx").nodes
    assert {n.domain for n in nodes if "Quant" in n.op_type} == {"qonnx.custom_op.general"}


def test_finn_datatypes_are_metadata():
    metadata = load(CORPUS / "finn_tfc_dataflow" / "model.onnx").metadata
    assert metadata["global_in.finn_datatype"] == "UINT8"


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("finn_tfc_dataflow", 0),
        ("mlperf_ic_alibaba", 1e-5),
        ("mlperf13_ad_onnx", 0),
        ("mlperf13_ic_onnx", 1e-6),
        ("mlperf13_kws_onnx", 1e-6),
        ("onnx_conv2d_small_keras", 1e-6),
        ("onnx_conv2d_small_mp_keras", 1e-6),
        ("onnx_dense_big_keras", 1e-6),
        ("onnx_espcn_float_subpixel", 1e-5),
        ("onnx_mnist_ort", 1e-5),
        pytest.param("onnx_separable_conv_q", 0, marks=pytest.mark.slow),
        ("onnx_three_layer_pytorch", 1e-6),
        ("onnx_two_layer_pytorch", 1e-6),
        ("qonnx_jettag_qkeras3", 0),
        ("qonnx_kwsmlp_w3a3", 0),
        ("qonnx_kwsmlp_w3a3_mlperf07", 0),
        ("qonnx_radioml_vgg10_w8a8", 0),
        ("qonnx_sdp_attention", 1e-5),
        ("qonnx_tfc_1w1a", 0),
        ("qonnx_tfc_2w2a", 0),
        ("qonnx_unsw_mlp_w2a2", 0),
    ],
)
def test_meaning_is_unchanged(name, tolerance):
    """Equal, but for the order of float32 sums where onnxruntime fuses the nodes of a float model.

    A sum of n terms may differ by n * 2**-24 of its largest; there are up to a few thousand.
    """
    model = load(CORPUS / name / "model.onnx")
    assert worst_error(model, name) <= tolerance


def test_the_check_of_the_meaning_can_fail():
    model = load(CORPUS / "qonnx_tfc_2w2a" / "model.onnx")
    bias = next(node for node in model.nodes if node.op_type == "BatchNormalization").inputs[2]
    planted = {**model.constants, bias: model.constants[bias] * 1.5}
    assert worst_error(replace(model, constants=planted), "qonnx_tfc_2w2a") > 0.01


def worst_error(model, name):
    """The largest difference to the golden outputs, relative to the largest of these."""
    golden = np.load(CORPUS / name / "golden.npz")
    data = [golden[key] for key in golden.files if key.startswith("in_")]
    wanted = [golden[key] for key in golden.files if key.startswith("out_")]
    errors = []
    for sample in range(len(data[0])):
        inputs = dict(zip(model.inputs, (x[sample] for x in data), strict=True))
        for got, all_expected in zip(run(model, inputs).values(), wanted, strict=True):
            expected = all_expected[sample]
            assert got.shape == expected.shape
            errors.append(np.abs(got - expected).max() / max(1.0, np.abs(expected).max()))
    return max(errors)
