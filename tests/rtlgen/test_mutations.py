"""A network means the same however an exporter writes it: bit for bit."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import numpy_helper, parser

from rtlgen import Options
from rtlgen.network import Network, read
from sim.errors import RtlgenError
from tests.rtlgen import mutations
from tests.rtlgen.models import tiny
from tests.rtlgen.mutations import MUTATIONS, mutated
from tests.rtlgen.random_networks import network

EXAMPLES = Path(__file__).parents[2] / "examples"
FIXED = {
    "tiny": tiny,
    **{path.stem: lambda path=path: onnx.load(path) for path in sorted(EXAMPLES.glob("*.onnx"))},
}
SAMPLES = 16

several = st.lists(st.sampled_from(sorted(MUTATIONS)), min_size=1, max_size=5)
seeds = st.integers(0, 999)


@cache
def made(scales: str, qdq: bool, seed: int) -> tuple[onnx.ModelProto, Network | None]:
    """A random network, and how it is read; None if it is refused."""
    proto = network(seed, scales, qdq=qdq).model()
    try:
        return proto, read(proto, Options())
    except RtlgenError:
        return proto, None


@cache
def fixed(name: str) -> tuple[onnx.ModelProto, Network]:
    proto = FIXED[name]()
    return proto, read(proto, Options())


def check(
    before: Network, proto: onnx.ModelProto, seed: int, options: Options | None = None
) -> None:
    """The model gives the same numbers for the same numbers."""
    random = np.random.default_rng(seed)
    scale = random.choice([0.5, 3, 20])
    x = {
        name: scale * random.normal(size=(SAMPLES, *type_.shape))
        for name, type_ in before.graph.inputs.items()
    }
    after = read(proto, options or Options())
    assert _outputs(after, x) == _outputs(before, x)


def _outputs(network: Network, x: dict[str, np.ndarray]) -> dict[str, list[float]]:
    results = network.evaluate(network.encode(x))
    decodings = network.codings.outputs
    return {name: decodings[name].decode(results[name]).tolist() for name in network.graph.outputs}


def floats() -> onnx.ModelProto:
    """A convolutional network that no quantizer is in, as exporters write them."""
    random = np.random.default_rng(0)
    shapes = {"k": (4, 2, 3, 3), "b": (4,), "w": (5, 64), "c": (5,)}
    weights = {n: random.normal(size=shape).astype(np.float32) for n, shape in shapes.items()}
    body = (
        "h = Conv <pads = [1, 1, 1, 1]> (x, k, b) r = Relu (h) p = MaxPool <kernel_shape = [2, 2], "
        "strides = [2, 2]> (r) f = Flatten (p) s = Sigmoid (f) y = Gemm <transB = 1> (s, w, c)"
    )
    proto = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]>\n'
        f"net (float[1, 2, 8, 8] x) => (float[1, 5] y) {{ {body} }}"
    )
    proto.graph.initializer.extend(numpy_helper.from_array(w, n) for n, w in weights.items())
    return proto


@settings(max_examples=20)
@given(names=several, seed=seeds)
def test_a_float_network_written_otherwise(names, seed):
    """Its formats are chosen from data: the same, whatever its values are called."""
    data = {"x": np.random.default_rng(1).normal(size=(8, 2, 8, 8))}
    options = Options(calibrate=data)
    before = read(floats(), options)
    check(before, mutated(floats(), names, seed), seed, options)


@pytest.mark.parametrize("name", FIXED)
@settings(max_examples=12)
@given(names=several, seed=seeds)
def test_networks_written_otherwise(name, names, seed):
    proto, before = fixed(name)
    check(before, mutated(proto, names, seed), seed)


@pytest.mark.parametrize(("scales", "qdq"), [("po2", False), ("any", False), ("any", True)])
@settings(max_examples=25)
@given(model=st.integers(0, 79), names=several, seed=seeds)
def test_random_networks_written_otherwise(scales, qdq, model, names, seed):
    proto, before = made(scales, qdq, model)
    assume(before is not None)
    check(before, mutated(proto, names, seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize(("scales", "qdq"), [("po2", False), ("any", False), ("any", True)])
@settings(max_examples=500)
@given(model=st.integers(80, 999), names=several, seed=seeds)
def test_many_random_networks_written_otherwise(scales, qdq, model, names, seed):
    proto, before = made(scales, qdq, model)
    assume(before is not None)
    check(before, mutated(proto, names, seed), seed)


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_changes_a_model(name):
    """Of random networks, as not every model has what a mutation is about."""
    protos = [network(seed, "any", qdq=bool(seed % 2)).model() for seed in range(12)]
    protos = [mutated(proto, ["constants_as_nodes"], seed) for seed, proto in enumerate(protos)]
    changed = [mutated(proto, [name], seed) != proto for seed, proto in enumerate(protos)]
    assert sum(changed) >= 1


def test_a_mutation_that_changes_the_meaning_is_found():
    def negated(model, _):
        mutations._put_after(model, model.graph.node[-1].input[0], [("Neg", [], {})])

    proto, before = fixed("tiny")
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    negated(model, None)
    with pytest.raises(AssertionError):
        check(before, model, 0)
