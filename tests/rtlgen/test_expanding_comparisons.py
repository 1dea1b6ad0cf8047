"""Comparisons that are written out in others mean the same to ONNX Runtime."""

import pytest

from rtlgen.frontend import load
from tests.rtlgen.test_expanding import check, written_out


def compared(body):
    rounded = "a = Round (x) b = Round (t)"  # so that some are equal
    return written_out(f"{rounded} {body}", "float[3, 4] x, float[4] t", "bool[3, 4] y")


@pytest.mark.parametrize("op", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
def test_comparisons(op):
    check(compared(f"y = {op} (a, b)"))


def test_booleans_are_equal_where_they_do_not_differ():
    proto = compared("[g] g = Greater (a, b) [l] l = Less (b, a) [e] y = Equal (g, l)")
    assert [node.op_type for node in load(proto).nodes][-2:] == ["Xor", "Not"]
    check(proto)


@pytest.mark.parametrize("op", ["IsInf", "IsNaN"])
def test_no_number_is_none(op):
    proto = compared(f"n = {op} (a) g = Less (a, b) y = Or (n, g)")
    assert "IsNaN" not in [node.op_type for node in load(proto).nodes]
    check(proto)
