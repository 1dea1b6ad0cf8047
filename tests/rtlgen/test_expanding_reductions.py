"""Reductions and pools that are written out in others mean the same to ONNX Runtime."""

import numpy as np
import pytest

from rtlgen.frontend import load
from sim.errors import UnsupportedAttribute
from tests.rtlgen.test_expanding import as_loaded, check, run, written_out

REDUCTIONS = (
    *("ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceProd"),
    *("ReduceLogSum", "ReduceLogSumExp"),
)
AXES = ("", "{0}", "{-1}", "{2, 0}", "{0, 1, -1}", "{1}")


def reduced(op, axes="", keepdims=1, noop=0, shape="2, 3, 5"):
    given = ("x, axes", f"int64[{axes.count(',') + 1}] axes = {axes}") if axes else ("x", "")
    count = {"": 3, "{}": 3}.get(axes, axes.count(",") + 1) * (not (noop and not axes))
    rank = 3 if keepdims else 3 - count
    sizes = ", ".join("abc"[:rank])
    positive = "a = Abs (x) " if op == "ReduceLogSum" else "a = Identity (x) "
    settings = f"<keepdims = {keepdims}, noop_with_empty_axes = {noop}>"
    body = f"{positive} [r] y = {op} {settings} ({given[0].replace('x', 'a', 1)})"
    return written_out(body, f"float[{shape}] x", f"float[{sizes}] y", given[1])


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("op", REDUCTIONS)
def test_reductions(op, axes, keepdims):
    check(reduced(op, axes, keepdims))


@pytest.mark.parametrize("op", ["ReduceMean", "ReduceProd", "ReduceLogSumExp"])
def test_nothing_is_reduced(op):
    check(reduced(op, "", 0, noop=1))


def test_what_they_become():
    found = {op: [n.op_type for n in load(reduced(op, "{1}")).nodes[1:]] for op in REDUCTIONS[:4]}
    assert found == {
        "ReduceMean": ["Div"],
        "ReduceL1": ["ReduceSum"],
        "ReduceL2": ["Mul", "ReduceSum", "Sqrt"],
        "ReduceSumSquare": ["Mul", "ReduceSum"],
    }


@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize(("op", "axis"), [("CumSum", 0), ("CumSum", -1), ("CumSum", 1)])
def test_running_sums(op, axis, reverse, exclusive):
    settings = f"<reverse = {reverse}, exclusive = {exclusive}>"
    constants = f"int64 axis = {{{axis}}}"
    check(
        written_out(f"y = {op} {settings} (x, axis)", "float[2, 3] x", "float[2, 3] y", constants)
    )


@pytest.mark.parametrize("op", ["ReduceMean", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"])
def test_integers_are_refused(op):
    with pytest.raises(UnsupportedAttribute) as error:
        load(written_out(f"[r] y = {op} (x)", "int32[2, 3] x", "int32[1, 1] y"))
    assert str(error.value) == (
        f"node 'r': operator {op} is not supported with data of type int32, to which it "
        f"truncates; supported is floats; cast them to float before it"
    )


POOLS = (
    ("kernel_shape = [2]", "1, 2, 6"),
    ("kernel_shape = [2, 3], strides = [2, 1]", "1, 2, 5, 6"),
    ("kernel_shape = [2, 2], dilations = [1, 2]", "1, 1, 5, 6"),
    ("kernel_shape = [3, 2], pads = [1, 0, 2, 1]", "2, 1, 4, 4"),
    ("kernel_shape = [3], strides = [2], pads = [1, 1], ceil_mode = 1", "1, 1, 6"),
    ('kernel_shape = [3, 2], auto_pad = "SAME_UPPER", strides = [2, 1]', "1, 1, 5, 4"),
    ('kernel_shape = [2, 2], auto_pad = "SAME_LOWER"', "1, 1, 5, 4"),
    ('kernel_shape = [2], auto_pad = "VALID", strides = [2]', "1, 1, 5"),
    ("kernel_shape = [2, 1, 2]", "1, 1, 2, 2, 3"),
)


@pytest.mark.parametrize("p", [1, 2, 3, 4])
@pytest.mark.parametrize(("settings", "shape"), POOLS)
def test_norms_of_windows(settings, shape, p):
    sizes = ", ".join("abcde"[: shape.count(",") + 1])
    body = f"y = LpPool <{settings}, p = {p}> (x)"
    check(written_out(body, f"float[{shape}] x", f"float[{sizes}] y"))


@pytest.mark.parametrize("p", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 2, 3, 3), (1, 1, 2, 2, 2), (1, 3)])
def test_norms_of_channels(shape, p):
    sizes = ", ".join("abcde"[: len(shape)])
    given = f"float[{', '.join(map(str, shape))}] x"
    proto = written_out(f"y = GlobalLpPool <p = {p}> (x)", given, f"float[{sizes}] y")
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    (got,) = run(as_loaded(proto), {"x": x})
    rows = x.reshape(*shape[:2], -1)
    wanted = np.linalg.norm(rows, p, -1).reshape(*shape[:2], *(1,) * (len(shape) - 2))
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("op", "settings", "what", "supported"),
    [
        ("LpPool", "kernel_shape = [2], p = 0", "p=0", "p of at least 1"),
        ("GlobalLpPool", "p = 0", "p=0", "p of at least 1"),
        (
            "LpPool",
            'kernel_shape = [2], auto_pad = "VALID", ceil_mode = 1',
            "auto_pad='VALID' beside ceil_mode=1",
            "pads beside it",
        ),
    ],
)
def test_other_norms_are_refused(op, settings, what, supported):
    body = f"[pool] y = {op} <{settings}> (x)"
    with pytest.raises(UnsupportedAttribute) as error:
        load(written_out(body, "float[1, 1, 4] x", "float[1, 1, a] y"))
    assert str(error.value) == (
        f"node 'pool': operator {op} is not supported with {what}; supported is {supported}"
    )
