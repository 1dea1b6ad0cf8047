"""What the families of parts are made of, and how fast each is.

Delays are typical of a placed and routed design, in nanoseconds. They rank designs and place
registers; only the vendor's own timing analysis is a promise. Those of UltraScale+ and of the 7
series are data sheets' and a wire of a design without congestion; those of ECP5 (speed 8) and of
iCE40 are nextpnr's for their cells, and the wire for which the longest stages of
``benchmarks/calibrate_delay.py`` are right on average, all times a margin. Nothing open says how
fast Agilex is: its cells are taken as fast as those of UltraScale+. Yosys uses none of the
multiplexers beside AMD's LUTs (F7 to F9), so nothing counts on them.
"""

from __future__ import annotations

from dataclasses import replace

from rtlgen.targets import Target

ULTRASCALE_PLUS = Target(
    name="",
    family="UltraScale+",
    lut_inputs=6,
    wide_inputs=6,
    luts=0,
    net_ns=0.35,
    lut_ns=0.10,
    chain_ns=0.24,
    carry_ns=0.004,
    register_ns=0.15,
    registers_per_lut=2,
    chain_cell=0,
    chain_ends=0,
    inverted_luts=0,
    compared_bits=1.5,
    ternary_luts=1,
)
KINTEX_7 = replace(
    ULTRASCALE_PLUS,
    family="7 series",
    net_ns=0.45,
    lut_ns=0.043,
    chain_ns=0.38,
    carry_ns=0.012,
    register_ns=0.25,
)
ARTIX_7 = replace(
    KINTEX_7, net_ns=0.65, lut_ns=0.124, chain_ns=0.76, carry_ns=0.029, register_ns=0.52
)
AGILEX_7 = replace(
    ULTRASCALE_PLUS,
    family="Agilex 7",
    lut_inputs=5,
    wide_inputs=6,
    chain_cell=1,
    compared_bits=1,
    ternary_luts=2,
)
"""A LUT is half an ALM. It adds two numbers: of all families with ALMs, those with Hyperflex alone
have no shared arithmetic mode (Hyperflex Architecture High-Performance Design Handbook, 2.4.2.17).
"""
ROUTED = 1.2
"""Of the average, how long a stage may become in nextpnr. A clock that was asked for holds then."""
ECP5 = Target(
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
    inverted_luts=0,
    compared_bits=1,
    ternary_luts=3,
).slower(ROUTED)
ICE40_HX = replace(
    ECP5,
    family="iCE40",
    wide_inputs=4,
    net_ns=0.80,
    lut_ns=0.38,
    chain_ns=0.50,
    carry_ns=0.15,
    register_ns=0.54,
    chain_cell=1,
    chain_ends=0,
    inverted_luts=1,
).slower(ROUTED)
