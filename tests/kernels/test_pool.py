"""Pooling."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from kernels.base import OnnxNode, Operator
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, SumPool
from kernels.windows import AutoPad
from sim.errors import ShapeError, UnsupportedAttribute, UnsupportedOperator
from sim.fixed import Fixed
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed
from tests.oracles import reference, runtime


def sums(oracle, exp=-3):
    """What an oracle for averages says of the sums, which are multiples of ``2**exp``."""

    def rounded(op, values):
        (average,) = oracle(op, values)
        return [np.rint(np.float64(average) * op.divisors(values[0].shape) * 2.0**-exp) * 2.0**exp]

    return rounded


GEOMETRIES = (
    ("smallest", {"kernel_shape": (1,)}, (1, 1, 1), reference),
    ("smallest 2-D", {"kernel_shape": (1, 1)}, (1, 1, 1, 1), reference),
    ("1-D", {"kernel_shape": (3,)}, (1, 2, 6), reference),
    ("2-D", {"kernel_shape": (2, 3)}, (1, 2, 3, 4), reference),
    ("3-D", {"kernel_shape": (2, 1, 2)}, (1, 1, 2, 2, 3), runtime),
    ("batch", {"kernel_shape": (2,)}, (2, 2, 4), reference),
    ("whole input", {"kernel_shape": (2, 3)}, (1, 2, 2, 3), reference),
    ("strides", {"kernel_shape": (2, 2), "strides": (2, 3)}, (1, 1, 5, 6), reference),
    ("strides beyond the kernel", {"kernel_shape": (1,), "strides": (3,)}, (1, 1, 8), reference),
    ("dilations", {"kernel_shape": (2, 2), "dilations": (2, 3)}, (1, 1, 4, 5), runtime),
    ("pads", {"kernel_shape": (3, 2), "pads": (1, 0, 2, 1)}, (1, 1, 3, 3), runtime),
    (
        "pads and strides",
        {"kernel_shape": (3,), "pads": (2, 1), "strides": (2,)},
        (1, 2, 5),
        runtime,
    ),
    ("ceil_mode", {"kernel_shape": (2,), "strides": (2,), "ceil_mode": 1}, (1, 1, 5), runtime),
    (
        "ceil_mode that fits",
        {"kernel_shape": (2,), "strides": (2,), "ceil_mode": 1},
        (1, 1, 6),
        runtime,
    ),
    (
        "ceil_mode, last window only in the padding",
        {"kernel_shape": (1,), "strides": (3,), "ceil_mode": 1},
        (1, 1, 5),
        runtime,
    ),
    (
        "ceil_mode, pads",
        {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1), "ceil_mode": 1},
        (1, 1, 4, 5),
        runtime,
    ),
    (
        "ceil_mode, pads and dilations",
        {"kernel_shape": (2,), "strides": (3,), "dilations": (2,), "pads": (1, 1), "ceil_mode": 1},
        (1, 1, 6),
        runtime,
    ),
    (
        "VALID",
        {"kernel_shape": (2,), "auto_pad": AutoPad.VALID, "strides": (2,)},
        (1, 1, 5),
        runtime,
    ),
    *(
        (
            f"{mode.name}, {strides}",
            {"kernel_shape": (3, 2), "auto_pad": mode, "strides": strides},
            (1, 1, 4, 5),
            runtime,
        )
        for mode in (AutoPad.SAME_UPPER, AutoPad.SAME_LOWER)
        for strides in ((1, 1), (2, 3))
    ),
)
COUNTED = ("pads", "ceil_mode", "SAME")
CASES = (
    *(
        Case(n, MaxPool(**fields), (mixed(*shape),), oracle)
        for n, fields, shape, oracle in GEOMETRIES
    ),
    *(
        Case(n, SumPool(**fields), (mixed(*shape),), sums(oracle))
        for n, fields, shape, oracle in GEOMETRIES
    ),
    *(
        Case(
            f"{n}, counted", SumPool(**fields, count_include_pad=1), (mixed(*shape),), sums(oracle)
        )
        for n, fields, shape, oracle in GEOMETRIES
        if any(word in n for word in COUNTED)
    ),
    Case(
        "negative, padded",
        MaxPool(kernel_shape=(3,), pads=(1, 1)),
        (alike(1, 1, 3, lo=-9, hi=-5),),
        runtime,
    ),
    *(
        Case(f"{shape}", op(), (mixed(*shape),), oracle)
        for shape in ((1, 1, 1), (1, 3, 5), (2, 2, 3, 3))
        for op, oracle in ((GlobalMaxPool, runtime), (GlobalSumPool, sums(reference)))
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


def geometry(seed):
    """Whatever a pool can be asked for that no two tools read in different ways."""
    random = Random(seed)
    rank, rule = random.choice((1, 2, 3)), random.choice(list(AutoPad))
    explicit, same = rule is AutoPad.NOTSET, rule.name.startswith("SAME")
    kernel = [random.randint(1, 3) for _ in range(rank)]
    dilations = [1 if same else random.randint(1, 3) for _ in range(rank)]
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    fields = {
        "kernel_shape": tuple(kernel),
        "strides": tuple(random.randint(1, k if same else 3) for k in kernel),
        "auto_pad": rule,
        "dilations": tuple(dilations),
        "pads": tuple(random.randint(0, (k - 1) * explicit) for k in kernel * 2),
        "ceil_mode": random.randint(0, int(rule is not AutoPad.VALID)),
    }
    return fields, (1, 2, *(random.randint(max(3, span), 8) for span in spans))


@pytest.mark.parametrize("seed", range(150))
def test_pools_of_every_geometry(seed):
    fields, shape = geometry(seed)
    x = np.random.default_rng(seed).integers(-8, 8, shape)
    largest, total = MaxPool(**fields), SumPool(**fields)
    counted = replace(total, count_include_pad=1)
    for op, oracle in ((largest, runtime), (total, sums(runtime, 0)), (counted, sums(runtime, 0))):
        (expected,) = oracle(op, [x.astype(float)])
        assert op.forward(Fixed.constant(x)).codes[0].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("attributes", "what", "supported"),
    [
        (
            {"auto_pad": "VALID", "ceil_mode": 1},
            "auto_pad='VALID' beside ceil_mode=1",
            "pads beside it",
        ),
        (
            {"auto_pad": "SAME_UPPER", "dilations": [2]},
            "auto_pad='SAME_UPPER' beside dilations=(2,)",
            "pads beside them",
        ),
        (
            {"auto_pad": "SAME_LOWER", "dilations": [3]},
            "auto_pad='SAME_LOWER' beside dilations=(3,)",
            "pads beside them",
        ),
    ],
)
@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool"])
def test_what_tools_read_in_different_ways_is_refused(op_type, attributes, what, supported):
    node = OnnxNode("p", op_type, ("x",), ("y",), {"kernel_shape": [2], **attributes})
    with pytest.raises(UnsupportedAttribute) as error:
        Operator.named(node).from_onnx(node)
    assert str(error.value) == (
        f"node 'p': operator {op_type} is not supported with {what}; supported is {supported}"
    )


UNSTREAMED: dict[str, list[str]] = {
    "parallel-resource": ["MaxPool-3-D", "SumPool-3-D"],
    "stream-latency": ["MaxPool-3-D", "SumPool-3-D"],
}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [1, 2, 2]),
        ({"count_include_pad": 1}, [2, 2, 2]),
        ({"ceil_mode": 1}, [1, 2, 2]),
        ({"count_include_pad": 1, "pads": (1, 1)}, [2, 2, 2]),
        ({"pads": (1, 1)}, [1, 2, 2]),
        ({"pads": (0, 0), "ceil_mode": 1}, [2, 2, 1]),
        ({"pads": (0, 1), "ceil_mode": 1, "count_include_pad": 1}, [2, 2, 2]),
    ],
)
def test_divisors_count_what_the_model_counts(fields, expected):
    op = SumPool(**{"kernel_shape": (2,), "strides": (2,), "pads": (1, 0), **fields})
    assert op.divisors((1, 1, 5)).tolist() == expected


def test_divisors_of_several_axes_multiply():
    op = SumPool(kernel_shape=(2, 2), pads=(1, 1, 0, 0))
    assert op.divisors((1, 3, 2, 3)).tolist() == [[1, 2, 2], [2, 4, 4]]
    assert GlobalSumPool().divisors((1, 3, 2, 3)).tolist() == 6


def test_a_window_in_the_padding_alone_is_refused():
    with pytest.raises(ShapeError) as error:
        MaxPool(kernel_shape=(2,), dilations=(2,), pads=(1, 1)).forward(alike(1, 1, 1))
    assert (
        str(error.value) == "a window lies in the padding alone, where there is no largest element"
    )


def test_indices_are_refused_and_storage_order_is_not():
    attributes = {"kernel_shape": [2], "storage_order": 1}
    assert MaxPool.from_onnx(OnnxNode("p", "MaxPool", ("x",), ("y",), attributes)) == MaxPool(
        kernel_shape=(2,)
    )
    with pytest.raises(UnsupportedAttribute) as error:
        MaxPool.from_onnx(OnnxNode("p", "MaxPool", ("x",), ("y", "places"), attributes))
    assert str(error.value) == (
        "node 'p': operator MaxPool is not supported with the further output 'places'; "
        "supported is at most 1 output"
    )


def test_a_kernel_must_be_given():
    with pytest.raises(UnsupportedAttribute) as error:
        SumPool.from_onnx(OnnxNode("p", "AveragePool", ("x",), ("y",)))
    assert str(error.value) == (
        "node 'p': operator AveragePool is not supported with no kernel_shape; "
        "supported is a given kernel_shape"
    )


def test_unpooling_is_refused():
    with pytest.raises(UnsupportedOperator) as error:
        Operator.named(OnnxNode("up", "MaxUnpool", ("x", "i"), ("y",)))
    assert str(error.value).startswith(
        "node 'up': operator MaxUnpool is not supported; kernels/README.md lists those that are"
    )
