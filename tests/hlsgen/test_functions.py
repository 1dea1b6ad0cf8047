"""Softmax, quotients and normalizations in C++: the reference, exactly, in both interfaces."""

import pytest

from hlsgen.options import Options
from hlsgen.project import build, read
from hlsgen.style import Io
from tests.hlsgen.projects import differing
from tests.rtlgen.qonnx_text import QUANT, text

pytestmark = pytest.mark.slow

NETWORKS = {
    "softmax": ("float[1, 5] x", "y = Softmax (q)"),
    "softmax_of_channels": ("float[1, 3, 4] x", "y = Softmax <axis = 1> (q)"),
    "log_softmax": ("float[1, 5] x", "y = LogSoftmax (q)"),
    "quotient": (
        "float[1, 4] x, float[1, 4] v",
        f"r = {QUANT} (v, s, z, b) a = Abs (r) m = Add (a, one) y = Div (q, m)",
    ),
    "layer": ("float[1, 2, 6] x", "y = LayerNormalization <epsilon = 0.1> (q, half)"),
    "norm": ("float[1, 2, 6] x", "y = LpNormalization (q)"),
}


@pytest.mark.parametrize("bits", [8, 14])
@pytest.mark.parametrize("io", [Io.PARALLEL, Io.STREAM])
def test_the_program_is_the_reference(io, bits, tmp_path):
    projects = []
    for name, (inputs, body) in NETWORKS.items():
        more = {"one": "float one = {1.5}", "half": "float half = {0.5}"}
        given = {"s": "float s = {0.03}", "b": f"float b = {{{bits}}}", **more}
        proto = text(f"q = {QUANT} (x, s, z, b)", body, inputs=inputs, **given)
        options = Options(io=io, top=name, samples=60)
        projects.append(build(read(proto, options), options))
    assert differing(projects, tmp_path) == []
