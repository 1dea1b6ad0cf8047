"""Resize means the same to ONNX Runtime, and to ONNX's reference where that knows more."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from rtlgen.frontend import load
from rtlgen.frontend.sampling import COORDINATES, NEAREST, Filter, Sampling, scale_of
from sim.errors import UnsupportedAttribute
from tests.rtlgen.test_expanding import as_loaded, check, run, written_out

KEYS = ("coordinate_transformation_mode", "nearest_mode", "mode", "keep_aspect_ratio_policy")


def resized(shape, *, roi=(), scales=(), sizes=(), **attributes):
    """A model of one Resize, with these constants."""
    listed = {name: f'"{value}"' if name in KEYS else value for name, value in attributes.items()}
    given = ", ".join(f"{name} = {value}" for name, value in listed.items())
    constants = [
        f"{kind}[{len(values)}] {name} = {{{', '.join(map(repr, values))}}}"
        for name, kind, values in (
            ("roi", "float", roi),
            ("scales", "float", scales),
            ("sizes", "int64", sizes),
        )
        if values
    ]
    names = [
        name if values else ""
        for name, values in zip(("roi", "scales", "sizes"), (roi, scales, sizes), strict=True)
    ]
    while not names[-1]:
        names.pop()
    dims = ", ".join(map(str, shape))
    open_dims = ", ".join("abcdef"[: len(shape)])
    return written_out(
        f"[up] y = Resize {given and f'<{given}>'} (x, {', '.join(names)})",
        f"float[{dims}] x",
        f"float[{open_dims}] y",
        ", ".join(constants),
    )


def exactly(proto, seed=0):
    """Picked elements are the same to the bit."""
    random = np.random.default_rng(seed)
    shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
    x = random.normal(size=shape).astype(np.float32)
    (wanted,), (got,) = run(proto, {"x": x}), run(as_loaded(proto), {"x": x})
    np.testing.assert_array_equal(got, wanted)


LENGTHS = ((1, 1), (1, 3), (3, 1), (4, 2), (2, 5), (5, 2), (3, 7), (6, 4))
CROP = "tf_crop_and_resize"


def missed(mode, nearest_mode, scale):
    """Whether coordinates are whole that single precision finds a little smaller."""
    whole = mode == "half_pixel_symmetric" and scale in (1 / 3, 0.3, 0.6)
    return whole and nearest_mode == "floor"


def agreed(mode, scale):
    """Whether ONNX and ONNX Runtime agree on five elements, scaled."""
    disputed = mode == "align_corners" or (mode == "pytorch_half_pixel" and 5 * scale < 2)
    return not disputed or 5 * scale == round(5 * scale)


@pytest.mark.parametrize(
    ("mode", "nearest_mode", "lengths"),
    [c for c in product(COORDINATES, NEAREST, LENGTHS) if not missed(*c[:2], c[2][1] / c[2][0])],
)
def test_nearest_to_sizes(mode, nearest_mode, lengths):
    before, after = lengths
    exactly(
        resized(
            (2, before),
            roi=(0.0, 0.125, 1.0, 0.75) if mode == CROP else (),
            sizes=(2, after),
            coordinate_transformation_mode=mode,
            nearest_mode=nearest_mode,
        )
    )


@pytest.mark.parametrize(
    ("mode", "nearest_mode", "scale"),
    [
        c
        for c in product(COORDINATES[:-1], NEAREST, (0.3, 0.5, 0.6, 1.5, 2.0, 2.3, 3.0))
        if not missed(*c) and agreed(c[0], c[2])
    ],
)
def test_nearest_by_scales(mode, nearest_mode, scale):
    exactly(
        resized(
            (1, 2, 5, 4),
            scales=(1.0, 1.0, scale, 2.0),
            coordinate_transformation_mode=mode,
            nearest_mode=nearest_mode,
        )
    )


def test_whole_coordinates_are_whole():
    assert Sampling(3, 1, Fraction(1, 3), "half_pixel_symmetric").coordinates == [1]
    assert Sampling(5, 1, Fraction(3, 10), "half_pixel_symmetric").coordinates == [2]
    assert Sampling(5, 3, scale_of(float(np.float32(0.6))), "asymmetric").coordinates == [
        0,
        Fraction(5, 3),
        Fraction(10, 3),
    ]


@pytest.mark.parametrize("after", [1, 2, 5])
@pytest.mark.parametrize("roi", [(0.25, 0.5), (-0.5, 1.5), (0.75, 0.25)])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_a_region_of_interest_with_what_is_outside(mode, roi, after):
    check(
        resized(
            (3, 4),
            roi=(0.0, roi[0], 1.25, roi[1]),
            sizes=(4, after),
            coordinate_transformation_mode=CROP,
            extrapolation_value=7.5,
            mode=mode,
        )
    )


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("coordinates", COORDINATES[:-1])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_weights(mode, coordinates, lengths):
    before, after = lengths
    check(
        resized(
            (1, 2, before, 4),
            sizes=(1, 2, after, 6),
            coordinate_transformation_mode=coordinates,
            mode=mode,
        )
    )


@pytest.mark.parametrize("scale", [0.5, 0.6, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_weights_by_scales(mode, scale):
    check(resized((1, 1, 5, 4), scales=(1.0, 1.0, scale, 2.0), mode=mode))


@pytest.mark.parametrize("a", [-0.5, -0.75, 0.25])
@pytest.mark.parametrize("exclude", [0, 1])
def test_cubic_filters(a, exclude):
    check(
        resized(
            (1, 1, 4, 3),
            sizes=(1, 1, 8, 5),
            mode="cubic",
            cubic_coeff_a=a,
            exclude_outside=exclude,
        )
    )


@pytest.mark.parametrize("lengths", [(6, 4), (5, 2), (9, 2), (7, 1), (4, 6)], ids=str)
@pytest.mark.parametrize("coordinates", ["half_pixel", "asymmetric", "align_corners"])
@pytest.mark.parametrize("exclude", [0, 1])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_filters_against_aliases(mode, exclude, coordinates, lengths):
    before, after = lengths
    proto = resized(
        (1, 1, 3, before),
        sizes=(1, 1, 2, after),
        mode=mode,
        antialias=1,
        exclude_outside=exclude,
        coordinate_transformation_mode=coordinates,
    )
    check(proto)


def test_linear_on_three_axes():
    check(resized((1, 1, 2, 3, 2), sizes=(1, 1, 4, 4, 6), mode="linear"))


def by_reference(proto, seed=0):
    """Against ONNX's reference, which takes axes in any order."""
    random = np.random.default_rng(seed)
    shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
    x = random.normal(size=shape).astype(np.float32)
    (wanted,) = ReferenceEvaluator(proto).run(None, {"x": x})
    (got,) = run(as_loaded(proto), {"x": x})
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("axes", [[2, 3], [3]])
def test_axes(axes, mode):
    sizes = (6, 5)[: len(axes)]
    by_reference(resized((1, 2, 4, 3), sizes=sizes, axes=axes, mode=mode))
    by_reference(resized((1, 2, 4, 3), scales=(1.5, 2.0)[: len(axes)], axes=axes, mode=mode))


