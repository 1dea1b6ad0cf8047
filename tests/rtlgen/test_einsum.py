"""Einsum: every equation against numpy and ONNX Runtime, of constants and of variables."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from kernels.dense import MatMul
from kernels.elementwise import Mul
from rtlgen.frontend import load
from sim.errors import ModelError, ShapeError, UnsupportedOperator
from tests.rtlgen.on_grids import agree, drawn, model, quantized, samples
from tests.rtlgen.test_expanding import as_loaded, run

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bA,Ac->cb", (2, 3), (3, 2)),
    ("ij , kj -> ki", (2, 3), (4, 3)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 4)),
    ("bij,bij->b", (2, 3, 2), (2, 3, 2)),
    ("bhqd,bhkd->bhqk", (1, 2, 3, 2), (1, 2, 4, 2)),
    ("bqhd,bkhd->bhqk", (1, 3, 2, 2), (1, 4, 2, 2)),
    ("i,i", (3,), (3,)),
    ("i,j->ji", (3,), (2,)),
    ("bi,i->bi", (2, 3), (3,)),
    ("ij,ij->ij", (2, 3), (1, 3)),
    ("ij,jk->ik", (2, 1), (3, 2)),
    (",ij->ij", (), (2, 3)),
    ("ij,kj->", (2, 3), (4, 3)),
    ("ij,kl->i", (2, 3), (2, 3)),
    ("iij,ik->jk", (2, 2, 3), (2, 4)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (1, 5, 3, 2)),
    ("...,...", (2, 3), (1, 3)),
    ("a...b,b->...a", (2, 1, 3, 2), (2,)),
    ("ij->ji", (2, 3)),
    ("ba", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ii", (1, 1)),
    ("iij", (2, 2, 3)),
    ("iii->i", (3, 3, 3)),
    ("iijj->ji", (3, 3, 2, 2)),
    ("...ii->...i", (2, 3, 3)),
    ("i...->...", (2, 3, 2)),
    ("ij->", (2, 3)),
    ("i->i", (1,)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("a,b,ab->", (2,), (3,), (2, 3)),
    ("ijk,ilm,njm,nlk,abc->", (2, 3, 1), (2, 2, 2), (1, 3, 2), (1, 2, 1), (1, 2, 1)),
]
every = pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in EQUATIONS])


def einsum(equation: str, shapes, constants: tuple[int, ...] = (), seed: int = 0):
    names = [f"x{i}" for i in range(len(shapes))]
    given = dict(zip(names, shapes, strict=True))
    fixed = {names[i]: drawn(shapes[i], seed + i + 50) for i in constants}
    inputs = {n: s for n, s in given.items() if n not in fixed}
    return model("Einsum", inputs, fixed, names, equation=equation)


@every
def test_is_that_of_numpy(equation, shapes):
    proto = einsum(equation, shapes)
    (feeds,) = samples(proto, 0, 1)
    want = np.einsum(equation, *feeds.values())
    (got,) = run(as_loaded(proto), feeds)
    assert got.shape == want.shape
    np.testing.assert_array_equal(got, want)


@every
def test_is_exact_in_fixed_point(equation, shapes):
    """All operands are variables, and each in turn is a constant."""
    agree(einsum(equation, shapes))
    for i in range(len(shapes)) if len(shapes) > 1 else ():
        agree(einsum(equation, shapes, (i,)))


@pytest.mark.parametrize(
    ("equation", "shapes", "ops"),
    [
        ("ij,jk->ik", ((2, 3), (3, 4)), ["MatMul"]),
        ("bhqd,bhkd->bhqk", ((1, 2, 3, 2), (1, 2, 4, 2)), ["Transpose", "MatMul"]),
        ("bi,i->bi", ((2, 3), (3,)), ["Reshape", "Mul"]),
        ("ii->i", ((3, 3),), ["Transpose", "Reshape", "Slice"]),
        ("ij->i", ((2, 3),), ["ReduceSum"]),
        ("ij->ij", ((2, 3),), ["Identity"]),
    ],
)
def test_is_written_out_in_few_nodes(equation, shapes, ops):
    assert [node.op_type for node in load(einsum(equation, shapes)).nodes] == ops


def test_a_constant_matrix_is_that_of_a_product():
    """So its sums are shared as those of any other, and its numbers are those of the model."""
    proto = einsum("bi,oi->bo", ((1, 6), (4, 6)), (1,))
    network = quantized(proto)
    (node,) = network.graph.nodes
    assert node.op == MatMul()
    weights = onnx.numpy_helper.to_array(proto.graph.initializer[0])
    np.testing.assert_array_equal(network.graph.constants[node.inputs[1]].to_float()[0], weights.T)


@pytest.mark.parametrize(("equation", "op"), [("bi,bj->bij", Mul()), ("bij,bjk->bik", MatMul())])
def test_two_variables_meet_in_one_node(equation, op):
    shapes = [(2, 3), (2, 4)] if isinstance(op, Mul) else [(2, 3, 2), (2, 2, 3)]
    ops = [node.op for node in quantized(einsum(equation, shapes)).graph.nodes]
    assert sum(isinstance(one, Mul | MatMul) for one in ops) == ops.count(op) == 1


@pytest.mark.parametrize("seed", range(30))
def test_random_equations(seed):
    random = np.random.default_rng(seed)
    sizes = dict(zip("abcd", random.integers(1, 4, 4).tolist(), strict=True))
    terms = ["".join(random.choice(list("abcd"), random.integers(1, 4))) for _ in range(2)]
    known = sorted(set("".join(terms)))
    result = "".join(random.permutation(known)[: random.integers(0, len(known) + 1)])
    shapes = [tuple(sizes[letter] for letter in term) for term in terms]
    proto = einsum(f"{','.join(terms)}->{result}", shapes)
    (feeds,) = samples(proto, seed, 1)
    (got,) = run(as_loaded(proto), feeds)
    np.testing.assert_array_equal(got, np.einsum(f"{','.join(terms)}->{result}", *feeds.values()))


@pytest.mark.parametrize(
    ("equation", "shapes", "error", "message"),
    [
        ("ij,jk->ii", ((2, 3), (3, 4)), ModelError, "has a letter twice in its result"),
        ("", ((2, 3),), ModelError, "has an operand '' for 2 axes"),
        *(
            (equation, ((2, 3),), ModelError, "is none, such as 'ij,jk->ik'")
            for equation in ("i1", "i-j", "i.j", "i..j", "i......j", "ij->i.", "ij->i->j", "ij->j,")
        ),
        (
            "ij,jk->ik",
            ((2, 3), (4, 4)),
            ShapeError,
            "gives axes of 3 and 4 elements one name, 'j'",
        ),
        ("ii", ((2, 3),), ShapeError, "gives axes of 2 and 3 elements one name, 'i'"),
    ],
)
def test_what_does_not_fit_is_refused(equation, shapes, error, message):
    with pytest.raises(error) as caught:
        load(einsum(equation, shapes))
    assert str(caught.value).startswith(f"node 'node': its equation {equation!r} {message}; ")


def test_behind_what_nobody_knows():
    proto = einsum("ij->ji", ((2, 3),))
    proto.graph.node.insert(0, helper.make_node("Foo", ["x0"], ["v"], "f", domain="com.example"))
    proto.graph.node[1].input[0] = "v"
    with pytest.raises(UnsupportedOperator, match=r"^node 'f': operator com\.example::Foo is not "):
        load(proto)


def test_behind_a_shape_that_depends_on_data():
    proto = einsum("ij->ji", ((2, 3),))
    proto.graph.node.insert(0, helper.make_node("NonZero", ["x0"], ["v"]))
    proto.graph.node[1].input[0] = "v"
    with pytest.raises(ShapeError) as caught:
        load(proto)
    assert str(caught.value) == (
        "node 'node': the shape of its input 'v' is not known, on which Einsum depends; export the "
        "network with static shapes"
    )


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ijk", ((2, 3),)),
        ("ij->ik", ((2, 3),)),
        ("ij,jk->ik", ((2, 3),)),
        ("i...j", ((2,),)),
        ("...,...", ((2, 3), (3,))),
    ],
)
def test_what_onnx_refuses_too(equation, shapes):
    with pytest.raises(ModelError, match=r"^node 'node': "):
        load(einsum(equation, shapes))
