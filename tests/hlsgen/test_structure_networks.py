"""Networks that move elements about: as C++ in both interfaces, and proved as hardware."""

from __future__ import annotations

import pytest

import rtlgen
from hlsgen import Io, Options, generate
from tests.hlsgen.builds import agrees
from tests.rtlgen.qonnx_text import QUANT, Q, text

CASES = {
    "upsampled": text(
        Q,
        "[up] u = Resize (q, , n)",
        "[conv] c = Conv (u, k)",
        f"[again] y = {QUANT} (c, s, z, b)",
        inputs="float[1, 2, 3, 4] x",
        n="float[4] n = {1, 1, 2, 1.5}",
        k="float[1, 2, 2, 2] k = {1, -1, 0.5, 2, 0.25, 1, -2, 1}",
    ),
    "linear": text(
        Q,
        '[up] y = Resize <mode = "linear"> (q, , n)',
        inputs="float[1, 2, 3, 4] x",
        n="float[4] n = {1, 1, 2, 1.5}",
    ),
    "pixels shuffled and back": text(
        Q,
        '[up] u = DepthToSpace <blocksize = 2, mode = "CRD"> (q)',
        "[half] h = MaxPool <kernel_shape = [2, 2]> (u)",
        "[down] y = SpaceToDepth <blocksize = 2> (u)",
        inputs="float[1, 8, 2, 3] x",
        output="float[] h, float[] y",
    ),
    "embedded": text(
        "[look] e = Gather (w, x)",
        "[fc] f = MatMul (e, v)",
        "[join] y = Concat <axis = 2> (f, e)",
        inputs="int64[1, 5] x",
        w="float[6, 2] w = {1, 0.5, -1, 2, 0.25, 1, 1, -0.5, 3, 0, -2, 0.75}",
        v="float[2, 3] v = {1, 2, -1, 0.5, 0, 1}",
    ),
    "bits": text(
        Q,
        "[whole] i = Cast <to = 6> (q) [part] j = Slice (i, one, end, one, one)",
        "[and] a = BitwiseAnd (i, k) [or] o = BitwiseOr (a, j) [xor] e = BitwiseXor (o, i)",
        "[back] y = Cast <to = 1> (e)",
        inputs="float[2, 5] x",
        k="int32[5] k = {1, -2, 12, 7, 0}",
        one="int64[1] one = {1}",
        end="int64[1] end = {2}",
    ),
    "sampled": text(
        Q,
        '[at] y = GridSample <padding_mode = "border"> (q, g)',
        inputs="float[1, 2, 2, 3] x",
        g="float[1, 1, 3, 2] g = {-0.5, 0.25, 1, 0.5, 0, -0.75}",
    ),
    "pooled and back": text(
        Q,
        "[pool] p, i = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (q)",
        "[half] h = Mul (p, c)",
        "[back] y = MaxUnpool <kernel_shape = [2, 2], strides = [2, 2]> (h, i)",
        inputs="float[1, 2, 4, 2] x",
        c="float c = {0.5}",
    ),
    "scattered": text(
        Q,
        '[put] p = ScatterElements <axis = 1, reduction = "max"> (q, i, u)',
        "[low] l = Trilu <upper = 0> (p, one)",
        "[cut] c = Cast <to = 6> (l)",
        "[back] y = Cast <to = 1> (c)",
        inputs="float[3, 4] x",
        i="int64[2, 2] i = {1, 1, 0, -1}",
        u="float[2, 2] u = {0.5, -0.25, 1, 0.75}",
        one="int64 one = {1}",
    ),
}


CASES["bits"].opset_import[0].version = 18


@pytest.mark.slow
@pytest.mark.parametrize("io", Io)
@pytest.mark.parametrize("name", CASES)
def test_the_program_is_the_reference(name, io, tmp_path):
    agrees(generate(CASES[name], Options(io=io, samples=64)), tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_the_hardware_is_proved(name):
    assert rtlgen.generate(CASES[name], rtlgen.Options()).proof().unproved == ()
