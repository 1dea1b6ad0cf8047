"""Logarithms of sums of exponentials are one operator, however they are written."""

import pytest

from rtlgen.frontend import load
from tests.rtlgen.test_expanding import check, written_out

CHAIN = "a = Identity (x) e = Exp (a) s = {sum} y = {log} (s)"


def chain(total="ReduceSum <keepdims = 1> (e, axes)", log="Log", sizes="a, b, c", axes="{1}"):
    count = axes.count(",") + 1
    body = CHAIN.format(sum=total, log=log)
    return written_out(
        body, "float[2, 3, 4] x", f"float[{sizes}] y", f"int64[{count}] axes = {axes}"
    )


def operators(proto):
    return [node.op_type for node in load(proto).nodes]


STABLE = ["ReduceMax", "Sub", "Exp", "ReduceSum", "Log", "Add"]


@pytest.mark.parametrize(
    ("keepdims", "sizes", "axes"),
    [(1, "a, b, c", "{1}"), (0, "a, b", "{-1}"), (0, "a", "{0, 2}"), (1, "a, b, c", "{0, 1, 2}")],
)
def test_the_largest_is_taken_out(keepdims, sizes, axes):
    proto = chain(f"ReduceSum <keepdims = {keepdims}> (e, axes)", sizes=sizes, axes=axes)
    assert operators(proto) == STABLE[:-1] + ["Squeeze"] * (not keepdims) + ["Add"]
    check(proto)


def test_all_axes():
    proto = chain("ReduceSum (e)")
    assert operators(proto) == STABLE
    check(proto)


def test_exponentials_that_are_read_elsewhere_stay():
    proto = written_out(
        "e = Exp (x) s = ReduceSum (e, axes) l = Log (s) y = Div (e, s) z = Sub (y, l)",
        "float[2, 3] x",
        "float[2, 3] z",
        "int64[1] axes = {1}",
    )
    assert operators(proto).count("Exp") == 2
    check(proto)


@pytest.mark.parametrize(
    ("total", "log"), [("ReduceSum (e, axes)", "Sqrt"), ("ReduceMax (e, axes)", "Log")]
)
def test_other_chains_stay(total, log):
    assert operators(chain(total, log)) == ["Exp", total.partition(" ")[0], log]