def test_axes_from_the_end():
    check(resized((1, 2, 4, 3), sizes=(6, 5), axes=[-2, -1], mode="linear"))


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
@pytest.mark.parametrize("sizes", [(7, 8), (9, 2), (3, 3)])
def test_aspect_ratios(policy, sizes):
    by_reference(
        resized(
            (1, 1, 4, 3),
            sizes=sizes,
            axes=[2, 3],
            keep_aspect_ratio_policy=policy,
            mode="linear",
        )
    )


def test_nothing_to_do():
    proto = resized((1, 2, 3), scales=(1.0, 1.0, 1.0), antialias=1, mode="linear")
    assert [node.op_type for node in load(proto).nodes] == ["Identity"]


def test_operators():
    """What is left: picked elements; or products with integers, and one division."""
    nearest = load(resized((1, 2, 3, 4), scales=(1.0, 1.0, 2.0, 3.0)))
    assert [node.op_type for node in nearest.nodes] == ["Gather", "Gather"]
    assert [node.attributes for node in nearest.nodes] == [{"axis": 2}, {"axis": 3}]
    linear = load(resized((1, 2, 3, 4), scales=(1.0, 1.0, 1.0, 2.0), mode="linear"))
    assert [node.op_type for node in linear.nodes] == ["MatMul", "Div"]
    weights, divisor = linear.constants.values()
    assert divisor == 4
    assert weights.tolist() == [
        [4, 3, 1, 0, 0, 0, 0, 0],
        [0, 1, 3, 3, 1, 0, 0, 0],
        [0, 0, 0, 1, 3, 3, 1, 0],
        [0, 0, 0, 0, 0, 1, 3, 4],
    ]


