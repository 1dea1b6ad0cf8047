"""What codes at the ports stand for, and the graph that the network ends as."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from kernels.base import OnnxNode
from kernels.elementwise import Abs, Relu
from kernels.quant import Quantize
from kernels.shape import Identity
from rtlgen.draft import Draft
from rtlgen.encoding import Decoding, Encoding
from rtlgen.ending import finished
from rtlgen.frontend import load
from rtlgen.graph import Graph, Node, describe
from rtlgen.passes import bypass, prune, run, saturate
from rtlgen.pending import Affine
from rtlgen.quantize import quantize
from rtlgen.rationals import fractions, objects
from rtlgen.scaled import Scaled
from sim.errors import DataError, ShapeError
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.definitions import ROUND, limit
from tests.rtlgen.qonnx_text import QUANT, Q, text
from tests.rtlgen.test_quantize import compare, predict

X = np.random.default_rng(0).normal(0, 1.5, (50, 4))
NODE = OnnxNode("node", "Mul", ("x",), ("y",))


# -- inputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        (f"[quant] y = {QUANT} (x, s, z, b)",),
        ("[by] a = Mul (x, f)", f"[quant] y = {QUANT} (a, s, z, b)"),
        ("[by] a = Mul (x, f4)", "[up] c = Add (a, f)", f"[quant] y = {QUANT} (c, s4, z, b)"),
        ("[t] t = Transpose (x)", f"[quant] y = {QUANT} (t, s41, z, b)"),
        (
            "[by] a = Mul (x, f4)",
            "[t] t = Transpose (a)",
            f"[quant] q = {QUANT} (t, s41, z, b)",
            "[back] y = Transpose (q)",
        ),
        ("[part] a = Gather <axis = 1> (x, i)", f"[quant] y = {QUANT} (a, s4, z, b)"),
        ("[bn] a = BatchNormalization (x, f4, f4, f4, s4)", f"[quant] y = {QUANT} (a, s4, zz, b)"),
    ],
)
def test_a_code_stands_for_the_nearest_number_of_the_input(body):
    proto = text(
        *body,
        s="float s = {0.3}",
        f="float f = {0.7}",
        f4="float[4] f4 = {0.1, -0.7, 2, 0.3}",
        s4="float[4] s4 = {0.25, 0.3, 1, 0.7}",
        s41="float[4, 1] s41 = {0.25, 0.5, 1, 2}",
        i="int64[4] i = {2, 0, 3, 1}",
        zz="float zz = {3}",
    )
    encoding = quantize(load(proto)).inputs["x"]
    codes = encoding.encode(X, "x")
    scale, offset = (
        np.broadcast_to(v.astype(float), (1, 4)) for v in (encoding.scale, encoding.offset)
    )
    meant = codes.to_float() * scale + offset
    lo, hi = (
        np.ldexp(end.astype(float), encoding.type.exp)
        for end in (encoding.type.lo, encoding.type.hi)
    )
    inside = (codes.to_float() > lo) & (codes.to_float() < hi)
    step = np.abs(scale) * np.ldexp(1.0, encoding.type.exp)
    assert inside.any()
    assert (
        np.abs(meant - X[:, None])[inside] <= np.broadcast_to(step, meant.shape)[inside] * 0.500001
    ).all()


def test_an_input_that_cannot_be_undone():
    encoding = quantize(
        load(text("[r] a = Relu (x)", f"[quant] y = {QUANT} (a, s, z, b)", s="float s = {0.3}"))
    ).inputs["x"]
    assert encoding.scale.tolist() == [Fraction(float(np.float32(0.3)))]
    assert encoding.encode([[-1, 0.3, 0.6, 9]], "x").codes.tolist() == [[[0, 1, 2, 7]]]


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_given_formats(rounding, overflow):
    exps = np.array([-1, 0, 1])
    type_ = Intervals(np.full(3, -4), np.full(3, 3), exps)
    encoding = Encoding(type_, (), np.zeros(3, int), rounding=rounding, overflow=overflow)
    x = np.repeat(np.arange(-90, 91)[:, None] / 8, 3, 1)
    want = [
        [
            limit(overflow, ROUND[rounding](Fraction(v) / Fraction(2) ** int(e)), -4, 3)
            for v, e in zip(row, exps, strict=True)
        ]
        for row in x
    ]
    np.testing.assert_array_equal(encoding.encode(x, "x").in_steps(exps), want)


@pytest.mark.parametrize("overflow", [Overflow.SATURATE, Overflow.WRAP])
def test_numbers_beyond_floats(overflow):
    type_ = Intervals.full((1,), Interval.format(signed=True, width=62, exp=-60))
    encoding = Encoding(type_, (), np.zeros(1, int), overflow=overflow)
    x = [1e300, -1e300, 2.0**-60, 1 + 2.0**-52, 1e18 + 128, 2.0 - 2**-52]
    low, high = -(1 << 61), (1 << 61) - 1
    want = [limit_fast(overflow, round(Fraction(v) * 2**60), low, high) for v in x]
    assert encoding.encode(np.array(x)[:, None], "x").codes[:, 0].tolist() == want


def limit_fast(overflow, code, lo, hi):
    return (code - lo) % (hi - lo + 1) + lo if overflow is Overflow.WRAP else min(max(code, lo), hi)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            np.zeros((2, 5)),
            (
                "input 'x': data have the shape [2, 5], but samples have [4]; give an "
                "array of the shape [samples, 4]"
            ),
        ),
        (
            np.zeros(4),
            (
                "input 'x': data have the shape [4], but samples have [4]; give an array of "
                "the shape [samples, 4]"
            ),
        ),
        (
            3.0,
            (
                "input 'x': data have the shape [], but samples have [4]; give an array of the "
                "shape "
                "[samples, 4]"
            ),
        ),
        (
            [[0, 1, np.nan, 2]],
            "input 'x': the number at [0, 0, 2] is nan; leave out samples that are not finite",
        ),
    ],
)
def test_data_that_do_not_fit(data, message):
    encoding = quantize(load(text(f"[quant] y = {QUANT} (x, s, z, b)"))).inputs["x"]
    with pytest.raises(DataError) as caught:
        encoding.encode(data, "x")
    assert str(caught.value) == message


def test_samples_with_and_without_the_batch_axis():
    encoding = quantize(load(text(f"[quant] y = {QUANT} (x, s, z, b)"))).inputs["x"]
    a, b = encoding.encode(X, "x"), encoding.encode(X[:, None], "x")
    np.testing.assert_array_equal(a.codes, b.codes)


# -- outputs -------------------------------------------------------------------------------------


def test_decodings():
    x = Fixed(np.array([[[1, 2]], [[3, -4]]]), -1)
    assert Decoding().identical
    assert Decoding().decode(x).tolist() == [[[0.5, 1]], [[1.5, -2]]]
    scaled = Decoding(objects([Fraction(1, 3)]), objects([Fraction(1), Fraction(2)]))
    assert not scaled.identical
    np.testing.assert_allclose(scaled.decode(x), [[[7 / 6, 7 / 3]], [[1.5, 4 / 3]]], rtol=1e-15)


@pytest.mark.parametrize(
    ("body", "outputs"),
    [
        ((Q, "[fc] y = MatMul (q, w)", "[copy] v = Relu (y)"), "float[] y, float[] v"),
        ((f"[quant] y = {QUANT} (x, s, z, b)",), "float[] y"),
        ((f"[quant] y = {QUANT} (x, s, z, b)", "[same] v = Identity (y)"), "float[] y, float[] v"),
        ((Q, "[by] y = Mul (q, third)", "[fc] v = MatMul (y, w)"), "float[] v, float[] y"),
        ((Q, "[up] y = Add (q, third)", "[relu] v = Relu (y)"), "float[] v, float[] y"),
        (
            (Q, "[by] y = Mul (q, half)", f"[quant2] v = {QUANT} (y, s, z, b)"),
            "float[] v, float[] y",
        ),
    ],
)
def test_outputs_have_the_names_and_numbers_of_the_model(body, outputs):
    proto = text(*body, output=outputs, third="float third = {0.3}", half="float half = {-0.5}")
    codings = quantize(load(proto))
    names = tuple(o.name for o in proto.graph.output)
    assert codings.graph.outputs == tuple(codings.outputs) == names
    assert compare(proto, X, codings) == 0
    assert set(predict(codings, X)) == set(names)


def test_names_that_step_aside():
    draft = Draft()
    draft.input("x", Intervals.full((2,), Interval(-4, 3, 0)))
    draft.constant("v", Fixed.constant([1, 2]))
    from kernels.elementwise import Add

    draft.emit(Add(), ("x", "v"), ("y",), "add")
    draft.emit(Relu(), ("y",), ("z",), "relu")
    values = {"y": Scaled.plain("z", draft.arrays["z"]), "v": Scaled.plain("y", draft.arrays["y"])}
    graph, decodings = finished(draft, values)
    assert graph.outputs == ("y", "v")
    assert list(graph.constants) == ["v.inner"]
    assert [node.outputs for node in graph.nodes] == [("v",), ("y",)]
    assert all(d.identical for d in decodings.values())


def test_an_offset_off_the_grid_stays_with_the_host():
    draft = Draft()
    type_ = Intervals.full((2,), Interval(-4, 3, 0))
    draft.input("x", type_)
    line = Affine(fractions([1, 2]), fractions([0.1, 0.25]), NODE)
    value = Scaled("x", type_, np.array([0, 1]), (line,))
    graph, decodings = finished(draft, {"y": value})
    assert [type(n.op) for n in graph.nodes] == [Identity]
    assert decodings["y"].offset.astype(float).tolist() == [0.1, 0.25]
    assert decodings["y"].scale.astype(float).tolist() == [1, 2]


def outputs_on(scale, offset):
    draft = Draft()
    draft.input("x", Intervals.full((2,), Interval(-4, 3, 0)))
    line = Affine(fractions(scale), fractions(offset), NODE)
    value = Scaled("x", draft.arrays["x"], np.array([0, 1]), (line,))
    return finished(draft, {"y": value})


def test_offsets_in_single_precision_are_added_so_that_codes_compare():
    offset = [float(np.float32(0.1)), -0.25]
    graph, decodings = outputs_on([1, 1], offset)
    assert decodings["y"].identical
    y = graph.predict({"x": Fixed(np.array([[3, -4]]))})["y"]
    assert y.to_float().tolist() == [[3 + offset[0], -4.25]]


def test_codes_of_one_scale_compare_though_the_host_has_the_scale():
    third = Fraction(1, 3)
    graph, decodings = outputs_on([third, third], [third, 0])
    assert (decodings["y"].scale.tolist(), decodings["y"].offset.tolist()) == ([third], [third])
    y = graph.predict({"x": Fixed(np.array([[3, 3]]))})["y"]
    assert y.to_float().tolist() == [[3, 2]]


# -- the graph and its passes --------------------------------------------------------------------


def small(*nodes, outputs=("y",), constants=None):
    return Graph(
        {"x": Intervals.full((3,), Interval(-8, 7, -1))}, nodes, outputs, constants or {}
    ).check()


def to(lo, hi, overflow=Overflow.SATURATE):
    return Quantize(Intervals.full((), Interval(lo, hi, 0)), Rounding.CEIL, overflow)


@pytest.mark.parametrize(
    ("graph", "left"),
    [
        (small(Node(Relu(), ("x",), ("r",), "relu"), Node(to(0, 3), ("r",), ("y",), "q")), 1),
        (small(Node(Relu(), ("x",), ("r",), "relu"), Node(to(-1, 3), ("r",), ("y",), "q")), 2),
        (
            small(
                Node(Relu(), ("x",), ("r",), "relu"),
                Node(to(0, 3, Overflow.WRAP), ("r",), ("y",), "q"),
            ),
            2,
        ),
        (small(Node(Abs(), ("x",), ("r",), "abs"), Node(to(0, 3), ("r",), ("y",), "q")), 2),
        (
            small(
                Node(Relu(), ("x",), ("r",), "relu"),
                Node(to(0, 3), ("r",), ("y",), "q"),
                outputs=("y", "r"),
            ),
            2,
        ),
        (small(Node(Identity(), ("x",), ("r",), "same"), Node(Relu(), ("r",), ("y",), "q")), 1),
        (small(Node(Identity(), ("x",), ("y",), "same")), 1),
        (
            small(
                Node(Relu(), ("x",), ("y",), "relu"),
                Node(Abs(), ("x",), ("z",), "unread"),
                constants={"c": Fixed.constant(1)},
            ),
            1,
        ),
    ],
)
def test_passes_leave_the_function(graph, left):
    every = {"x": Fixed(np.arange(-8, 8).repeat(3).reshape(16, 3), -1)}
    seen = []
    after = run(graph, lambda name, _: seen.append(name))
    assert len(after.nodes) == left
    assert not after.constants
    assert seen == ["import", "bypass", "saturate", "prune"]
    for single in (bypass, saturate, prune, run):
        for name, want in graph.predict(every).items():
            np.testing.assert_array_equal(
                single(graph).predict(every)[name].to_float(), want.to_float()
            )


def test_the_text_of_a_graph():
    graph = small(Node(Relu(), ("x",), ("y",), "relu"))
    assert str(graph) == "%x = input   : 3, s4 e-1\n%y = Relu() %x   : 3, u3 e-1\nreturn %y"
    mixed = Intervals(np.array([[0, -4]]), np.array([[1, 3]]), np.array([[0, -2]]))
    assert describe(mixed) == "1x2, u1..s3 e-2..e0"
    assert describe(Intervals.full((), Interval(0, 1, 0))) == "scalar, u1 e0"
    assert describe(Intervals.full((0,), Interval(0, 1, 0))) == "empty"


def test_shapes_that_do_not_fit():
    from kernels.elementwise import Add

    graph = small(Node(Add(), ("x", "c"), ("y",), "add"), constants={"c": Fixed.constant([1, 2])})
    with pytest.raises(ShapeError) as caught:
        graph.types()
    assert str(caught.value) == (
        "node 'add': Add does not fit its inputs 'x' [3], 'c' [2]: operands could not be broadcast "
        "together with shapes (3,) (2,) (3,) ; check the shapes in the model"
    )
