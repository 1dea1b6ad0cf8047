"""What the cases' files are read as, held against plain arithmetic and our reference."""

import json
import os
from fractions import Fraction
from itertools import product
from math import floor
from pathlib import Path

import cases
import numpy as np
import pytest
from case_network import built, codes, read
from cases import Case, Conv, Dense, Flatten, MaxPool, Quantize, Relu

from rtlgen.interface import manifest
from rtlgen.lowering import lower
from rtlgen.options import Options
from sim.manifest import Ports

ROOT = Path(__file__).parents[2]
BENCH = Path(os.environ.get("RTLGEN_BENCH", ROOT.parent / "shared/bench"))
KEPT = ("cmvm_8_w4", "hgq_7586", "jsc_w6s50_a6_wrap", "digits_conv_w4a4")


def integers(folder, seed, overflow="SAT"):
    """A case in integers: 3-4-2, an activation of 3 bits."""
    r = np.random.default_rng(seed)
    w0, b0, w1 = r.integers(-7, 8, (3, 4)), r.integers(-40, 40, 4), r.integers(-7, 8, (4, 2))
    x = r.integers(-8, 8, (20, 3))
    hidden = np.maximum(x @ w0 + b0, 0) >> 2
    hidden = np.minimum(hidden, 7) if overflow == "SAT" else hidden & 7
    arrays = {"w0": w0, "b0": b0, "w1": w1, "x_ref": x, "y_ref": hidden @ w1}
    layers = [
        {"op": "dense", "w": "w0", "b": "b0", "w_frac": 2},
        {"op": "relu_q", "bits": 3, "frac": 1, "overflow": overflow},
        {"op": "dense", "w": "w1", "b": None, "w_frac": 3},
    ]
    given = {"shape": [3], "bits": 4, "signed": 1, "frac": 1}
    return save(folder, "json", {"input": given, "layers": layers, "output": {"frac": 4}}, arrays)


def formats(folder, seed, modes=(("RND", "SAT"), ("TRN", "WRAP"))):
    """A case of formats: 3-4-2, with an element that has no bits, and steps above one."""
    r = np.random.default_rng(seed)
    arrays = {"w0": r.integers(-7, 8, (3, 4)) / 4, "b0": r.integers(-9, 9, 4) / 2}
    arrays |= {"w1": r.integers(-7, 8, (4, 2)) * 1.0, "b1": np.zeros(2)}
    arrays |= {"k0": np.array([1, 1, 0]), "i0": np.array([2, 3, 2]), "f0": np.array([2, 0, 1])}
    arrays |= {"k1": np.array([1, 1, 0, 1]), "i1": np.array([2, 23, 3, 3])}
    arrays |= {"f1": np.array([1, -24, -1, 0])}
    x = r.normal(size=(50, 3)) * 8
    arrays |= {"x_ref": x, "y_ref": np.array([by_element(row, arrays, modes) for row in x])}
    layers = [
        {"round": rounding, "overflow": overflow, "relu": i == 0}
        for i, (rounding, overflow) in enumerate(modes)
    ]
    return save(folder, "meta", {"layers": layers}, arrays)


def by_element(row, a, modes):
    """The definition, one number after the other."""
    h = [number(v, a["k0"][i], a["i0"][i], a["f0"][i], *modes[0]) for i, v in enumerate(row)]
    h = np.maximum(np.array(h) @ a["w0"] + a["b0"], 0)
    h = [number(v, a["k1"][i], a["i1"][i], a["f1"][i], *modes[1]) for i, v in enumerate(h)]
    return np.array(h) @ a["w1"] + a["b1"]


def number(v, signed, integer, fraction, rounding, overflow):
    bits, step = max(0, int(signed + integer + fraction)), Fraction(2) ** -int(fraction)
    code = floor(Fraction(v) / step + Fraction(rounding == "RND", 2))
    lowest = -(2 ** (bits - 1)) if signed and bits else 0
    highest = lowest + 2**bits - 1
    if overflow == "SAT":
        return float(min(max(code, lowest), highest) * step)
    while code < lowest:
        code += 2**bits
    while code > highest:
        code -= 2**bits
    return float(code * step)


