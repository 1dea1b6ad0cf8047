"""Convolution."""

from dataclasses import replace

import numpy as np
import pytest

from kernels.base import OnnxNode
from kernels.conv import Conv
from kernels.windows import AutoPad
from sim.errors import ShapeError, UnsupportedAttribute
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights, zeros
from tests.oracles import reference, runtime


def spread(op, values):
    """A dilated kernel is one with zeros in between, which either oracle can pad for."""
    x, w = values
    (dilation,) = op.dilations
    wide = np.zeros((*w.shape[:2], (w.shape[2] - 1) * dilation + 1))
    wide[:, :, ::dilation] = w
    return reference(replace(op, dilations=None), [x, wide])


SAME = (AutoPad.SAME_UPPER, AutoPad.SAME_LOWER)
CASES = (
    Case("smallest", Conv(), (alike(1, 1, 1), weights(1, 1, 1, seed=1))),
    Case("smallest 2-D", Conv(), (alike(1, 1, 1, 1), weights(1, 1, 1, 1, seed=1))),
    Case("1-D", Conv(), (mixed(1, 2, 7), weights(3, 2, 3))),
    Case("2-D", Conv(), (mixed(1, 2, 5, 4), weights(3, 2, 3, 2), weights(3, exp=-6))),
    Case("3-D", Conv(), (mixed(1, 1, 3, 2, 3), weights(2, 1, 2, 2, 1))),
    Case(
        "3-D, all",
        Conv(pads=(1, 0, 0, 2, 1, 1), strides=(2, 1, 2), dilations=(1, 1, 2)),
        (mixed(1, 1, 3, 2, 5), weights(2, 1, 2, 2, 2)),
    ),
    Case("batch", Conv(), (mixed(2, 2, 4), weights(3, 2, 3), weights(3))),
    Case("kernel of the whole input", Conv(), (mixed(1, 2, 3, 3), weights(2, 2, 3, 3))),
    Case("zeros", Conv(), (mixed(1, 2, 4), zeros(3, 2, 3))),
    Case("kernel_shape", Conv(kernel_shape=(2, 3)), (mixed(1, 1, 4, 4), weights(2, 1, 2, 3))),
    Case("strides", Conv(strides=(2, 3)), (mixed(1, 1, 6, 8), weights(2, 1, 3, 2))),
    Case("dilations", Conv(dilations=(2, 3)), (mixed(1, 1, 6, 8), weights(2, 1, 3, 2))),
    Case("pads", Conv(pads=(1, 0, 2, 3)), (mixed(1, 1, 3, 3), weights(2, 1, 3, 2))),
    Case("pads larger than the kernel", Conv(pads=(4, 5)), (mixed(1, 1, 2), weights(1, 1, 3))),
    Case("pads on one side", Conv(pads=(0, 1), strides=(2,)), (mixed(1, 2, 4), weights(1, 2, 3))),
    Case("group", Conv(group=2), (mixed(1, 4, 3, 3), weights(6, 2, 2, 2), weights(6))),
    Case("depthwise", Conv(group=3), (mixed(1, 3, 4), weights(6, 1, 3))),
    Case("depthwise in a batch", Conv(group=3), (mixed(2, 3, 4), weights(3, 1, 3), weights(3))),
    Case(
        "all",
        Conv(group=2, strides=(2,), dilations=(2,), pads=(2, 1)),
        (mixed(1, 2, 6), weights(4, 1, 3)),
    ),
    Case("VALID", Conv(auto_pad=AutoPad.VALID), (mixed(1, 1, 5), weights(2, 1, 3)), runtime),
    *(
        Case(mode.name, Conv(auto_pad=mode), (mixed(1, 1, 5, 4), weights(2, 1, 3, 2)))
        for mode in SAME
    ),
    *(
        Case(
            f"{mode.name}, strides",
            Conv(auto_pad=mode, strides=(2, 3)),
            (mixed(1, 1, 5, 7), weights(2, 1, 3, 4)),
        )
        for mode in SAME
    ),
    *(
        Case(
            f"{mode.name}, dilations",
            Conv(auto_pad=mode, dilations=(2,)),
            (mixed(1, 1, 6), weights(2, 1, 3)),
            spread,
        )
        for mode in SAME
    ),
    *(
        Case(
            f"{mode.name}, gaps",
            Conv(auto_pad=mode, strides=(3,)),
            (mixed(1, 1, 7), weights(2, 1, 1)),
            runtime,
        )
        for mode in SAME
    ),
    Case("variable weights", Conv(pads=(1, 1)), (mixed(1, 1, 3), mixed(2, 1, 2, seed=1))),
    Case("constant input", Conv(pads=(1, 1)), (weights(1, 1, 3), mixed(2, 1, 2, seed=1), mixed(2))),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED: dict[str, list[str]] = {
    "parallel-resource": ["Conv-3-D", "Conv-3-D, all"],
    "stream-latency": ["Conv-3-D", "Conv-3-D, all", "Conv-variable weights", "Conv-constant input"],
}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


@pytest.mark.parametrize(
    ("op", "x", "w", "text"),
    [
        (
            Conv(group=2),
            (1, 3, 4),
            (2, 1, 3),
            (
                "weights of shape (2, 1, 3) in 2 group(s) do not fit an input of (1, 3, 4); "
                "they must be (filters, channels / group, *kernel)"
            ),
        ),
        (
            Conv(group=2),
            (1, 2, 4),
            (3, 1, 3),
            (
                "weights of shape (3, 1, 3) in 2 group(s) do not fit an input of (1, 2, 4); "
                "they must be (filters, channels / group, *kernel)"
            ),
        ),
        (
            Conv(kernel_shape=(3, 3)),
            (1, 1, 5, 5),
            (1, 1, 3, 2),
            "kernel_shape=(3, 3) is not that of the weights, (3, 2); leave it out or correct it",
        ),
        (
            Conv(strides=(1, 1)),
            (1, 1, 5),
            (1, 1, 3),
            (
                "a kernel of (3,) with strides=(1, 1), dilations=(1,) and pads=(0, 0) does not fit "
                "an input of (1, 1, 5); each spatial axis needs one of each, and two pads"
            ),
        ),
        (Conv(), (1, 1, 2), (1, 1, 3), "a window of 3 does not fit into 2 elements"),
        (
            Conv(pads=(-1, 0)),
            (1, 1, 5),
            (1, 1, 3),
            (
                "a kernel of (3,) with strides=(1,), dilations=(1,) and pads=(-1, 0) is not "
                "supported; pads must not be negative, and all else must be positive"
            ),
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(op, x, w, text):
    with pytest.raises(ShapeError) as error:
        op.forward(alike(*x), weights(*w))
    assert str(error.value) == text


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (
            {"auto_pad": "SAME"},
            (
                "node 'c': operator Conv is not supported with auto_pad='SAME'; supported is "
                "'NOTSET' or 'SAME_UPPER' or 'SAME_LOWER' or 'VALID'"
            ),
        ),
        (
            {"auto_pad": b"VALID", "pads": [0, 1]},
            (
                "node 'c': operator Conv is not supported with auto_pad='VALID' beside pads=(0, "
                "1); supported is one of the two"
            ),
        ),
        (
            {"padding": 3},
            (
                "node 'c': operator Conv is not supported with attribute padding=3; "
                "supported is every other attribute"
            ),
        ),
    ],
)
def test_attributes_are_refused_by_name(attributes, text):
    with pytest.raises(UnsupportedAttribute) as error:
        Conv.from_onnx(OnnxNode("c", "Conv", ("x", "w"), ("y",), attributes))
    assert str(error.value) == text
