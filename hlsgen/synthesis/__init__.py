"""Read what the vendors' compilers report of a design."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from hlsgen.synthesis import catapult, oneapi, vitis
from hlsgen.synthesis.figures import Synthesis
from hlsgen.vendor import Vendor


def read(path: Path, vendor: Vendor) -> Synthesis:
    """Read the main report of a vendor, and what stands beside it.

    A `DataError` says what is missing or cannot be read. What format each was written after, and
    that no tool was at hand, stands in the modules.
    """
    match vendor:
        case Vendor.VITIS:
            return vitis.read(path)
        case Vendor.ONEAPI:
            return oneapi.read(path)
        case Vendor.CATAPULT:
            return catapult.read(path)
        case _:
            assert_never(vendor)
