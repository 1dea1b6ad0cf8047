"""Sparse networks of few bits: our LUTs beside what a table for each neuron takes.

    python benchmarks/logic_networks.py

Needs ``pip install pyosys``. A table of X bits for each of Y output bits takes Y / 3 times
``2**(X - 4) - (-1)**X`` LUTs of six inputs (Umuroglu et al., LogicNets, FPL 2020); the last layer,
whose sums are not rounded, is left out of that. Ours are those of Yosys (flow ``xhier``), of the
whole network.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import packing
import static_timing
from calibrate_delay import WRAPPER, synthesized
from netlist import Netlist
from networks import logic_network
from synthesis import Flow

from rtlgen import Design, Options, generate

NEURONS = 64 + 32 + 32
"""Of the hidden layers."""
CASES = ((3, 2), (6, 1), (4, 2), (3, 3), (4, 3))
"""Inputs of a neuron, and bits of each."""


def tables(fan_in: int, bits: int) -> int:
    """LUTs, if each hidden neuron is a table."""
    read = fan_in * bits
    return NEURONS * bits * (2 ** (read - 4) - (-1) ** read) // 3


def netlist(design: Design) -> Netlist:
    with tempfile.TemporaryDirectory() as name:
        return Netlist.of(synthesized(design, WRAPPER, Flow.XHIER.commands, Path(name)))


def main() -> None:
    rows = []
    for fan_in, bits in CASES:
        design = generate(logic_network(fan_in, bits), Options(stages=3))
        made = netlist(design)
        luts = sum(n for cell, n in made.count().items() if cell.startswith("LUT"))
        ns = static_timing.longest(made).ps / 1000
        name = f"{fan_in} x {bits} bits"
        sizes = f"{tables(fan_in, bits):>8,}{luts:>8,}{packing.sites(made):>8,}"
        rows.append(f"{name:<14}{sizes}{ns:>12.2f}")
    print(f"{'neurons of':<14}{'tables':>8}{'LUTs':>8}{'sites':>8}{'longest, ns':>12}")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
