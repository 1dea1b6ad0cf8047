"""Whole projects: every vendor, interface and strategy, held against the reference."""

from __future__ import annotations

import json
import re
import subprocess

import numpy as np
import pytest
from sklearn.datasets import load_digits

from hlsgen import Io, Options, Vendor, folder, generate
from hlsgen.grammar import check
from rtlgen import Options as Hardware
from rtlgen import generate as hardware
from sim import csim
from sim.cosim import replay_cpp
from sim.errors import Mismatch
from tests.hlsgen.builds import EXAMPLES, agrees, example, gives, library, vendors_headers

NAMES = ("digits_mlp", "digits_cnn")
REUSE = (None, 2)

every = pytest.mark.parametrize("vendor", Vendor)
both = pytest.mark.parametrize("io", Io)
reuses = pytest.mark.parametrize("reuse", REUSE, ids=["latency", "resource"])
names = pytest.mark.parametrize("name", NAMES)


@pytest.mark.slow
@every
@both
@reuses
@names
def test_the_program_is_the_reference(name, vendor, io, reuse, tmp_path):
    agrees(example(name, vendor=vendor, io=io, reuse=reuse), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("vendor", [Vendor.VITIS, Vendor.CATAPULT])
@both
@reuses
def test_the_vendors_own_numbers_give_the_same(vendor, io, reuse, tmp_path):
    project = example("digits_cnn", vendor=vendor, io=io, reuse=reuse, samples=50)
    agrees(project, tmp_path, vendors_headers(vendor), "-std=c++14", "-O1", "-w")


@every
@both
@reuses
@names
def test_what_compilers_are_told_is_their_language(name, vendor, io, reuse):
    project = example(name, vendor=vendor, io=io, reuse=reuse)
    constants = [constant.name for constant in project.program.constants]
    text = project.files["kernels.h"] + project.files[f"{project.top}.cpp"]
    assert check(text, vendor, top=project.top, declared=constants) == ()
    assert "//@" not in text


def test_a_planted_pragma_is_found():
    project = example("digits_mlp")
    text = project.files[f"{project.top}.cpp"].replace("PIPELINE", "PIPELNE")
    (complaint,) = check(text, Vendor.VITIS, top=project.top)
    assert "directive 'PIPELNE' is unknown; did you mean 'pipeline'?" in str(complaint)


@pytest.mark.slow
@every
@both
def test_behind_the_ports_of_a_module(vendor, io, tmp_path):
    """The bench that judges the Verilog judges the C++, with stalls on both sides."""
    example("digits_mlp", vendor=vendor, io=io, samples=200).write(tmp_path / "net")
    result = folder.verify(tmp_path / "net", seed=1)
    assert result.samples == 200
    assert result.cycles is not None
    assert result.cycles > 200
    report = json.loads((tmp_path / "net/report.json").read_text())
    assert report["verified"]["samples"] == 200


@pytest.mark.slow
def test_a_wrong_bias_is_found_in_both_simulations(tmp_path):
    place = tmp_path / "net"
    example("digits_mlp", samples=100).write(place)
    weights = (place / "weights.h").read_text()
    planted = re.sub(
        r"(fc3_bias\[1\]\[10\] = \{\s+\{)(-?\d+)", lambda m: f"{m[1]}{int(m[2]) ^ 1}", weights
    )
    assert planted != weights
    (place / "weights.h").write_text(planted)
    compiled = folder.compiled(place)
    with pytest.raises(Mismatch, match=r"sample \d+, output 'logits' element \[0, \d\]: expected"):
        csim.replay(place, compiled)
    with pytest.raises(Mismatch, match=r"sample \d+, output 'logits' element \[0, \d\]: expected"):
        replay_cpp(place, place / "build/kernel.so")
    with pytest.raises(Mismatch):
        folder.verify(place)
    assert json.loads((place / "report.json").read_text())["verified"] is None


@pytest.mark.slow
@pytest.mark.parametrize("vendor", [Vendor.VITIS, Vendor.CATAPULT])
def test_the_testbench_runs_by_itself(vendor, tmp_path):
    place = tmp_path / "net"
    project = example("digits_mlp", vendor=vendor, samples=100)
    project.write(place)
    sources = ["testbench.cpp", "bridge.cpp", f"{project.top}.cpp"]
    subprocess.run(["g++", "-std=c++14", "-w", *sources, "-o", "tb"], cwd=place, check=True)
    run = subprocess.run(["./tb"], cwd=place, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "100 of 100 samples are bit-exact\n")
    recorded = bytearray((place / "vectors.bin").read_bytes())
    recorded[-8] ^= 1
    (place / "vectors.bin").write_bytes(recorded)
    run = subprocess.run(["./tb"], cwd=place, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout == (
        "sample 99: limb 18 is not as expected\n99 of 100 samples are bit-exact\n"
    )


@names
def test_verilog_and_cpp_are_held_against_the_same_samples(name):
    """So what rtlgen's Verilog and the C++ are each found to give is the same."""
    path = EXAMPLES / f"{name}.onnx"
    design, project = hardware(path, Hardware(samples=64)), generate(path, Options(samples=64))
    (x, y), (given, made) = design.vectors(), project.vectors()
    np.testing.assert_equal(x, given)
    for tensor, other in zip(design.manifest.outputs, project.manifest.outputs, strict=True):
        finer = np.array(tensor.exp) - np.array(other.exp)
        codes, others = (v[tensor.name].reshape(64, -1) for v in (y, made))
        np.testing.assert_array_equal(codes * 2.0**finer, others)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_cpp_gives_what_the_verilog_gives(name, tmp_path):
    """Verilator holds the Verilog against the very codes that the C++ is held against."""
    path = EXAMPLES / f"{name}.onnx"
    design = hardware(path, Hardware(samples=300))
    assert design.verify().samples == 300
    project = generate(path)
    gives(library(project, tmp_path), project, design)


def test_predictions_are_those_of_the_hardware():
    digits = load_digits().data[:50] / 16
    path = EXAMPLES / "digits_mlp.onnx"
    np.testing.assert_array_equal(generate(path).predict(digits), hardware(path).predict(digits))


def test_a_project_has_about_ten_files():
    for vendor in Vendor:
        files = set(example("digits_mlp", vendor=vendor).files)
        assert len(files) + len({"manifest.json", "vectors.npz", "vectors.bin", "report.json"}) < 15


def test_only_the_kernels_that_are_used_are_there():
    kernels = example("digits_mlp").files["kernels.h"]
    assert "void dense(" in kernels
    assert not {"conv", "pool", "Lines", "Threshold"} & set(kernels.split())
