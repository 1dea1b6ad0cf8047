"""The names of parts: what a vendor's tool is given."""

from __future__ import annotations

import re

from hlsgen.vendor import Vendor
from sim.errors import ConfigError, nearest

_XILINX = {
    "xcvu13p": "xcvu13p-flga2577-2-e",
    "xcvu9p": "xcvu9p-flga2104-2-e",
    "xcku5p": "xcku5p-ffvb676-2-e",
    "xcku15p": "xcku15p-ffve1517-2-e",
    "xcku115": "xcku115-flvb2104-2-e",
    "xczu7ev": "xczu7ev-ffvc1156-2-e",
    "xczu9eg": "xczu9eg-ffvb1156-2-e",
    "xcu250": "xcu250-figd2104-2L-e",
    "xcu55c": "xcu55c-fsvh2892-2L-e",
    "xc7z020": "xc7z020clg400-1",
    "xc7vx690t": "xc7vx690tffg1927-2",
}
"""Devices, with one of the packages and speed grades that each comes in."""
_INTEL = {name: name for name in ("Agilex7", "Agilex5", "Stratix10", "Arria10", "CycloneV")}

_KNOWN = {Vendor.VITIS: _XILINX, Vendor.CATAPULT: _XILINX, Vendor.ONEAPI: _INTEL}
_FULL = {
    Vendor.VITIS: re.compile(r"xc\w+-\w+-[\w-]+|xc7\w+-\d\w*"),
    Vendor.CATAPULT: re.compile(r"xc\w+-\w+-[\w-]+|xc7\w+-\d\w*|\w+-\d+nm\w*"),
    Vendor.ONEAPI: re.compile(r"[0-9A-Z]{10,}|\S+:\S+"),
}
"""What only the tool can know: a part with its package, a library of cells, a board."""


def part(name: str | None, vendor: Vendor) -> str:
    """The full name of a part: of a device that is known, or as it is given.

    Raises :class:`ConfigError` for what is neither, with the nearest that is known.
    """
    known = _KNOWN[vendor]
    if name is None:
        return next(iter(known.values()))
    if name in known or _FULL[vendor].fullmatch(name):
        return known.get(name, name)
    raise ConfigError(
        f"part {name!r}: neither a part with its package, such as {next(iter(known.values()))!r}, "
        f"nor a device that is known to {vendor}{nearest(name, known)}"
    )
