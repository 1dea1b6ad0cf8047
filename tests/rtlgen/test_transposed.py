"""ConvTranspose against ONNX Runtime: every attribute, and no product with an inserted zero."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from kernels.conv import Conv
from rtlgen.frontend import load
from rtlgen.lowering import lower
from rtlgen.progress import Silent
from rtlgen.size import products
from sim.errors import ModelError, ShapeError
from tests.rtlgen.on_grids import agree, drawn, model, quantized, samples
from tests.rtlgen.test_expanding import as_loaded, run

CASES = [
    ((1, 1, 1), (1, 1, 1), {}),
    ((1, 2, 5), (2, 3, 3), {}),
    ((2, 2, 3), (2, 1, 2), {"strides": [2]}),
    ((1, 2, 3), (2, 1, 1), {"strides": [3]}),
    ((1, 2, 3), (2, 1, 5), {"strides": [3], "dilations": [2]}),
    ((1, 1, 3), (1, 1, 3), {"strides": [2], "dilations": [4]}),
    ((1, 2, 5), (2, 3, 3), {"strides": [2], "pads": [1, 1], "output_padding": [1]}),
    ((1, 1, 3), (1, 2, 3), {"strides": [4], "output_padding": [3]}),
    ((1, 1, 3), (1, 2, 3), {"strides": [2], "pads": [4, 0]}),
    ((1, 1, 3), (1, 2, 3), {"strides": [2], "pads": [0, 4]}),
    ((1, 1, 4), (1, 1, 5), {"pads": [3, 3]}),
    ((1, 1, 3), (1, 1, 3), {"kernel_shape": [3]}),
    ((1, 2, 3, 2), (2, 3, 3, 2), {"strides": [2, 3]}),
    ((1, 2, 2, 3), (2, 1, 3, 2), {"strides": [3, 2], "dilations": [2, 3], "pads": [1, 0, 2, 1]}),
    ((1, 4, 2, 3), (4, 3, 3, 2), {"strides": [2, 2], "group": 2}),
    ((1, 3, 3, 2), (3, 1, 3, 3), {"group": 3, "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ((1, 3, 3, 2), (3, 2, 2, 2), {"group": 3, "strides": [1, 2]}),
    ((1, 1, 2, 2, 2), (1, 2, 2, 1, 3), {"strides": [2, 1, 2], "pads": [0, 0, 1, 1, 0, 1]}),
    ((1, 1, 3), (1, 2, 4), {"strides": [2], "auto_pad": "SAME_UPPER"}),
    ((1, 1, 3), (1, 2, 5), {"strides": [2], "auto_pad": "SAME_UPPER"}),
    ((1, 1, 3), (1, 2, 5), {"strides": [2], "auto_pad": "SAME_LOWER"}),
    ((1, 1, 3), (1, 2, 5), {"strides": [2], "auto_pad": "VALID"}),
    ((1, 1, 3), (1, 1, 3), {"auto_pad": "SAME_UPPER", "dilations": [2]}),
    ((1, 1, 3), (1, 2, 3), {"strides": [2], "output_shape": [6]}),
    ((1, 1, 3), (1, 2, 3), {"strides": [2], "output_shape": [4]}),
    ((1, 1, 3), (1, 2, 3), {"strides": [2], "output_shape": [4], "auto_pad": "SAME_UPPER"}),
    ((1, 1, 3), (1, 2, 4), {"strides": [2], "output_shape": [7], "output_padding": [1]}),
]
every = pytest.mark.parametrize(("x", "w", "attributes"), CASES)


def transposed(x, w, attributes, *, bias: bool = False, weights=None) -> onnx.ModelProto:
    constants = {"w": drawn(w, 5) if weights is None else weights}
    if bias:
        constants["b"] = drawn([w[1] * attributes.get("group", 1)], 6)
    return model("ConvTranspose", {"x": x}, constants, **attributes)


@pytest.mark.parametrize("bias", [False, True])
@every
def test_is_that_of_onnxruntime(x, w, attributes, bias):
    agree(transposed(x, w, attributes, bias=bias))


@every
def test_weights_that_are_computed(x, w, attributes):
    agree(model("ConvTranspose", {"x": x, "w": w}, {}, **attributes))


def test_zero_weights():
    agree(transposed((1, 2, 3), (2, 1, 2), {"strides": [2]}, weights=np.zeros((2, 1, 2))))


@pytest.mark.parametrize("seed", range(25))
def test_random_attributes(seed):
    random = np.random.default_rng(seed)
    n, group = random.integers(1, 4), int(random.integers(1, 3))
    draw = lambda lo, hi: random.integers(lo, hi, n).tolist()  # noqa: E731
    strides = draw(1, 4)
    attributes = {"strides": strides, "dilations": draw(1, 3), "group": group}
    attributes["output_padding"] = [int(random.integers(0, s)) for s in strides]
    x, w = (1, 2 * group, *draw(2, 4)), (2 * group, 2, *draw(1, 4))
    reach = [
        (size - 1) * s + (k - 1) * d + 1
        for size, s, k, d in zip(x[2:], strides, w[2:], attributes["dilations"], strict=True)
    ]
    attributes["pads"] = [int(random.integers(0, (r + 1) // 2)) for r in reach + reach]
    proto = transposed(x, w, attributes, bias=True)
    (feeds,) = samples(proto, seed, 1)
    np.testing.assert_array_equal(run(as_loaded(proto), feeds), run(proto, feeds))


def test_no_product_has_an_inserted_zero():
    """Each of the 4 x 4 numbers meets each of the 3 x 3 weights once, but for those at the edge."""
    graph = quantized(
        transposed((1, 1, 4, 4), (1, 1, 3, 3), {"strides": [2, 2]}, weights=np.ones((1, 1, 3, 3)))
    ).graph
    (node,) = (node for node in graph.nodes if isinstance(node.op, Conv))
    values = graph.evaluate(graph.inputs)
    assert products(node, values, graph).weights == 3 * 3
    additions = sum("Add" in type(op).__name__ for op in lower(graph, Silent()).ops)
    assert additions <= 4 * 4 * 3 * 3 - 9 * 9  # of so many terms are the 9 x 9 results


@pytest.mark.parametrize(
    ("x", "w", "attributes", "error", "message"),
    [
        (
            (1, 1, 3),
            (1, 1, 3),
            {"kernel_shape": [2]},
            ShapeError,
            "kernel_shape=(2,) is not that of its weights, (3,); leave it out or correct it",
        ),
        (
            (1, 1, 3),
            (1, 1, 3),
            {"pads": [3, 3]},
            ShapeError,
            "nothing is left of an output of (5,); choose smaller pads, or a larger output_shape",
        ),
        (
            (1, 1, 3),
            (1, 1, 3),
            {"output_shape": [0]},
            ShapeError,
            "nothing is left of an output of (5,); choose smaller pads, or a larger output_shape",
        ),
        (
            (1, 1, 3),
            (1, 1, 3),
            {"auto_pad": "SAME"},
            ModelError,
            (
                "operator ConvTranspose is not supported with auto_pad='SAME'; supported is "
                "'NOTSET' or 'SAME_UPPER' or 'SAME_LOWER' or 'VALID'"
            ),
        ),
        (
            (1, 3, 3),
            (1, 1, 3),
            {},
            ShapeError,
            (
                "weights of shape (1, 1, 3) do not fit an input of (1, 3, 3); they must be "
                "(channels, filters / group, *kernel)"
            ),
        ),
        (
            (1, 1, 3),
            (1, 1, 1),
            {"strides": [2], "auto_pad": "SAME_LOWER"},
            ModelError,
            (
                "operator ConvTranspose is not supported with an output of (6,), of which its "
                "kernel reaches (5,); supported is an output that the kernel reaches; say "
                "output_padding"
            ),
        ),
        (
            (1, 1, 3),
            (1, 1, 3),
            {"strides": [2], "output_shape": [9]},
            ModelError,
            (
                "operator ConvTranspose is not supported with an output of (9,), of which its "
                "kernel reaches (7,); supported is an output that the kernel reaches; say "
                "output_padding"
            ),
        ),
    ],
)
def test_what_does_not_fit_is_refused(x, w, attributes, error, message):
    with pytest.raises(error) as caught:
        load(transposed(x, w, attributes))
    assert str(caught.value) == f"node 'node': {message}"


@pytest.mark.parametrize(
    "attributes",
    [{"pads": [1]}, {"pads": [-1, 0]}, {"strides": [0]}, {"auto_pad": "VALID", "pads": [1, 1]}],
)
def test_what_onnx_refuses_too(attributes):
    with pytest.raises(ShapeError, match=r"^node 'node': ConvTranspose does not fit its inputs"):
        load(transposed((1, 1, 3), (1, 1, 3), attributes))
