"""GridSample by a constant grid means the same to ONNX's reference."""

from itertools import product

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, generate
from rtlgen.frontend import load
from rtlgen.frontend.expansions import mixing
from sim.errors import RtlgenError
from tests.rtlgen.test_expanding import as_loaded, run

MODES = ("linear", "nearest", "cubic")
PADDINGS = ("zeros", "border", "reflection")


def sampled(shape, grid, opset=20, **attributes) -> onnx.ModelProto:
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], "sample", **attributes)
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(grid, np.float32), "grid")],
    )
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def points(*shape, seed=0):
    """In steps of eighths, and beyond the ends by more than the whole length."""
    return np.random.default_rng(seed).integers(-30, 31, shape) / 8


def check(proto, shape, seed=0):
    x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    (want,) = ReferenceEvaluator(proto).run(None, {"x": x})
    (got,) = run(as_loaded(proto), {"x": x})
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, 1e-5, 1e-5)


@pytest.mark.parametrize("aligned", [0, 1])
@pytest.mark.parametrize(("mode", "padding"), [*product(MODES, PADDINGS)])
def test_planes(mode, padding, aligned):
    settings = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    for seed, (shape, grid) in enumerate(
        [
            ((1, 2, 4, 5), (1, 3, 6, 2)),
            ((2, 3, 3, 2), (2, 1, 7, 2)),
            ((1, 1, 2, 6), (1, 4, 1, 2)),
        ]
    ):
        check(sampled(shape, points(*grid, seed=seed), **settings), shape)


@pytest.mark.parametrize("aligned", [0, 1])
@pytest.mark.parametrize(("mode", "padding"), [*product(MODES[:2], PADDINGS)])
def test_volumes_and_rows(mode, padding, aligned):
    settings = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    check(sampled((1, 2, 3, 2, 4), points(1, 2, 3, 2, 3), **settings), (1, 2, 3, 2, 4))
    check(sampled((1, 2, 7), points(1, 9, 1), **settings), (1, 2, 7))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mode", MODES)
def test_one_element(mode, padding):
    """Whose middles are its two ends, too, if these are aligned: where it is mirrored is open."""
    proto = sampled((1, 2, 1, 1), points(1, 3, 3, 2), mode=mode, padding_mode=padding)
    check(proto, (1, 2, 1, 1))
    aligned = sampled(
        (1, 2, 1, 1), points(1, 3, 3, 2), mode=mode, padding_mode=padding, align_corners=1
    )
    x = np.array([[[[3]], [[-2]]]], np.float32)
    (got,) = run(as_loaded(aligned), {"x": x})
    np.testing.assert_allclose(got, np.broadcast_to(x, got.shape), 1e-6)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_the_names_of_older_opsets(mode):
    """Of which ONNX Runtime knows more than the reference."""
    proto = sampled((1, 2, 4, 5), points(1, 3, 6, 2), opset=16, mode=mode)
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 5)).astype(np.float32)
    (want,), (got,) = run(proto, {"x": x}), run(as_loaded(proto), {"x": x})
    np.testing.assert_allclose(got, want, 1e-5, 1e-5)


def test_coordinates_that_are_no_dyadic_numbers():
    grid = np.random.default_rng(3).uniform(-1.2, 1.2, (1, 4, 4, 2))
    check(sampled((1, 1, 5, 5), grid), (1, 1, 5, 5))
    thirds = points(1, 4, 4, 2) / 3
    proto = sampled((1, 1, 5, 5), thirds, align_corners=1)
    check(proto, (1, 1, 5, 5))
    assert [node.op_type for node in load(proto).nodes] == ["Reshape", "MatMul", "Div", "Reshape"]


def test_what_is_picked_keeps_its_scales():
    proto = sampled((1, 2, 3, 3), points(1, 2, 2, 2) / 4, mode="nearest", padding_mode="border")
    assert [node.op_type for node in load(proto).nodes] == ["Reshape", "Gather", "Reshape"]


@pytest.mark.parametrize("mode", MODES[:2])
def test_hardware_is_proved(mode):
    proto = sampled((1, 2, 3, 3), points(1, 2, 2, 2) / 4, mode=mode)
    made = generate(proto, Options(config={"formats": {"x": "s5 e-2"}}))
    assert made.proof().unproved == ()
    x = np.random.default_rng(0).integers(-16, 16, (8, 2, 3, 3)) / 4
    want = [ReferenceEvaluator(proto).run(None, {"x": v[None].astype(np.float32)})[0] for v in x]
    np.testing.assert_allclose(made.predict(x), np.concatenate(want), 1e-6, 1e-6)


REFUSED = {
    "padding": (
        {"padding_mode": "wrap"},
        (1, 2, 2, 2),
        (
            "node 'sample': operator GridSample is not supported with padding_mode='wrap'; "
            "supported is 'zeros' or 'border' or 'reflection'"
        ),
    ),
    "mode": (
        {"mode": "area"},
        (1, 2, 2, 2),
        (
            "node 'sample': operator GridSample is not supported with mode='area'; supported is "
            "'linear' or 'nearest' or 'cubic'"
        ),
    ),
    "size": (
        {},
        (1, 2, 3, 2),
        (
            "node 'sample': operator GridSample is not supported with 6 points in 9 elements; "
            "supported is a product of the two of at most 50"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, monkeypatch):
    attributes, shape, words = REFUSED[case]
    monkeypatch.setattr(mixing, "_LARGEST", 50)
    with pytest.raises(RtlgenError) as error:
        load(sampled((1, 1, 3, 3), points(*shape), **attributes))
    assert str(error.value) == words


def test_a_computed_grid_is_refused():
    proto = sampled((1, 1, 3, 3), points(1, 2, 2, 2))
    proto.graph.input.append(helper.make_tensor_value_info("grid", 1, (1, 2, 2, 2)))
    del proto.graph.initializer[:]
    with pytest.raises(RtlgenError) as error:
        load(proto)
    assert str(error.value) == (
        "node 'sample': input 1 of GridSample, 'grid', must be a constant, but the model computes "
        "it; make it an initializer"
    )
