"""RoiAlign by constant regions means the same to ONNX Runtime."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rtlgen import Options, generate
from rtlgen.frontend import load
from sim.errors import RtlgenError
from tests.rtlgen.test_expanding import check, run

REGIONS = (
    *((0, 0, 3, 2), (1.5, 0.25, 4, 4.5), (-3, -2, 2, 1), (4, 3, 9, 9)),
    *((2, 2, 2, 2), (-9, -9, -5, -5), (0.7, 0.3, 2.9, 3.1)),
)


def aligned(
    shape=(1, 2, 5, 4), regions=REGIONS, samples=None, opset=16, **attributes
) -> onnx.ModelProto:
    node = helper.make_node("RoiAlign", ["x", "rois", "samples"], ["y"], "align", **attributes)
    samples = samples or [0] * len(regions)
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.array(regions, np.float32), "rois"),
            numpy_helper.from_array(np.array(samples, np.int64), "samples"),
        ],
    )
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


@pytest.mark.parametrize("ratio", [0, 1, 2, 3])
@pytest.mark.parametrize("mode", ["half_pixel", "output_half_pixel"])
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3)])
def test_averages(mode, ratio, sizes):
    settings = {"coordinate_transformation_mode": mode, "sampling_ratio": ratio}
    check(aligned(output_height=sizes[0], output_width=sizes[1], **settings))


def test_samples_and_scales():
    check(aligned((2, 3, 4, 6), samples=[0, 1, 1, 0, 1, 0, 1], spatial_scale=0.5))
    check(aligned((1, 1, 1, 1), spatial_scale=0.0625))


def test_before_opset_16():
    """Where pixels are not shifted by a half."""
    check(aligned(opset=10, output_height=2))


def test_regions_without_points():
    """Of a negative length: there is nothing to average."""
    proto = aligned(regions=[(3, 3, 1, 1)], sampling_ratio=0)
    assert load(proto).nodes
    check(proto)


def test_hardware_is_proved():
    proto = aligned((1, 1, 3, 3), regions=[(0.5, 0.5, 2.5, 2.5)], output_height=2, output_width=2)
    made = generate(proto, Options(config={"formats": {"x": "s5 e-2"}}))
    assert made.proof().unproved == ()
    x = np.random.default_rng(0).integers(-16, 16, (8, 1, 3, 3)) / 4
    want = [run(proto, {"x": v[None].astype(np.float32)})[0] for v in x]
    np.testing.assert_allclose(made.predict(x), np.concatenate(want), 1e-6, 1e-6)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"mode": "max"}, "mode='max'; supported is 'avg'"),
        (
            {"coordinate_transformation_mode": "asymmetric"},
            (
                "coordinate_transformation_mode='asymmetric'; supported is 'half_pixel' or "
                "'output_half_pixel'"
            ),
        ),
        (
            {"samples": [0, 1, 0, 0, 0, 0, 0]},
            "batch_indices=1 of 1 samples; supported is those there are",
        ),
    ],
)
def test_refused(settings, what):
    with pytest.raises(RtlgenError) as error:
        load(aligned(**settings))
    assert str(error.value) == f"node 'align': operator RoiAlign is not supported with {what}"
