"""What designs are estimated for: what the logic of a part is made of, and how fast it is."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
    inverted_luts: int
    """LUTs in front of each bit that is subtracted: one where a chain takes bits as they are."""
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
