"""MaxUnpool puts elements where ONNX's reference does, and where a MaxPool found them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, generate
from rtlgen.frontend import load
from sim.errors import RtlgenError
from tests.rtlgen.test_expanding import as_loaded, run


def model(shape, nodes, **constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v, np.int64), name) for name, v in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)


def unpooled(shape, indices, output_shape=(), **settings) -> onnx.ModelProto:
    names = ["x", "i", *["wanted"] * bool(output_shape)]
    node = helper.make_node("MaxUnpool", names, ["y"], "back", **settings)
    given = {"wanted": output_shape} if output_shape else {}
    return model(shape, [node], i=indices, **given)


def there_and_back(shape, back=None, output_shape=(), **settings) -> onnx.ModelProto:
    """A MaxPool, and half of what it found where it was."""
    names = ["half", "i", *["wanted"] * bool(output_shape)]
    undone = {n: v for n, v in settings.items() if n in ("kernel_shape", "strides", "pads")}
    nodes = [
        helper.make_node("MaxPool", ["x"], ["p", "i"], "pool", **settings),
        helper.make_node("Sub", ["p", "x0"], ["half"], "sub"),
        helper.make_node("MaxUnpool", names, ["y"], "back", **(back or undone)),
    ]
    given = {"wanted": output_shape} if output_shape else {}
    proto = model(shape, nodes, **given)
    proto.graph.initializer.append(numpy_helper.from_array(np.array([7], np.float32), "x0"))
    return proto


def exactly(proto, x):
    (want,) = ReferenceEvaluator(proto).run(None, {"x": x})
    (got,) = run(as_loaded(proto), {"x": x})
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shape", "output_shape", "settings"),
    [
        ((1, 1, 2, 2), (), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ((1, 2, 2, 3), (1, 2, 5, 7), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ((1, 2, 3, 3), (), {"kernel_shape": [3, 2], "pads": [1, 0, 1, 0]}),
        ((2, 1, 4), (), {"kernel_shape": [3], "strides": [3]}),
        ((1, 1, 1, 2, 2), (), {"kernel_shape": [2, 2, 2], "strides": [2, 2, 2]}),
    ],
)
def test_constant_indices(shape, output_shape, settings, seed):
    """Where two elements go to one place, the later one stays."""
    random = np.random.default_rng(seed)
    n, stride = len(shape) - 2, settings.get("strides", [1] * 3)
    pads = settings.get("pads", [0] * 2 * n)
    sizes = [
        (s - 1) * stride[k] - pads[k] - pads[n + k] + settings["kernel_shape"][k]
        for k, s in enumerate(shape[2:])
    ]
    indices = random.integers(0, shape[0] * shape[1] * np.prod(sizes), shape)
    x = random.normal(size=shape).astype(np.float32)
    exactly(unpooled(shape, indices, output_shape, **settings), x)


def undone(x, out, kernel, before=(0, 0)):
    """By hand: numbers of few values, of which the first of the largest counts."""
    y = np.zeros_like(x)
    for n, c, i, k in np.ndindex(*out):
        rows, columns = (
            slice(max(0, p * s - b), p * s - b + s)
            for p, s, b in zip((i, k), kernel, before, strict=True)
        )
        window = x[n, c, rows, columns]
        at = np.unravel_index(window.argmax(), window.shape)
        y[n, c, rows, columns][at] = window.max() - 7
    return y


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("shape", "out", "kernel", "pads"),
    [
        ((1, 2, 4, 6), (1, 2, 2, 3), (2, 2), (0, 0, 0, 0)),
        ((2, 1, 3, 4), (2, 1, 1, 2), (3, 2), (0, 0, 0, 0)),
        ((1, 1, 2, 4), (1, 1, 2, 3), (2, 2), (1, 1, 1, 1)),
    ],
)
def test_the_indices_of_a_pool(shape, out, kernel, pads, seed):
    settings = {"kernel_shape": kernel, "strides": kernel, "pads": pads}
    proto = there_and_back(shape, **settings)
    x = np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)
    (got,) = run(as_loaded(proto), {"x": x})
    np.testing.assert_array_equal(got, undone(x, out, kernel, pads[:2]))


def test_as_hardware():
    proto = there_and_back((1, 2, 4, 4), kernel_shape=[2, 2], strides=[2, 2])
    made = generate(proto, Options(config={"formats": {"x": "s3 e0"}}))
    x = np.random.default_rng(0).integers(-4, 4, (20, 2, 4, 4)).astype(float)
    got = made.predict(x)
    np.testing.assert_array_equal(got, undone(x, (20, 2, 2, 2), (2, 2)))
    made.proof()


BESIDE = {"kernel_shape": [2, 2], "strides": [2, 2]}
REFUSED = {
    "overlapping": (
        there_and_back((1, 1, 3, 3), kernel_shape=[2, 2]),
        (
            "node 'back': operator MaxUnpool is not supported with indices of a MaxPool whose "
            "windows overlap; supported is strides of at least the kernel's size"
        ),
    ),
    "other shape": (
        there_and_back((1, 1, 5, 4), **BESIDE),
        (
            "node 'back': operator MaxUnpool is not supported with the indices of a MaxPool of "
            "[1, 1, 5, 4], and [1, 1, 4, 4] as its own shape; supported is the same shape"
        ),
    ),
    "columns first": (
        there_and_back((1, 1, 4, 4), back=BESIDE, storage_order=1, **BESIDE),
        (
            "node 'pool': operator MaxPool is not supported with storage_order=1 and indices; "
            "supported is storage_order=0"
        ),
    ),
    "far": (
        unpooled((1, 1, 1, 1), [[[[4]]]], **BESIDE),
        (
            "node 'back': operator MaxUnpool is not supported with indices from 0 to 4; "
            "supported is those of 4 elements"
        ),
    ),
    "small": (
        unpooled((1, 1, 2, 2), [[[[0, 1], [2, 3]]]], (1, 1, 3, 4), **BESIDE),
        (
            "node 'back': operator MaxUnpool is not supported with output_shape=[1, 1, 3, 4]; "
            "supported is at least [1, 1, 4, 4]"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    proto, words = REFUSED[case]
    with pytest.raises(RtlgenError) as error:
        load(proto)
    assert str(error.value) == words


def test_other_computed_indices_are_refused():
    proto = unpooled((1, 1, 1, 1), [[[[0]]]], **BESIDE)
    del proto.graph.initializer[:]
    proto.graph.input.append(helper.make_tensor_value_info("i", TensorProto.INT64, (1, 1, 1, 1)))
    with pytest.raises(RtlgenError) as error:
        load(proto)
    assert str(error.value) == (
        "node 'back': input 1 of MaxUnpool, 'i', must be a constant, but the model computes it; "
        "make it an initializer"
    )
