"""Hold every pragma and attribute of C++ text against what a vendor's compiler takes.

A compiler ignores what it does not know, with a warning among thousands: a design that is ten
times too slow is all that a typo shows. The tables are in ``directives`` (Vitis HLS),
``attributes`` (oneAPI) and ``pragmas`` (Catapult), each with what it was verified against. No
compiler of a vendor was at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import assert_never

from hlsgen.grammar import catapult, oneapi, pragmas, vitis
from hlsgen.grammar.complaint import Complaint
from hlsgen.grammar.places import Mark, Survey, survey
from hlsgen.vendor import Vendor
from sim.errors import nearest

NEUTRAL = {"GCC", "STDC", "clang", "message", "once", "pop_macro", "push_macro", "warning"}
"""Pragmas that are no vendor's."""


def check(
    text: str, vendor: Vendor, top: str | None = None, declared: Iterable[str] = ()
) -> tuple[Complaint, ...]:
    """Complain about every pragma and attribute that the vendor's compiler would not take.

    `top` is the name of the top function, the only one with an interface; `declared` are variables
    that other files declare. A number may be a literal or any constant expression: what that
    comes to is not looked at. Text that is no valid C++ is read as far as its braces go.
    """
    found = survey(text)
    alone = ((mark, problem) for mark in found.marks for problem in _problems(mark, vendor))
    wrong = [*alone, *_vitis(found, vendor, top, frozenset(declared))]
    return tuple(
        Complaint(mark.line, _shown(mark), problem)
        for mark, problem in sorted(wrong, key=lambda pair: pair[0].line)
    )


def _shown(mark: Mark) -> str:
    return f"[[{mark.text}]]" if mark.attribute else f"#pragma {mark.text}"


def _vitis(
    found: Survey, vendor: Vendor, top: str | None, declared: frozenset[str]
) -> Iterator[tuple[Mark, str]]:
    if vendor is Vendor.VITIS:
        marks = [m for m in found.marks if not m.attribute and m.text.split()[:1] == ["HLS"]]
        yield from vitis.problems(marks, found.types, top, declared)


def _problems(mark: Mark, vendor: Vendor) -> Iterator[str]:
    """What can be said of one alone."""
    name = re.split(r"\W", mark.text, maxsplit=1)[0]
    if mark.attribute:
        yield from _attribute(mark, vendor)
    elif name in NEUTRAL:
        return
    else:
        match vendor:
            case Vendor.VITIS if name == "HLS":
                return
            case Vendor.ONEAPI if name in oneapi.PRAGMAS:
                yield from oneapi.pragma(mark)
            case Vendor.CATAPULT if name in pragmas.PRAGMAS:
                yield from catapult.pragma(mark)
            case Vendor.CATAPULT if name.lower() in pragmas.OLD:
                new = pragmas.OLD[name.lower()]
                yield f"pragma {name!r} is the old spelling; use {new!r}"
            case _:
                yield f"pragma {name!r} is unknown{nearest(name, known(vendor))}"


def _attribute(mark: Mark, vendor: Vendor) -> Iterator[str]:
    if vendor is Vendor.ONEAPI:
        yield from oneapi.attribute(mark)
    elif "intel::" in mark.text:
        yield "is for oneAPI only"


def known(vendor: Vendor) -> tuple[str, ...]:
    """The names of the pragmas that a vendor has."""
    match vendor:
        case Vendor.VITIS:
            return ("HLS",)
        case Vendor.ONEAPI:
            return oneapi.PRAGMAS
        case Vendor.CATAPULT:
            return tuple(pragmas.PRAGMAS)
        case _:
            assert_never(vendor)
