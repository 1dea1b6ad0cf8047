"""The judge is judged: what is planted is found, and bounds are no wider than they have to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.elementwise import Add, Max
from kernels.pool import SumPool
from sim.errors import RtlgenError
from sim.fixed import Fixed
from tests.onnx_backend import judging
from tests.onnx_backend.backend import FixedPoint
from tests.onnx_backend.bounds import error_bounds, unit_of
from tests.onnx_backend.formats import exactly, narrow
from tests.onnx_backend.judging import PASSED, Wrong, check_words, coarse, judged
from tests.onnx_backend.suite import by_operator, node_tests
from tests.onnx_backend.variants import NOTHING, variants


def off_by(monkeypatch, operator, exp):
    """Have the operator add two to this power to all it computes."""
    forward = operator.forward
    error = Fixed.constant(1, exp)
    monkeypatch.setattr(operator, "forward", lambda *args: forward(*args) + error)


@pytest.mark.parametrize("exp", [0, -13])
def test_a_wrong_number_is_found(monkeypatch, exp):
    test = node_tests()["test_add"]
    assert judged(test) == PASSED
    off_by(monkeypatch, Add, exp)
    with pytest.raises(Wrong, match=r"of which .* is explained"):
        judged(test)


def test_what_floats_would_hide_is_found_on_a_grid(monkeypatch):
    test = node_tests()["test_add"]
    off_by(monkeypatch, Add, -26)
    with pytest.raises(Wrong, match=r"on a grid, output 0 at \[0, 0, 0\] is"):
        judged(test)


def test_integers_must_be_equal(monkeypatch):
    test = node_tests()["test_max_int8"]
    assert judged(test) == PASSED
    off_by(monkeypatch, Max, 0)
    with pytest.raises(Wrong, match=r"output 0 at \[0\] is 4.0, not 3.0"):
        judged(test)


def test_a_wrong_operation_is_found(monkeypatch):
    test = node_tests()["test_add"]
    monkeypatch.setattr(judging, "evaluate", lambda flow, _: [0] * len(flow.outputs))
    with pytest.raises(Wrong, match="compute other codes"):
        judged(test)


def test_a_wrong_shape_is_found():
    test = node_tests()["test_add"]
    flat = replace(test, outputs=tuple(y.reshape(-1) for y in test.outputs))
    with pytest.raises(Wrong, match=r"shape \[3, 4, 5\], not \[60\]"):
        judged(flat)


def test_a_crash_is_no_refusal(monkeypatch):
    def crash(*_):
        raise AttributeError

    monkeypatch.setattr(Add, "forward", crash)
    with pytest.raises(AttributeError):
        judged(node_tests()["test_add"])


def test_a_crash_that_looks_like_a_refusal_is_none(monkeypatch):
    monkeypatch.setattr(Add, "forward", lambda _, a, *__: a.reshape(7))
    with pytest.raises(Wrong, match="so this is a crash: node 'Add_sum': Add does not fit"):
        judged(node_tests()["test_add"])


@pytest.mark.parametrize("words", ["", "node 'x': no.", "node 'x':\nno", "no"])
def test_a_message_is_of_our_kind(words):
    with pytest.raises(Wrong, match="this is no message of ours"):
        check_words(RtlgenError(words))


def test_bounds_are_some_steps():
    """Twelve bits of an input below four, and of a result below one."""
    answer = FixedPoint.prepare(node_tests()["test_sigmoid"].proto).answer(
        node_tests()["test_sigmoid"].inputs
    )
    (bound,) = error_bounds(answer, unit_of(np.dtype(np.float32)))
    assert bound.min() > 2.0**-14
    assert bound.max() < 2.0**-6


def test_a_root_at_zero_has_a_bound(monkeypatch):
    """Of some windows the sums are less than a step, and their third roots are taken."""
    test = node_tests()["test_lppool_1d_default"]
    answer = FixedPoint.prepare(test.proto).answer(test.inputs)
    (bound,) = error_bounds(answer, unit_of(np.dtype(np.float32)))
    assert bound.max() < 4
    assert np.median(bound) < 0.08
    off_by(monkeypatch, SumPool, 1)
    with pytest.raises(Wrong, match=r"of which .* is explained"):
        judged(test)


def test_formats_that_imply_nothing_are_no_excuse(monkeypatch):
    monkeypatch.setattr(judging, "error_bounds", lambda *_: [np.full((3, 4, 5), np.inf)])
    with pytest.raises(Wrong, match=r"of which inf is explained"):
        judged(node_tests()["test_add"])


@pytest.mark.parametrize(
    ("values", "exact", "few"),
    [
        (np.array([True]), "u1 e0", "u1 e0"),
        (np.array([3, -4], np.int8), "s3 e0", "s3 e0"),
        (np.array([0, 255], np.uint8), "u8 e0", "u8 e0"),
        (np.zeros((0, 3), np.int64), "u1 e0", "u1 e0"),
        (np.array([1.5, 0.25], np.float32), "u26 e-25", "u12 e-11"),
        (np.array([-3.0], np.float32), "s27 e-24", "s13 e-10"),
        (np.zeros(2, np.float32), "u1 e-24", "u12 e-112"),
        (np.array([1e30, 1e-30], np.float32), "u44 e56", "u12 e88"),
    ],
)
def test_formats(values, exact, few):
    assert (exactly(values), narrow(values)) == (exact, few)


def test_what_is_coarse_has_few_bits():
    given = np.array([1.0, 0.33, -0.9], np.float32)
    assert coarse(given).tolist() == [1.0, 0.3125, -0.875]
    assert coarse(np.array([7])).tolist() == [7]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("test_add", [{"x", "y"}, {"x"}]),
        ("test_reshape_reordered_all_dims", [{"data", "shape"}, {"data"}]),
        ("test_shape", [{"x"}, {NOTHING}]),
        (
            "test_range_int32_type_negative_delta",
            [{"start", "limit", "delta"}, {"start"}, {NOTHING}],
        ),
        ("test_constant", [{NOTHING}]),
    ],
)
def test_which_inputs_are_data(name, data):
    test = node_tests()[name]
    assert [set(variant.data) for variant in variants(test.proto, test.inputs)] == data


def test_expanded_tests_are_those_of_their_operator():
    names = {test.name for test in by_operator()["Softplus"]}
    assert {"test_softplus", "test_softplus_expanded_ver18"} <= names


def test_as_a_backend_of_onnx():
    test = node_tests()["test_matmul_2d"]
    assert FixedPoint.supports_device("CPU")
    assert not FixedPoint.supports_device("CUDA")
    (result,) = FixedPoint.prepare(test.proto).run(test.inputs)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, test.outputs[0], rtol=1e-6)
