"""Real numbers at the ends of an emulator: exact, or not offered."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hlsgen import emulator
from hlsgen.emulator.encoders import Grid, Inexact, encoder
from hlsgen.emulator.stairs import MOST, Stairs, stairs
from sim.rounding import Overflow, Rounding
from tests.hlsgen.emulators import build, make, network, rows

MODES = [(r.name.lower(), o.name.lower()) for r, o in product(Rounding, Overflow)]
LARGEST, LEAST = np.finfo(float).max, 5e-324
EXTREMES = [s * x for s in (1, -1) for x in (0.0, LEAST, 1e-200, 2.0**52 + 1, 1e200, LARGEST)]


def quantizer(before="", attributes='signed = 1, narrow = 0, rounding_mode = "ROUND"', **given):
    """An input that is quantized, and then given away; its steps have groups for channels."""
    numbers = {"scale": "0.1", "zero": "0", "bits": "4"} | given
    rank = {name: f"[2] {name}" if "," in text else f" {name}" for name, text in numbers.items()}
    return network(
        f"{before or 'a = Identity (x)'} y = q.Quant <{attributes}> (a, scale, zero, bits)",
        "float[1, 2] x",
        "float[1, 2] y",
        ", ".join(f"float{rank[name]} = {{{text}}}" for name, text in numbers.items()),
    )


QUANTIZERS = {
    "scale": quantizer,
    "zero": lambda: quantizer(zero="3"),
    "channels": lambda: quantizer(scale="0.1, 0.7", zero="-2, 3"),
    "floor": lambda: quantizer(attributes='signed = 0, narrow = 1, rounding_mode = "FLOOR"'),
    "up": lambda: quantizer(attributes='signed = 1, narrow = 1, rounding_mode = "UP"'),
    "falling": lambda: quantizer("a = Mul (x, f)", f="-0.3, 0.3"),
    "normalized": lambda: quantizer("b = Sub (x, m) a = Mul (b, f)", m="0.45", f="4.3"),
    "tanh": lambda: quantizer("a = Tanh (x)"),
    "relu": lambda: quantizer("a = Relu (x)"),
    "never": lambda: quantizer("a = Mul (x, f)", f="0"),
    "tiny": lambda: quantizer(scale="1e-30"),
    "ten bits": lambda: quantizer(bits="10"),
}


def codes(of, x):
    return rows({n: c.in_steps(of.graph.inputs[n].exp) for n, c in of.encode(x).items()})


def around(numbers):
    """Each, and its neighbours among the doubles."""
    x = np.array(numbers)
    with np.errstate(over="ignore"):
        near = np.concatenate([np.nextafter(x, -np.inf), x, np.nextafter(x, np.inf)])
    return np.unique(near[np.isfinite(near)])


def encode(built, x):
    found = np.zeros(x.shape, np.int64)
    assert built.call("encode", x, found) == 0
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", QUANTIZERS)
def test_every_level_of_stairs(name, tmp_path):
    """At each double at which a code changes, at its neighbours, and far away."""
    of = QUANTIZERS[name]()
    built = build(tmp_path, of)
    (found,) = map(encoder, of.codings.inputs.values())
    assert isinstance(found, Stairs)
    levels = found.levels[np.isfinite(found.levels)]
    x = np.repeat(around([*levels, *EXTREMES])[:, None], 2, axis=1)
    np.testing.assert_array_equal(encode(built, x), codes(of, x))
    np.testing.assert_array_equal(built.predict(x), of.predict(x))


@pytest.mark.parametrize("name", QUANTIZERS)
def test_stairs_say_what_steps_say(name):
    (encoding,) = QUANTIZERS[name]().codings.inputs.values()
    found = stairs(encoding.steps, encoding.group)
    for group, levels in enumerate(found.levels):
        x = around([*levels[np.isfinite(levels)], *EXTREMES])
        steps = np.searchsorted(levels, x, "right")
        expected = encoding.encode(np.repeat(x[:, None], 2, axis=1), "x").codes[:, 0, group]
        np.testing.assert_array_equal(found.first[group] + found.step[group] * steps, expected)


@pytest.mark.slow
def test_every_rounding_and_overflow(tmp_path):
    """Ties and all between them, over the range and some turns beyond it, and far away."""
    names = [f"x{i}" for i in range(len(MODES))]
    formats = ("s5 e-2", "u4 e1")
    of = network(
        " ".join(f"y{x} = Identity ({x})" for x in names),
        ", ".join(f"float[2] {x}" for x in names),
        ", ".join(f"float[2] y{x}" for x in names),
        config={
            "formats": {
                x: [f"{f} {rounding} {overflow}" for f in formats]
                for x, (rounding, overflow) in zip(names, MODES, strict=True)
            }
        },
    )
    built = build(tmp_path, of)
    near = np.arange(-3000, 3000) / 16
    for numbers in (near, EXTREMES):
        x = np.repeat(around(numbers)[:, None], 2 * len(names), axis=1)
        given = {name: x[:, 2 * i : 2 * i + 2] for i, name in enumerate(names)}
        np.testing.assert_array_equal(encode(built, x), codes(of, given))


@pytest.mark.slow
def test_codes_of_fifty_bits(tmp_path):
    of = network(
        "y = Identity (x)", "float[2] x", "float[2] y", config={"formats": {"x": "s50 e-20"}}
    )
    built = build(tmp_path, of)
    x = np.random.default_rng(0).normal(0, 2.0**28, (1000, 2))
    np.testing.assert_array_equal(encode(built, x), codes(of, x))
    np.testing.assert_array_equal(built.predict(x), of.predict(x))


def test_powers_of_two_need_no_table():
    """As what a Quant node and a configuration say of the same grid."""
    given = network(
        "y = Identity (x)", "float[1, 2] x", "float[1, 2] y", config={"formats": {"x": "s4 e-3"}}
    )
    for of in (quantizer(scale="0.125"), given):
        (found,) = map(encoder, of.codings.inputs.values())
        assert isinstance(found, Grid)
        assert found.exp.tolist() == [[-3, -3]]
        assert (found.rounding, found.overflow) == (Rounding.HALF_EVEN, Overflow.SATURATE)


INEXACT = {
    "of the input 'x', its codes have more than 50 bits": lambda: network(
        "y = Identity (x)", "float[2] x", "float[2] y", config={"formats": {"x": "s51 e0"}}
    ),
    "of the input 'x', its codes change at 65,535 real numbers, for which a table is too large": (
        lambda: quantizer(bits="16")
    ),
    "of the input 'x', what the model does to it before it is rounded rises and falls": (
        lambda: quantizer("a = Abs (x)")
    ),
    "the codes of the output 'y' have more than 53 bits": lambda: network(
        "y = Mul (x, x)", "float[2] x", "float[2] y", config={"formats": {"x": "s30 e0"}}
    ),
}


@pytest.mark.parametrize("reason", INEXACT)
def test_what_doubles_cannot_do_is_not_offered(reason):
    files = emulator.files(INEXACT[reason](), samples=10)
    assert f"\n// There are no functions for real numbers: {reason}.\n" in files["tiny_v1.h"]
    assert f"to them: {reason}.\n" in files["README.md"]
    assert "reals.bin" not in files
    assert "double" not in files["tiny_v1.h"]


@pytest.mark.slow
@pytest.mark.parametrize("reason", INEXACT)
def test_codes_alone_are_right(reason, tmp_path):
    of = INEXACT[reason]()
    built = build(tmp_path, of, samples=50)
    make(tmp_path, "test")
    assert not hasattr(built.library, "tiny_v1_predict")


def test_samples_of_the_user_are_recorded():
    """Half of them at most."""
    x = np.random.default_rng(0).normal(0, 1, (30, 1, 2))
    of = network(
        "y = Identity (x)",
        "float[1, 2] x",
        "float[1, 2] y",
        config={"formats": {"x": "s9 e-5"}},
        data={"x": x},
    )
    recorded = np.frombuffer(emulator.files(of, samples=40)["reals.bin"], "<f8").reshape(40, 4)
    np.testing.assert_array_equal(recorded[:20, :2], x[:20, 0])
    np.testing.assert_array_equal(recorded[:, 2:], of.predict(recorded[:, :2]))


def test_the_largest_table(monkeypatch):
    (encoding,) = quantizer(bits="12").codings.inputs.values()
    assert isinstance(encoder(encoding), Stairs)
    monkeypatch.setattr("hlsgen.emulator.stairs.MOST", 4094)
    assert isinstance(encoder(encoding), Inexact)
    assert MOST >= 2**14
