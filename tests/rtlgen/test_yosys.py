"""Yosys within the process writes what it writes when Amaranth starts it."""

import re

import pytest
from amaranth.back import rtlil, verilog
from amaranth.hdl import Module, Signal

from rtlgen.yosys import to_verilog


def design():
    """A register, a sum and a table."""
    m = Module()
    a, b, y, z = Signal(4), Signal(4), Signal(5), Signal(3)
    m.d.sync += y.eq(a + b)
    with m.Switch(a):
        with m.Case(3, 5):
            m.d.comb += z.eq(6)
        with m.Default():
            m.d.comb += z.eq(1)
    return m, [a, b, y, z]


def plain(text):
    return re.sub(r"^\s*(/\*.*\*/|\(\*.*\*\))?\n", "", text, flags=re.MULTILINE)


def test_same_text_as_through_amaranth():
    given, expected = (design() for _ in range(2))
    made = to_verilog(rtlil.convert(given[0], ports=given[1], emit_src=False))
    wanted = verilog.convert(
        expected[0], ports=expected[1], emit_src=False, strip_internal_attrs=True
    )
    assert plain(made) == plain(wanted)
    assert "casez" in made


def test_its_errors_are_shown():
    with pytest.raises(AssertionError, match="ERROR: Parser error in line 1"):
        to_verilog("modul \\top")
