"""Operators that move elements, through the whole front end, against qonnx and ONNX's reference."""

from fractions import Fraction

import numpy as np
import pytest

from rtlgen.frontend import load
from rtlgen.frontend.sampling import Filter
from rtlgen.quantize import quantize
from tests.rtlgen.qonnx_text import QUANT, Q, text
from tests.rtlgen.test_quantize import both, predict

SCALES = {"s": "float[1, 4] s = {0.25, 0.3, 0.125, 0.7}", "z": "float z = {1}"}
"""Every column in a scale of its own, on codes with an offset."""
COLUMNS = {**SCALES, "z": "float z = {0}"}

IMAGE = "float[1, 4, 2, 2] x"
CHANNELS = {"s": "float[1, 4, 1, 1] s = {0.25, 0.3, 0.125, 0.7}"}


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1.5, (20, *shape))


@pytest.mark.parametrize("scales", [{}, COLUMNS, SCALES], ids=["one", "columns", "offsets"])
@pytest.mark.parametrize(
    ("body", "constants"),
    [
        ("y = Gather <axis = 1> (q, i)", "int64[2, 2] i = {0, -1, 2, 2}"),
        ("y = Gather <axis = -1> (q, i)", "int64 i = {-3}"),
        ("y = GatherElements <axis = 1> (q, i)", "int64[1, 3] i = {3, -4, 1}"),
        ("y = GatherND (q, i)", "int64[2, 2] i = {0, 1, -1, -1}"),
        ("y = GatherND <batch_dims = 1> (q, i)", "int64[1, 2, 1] i = {2, -1}"),
        ("y = Compress <axis = 1> (q, i)", "bool[4] i = {1, 0, 0, 1}"),
        ("y = Compress (q, i)", "bool[3] i = {0, 1, 1}"),
        ("y = ReverseSequence <batch_axis = 0, time_axis = 1> (q, i)", "int64[1] i = {3}"),
        ("y = ScatterElements <axis = 1> (q, i, u)", "int64[1, 2] i = {1, -1}"),
        ('y = ScatterElements <axis = 1, reduction = "add"> (q, i, u)', "int64[1, 2] i = {1, 1}"),
        ("y = ScatterND (q, i, v)", "int64[2, 2] i = {0, 1, 0, 3}"),
        ("y = Trilu <upper = 0> (q, i)", "int64 i = {2}"),
        ("y = Slice (q, i, j, k, m)", "int64[1] i = {-1}, int64[1] j = {-9}, int64[1] k = {1}"),
        ("a, y = Split <axis = 1> (q, i)", "int64[2] i = {1, 3}"),
        ("y = Tile (q, i)", "int64[2] i = {2, 3}"),
        ("y = Expand (q, i)", "int64[3] i = {2, 3, 1}"),
    ],
    ids=lambda value: value if "=" not in value[:3] else value.split()[2],
)
def test_moves(body, constants, scales):
    proto = text(
        Q,
        f"[op] {body}",
        **{
            **scales,
            "given": constants,
            "m": "int64[1] m = {-2}",
            "u": "float[1, 2] u = {0.5, -0.25}",
            "v": "float[2] v = {0.5, 0.75}",
        },
    )
    both(proto, drawn(4))


@pytest.mark.parametrize("scales", [{}, CHANNELS], ids=["one", "channels"])
@pytest.mark.parametrize(
    "body",
    [
        "y = DepthToSpace <blocksize = 2> (q)",
        'y = DepthToSpace <blocksize = 2, mode = "CRD"> (q)',
        "y = SpaceToDepth <blocksize = 2> (q)",
        "y = Resize (q, , n)",
        'y = Resize <coordinate_transformation_mode = "align_corners"> (q, , , o)',
        'y = Resize <mode = "linear"> (q, , n)',
        'd = Pad <mode = "reflect"> (q, p)  y = Relu (d)',
    ],
)
def test_moves_of_images(body, scales):
    proto = text(
        Q,
        f"[op] {body}",
        inputs=IMAGE,
        n="float[4] n = {1, 1, 2, 3}",
        o="int64[4] o = {1, 4, 3, 5}",
        p="int64[8] p = {0, 0, 1, 1, 0, 0, 1, 0}",
        **scales,
    )
    both(proto, drawn(4, 2, 2))


def test_zeros_have_any_scale():
    """A sum of elements in a scale of no power of two and of zeros put beside them."""
    proto = text(
        Q,
        "[join] c = Concat <axis = 1> (nothing, q, nothing)",
        "[fc] y = MatMul (c, weights)",
        s="float s = {0.3}",
        nothing="float[1, 1] nothing = {0}",
        weights="float[6, 1] weights = {1, 2, -1, 0.5, 1, 1}",
    )
    both(proto, drawn(4))
    (product,) = [n for n in quantize(load(proto)).graph.nodes if n.name == "fc"]
    assert product.inputs[0] == "c", "nothing had to be brought to another scale"


def test_zeros_beside_offsets_have_their_own_scale():
    proto = text(
        Q,
        "[join] c = Concat <axis = 1> (q, nothing)",
        f"[again] y = {QUANT} (c, t, z, b)",
        nothing="float[1, 1] nothing = {0}",
        t="float t = {0.5}",
        z="float z = {1}",
    )
    both(proto, drawn(4))


def test_a_crop_around_the_center():
    proto = text(Q, "[op] y = CenterCropPad (q, i)", i="int64[2] i = {1, 3}", **COLUMNS)
    proto.opset_import[0].version = 18
    both(proto, drawn(4))


def test_cubic_weights_are_exact():
    """Which those of the reference, in single precision, are not."""
    proto = text(
        Q,
        '[up] y = Resize <mode = "cubic"> (q, , n)',
        inputs="float[1, 2] x",
        n="float[2] n = {1, 3}",
    )
    codings = quantize(load(proto))
    x = np.array([[0.25, 0.0], [0.0, 0.25], [1.0, 1.0]])
    y = predict(codings, x)["y"].reshape(3, 6)
    third = Fraction(1, 3)
    weigh = Filter(2, Fraction(-3, 4))
    wanted = [sum(weigh(third * i - third - j) for j in (-2, -1, 0)) for i in range(6)]
    np.testing.assert_allclose(y[0], [float(w) / 4 for w in wanted], rtol=1e-15)
    np.testing.assert_allclose(y[0] + y[1], 6 * [0.25], rtol=1e-15)
    np.testing.assert_array_equal(y[2], 6 * [1.0])