def save(folder, suffix, spec, arrays):
    (folder / "cases").mkdir()
    (folder / f"cases/small.{suffix}").write_text(json.dumps(spec))
    np.savez(folder / "cases/small.npz", **arrays)
    return cases.read(folder, "small")


def results(case: Case):
    """The outputs for the case's samples, as plainly as can be said."""
    x = case.x
    for layer in case.layers:
        match layer:
            case Dense():
                x = x @ layer.weight + layer.bias
            case Relu():
                x = np.maximum(x, 0)
            case Quantize():
                x = layer.of(x)
            case _:
                raise ValueError(layer)
    return x


@pytest.mark.parametrize("overflow", ["SAT", "WRAP"])
@pytest.mark.parametrize("seed", range(4))
def test_a_case_in_integers_is_what_it_says(tmp_path, seed, overflow):
    case = integers(tmp_path, seed, overflow)
    assert (results(case) == case.y).all()
    assert (built(case).predict(case.x) == case.y).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("modes", [*product(product(("RND", "TRN"), ("SAT", "WRAP")), repeat=2)])
def test_a_case_of_formats_is_what_it_says(tmp_path, seed, modes):
    case = formats(tmp_path, seed, modes)
    assert (results(case) == case.y).all()
    assert (built(case).predict(case.x) == case.y).all()


@pytest.mark.parametrize("make", [integers, formats])
def test_a_wrong_weight_is_seen(tmp_path, make):
    case = make(tmp_path, 0)
    case.layers[0].weight[1, 2] += 1
    assert (built(case).predict(case.x) != case.y).any()


def test_an_element_without_bits_is_zero(tmp_path):
    case = formats(tmp_path, 0)
    (quantize,) = (layer for layer in case.layers if isinstance(layer, Quantize))
    assert quantize.width.tolist() == [4, 0, 2, 4]
    assert [end[1] for end in quantize.range] == [0, 0]


def test_the_vectors_are_codes_at_the_ports(tmp_path):
    case = formats(tmp_path, 1)
    network = built(case)
    ports = manifest(network, lower(network.graph), 0, Ports.PACKED)
    given, made = codes(case, network, ports.outputs)
    assert (np.ldexp(given["x"][:, 0], -case.given.fraction) == case.x).all()
    (output,) = ports.outputs
    assert (np.ldexp(made[output.name][:, 0], output.exp) == case.y).all()


def test_products_count_windows():
    x, weight = np.zeros((1, 5, 6, 2)), np.ones((3, 3, 2, 4))
    layers = (Conv(weight, np.zeros(4)), MaxPool(2), Flatten(), Dense(np.eye(8), np.zeros(8)))
    given = Quantize(*np.zeros((3, 1), int), "TRN", "WRAP")
    assert Case("images", (), given, layers, x, x).products == 3 * 4 * 72 + 8


def test_a_folder_without_cases_is_said(tmp_path):
    with pytest.raises(SystemExit) as raised:
        cases.names(tmp_path, "*")
    told = f"error: {tmp_path}/cases: has no cases; name the folder that has them with --bench"
    assert raised.value.args == (told,)


def test_a_pattern_that_fits_nothing_is_said(tmp_path):
    integers(tmp_path, 0)
    with pytest.raises(SystemExit) as raised:
        cases.names(tmp_path, "big*")
    assert raised.value.args == ("error: --cases 'big*': fits none; there are small",)
    assert cases.names(tmp_path, "big*,sm*") == ["small"]


@pytest.mark.skipif(not BENCH.is_dir(), reason="no cases: set RTLGEN_BENCH")
@pytest.mark.parametrize("name", KEPT)
def test_our_network_of_a_case_computes_its_results(name):
    case = cases.read(BENCH, name)
    x = case.x if case.x.ndim < 4 else np.moveaxis(case.x, -1, 1)
    assert (read(case, Options()).predict(x) == case.y).all()