def test_filters_add_up_to_one():
    for weigh in (Filter(1), Filter(2, Fraction(-3, 4)), Filter(2, Fraction(-1, 2))):
        for part in range(8):
            x = Fraction(part, 8)
            assert sum(weigh(x - i) for i in range(-3, 4)) == 1


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"sizes": (1, 1, 3, 3), "mode": "sharp"},
            "mode='sharp'; supported is 'nearest' or 'linear' or 'cubic'",
        ),
        (
            {"sizes": (1, 1, 3, 3), "coordinate_transformation_mode": "tf_half_pixel_for_nn"},
            (
                "coordinate_transformation_mode='tf_half_pixel_for_nn'; supported is 'half_pixel' "
                "or 'half_pixel_symmetric' or 'pytorch_half_pixel' or 'align_corners' or "
                "'asymmetric' or 'tf_crop_and_resize'"
            ),
        ),
        (
            {"sizes": (1, 1, 3, 3), "coordinate_transformation_mode": CROP},
            "no roi; supported is constant roi",
        ),
        (
            {"scales": (1.0, 1.0, 0.6, 1.0), "coordinate_transformation_mode": "align_corners"},
            (
                "coordinate_transformation_mode='align_corners' and a scale of 0.6, which makes no "
                "whole number of 4 elements: where they lie is disputed; supported is sizes, or "
                "scales that make one"
            ),
        ),
        (
            {"scales": (1.0, 1.0, -2.0, 1.0)},
            (
                "a scale of -2 of 4 elements; supported is scales above zero that leave at least "
                "one element"
            ),
        ),
        (
            {"scales": (1.0, 1.0, 0.2, 1.0), "mode": "linear"},
            (
                "a scale of 0.2 of 4 elements; supported is scales above zero that leave at least "
                "one element"
            ),
        ),
        (
            {"scales": (1.0, 1.0, 1.2346, 1.0), "mode": "linear"},
            (
                "mode='linear' from 4 to 4 elements by 1.2346, whose weights are multiples of "
                "1/20713150; supported is a scale of small numbers, such as 2 or 3/2"
            ),
        ),
    ],
)
def test_what_is_refused(given, text):
    with pytest.raises(UnsupportedAttribute) as error:
        load(resized((1, 1, 4, 3), **given))
    assert str(error.value) == f"node 'up': operator Resize is not supported with {text}"


def test_computed_sizes_are_refused():
    proto = written_out("[up] y = Resize (x, , s)", "float[2] x, float[1] s", "float[a] y")
    with pytest.raises(UnsupportedAttribute) as error:
        load(proto)
    assert str(error.value) == (
        "node 'up': input 2 of Resize, 's', must be a constant, but the model computes it; "
        "make it an initializer"
    )
