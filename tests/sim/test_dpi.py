"""Bits of a payload and words of a kernel say the same, at every width; the rest is text."""

import random
from dataclasses import replace

import numpy as np
import pytest

from sim import csim, dpi
from sim.manifest import Manifest, Ports, Tensor
from tests.sim.designs import chosen

WIDTHS = (*range(1, 36), 63, 64, 65, 95, 96, 97, 127, 128, 129, 200)
WORDS = 4
COPY = """
#include "top.cpp"
extern "C" void kernel(const std::uint32_t *x, std::uint32_t *y, std::int64_t samples) {
    std::copy(x, x + samples * %d, y);
}
"""


def mixed(seed):
    """Every width, signed and not, in any order, some several times in a row."""
    rng = random.Random(seed)
    formats = [(w, s) for w in WIDTHS for s in (False, True)]
    formats = [f for f in rng.sample(formats, len(formats)) for _ in range(rng.randint(1, 3))]
    widths, signed = zip(*formats, strict=True)
    return Tensor("t", (len(formats),), signed, widths, (0,) * len(formats))


def whole(tensor):
    """As many elements, each of all the bits that a kernel sees of it."""
    n = tensor.elements
    return Tensor("t", (n,), (True,) * n, (64 * WORDS,) * n, (0,) * n)


def packed(codes, tensor):
    """The payload, as one number."""
    total = 0
    for code, width in zip(reversed(codes), reversed(tensor.width), strict=True):
        total = total << width | code & (1 << width) - 1
    return total


def glue(folder, x, y):
    """What hands a payload to a kernel that copies all codes, as a function of numbers."""
    manifest = Manifest(latency=None, inputs=(x,), outputs=(y,))
    assert manifest.words == WORDS
    dpi.write(folder, manifest)
    (folder / "copy.cpp").write_text(COPY % (2 * WORDS * x.elements))
    flags = ("-Wall", "-Wextra", "-Werror")
    function = csim.build(folder / "copy.cpp", [folder], flags).functions.dpi_kernel

    def run(payload):
        given = payload.to_bytes(4 * -(-x.bits // 32), "little")
        made = np.full(-(-y.bits // 32) + 1, 0xA5A5A5A5, np.uint32)
        unfit = function(given, made.ctypes.data_as(csim.ctypes.c_void_p))
        assert made[-1] == 0xA5A5A5A5, "wrote more than the payload"
        return int.from_bytes(made[:-1].tobytes(), "little"), unfit

    return run


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_kernel_sees_codes(seed, tmp_path):
    x = mixed(seed)
    run = glue(tmp_path, x, whole(x))
    for codes in chosen(x, 40, seed).tolist():
        assert run(packed(codes, x)) == (packed(codes, whole(x)), -1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_codes_become_bits(seed, tmp_path):
    y = mixed(seed)
    run = glue(tmp_path, whole(y), y)
    for codes in chosen(y, 40, seed).tolist():
        assert run(packed(codes, whole(y))) == (packed(codes, y), -1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_code_that_does_not_fit_is_told(seed, tmp_path):
    y = mixed(seed)
    run = glue(tmp_path, whole(y), y)
    zeros = [0] * y.elements
    for i, (width, signed) in enumerate(zip(y.width, y.signed, strict=True)):
        lo, hi = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
        for code, unfit in ((lo, -1), (hi, -1), (lo - 1, i), (hi + 1, i), (-1 << 255, i)):
            codes = [*zeros[:i], code, *zeros[i + 1 :]]
            assert run(packed(codes, whole(y))) == (packed(codes, y), unfit)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_first_that_does_not_fit_is_told(seed, tmp_path):
    y = mixed(seed)
    run = glue(tmp_path, whole(y), y)
    for i in range(y.elements):
        codes = [0] * i + [-1 << 255] * (y.elements - i)
        assert run(packed(codes, whole(y)))[1] == i


A = Tensor("a", (2, 2), (True, True, False, True), (3, 3, 3, 70), (0, 0, 0, -4))
B = Tensor("b", (), (False,), (64,), (0,))


def test_packed_ports(tmp_path):
    dpi.write(tmp_path, Manifest(top="net", clock="ck", latency=None, inputs=(A,), outputs=(B, A)))
    assert (
        (tmp_path / "top.sv").read_text()
        == """\
module net(
  input ck,
  input x__valid, output x__ready, input [78:0] x__payload,
  output y__valid, input y__ready, output [142:0] y__payload
);
  dpi__kernel #(.X(79), .Y(143)) dpi__instance (
    .clk(ck),
    .x__valid(x__valid), .x__ready(x__ready), .x__payload({x__payload}),
    .y__valid(y__valid), .y__ready(y__ready), .y__payload({y__payload})
  );
endmodule
"""
    )


def test_a_port_for_each_element(tmp_path):
    a = replace(A, ports=("a_0_0", "a_0_1", "a_1_0", "a_1_1"))
    b, c = (replace(B, name=name, ports=(name,)) for name in "bc")
    dpi.write(tmp_path, Manifest(ports=Ports.ELEMENTS, latency=None, inputs=(b, a), outputs=(c,)))
    text = (tmp_path / "top.sv").read_text()
    assert (
        "  input x__valid, output x__ready, input [63:0] b, input [2:0] a_0_0, input [2:0] a_0_1, "
        "input [2:0] a_1_0, input [69:0] a_1_1,\n"
        "  output y__valid, input y__ready, output [63:0] c\n"
    ) in text
    assert ".x__payload({a_1_1, a_1_0, a_0_1, a_0_0, b})" in text
    assert ".y__payload({c})" in text


def test_glue(tmp_path):
    dpi.write(tmp_path, Manifest(latency=None, inputs=(A,), outputs=(B, A)))
    assert (
        (tmp_path / "top.cpp").read_text()
        == """\
#include <vector>

#include "dpi.h"

extern "C" void kernel(const std::uint32_t *x, std::uint32_t *y, std::int64_t samples);

static const dpi::Run x_runs[] = {{2, 3, 1}, {1, 3, 0}, {1, 70, 1}};
static const dpi::Run y_runs[] = {{1, 64, 0}, {2, 3, 1}, {1, 3, 0}, {1, 70, 1}};

extern "C" int dpi_kernel(const std::uint32_t *x, std::uint32_t *y) {
    std::vector<std::uint32_t> given(16), made(20);
    dpi::read<4>(x_runs, x, given.data());
    kernel(given.data(), made.data(), 1);
    return dpi::write<4>(y_runs, made.data(), y);
}
"""
    )


def test_a_design_that_is_not_elastic_is_our_own_mistake(tmp_path):
    with pytest.raises(AssertionError, match="promises when results come"):
        dpi.write(tmp_path, Manifest(latency=3, inputs=(A,), outputs=(A,)))
