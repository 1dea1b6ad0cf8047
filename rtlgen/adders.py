"""Adders as modules of their own, so that a synthesizer maps each as it is.

Yosys would merge sums that are read once into compressor trees, which take more LUTs than the
adders they replace; sums of three are what vendors' tools find ternary adders in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Elaboratable, Instance, Module, Signal, Value

Signs = tuple[int, ...]
"""Of the terms of a sum, the first of which is added."""

_TERMS = "abc"


class Modules:
    """The platform of a netlist: adders and nodes are instances of modules in it."""

    def __init__(self, top: str) -> None:
        self.top = top
        self.adders: set[Signs] = set()

    def adder(self, signs: Sequence[int]) -> str:
        """The module of an adder, which is wanted from now on."""
        self.adders.add(tuple(signs))
        return _name(self.top, signs)


def adders(top: str, kinds: Iterable[Signs]) -> str:
    """The modules of all these, in Verilog."""
    return "".join(_module(_name(top, signs), signs) for signs in sorted(kinds, reverse=True))


def _name(top: str, signs: Sequence[int]) -> str:
    """``top_add_sub`` adds one number to another and subtracts a third."""
    return "_".join([top, *("add" if sign > 0 else "sub" for sign in signs[1:])])


def _module(name: str, signs: Sequence[int]) -> str:
    names = _TERMS[: len(signs)]
    total = "".join(f" {'+-'[s < 0]} {n}" for n, s in zip(names[1:], signs[1:], strict=True))
    return (
        f"module {name} #(parameter W = 1)\n"
        f"  (input [W-1:0] {', '.join(names)}, output [W-1:0] y);\n"
        f"  assign y = a{total};\nendmodule\n"
    )


class Sum(NamedTuple):
    """``result`` is the sum of the terms, each with its sign, in as many bits as it has.

    The terms are as wide as the result; the first one is added.
    """

    terms: Sequence[Value]
    signs: Sequence[int]
    result: Value


class Adder(Elaboratable):
    """The hardware of a sum."""

    def __init__(self, sum_: Sum) -> None:
        self.sum = sum_

    def elaborate(self, platform: object) -> Module | Instance:
        terms, signs, result = self.sum
        if isinstance(platform, Modules):
            ports = [("i", name, term) for name, term in zip(_TERMS, terms, strict=False)]
            return Instance(
                platform.adder(signs), ("p", "W", len(result)), *ports, ("o", "y", result)
            )
        m = Module()
        total = terms[0]
        for term, sign in zip(terms[1:], signs[1:], strict=True):
            total = total + term if sign > 0 else total - term
        m.d.comb += result.eq(total)
        return m


def chained(sums: Sequence[Sum]) -> Sum:
    """Sums of two terms with the same signs in one carry chain, from its lowest bits on.

    A bit between two sums stops carries: it adds zero to zero; where numbers are subtracted, it
    subtracts zero from one.
    """
    if len(sums) == 1:
        return sums[0]
    signs = sums[0].signs
    assert all(len(s.terms) == 2 and s.signs == signs for s in sums), "one kind of adder"
    ends = [(Const(int(signs[1] < 0), 1), Const(0, 1), Signal(name="between")) for _ in sums]
    parts = [((*s.terms, s.result), end) for s, end in zip(sums, ends, strict=True)]
    a, b, y = (Cat(*(bits[k] for part in parts for bits in part))[:-1] for k in range(3))
    return Sum([a, b], signs, y)
