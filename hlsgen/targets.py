"""What a vendor's project is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hlsgen import dialect, numbers
from hlsgen.dialect import Dialect
from hlsgen.vendor import Vendor


@dataclass(frozen=True)
class Target:
    """The thin layer of a vendor around the kernels."""

    tool: str
    dialect: Dialect
    types: Path
    """The header that makes the vendor's numbers ours."""
    found: str
    """The preprocessor condition under which the vendor's numbers are there."""
    channels: str
    """The lines that make the vendor's channels ours, if they are there."""
    host: tuple[str, ...]
    """Sources that are compiled together with the kernel, for the processor beside it."""
    scripts: tuple[str, ...]
    """Further files, each with a template of its name."""


_HLS_STREAM = """\
#if __has_include(<hls_stream.h>)
#include <hls_stream.h>

namespace kernels {

template <class T>
using channel = hls::stream<T>;

}  // namespace kernels

#else
"""

_AC_CHANNEL = """\
#if __has_include(<ac_channel.h>)
#include <ac_channel.h>

namespace kernels {

template <class T>
using channel = ac_channel<T>;

}  // namespace kernels

#else
"""

TARGETS = {
    Vendor.VITIS: Target(
        "Vitis HLS",
        dialect.VITIS,
        numbers.AP_TYPES,
        "__has_include(<ap_fixed.h>)",
        _HLS_STREAM,
        (),
        ("build.tcl", "hls_config.cfg", "README.md"),
    ),
    Vendor.CATAPULT: Target(
        "Catapult",
        dialect.CATAPULT,
        numbers.AC_TYPES,
        "__has_include(<ac_fixed.h>)",
        _AC_CHANNEL,
        (),
        ("build.tcl", "README.md"),
    ),
    Vendor.ONEAPI: Target(
        "oneAPI for FPGAs",
        dialect.ONEAPI,
        numbers.INTEL_TYPES,
        "__has_include(<sycl/ext/intel/ac_types/ac_fixed.hpp>)",
        "",
        ("bridge.cpp", "testbench.cpp"),
        ("CMakeLists.txt", "README.md"),
    ),
}
