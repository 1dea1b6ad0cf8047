"""C++ behind the ports of a design: a module that hands every sample to a kernel through DPI-C.

The kernel is ``extern "C" void kernel(const uint32_t *x, uint32_t *y, int64_t samples)`` of a
compiled library: for each sample it reads the codes of all inputs, in order, and writes those of
all outputs, each in ``Manifest.words`` words of 64 bits, as in ``csim.h``. It is asked for one
sample at a time. Nothing else is known of it: the module is made from the manifest alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from pathlib import Path

from sim.manifest import Manifest, Ports, Tensor

MODULES = ("dpi.sv", "top.sv")
GLUE = "top.cpp"


def write(folder: Path, manifest: Manifest) -> None:
    """Write `MODULES`, and in `GLUE` the C++ between them and a kernel; `manifest` is elastic."""
    assert manifest.latency is None, "a design that is not elastic promises when results come"
    for name in ("dpi.sv", "dpi.h"):
        shutil.copyfile(Path(__file__).with_name(name), folder / name)
    (folder / "top.sv").write_text(_module(manifest))
    (folder / GLUE).write_text(_glue(manifest))


def _module(manifest: Manifest) -> str:
    """The ports of the manifest, on a kernel with payloads."""
    x, y = _ports(manifest, "x", manifest.inputs), _ports(manifest, "y", manifest.outputs)
    return _MODULE.format(
        top=manifest.top,
        clock=manifest.clock,
        inputs=_declared("input", x),
        outputs=_declared("output", y),
        x_bits=sum(x.values()),
        y_bits=sum(y.values()),
        x_payload=_joined(x),
        y_payload=_joined(y),
    )


def _ports(manifest: Manifest, stream: str, tensors: Iterable[Tensor]) -> dict[str, int]:
    """How many bits each port has, from the lowest of the payload on."""
    if manifest.ports is Ports.PACKED:
        return {f"{stream}__payload": sum(tensor.bits for tensor in tensors)}
    return {p: w for tensor in tensors for p, w in zip(tensor.ports, tensor.width, strict=True)}


def _declared(direction: str, ports: Mapping[str, int]) -> str:
    return ", ".join(f"{direction} [{bits - 1}:0] {name}" for name, bits in ports.items())


def _joined(ports: Iterable[str]) -> str:
    return ", ".join(reversed(list(ports)))  # Verilog writes the lowest bits last


def _glue(manifest: Manifest) -> str:
    limbs = 2 * manifest.words
    return _GLUE.format(
        limbs=limbs,
        x_limbs=limbs * sum(tensor.elements for tensor in manifest.inputs),
        y_limbs=limbs * sum(tensor.elements for tensor in manifest.outputs),
        x_runs=_runs(manifest.inputs),
        y_runs=_runs(manifest.outputs),
    )


def _runs(tensors: Iterable[Tensor]) -> str:
    """All elements as entries of `dpi::Run`."""
    formats = chain.from_iterable(zip(t.width, t.signed, strict=True) for t in tensors)
    runs = [(len(list(group)), *format_) for format_, group in groupby(formats)]
    return ", ".join(f"{{{count}, {width}, {signed:d}}}" for count, width, signed in runs)


_MODULE = """\
module {top}(
  input {clock},
  input x__valid, output x__ready, {inputs},
  output y__valid, input y__ready, {outputs}
);
  dpi__kernel #(.X({x_bits}), .Y({y_bits})) dpi__instance (
    .clk({clock}),
    .x__valid(x__valid), .x__ready(x__ready), .x__payload({{{x_payload}}}),
    .y__valid(y__valid), .y__ready(y__ready), .y__payload({{{y_payload}}})
  );
endmodule
"""

_GLUE = """\
#include <vector>

#include "dpi.h"

extern "C" void kernel(const std::uint32_t *x, std::uint32_t *y, std::int64_t samples);

static const dpi::Run x_runs[] = {{{x_runs}}};
static const dpi::Run y_runs[] = {{{y_runs}}};

extern "C" int dpi_kernel(const std::uint32_t *x, std::uint32_t *y) {{
    std::vector<std::uint32_t> given({x_limbs}), made({y_limbs});
    dpi::read<{limbs}>(x_runs, x, given.data());
    kernel(given.data(), made.data(), 1);
    return dpi::write<{limbs}>(y_runs, made.data(), y);
}}
"""
