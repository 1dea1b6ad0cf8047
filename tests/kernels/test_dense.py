"""MatMul and Gemm."""

import pytest

from kernels.dense import Gemm, MatMul
from sim.errors import ShapeError
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights, zeros

CASES = (
    Case("smallest", MatMul(), (alike(1, 1), weights(1, 1, seed=1))),
    Case("one row", MatMul(), (mixed(1, 5), weights(5, 3))),
    Case("rows", MatMul(), (mixed(3, 4), weights(4, 2, seed=2))),
    Case("zeros", MatMul(), (mixed(2, 3), zeros(3, 4))),
    Case("constant on the left", MatMul(), (weights(2, 3), mixed(3, 4))),
    Case("vector and matrix", MatMul(), (mixed(3), weights(3, 4))),
    Case("matrix and vector", MatMul(), (mixed(2, 3), weights(3))),
    Case("vector and vector", MatMul(), (mixed(3), weights(3, seed=3))),
    Case("constant vector and matrix", MatMul(), (weights(3), mixed(3, 2))),
    Case("stack and matrix", MatMul(), (mixed(2, 3, 4), weights(4, 5))),
    Case("stack and stack", MatMul(), (mixed(2, 3, 4), weights(2, 4, 2))),
    Case("matrix and stack", MatMul(), (mixed(3, 4), weights(2, 4, 2))),
    Case("stacks that broadcast", MatMul(), (mixed(2, 1, 2, 3), weights(4, 3, 2))),
    Case("stack and vector", MatMul(), (mixed(2, 2, 3), weights(3))),
    Case("two variables", MatMul(), (alike(2, 2, lo=-2, hi=1), alike(2, 2, lo=0, hi=1))),
    Case("mixed variables", MatMul(), (mixed(2, 3, seed=4), mixed(3, 2, seed=5))),
    Case("two vectors", MatMul(), (mixed(2, seed=4), mixed(2, seed=5))),
    Case("wide", MatMul(), (alike(1, 3, lo=-(1 << 70), hi=1 << 70), weights(3, 2)), None),
    Case("smallest", Gemm(), (alike(1, 1), weights(1, 1, seed=1))),
    Case("bias", Gemm(), (mixed(1, 4), weights(4, 3), weights(3, exp=-6, limit=99))),
    Case("scalar bias", Gemm(), (mixed(2, 4), weights(4, 3), weights(exp=-6, limit=99))),
    Case("bias per row", Gemm(), (mixed(2, 4), weights(4, 3), weights(2, 1))),
    Case("transA", Gemm(transA=1), (mixed(4, 2), weights(4, 3))),
    Case("transB", Gemm(transB=1), (mixed(2, 4), weights(3, 4))),
    Case("alpha", Gemm(alpha=-0.75), (mixed(2, 3), weights(3, 2), weights(2))),
    Case("beta", Gemm(beta=2.5), (mixed(2, 3), weights(3, 2), weights(2))),
    Case(
        "alpha and beta of zero",
        Gemm(alpha=0.0, beta=0.0),
        (mixed(2, 3), weights(3, 2), weights(2)),
    ),
    Case("constant on the left", Gemm(transB=1, alpha=0.5), (weights(2, 3), mixed(4, 3), mixed(4))),
    Case("all variable", Gemm(), tuple(mixed(2, 2, seed=i) for i in range(3))),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED: dict[str, list[str]] = {
    "stream-latency": [
        "MatMul-stack and stack",
        "MatMul-matrix and stack",
        "MatMul-stacks that broadcast",
        "MatMul-two variables",
        "MatMul-mixed variables",
        "MatMul-two vectors",
        "Gemm-all variable",
    ]
}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


def test_gemm_refuses_a_bias_that_is_larger_than_the_product():
    with pytest.raises(ShapeError) as error:
        Gemm().forward(alike(1, 2), weights(2, 3), weights(4, 3))
    assert str(error.value) == "c of shape (4, 3) cannot be added to a product of (1, 3)"
