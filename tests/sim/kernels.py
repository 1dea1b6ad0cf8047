"""Kernels in C++, small enough to be right at a glance, with their manifests and vectors."""

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from sim import csim, vectors
from sim.manifest import Manifest, Ports, Tensor
from tests.sim.designs import chosen

SOURCE = """
#include "csim.h"
constexpr int words = %d;
struct number { __int128 code; };
extern "C" void kernel(const std::uint32_t *in, std::uint32_t *out, std::int64_t samples) {
    for (; samples > 0; --samples) {
%s
    }
}
"""


@dataclass(frozen=True)
class Kernel:
    body: str
    manifest: Manifest
    inputs: dict
    outputs: dict

    def write(self, folder: Path) -> Path:
        self.manifest.write(folder / "manifest.json")
        vectors.write(folder / "vectors.npz", self.inputs, self.outputs)
        return folder

    def build(self, folder: Path) -> Path:
        """Compile it, and return the library."""
        source = folder / f"kernel_{crc32(self.body.encode()):08x}.cpp"
        source.write_text(SOURCE % (self.manifest.words, self.body))
        csim.build(source)
        return source.with_suffix(".so")


def mixed(count: int = 50) -> Kernel:
    """Two inputs and two outputs: signed and unsigned, narrow and of more than 64 bits."""
    a = Tensor("a", (2,), signed=(True, False), width=(3, 5), exp=(0, 0))
    b = Tensor("b", (1, 2), signed=(True, False), width=(70, 64), exp=(-1, -1))
    total = Tensor("total", (), signed=(True,), width=(7,), exp=(-3,))
    wide = Tensor("wide", (2,), signed=(True, True), width=(72, 71), exp=(0, 0))
    xa, xb = chosen(a, count, seed=1), chosen(b, count, seed=2)
    outputs = {"total": xa.sum(axis=1), "wide": np.stack([xb[:, 0].sum(axis=1), -xb[:, 0, 0]], 1)}
    manifest = Manifest(latency=None, inputs=(a, b), outputs=(total, wide))
    return Kernel(MIXED, manifest, {"a": xa, "b": xb}, outputs)


def inverter(count: int = 50) -> Kernel:
    """One bit."""
    x = Tensor("x", (), signed=(False,), width=(1,), exp=(0,))
    codes = chosen(x, count, seed=1)
    manifest = Manifest(latency=None, inputs=(x,), outputs=(x,))
    return Kernel(INVERTER, manifest, {"x": codes}, {"x": 1 - codes})


def exchange(count: int = 50) -> Kernel:
    """A port for every element, and names that the inside of the module uses, too."""
    p = Tensor("p", (2,), (False, True), (1, 70), (0, 0), ports=("clk", "queue"))
    q = Tensor("q", (2,), (True, False), (70, 1), (0, 0), ports=("result", "dpi_kernel"))
    codes = chosen(p, count, seed=1)
    manifest = Manifest(
        top="net", clock="ck", ports=Ports.ELEMENTS, latency=None, inputs=(p,), outputs=(q,)
    )
    return Kernel(EXCHANGE, manifest, {"p": codes}, {"q": codes[:, ::-1]})


def large(count: int = 12, elements: int = 3000) -> Kernel:
    """Thousands of elements, tens of thousands of bits: all in the opposite order."""
    widths = tuple(1 + i % 21 for i in range(elements))
    signed = tuple(i % 5 == 0 for i in range(elements))
    x = Tensor("x", (elements,), signed, widths, (0,) * elements)
    y = Tensor("y", (elements,), signed[::-1], widths[::-1], (0,) * elements)
    codes = chosen(x, count, seed=1)
    manifest = Manifest(latency=None, inputs=(x,), outputs=(y,))
    body = LARGE.replace("N", f"{elements}")
    return Kernel(body, manifest, {"x": codes}, {"y": codes[:, ::-1]})


MIXED = """\
        number a[2], b[1][2], total, wide[2];
        csim::read<words>(a, in);
        csim::read<words>(b, in);
        total.code = a[0].code + a[1].code;
        wide[0].code = b[0][0].code + b[0][1].code;
        wide[1].code = -b[0][0].code;
        csim::write<words>(total, out);
        csim::write<words>(wide, out);"""

INVERTER = """\
        number x;
        csim::read<words>(x, in);
        x.code = !x.code;
        csim::write<words>(x, out);"""

EXCHANGE = """\
        number x[2];
        csim::read<words>(x, in);
        csim::write<words>(x[1], out);
        csim::write<words>(x[0], out);"""

LARGE = """\
        number x[N];
        csim::read<words>(x, in);
        for (int i = N - 1; i >= 0; --i) csim::write<words>(x[i], out);"""
