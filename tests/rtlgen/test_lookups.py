"""Constants that are read by computed indices, against qonnx and ONNX's reference."""

import numpy as np
import pytest

from rtlgen import Options
from rtlgen.frontend import load
from rtlgen.network import read
from rtlgen.quantize import quantize
from sim.errors import NotQuantized, ShapeError, UnsupportedAttribute
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.quantized_oracle import Oracle
from tests.rtlgen.test_quantize import both, predict

INDICES = "int64[1, 3] x"
TABLE = "float[4, 2] w = {1, 0.5, -1, 2, 0.25, 1, 1, -0.5}"


def agrees(proto, x):
    ours = predict(quantize(load(proto)), x)
    oracle = Oracle(proto)
    for i in range(len(x)):
        want = oracle.run({"x": x[i][None]})
        for name, y in ours.items():
            np.testing.assert_allclose(y[i].reshape(-1), want[name].reshape(-1), rtol=1e-9)
            assert y[i][None].shape[-2:] == want[name].shape[-2:]


def drawn(low, high, *shape, seed=0):
    return np.random.default_rng(seed).integers(low, high, (20, *shape))


@pytest.mark.parametrize(
    "body",
    [
        "[look] y = Gather (w, x)",
        "[look] y = Gather <axis = -2> (w, x)  ",
        "[look] e = Gather (w, x) [relu] y = Relu (e)",
        "[flat] i = Reshape (x, three) [look] y = Gather (w, i)",
        f"[wq] v = {QUANT} (w, s, z, b) [look] y = Gather (v, x)",
        f"[wq] v = {QUANT} (w, rows, z, b) [look] y = Gather (v, x)",
        f"[wq] v = {QUANT} (w, third, z, b) [look] e = Gather (v, x) [eq] y = {QUANT} (e, s, z, b)",
        "[look] e = Gather (w, x) [fc] y = MatMul (e, m)",
    ],
)
def test_embeddings(body):
    proto = text(
        body,
        inputs=INDICES,
        w=TABLE,
        rows="float[4, 1] rows = {0.25, 0.5, 1, 0.3}",
        third="float third = {0.3}",
        three="int64[1] three = {3}",
        m="float[2, 2] m = {1, 2, -1, 0.5}",
    )
    agrees(proto, drawn(-4, 4, 3))


def test_along_another_axis():
    proto = text("[look] y = Gather <axis = 1> (w, x)", inputs=INDICES, w=TABLE)
    agrees(proto, drawn(-2, 2, 3))


def test_by_integers_that_are_cut():
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[cut] i = Cast <to = 7> (q)",
        "[look] y = Gather (w, i)",
        w=TABLE,
    )
    both(proto, np.random.default_rng(0).normal(0, 1.5, (40, 4)))


@pytest.mark.parametrize("axis", [-1, 0, 1, -2])
@pytest.mark.parametrize("depth", ["int64 depth = {4}", "int32 depth = {4}"])
def test_one_hot(depth, axis):
    proto = text(
        f"[hot] y = OneHot <axis = {axis}> (x, depth, ends)",
        inputs=INDICES,
        depth=depth,
        ends="float[2] ends = {-0.5, 2}",
    )
    agrees(proto, drawn(-4, 4, 3))


def test_one_hot_of_integers_that_name_no_place():
    proto = text(
        "[hot] y = OneHot (x, depth, ends)",
        inputs=INDICES,
        depth="int64 depth = {3}",
        ends="float[2] ends = {0, 1}",
    )
    agrees(proto, drawn(-9, 9, 3))
    assert quantize(load(proto)).graph.inputs["x"].interval(0) == (-4, 3, 0)


def test_one_hot_of_numbers_that_are_cut():
    """As ONNX says; its reference compares them as they are."""
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[hot] y = OneHot (q, depth, ends)",
        depth="int64 depth = {2}",
        ends="float[2] ends = {0, 1}",
    )
    y = predict(quantize(load(proto)), np.array([[1.75, 0.75, -0.75, -1.25]]))["y"]
    assert y[0].tolist() == [[[0, 1], [1, 0], [1, 0], [0, 1]]]


def test_in_calibration_indices_are_still_integers():
    proto = text(
        "[look] e = Gather (w, x) [fc] y = MatMul (e, m)",
        inputs=INDICES,
        w="float[5, 2] w = {0.123, 0.5, -1, 2, 0.257, 1, 1, -0.5, 0, 0.71}",
        m="float[2, 2] m = {1, 2.17, -1, 0.5}",
    )
    x = drawn(0, 5, 3)
    fixed = read(proto, Options(calibrate={"x": x}))
    assert fixed.graph.inputs["x"].interval(0) == (-5, 4, 0)
    want = np.array([Oracle(proto).run({"x": one[None]})["y"] for one in x])
    got = fixed.predict({"x": x})
    np.testing.assert_allclose(np.reshape(got, want.shape), want, atol=0.05)


def test_indices_out_of_range():
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[cut] i = Cast <to = 7> (q)",
        "[look] y = Gather (w, i)",
        w=TABLE,
        s="float s = {1}",
    )
    with pytest.raises(UnsupportedAttribute) as error:
        quantize(load(proto))
    assert str(error.value) == (
        "node 'look': operator Gather is not supported with indices from -8 to 7; supported is "
        "those of 4 elements"
    )


def test_indices_of_computed_data_are_constants():
    proto = text("[look] y = Gather (x, i)", inputs="float[4] x, int64[2] i")
    with pytest.raises(UnsupportedAttribute) as error:
        quantize(load(proto))
    assert str(error.value) == (
        "node 'look': input 1 of Gather, 'i', must be a constant, but the model computes it; make "
        "it an initializer"
    )


def test_indices_in_a_format_with_digits_behind_the_point():
    proto = text("[look] y = Gather (w, x)", inputs=INDICES, w=TABLE)
    with pytest.raises(NotQuantized) as error:
        read(proto, Options(config={"formats": {"x": "u4 e-2"}}))
    assert str(error.value) == (
        "node 'look': its indices 'x' are not integers; give them a format whose step is 1, such "
        "as 's8 e0'"
    )


def test_a_table_without_rows():
    proto = text("[look] y = Gather (w, x)", inputs=INDICES, w="float[0, 2] w = {}")
    with pytest.raises(ShapeError) as error:
        quantize(load(proto))
    assert str(error.value) == "node 'look': 'w' has no elements; check the model"
