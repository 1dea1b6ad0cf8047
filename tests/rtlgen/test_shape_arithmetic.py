"""What exporters compute of shapes is gone after import, and means the same to ONNX Runtime."""

import pytest

from rtlgen.frontend import load
from tests.rtlgen.test_expanding import check, written_out

LEFT = {
    "Reshape",
    "Expand",
    "Slice",
    "Gather",
    "Tile",
    "Pad",
    "Mul",
    "Add",
    "MatMul",
    "Split",
    "Concat",
    "Transpose",
    "Unsqueeze",
}
"""Operators on the data, that the cases end in."""

CASES = {
    "Size and Div": "n = Size (x) h = Div (n, two) s = Concat <axis = 0> (h, two) "
    "y = Reshape (x, s)",
    "Shape parts": "s = Shape <start = -2> (x) n = ReduceProd <keepdims = 1> (s) "
    "y = Reshape (x, n)",
    "Where and Equal": "s = Shape (x) e = Equal (s, two) t = Where (e, minus, s) "
    "y = Reshape (x, t)",
    "ConstantOfShape": "s = Shape (x) o = ConstantOfShape <value = float[1] {2}> (s) "
    "y = Mul (x, o)",
    "Expand as torch does": "o = ConstantOfShape <value = int64[1] {1}> (one) t = Shape (x) "
    "m = Max (o, t) s = Concat <axis = 0> (two, m) y = Expand (x, s)",
    "Range": "s = Shape (x) n = Gather (s, zero) m = Sub (n, unit) r = Range (zero, m, unit) "
    "y = Gather <axis = 0> (x, r)",
    "EyeLike": "e = EyeLike <k = 1> (x) y = Mul (x, e)",
    "EyeLike of another type": "e = EyeLike <dtype = 6> (x) f = Cast <to = 1> (e) y = Add (x, f)",
    "NonZero": "n = NonZero (mask) i = Squeeze (n, first) y = Gather <axis = 1> (x, i)",
    "Casts": "s = Shape (x) f = Cast <to = 1> (s) g = Mul (f, half) h = Floor (g) "
    "i = Cast <to = 7> (h) z = Sub (s, s) y = Slice (x, z, i)",
    "CastLike": "s = Shape (x) f = CastLike (s, half) g = ReduceSum <keepdims = 0> (f) "
    "y = Mul (x, g)",
    "CastLike of the data": "o = CastLike (two, x) y = Mul (x, o)",
    "Pads": "s = Shape (x) z = Mul (s, s) p = Mod (z, two) q = Concat <axis = 0> (p, p) "
    "y = Pad (x, q)",
    "Tile": "s = Shape (x) r = Min (s, two) y = Tile (x, r)",
    "Identity and Dropout": "s = Shape (x) i = Identity (s) f = Cast <to = 1> (i) "
    "d = Dropout (f) j = Cast <to = 7> (d) y = Reshape (x, j)",
    "CumSum and Neg": "s = Shape (x) c = CumSum (s, zero) n = Neg (c) "
    "a = Slice (n, first, one) y = Slice (x, a, big)",
    "Not and Or": "n = Not (mask) o = Or (n, mask) i = NonZero (o) j = Squeeze (i, first) "
    "y = Gather <axis = 1> (x, j)",
    "ScatterND": "s = Shape (x) t = ScatterND (s, place, minus) y = Reshape (x, t)",
    "OneHot": "o = OneHot (places, depth, ends) y = Mul (x, o)",
    "TopK": "s = Shape (x) v, i = TopK (s, one) y = Reshape (x, minus)",
    "sequence of shapes": "a = Transpose (x) s = Shape (a) r = Reshape (x, s) t = Shape (r) "
    "u = Gather (t, zero) v = Unsqueeze (u, first) w = Concat <axis = 0> (v, minus) "
    "y = Reshape (r, w)",
    "Resize": "s = Shape (x) t = Mul (s, two) y = Resize (x, , , t)",
    "Split": "s = Shape (x) a, b = Split <num_outputs = 2> (s) c = Concat <axis = 0> (b, a) "
    "y = Reshape (x, c)",
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
def test_it_is_gone(body):
    proto = written_out(
        body,
        "float[4, 6] x",
        "float[a, b] y" if "minus)" not in body or "ScatterND" in body else "float[a] y",
        "int64[1] two = {2}, int64[1] one = {1}, int64[1] first = {0}, int64[1] minus = {-1}, "
        "int64 zero = {0}, int64 unit = {1}, float half = {0.5}, int64[1] big = {99}, "
        "bool[6] mask = {1, 0, 0, 1, 1, 0}, int64[1, 1] place = {0}, "
        "int64[4] places = {5, 0, 1, 3}, int64 depth = {6}, float[2] ends = {-1, 2}",
    )
    assert {node.op_type for node in load(proto).nodes} <= LEFT
    check(proto)
