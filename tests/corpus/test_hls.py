"""Published networks as C++ projects: every vendor, interface and strategy, on real data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from hlsgen import Io, Options, Vendor, folder
from hlsgen.project import build, read
from rtlgen import Options as Hardware
from rtlgen import generate as hardware
from rtlgen.frontend import load
from rtlgen.network import Network
from tests.corpus.corpus import data, golden, needs_corpus, path_of
from tests.corpus.test_keywords import input_scale
from tests.hlsgen.builds import agrees, gives, library

pytestmark = [needs_corpus, pytest.mark.slow]


@dataclass(frozen=True)
class Case:
    """A model, its reuse factor, and how many samples it is held against."""

    reuse: int
    samples: int
    logits: bool = False
    calibrated: bool = False
    data: Callable[[], Any] = lambda: None
    """Real samples, if there are any: the first half, the others are corners and random."""
    config: dict[str, Any] = field(default_factory=dict)

    def options(self, name: str) -> Options:
        inputs = list(load(path_of(name), logits=self.logits).inputs)
        samples = self.data()
        return Options(
            logits=self.logits,
            config=self.config,
            calibrate=dict(zip(inputs, golden(name)[0], strict=True)) if self.calibrated else None,
            data=None if samples is None else {inputs[0]: samples},
            samples=self.samples,
        )


def jets() -> Any:
    return data("jsc_hlf_1000")["x"]


def keywords() -> Any:
    return data("kws_w3a3_1000")["x"].astype(np.float32).reshape(-1, 1, 10, 49) * input_scale()


def spectra() -> Any:
    """Windows of five frames of a clip, as the autoencoder takes them."""
    frames = data("ad01_one_normal")["x"]
    return np.stack([frames[i : i + 5].reshape(-1) for i in range(len(frames) - 4)])


CASES = {
    "qonnx_jettag_qkeras3": Case(
        4, 2000, logits=True, data=jets, config={"formats": {"global_in": "s16 e-12"}}
    ),
    "qonnx_kwsmlp_w3a3_mlperf07": Case(4, 2000, data=keywords),
    "onnx_conv2d_small_mp_keras": Case(5, 500, logits=True, calibrated=True),
    "mlperf13_ad_onnx": Case(8, 392, data=spectra),
    "qonnx_radioml_vgg10_w8a8": Case(4, 24),
}

models = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def sources() -> dict[str, tuple[Network, Options]]:
    """The networks that were read, for all tests of this file."""
    return {}


def source(name: str, sources: dict[str, tuple[Network, Options]]) -> tuple[Network, Options]:
    if name not in sources:
        options = CASES[name].options(name)
        sources[name] = read(path_of(name), options), options
    return sources[name]


@models
@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize("io", Io)
@pytest.mark.parametrize("resource", [False, True], ids=["latency", "resource"])
def test_the_program_is_the_reference(name, vendor, io, resource, sources, tmp_path):
    network, options = source(name, sources)
    reuse = CASES[name].reuse if resource else None
    agrees(build(network, replace(options, vendor=vendor, io=io, reuse=reuse, top="net")), tmp_path)


def test_the_jet_tagger_gives_in_cpp_what_its_verilog_gives(sources, tmp_path):
    """Verilator holds the Verilog against the very codes that the C++ is held against."""
    name = "qonnx_jettag_qkeras3"
    network, options = source(name, sources)
    case = CASES[name]
    asked = Hardware(logits=case.logits, config=case.config, data=options.data)
    design = hardware(path_of(name), asked)
    assert design.verify().samples == asked.samples
    project = build(network, replace(options, top="net"))
    gives(library(project, tmp_path), project, design)


@models
@pytest.mark.parametrize("io", Io)
def test_behind_the_ports_of_a_module(name, io, sources, tmp_path):
    network, options = source(name, sources)
    samples = min(CASES[name].samples, 100)
    project = build(network, replace(options, io=io, top="net", samples=samples))
    project.write(tmp_path / "net")
    assert folder.verify(tmp_path / "net").samples == samples
