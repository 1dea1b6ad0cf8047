"""Operators that put elements in constant places mean the same to ONNX Runtime."""

import numpy as np
import pytest

from rtlgen.frontend import load
from sim.errors import ShapeError, UnsupportedAttribute
from tests.rtlgen.test_expanding import check, written_out


def listed(array):
    return f"{{{', '.join(map(str, np.ravel(array)))}}}"


def constant(name, array):
    shape = ", ".join(map(str, np.shape(array)))
    return f"int64[{shape}] {name} = {listed(array)}"


def scattered(op, shape, indices, updates, **attributes):
    given = ", ".join(
        f"{k} = " + (f'"{v}"' if isinstance(v, str) else str(v)) for k, v in attributes.items()
    )
    dims = [", ".join(map(str, s)) for s in (shape, updates)]
    return written_out(
        f"[put] y = {op} {given and f'<{given}>'} (x, i, u)",
        f"float[{dims[0]}] x, float[{dims[1]}] u",
        f"float[{dims[0]}] y",
        constant("i", indices),
    )


def columns(shape, image, block, given):
    dims = ", ".join(map(str, shape))
    return written_out(
        f"[put] y = Col2Im {given} (x, i, b)",
        f"float[{dims}] x",
        f"float[{', '.join('abcdef'[: 2 + len(image)])}] y",
        f"{constant('i', image)}, {constant('b', block)}",
    )


REDUCTIONS = ("add", "mul", "max", "min")


@pytest.mark.parametrize("reduction", ["none", *REDUCTIONS])
@pytest.mark.parametrize(
    ("shape", "axis", "indices"),
    [
        ((1,), 0, [0]),
        ((5,), 0, [3, -5]),
        ((4, 3), 0, [[0, -1, 2], [1, 0, 3]]),
        ((2, 4), 1, [[3, 1]]),
        ((2, 2, 3), -1, [[[2], [0]], [[-2], [1]]]),
    ],
)
def test_elements(shape, axis, indices, reduction):
    updates = np.shape(indices)
    check(scattered("ScatterElements", shape, indices, updates, axis=axis, reduction=reduction))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_elements_that_meet(reduction):
    indices = [[0, 0, 2], [0, -3, 0], [-1, 0, 0]]
    check(scattered("ScatterElements", (3, 3), indices, (3, 3), axis=1, reduction=reduction))


@pytest.mark.parametrize("reduction", ["none", *REDUCTIONS])
@pytest.mark.parametrize(
    ("shape", "indices", "updates"),
    [
        ((4,), [[2], [-4]], (2,)),
        ((3, 4), [[0, 3], [-1, 0]], (2,)),
        ((3, 2), [[2], [0]], (2, 2)),
        ((2, 3, 2), [[[0, 1]], [[1, -1]]], (2, 1, 2)),
    ],
)
def test_blocks(shape, indices, updates, reduction):
    check(scattered("ScatterND", shape, indices, updates, reduction=reduction))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_blocks_that_meet(reduction):
    check(scattered("ScatterND", (3, 2), [[1], [-2], [0], [1]], (4, 2), reduction=reduction))


def test_operators():
    """What is left: one vector of old and new elements, of which each place picks one."""
    model = load(scattered("ScatterElements", (3,), [1], (1,)))
    assert [node.op_type for node in model.nodes] == ["Reshape", "Reshape", "Concat", "Gather"]
    assert model.constants["put.indices"].tolist() == [0, 3, 2]


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, -2, -1, 0, 1, 9])
@pytest.mark.parametrize("shape", ["3, 3", "2, 3, 4", "4, 2"])
def test_triangles(shape, k, upper):
    constants, operand = ("", "") if k is None else (f"int64 k = {{{k}}}", ", k")
    check(
        written_out(
            f"y = Trilu <upper = {upper}> (x{operand})",
            f"float[{shape}] x",
            f"float[{shape}] y",
            constants,
        )
    )


@pytest.mark.parametrize(
    ("sizes", "axes"),
    [([5, 2], None), ([2, 7], None), ([4, 4], None), ([7], [1]), ([2, 6], [-1, 0]), ([1], [-1])],
)
def test_crops_and_pads_around_the_center(sizes, axes):
    given = "" if axes is None else f"<axes = {axes}>"
    check(
        written_out(
            f"y = CenterCropPad {given} (x, s)",
            "float[4, 5] x",
            "float[a, b] y",
            constant("s", sizes),
        )
    )


@pytest.mark.parametrize(
    ("shape", "image", "block", "given"),
    [
        ((1, 5, 5), [5, 5], [1, 5], ""),
        ((2, 8, 4), [3, 3], [2, 2], ""),
        ((1, 9, 4), [5, 5], [3, 3], "<strides = [2, 2]>"),
        ((1, 6, 9), [4, 3], [2, 3], "<pads = [0, 1, 0, 1]>"),
        ((1, 4, 5), [6, 6], [2, 2], "<dilations = [1, 5]>"),
        ((1, 4, 16), [3, 4], [2, 2], "<pads = [1, 0, 1, 1], strides = [1, 1]>"),
        ((1, 10, 2), [6], [5], ""),
    ],
)
def test_columns_of_blocks(shape, image, block, given):
    check(columns(shape, image, block, given))


@pytest.mark.parametrize(
    ("proto", "error", "text"),
    [
        (
            scattered("ScatterElements", (3,), [1, -2], (2,)),
            UnsupportedAttribute,
            (
                "node 'put': operator ScatterElements is not supported with indices that name a "
                "place twice, and reduction='none'; supported is indices that are distinct, or "
                "another reduction"
            ),
        ),
        (
            scattered("ScatterND", (3,), [[1]], (1,), reduction="mean"),
            UnsupportedAttribute,
            (
                "node 'put': operator ScatterND is not supported with reduction='mean'; supported "
                "is 'none' or 'add' or 'mul' or 'max' or 'min'"
            ),
        ),
        (
            columns((1, 4, 5), [2, 2], [2, 2], ""),
            ShapeError,
            (
                "node 'put': 5 blocks of 2 x 2 elements are not the 1 that an image of 2 x 2 has; "
                "check the shapes in the model"
            ),
        ),
        (
            scattered("ScatterND", (3, 2), [[1]], (2, 2)),
            ShapeError,
            (
                "node 'put': updates of shape [2, 2] do not fit indices for [1, 2]; check the "
                "shapes in the model"
            ),
        ),
        (
            scattered("ScatterND", (3,), [[1, 0]], (1,)),
            ShapeError,
            (
                "node 'put': ScatterND does not fit its inputs: zip() argument 2 is shorter than "
                "argument 1; check the shapes in the model"
            ),
        ),
        (
            scattered("ScatterElements", (2, 3), [[1, -4]], (1, 2), axis=1),
            ShapeError,
            (
                "node 'put': its index -4 is outside of the 3 elements of axis 1; check the "
                "indices in the model"
            ),
        ),
    ],
)
def test_what_is_refused(proto, error, text):
    with pytest.raises(error) as caught:
        load(proto)
    assert str(caught.value) == text


def test_computed_indices_are_refused():
    proto = written_out(
        "[put] y = ScatterElements (x, i, x)", "float[3] x, int64[3] i", "float[3] y"
    )
    with pytest.raises(UnsupportedAttribute) as error:
        load(proto)
    assert str(error.value) == (
        "node 'put': input 1 of ScatterElements, 'i', must be a constant, but the model computes "
        "it; make it an initializer"
    )
