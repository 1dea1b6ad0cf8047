"""Networks that are small, and hard: what they must not break."""

from __future__ import annotations

import pytest

from hlsgen import Io, Options, folder, generate
from tests.hlsgen.builds import agrees
from tests.hlsgen.graphs import formats, model, node

both = pytest.mark.parametrize("io", Io)

WIDE = model([node("Mul", "a b", "y")], {"a": [1, 3], "b": [1, 3]}, {"y": [1, 3]})
SINGLE = model([node("Relu", "x", "y")], {"x": [1, 1]}, {"y": [1, 1]})
SCALAR = model([node("Relu", "x", "y")], {"x": []}, {"y": []})
STRAIGHT = model([node("Identity", "x", "y")], {"x": [1, 4]}, {"y": [1, 4]})
IMAGE = model([node("Identity", "x", "y")], {"x": [1, 2, 3, 3]}, {"y": [1, 2, 3, 3]})
TWO = model(
    [node("Add", "a b", "s"), node("Sub", "a b", "d"), node("Relu", "s", "t")],
    {"a": [1, 2, 4], "b": [1, 2, 4]},
    {"s": [1, 2, 4], "t": [1, 2, 4], "d": [1, 2, 4]},
)
ZERO = model(
    [node("Relu", "x", "r"), node("Neg", "r", "n"), node("Relu", "n", "y")],
    {"x": [1, 3]},
    {"y": [1, 3]},
)
TWICE = model(
    [node("Relu", "x", "y"), node("Identity", "y", "z")], {"x": [1, 2]}, {"y": [1, 2], "z": [1, 2]}
)
KEYWORDS = model([node("Relu", "int", "double")], {"int": [1, 2]}, {"double": [1, 2]})

CASES = {
    "120 bits": (WIDE, formats(a="s60 e-9", b="s60 e3")),
    "one element": (SINGLE, formats(x="s4 e0")),
    "a scalar": (SCALAR, formats(x="s4 e0")),
    "an input is the output": (STRAIGHT, formats(x="u3 e-1")),
    "an image is the output": (IMAGE, formats(x="u3 e-1")),
    "two inputs, three outputs, one of them read": (TWO, formats(a="s4 e0", b="u6 e-2")),
    "always zero": (ZERO, formats(x="s5 e0")),
    "an output twice": (TWICE, formats(x="s4 e0")),
    "names that C++ has": (KEYWORDS, formats(int="s4 e0")),
}


@pytest.mark.slow
@both
@pytest.mark.parametrize("name", CASES)
def test_awkward_networks(name, io, tmp_path):
    source, config = CASES[name]
    agrees(generate(source, Options(io=io, config=config, samples=64)), tmp_path)


@pytest.mark.slow
@both
def test_behind_ports(io, tmp_path):
    """With more than 64 bits, and several tensors on both sides."""
    source, config = CASES["120 bits"]
    generate(source, Options(io=io, config=config, samples=64)).write(tmp_path / "wide")
    assert folder.verify(tmp_path / "wide").samples == 64
    source, config = CASES["two inputs, three outputs, one of them read"]
    generate(source, Options(io=io, config=config, samples=64)).write(tmp_path / "two")
    assert folder.verify(tmp_path / "two").samples == 64
