"""The parts that designs are estimated for: what their logic is made of, and how fast it is.

Delays are typical of a placed and routed design, in nanoseconds. They rank designs and place
registers; only the vendor's own timing analysis is a promise. Those of UltraScale+ are data sheets'
and a wire of a design without congestion; those of ECP5 are nextpnr's for its cells, at speed 8,
and the wire for which the longest stages of ``benchmarks/calibrate_delay.py`` are right on average.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sim.errors import ConfigError, nearest


@dataclass(frozen=True)
class Target:
    """One part: LUTs, carry chains and registers."""

    name: str
    family: str
    lut_inputs: int
    wide_inputs: int
    """Inputs of the widest function that multiplexers beside the LUTs make of several."""
    luts: int
    """How many the part has; it has ``registers_per_lut`` times as many registers."""
    net_ns: float
    """The wire from one cell to the next."""
    lut_ns: float
    chain_ns: float
    """Entering and leaving a carry chain, beyond the LUT of its first bit."""
    carry_ns: float
    """From bit to bit along the chain."""
    register_ns: float
    """Clock to output, and set-up."""
    registers_per_lut: int
    chain_cell: int
    """Bits of a carry chain that share a cell, whatever they do; 0: bits that pass cost nothing."""
    chain_ends: int
    """LUTs that a carry chain takes beside its bits, to be entered and left."""
    compared_bits: float
    """How many bits of two numbers a LUT on a carry chain compares."""
    ternary_luts: int
    """LUTs for each bit of a sum of three; one where a LUT has a second output for the carry."""

    @property
    def arity(self) -> int:
        """How many numbers an adder takes."""
        return 3 if self.ternary_luts == 1 else 2

    def binary(self) -> Target:
        """The same part, with adders of two numbers only."""
        return replace(self, ternary_luts=2)

    @property
    def level_ns(self) -> float:
        """One LUT and the wire before it."""
        return self.net_ns + self.lut_ns

    def slower(self, factor: float) -> Target:
        """The same part with every delay times ``factor``."""
        return replace(
            self,
            net_ns=self.net_ns * factor,
            lut_ns=self.lut_ns * factor,
            chain_ns=self.chain_ns * factor,
            carry_ns=self.carry_ns * factor,
            register_ns=self.register_ns * factor,
        )


def find(part: str) -> Target:
    """The part with this name: a device, with or without package and speed grade.

    Without a grade, UltraScale+ is taken as -2 and ECP5 as -6.
    """
    name = part.lower()
    for device, luts in _LUTS.items():
        if match := re.fullmatch(rf"{device}(?![0-9])(.*)", name):
            family = _ULTRASCALE_PLUS if device.startswith("xc") else _ECP5
            factor = _factor(part, match[1], _FACTORS[family.family])
            return replace(family.slower(factor), name=part, luts=luts)
    raise ConfigError(f"part {part!r} is not known{nearest(name, _LUTS)}")


def _factor(part: str, rest: str, factors: dict[int, float]) -> float:
    """Of the speed grade in what follows the device: ``-flga2577-2-e``, ``-6bg256c``."""
    found = re.findall(r"-([1-9])(?![0-9])", rest)
    grade = int(found[-1]) if found else next(iter(factors))
    if grade not in factors:
        known = ", ".join(map(str, sorted(factors)))
        raise ConfigError(f"part {part!r}: speed grade {grade} is not known; known are {known}")
    return factors[grade]


_ULTRASCALE_PLUS = Target(
    name="",
    family="UltraScale+",
    lut_inputs=6,
    wide_inputs=9,
    luts=0,
    net_ns=0.35,
    lut_ns=0.10,
    chain_ns=0.24,
    carry_ns=0.004,
    register_ns=0.15,
    registers_per_lut=2,
    chain_cell=0,
    chain_ends=0,
    compared_bits=1.5,
    ternary_luts=1,
)
_ECP5 = Target(
    name="",
    family="ECP5",
    lut_inputs=4,
    wide_inputs=7,
    luts=0,
    net_ns=1.35,
    lut_ns=0.24,
    chain_ns=0.60,
    carry_ns=0.035,
    register_ns=0.64,
    registers_per_lut=1,
    chain_cell=2,
    chain_ends=4,
    compared_bits=1,
    ternary_luts=3,
)
_FACTORS = {
    "UltraScale+": {2: 1.0, 1: 1.15, 3: 0.9},
    "ECP5": {6: 1.0, 7: 0.9, 8: 0.8},
}
"""Delay of each speed grade, relative to the one that is taken if none is named: the first."""

_LUTS = {
    "xcvu3p": 394_080,
    "xcvu5p": 600_577,
    "xcvu7p": 788_160,
    "xcvu9p": 1_182_240,
    "xcvu11p": 1_296_000,
    "xcvu13p": 1_728_000,
    "xcvu19p": 4_085_760,
    "xcvu29p": 1_728_000,
    "xcvu31p": 439_680,
    "xcvu33p": 439_680,
    "xcvu35p": 871_680,
    "xcvu37p": 1_303_680,
    "xcku3p": 162_720,
    "xcku5p": 216_960,
    "xcku9p": 274_080,
    "xcku11p": 298_560,
    "xcku13p": 341_280,
    "xcku15p": 522_720,
    "xczu2": 47_232,
    "xczu3": 70_560,
    "xczu4": 87_840,
    "xczu5": 117_120,
    "xczu6": 214_604,
    "xczu7": 230_400,
    "xczu9": 274_080,
    "xczu11": 298_560,
    "xczu15": 341_280,
    "xczu17": 423_403,
    "xczu19": 522_720,
    "xczu28": 425_280,
    "xczu48": 425_280,
    "xcu200": 1_182_240,
    "xcu250": 1_728_000,
    "xcu280": 1_303_680,
    "lfe5u-12f": 24_288,
    "lfe5u-25f": 24_288,
    "lfe5u-45f": 43_848,
    "lfe5u-85f": 83_640,
    "lfe5um-25f": 24_288,
    "lfe5um-45f": 43_848,
    "lfe5um-85f": 83_640,
    "lfe5um5g-25f": 24_288,
    "lfe5um5g-45f": 43_848,
    "lfe5um5g-85f": 83_640,
}
"""LUTs of each device, from the vendors' product tables."""
