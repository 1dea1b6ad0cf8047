"""Random networks of operators of several values: reference, operations, proof and Verilog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest

from rtlgen.dataflow import Input, evaluate
from rtlgen.design import Design
from rtlgen.generation import generate
from rtlgen.options import Options
from sim.errors import ModelError, TooLarge
from tests.rtlgen.quantized_oracle import Oracle
from tests.rtlgen.random_operators import Wide, network
from tests.rtlgen.test_quantize import SAMPLES, predict, unless_refused

KINDS = ["po2", "any", "qdq"]


def wide(seed: int, kind: str) -> Wide:
    return network(seed, "any" if kind == "qdq" else kind, qdq=kind == "qdq")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(0, 80, 8))
def test_numbers_are_those_of_onnx(seed, kind):
    """Exactly, but for what is approximated: within a step of the quantizer after it."""
    refused = 0
    for each in range(seed, seed + 8):
        net = wide(each, kind)
        proto = net.model()
        if (codings := unless_refused(proto)) is None:
            refused += 1
            continue
        x = np.random.default_rng(each).normal(0, 1.5, (SAMPLES, *net.inputs["x"][1:]))
        x = np.rint(x * 16) / 16 if kind == "po2" else x
        ours, oracle = predict(codings, x), Oracle(proto)
        for i in range(SAMPLES):
            sample = {name: y[i if len(y) > 1 else 0] for name, y in ours.items()}
            oracle.led = {name: (sample[name], step) for name, step in net.near.items()}
            want = oracle.run({"x": x[i][None]})[net.x]
            np.testing.assert_allclose(sample[net.x], want, 1e-9, 1e-9, err_msg=f"seed {each}")
    assert refused <= 3


def designs(first: int, kind: str, count: int, limit: int) -> Iterator[Design]:
    """Those that are not refused and compute something."""
    seed = first
    while count:
        model, seed = wide(seed, kind).model(), seed + 1
        with suppress(ModelError, TooLarge):
            made = generate(model, Options(stages=0, limit=limit, effort=1, samples=20))
            if any(not isinstance(op, Input) for op in made.flow.ops):
                count -= 1
                yield made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", range(0, 80, 20))
def test_operations_are_the_reference(first, kind):
    """And for no input is it shown that they are not."""
    for made in designs(first, kind, 4, limit=1500):
        made.proof()
        assert_equal_codes(made)


def assert_equal_codes(made: Design) -> None:
    """Every operation by itself, on corners and random numbers."""
    (inputs,), outputs = (list(tensors.values()) for tensors in made.vectors())
    exps = [exp for tensor in made.manifest.outputs for exp in tensor.exp]
    rows = np.concatenate([y.reshape(len(y), -1) for y in outputs], 1)
    steps = [made.flow.interval(wire).exp for wire in made.flow.outputs]
    for x, y in zip(inputs, rows, strict=True):
        codes = evaluate(made.flow, x.reshape(-1).tolist())
        assert scaled(codes, steps) == scaled(y.tolist(), exps)


def scaled(codes: list[int], exps: list[int]) -> list[Fraction]:
    return [code * Fraction(2) ** exp for code, exp in zip(codes, exps, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_verilog_is_the_reference(kind):
    for made in designs(200, kind, 2, limit=500):
        assert made.verify().samples == made.options.samples
