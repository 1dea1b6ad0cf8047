"""The numbers of the C++ kernels against ``Fraction``, Python's integers, and rules in words."""

from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

import kernels
from sim import csim, integers
from sim.rounding import Interval, Overflow, Rounding
from tests import calls, cpp
from tests.definitions import ROUND, limit
from tests.harness import CPP_FLAGS
from tests.kernels.test_registry import CASES

pytestmark = pytest.mark.slow

KERNELS = Path(kernels.__file__).parent
SIGNATURE = "(const std::uint32_t *in, std::uint32_t *out, std::int64_t samples)"
FORMATS = [
    Interval.format(signed, width, exp)
    for signed, width, exp in (
        (False, 1, 0),
        (True, 1, 0),
        (True, 3, -2),
        (False, 3, 1),
        (True, 4, 0),
        (False, 4, -1),
        (True, 2, 3),
    )
]
WIDE = Interval.format(True, 30, -8)
CUT = "template <class X> X cut(const X &x) { return as<X>(x); }  // to the bits that a type has\n"
TO = [
    Interval(-4, 3, -1),
    Interval(0, 7, 0),
    Interval(-5, 6, 1),
    Interval(0, 0, 0),
    Interval(-2, 1, 7),
    Interval(-30, 20, -5),
    Interval(2, 4, -2),
    Interval(-7, -3, 0),
]


def function(name, read, body, types):
    """One that reads numbers ``a, b, …`` of these types, and writes what ``body`` gives."""
    names = "abcd"[: len(types)]
    declared = [f"{t} {n}; csim::read<{read}>({n}, in);" for t, n in zip(types, names, strict=True)]
    return "\n".join(
        [
            f'extern "C" void {name}{SIGNATURE} {{',
            "    for (; samples > 0; --samples) {",
            *(f"        {line}" for line in declared),
            *(f"        csim::write<{read}>({value}, out);" for value in body),
            "    }\n}\n",
        ]
    )


def build(folder, functions, words=1, flags=()):
    source = folder / "numbers.cpp"
    head = ['#include "csim.h"', '#include "quant.h"', "namespace kernels {"]
    source.write_text("\n".join([*head, CUT, *functions, "}", ""]))
    return csim.build(source, [KERNELS], [*CPP_FLAGS, *flags], words)


def codes(r):
    return range(r.lo, r.hi + 1)


def value(code, r):
    return Fraction(code) * Fraction(2) ** r.exp


def wrapped(x, r):
    """What is left of a number in a format: rounded down, and counted on from the other end."""
    return limit(Overflow.WRAP, ROUND[Rounding.FLOOR](x / Fraction(2) ** r.exp), r.lo, r.hi)


def test_arithmetic_of_all_numbers_in_all_pairs_of_formats(tmp_path):
    results = ["a + b", "a - b", "a * b", "-a", "maximum(a, b)", "minimum(a, b)"]
    body = [f"as<{cpp.number(WIDE)}>(cut({r}))" for r in results]
    body += ["zero_t{a < b}", "zero_t{a == b}", "zero_t{negative(a)}", "as<decltype(b)>(a)"]
    body += ["cut(lowest<decltype(a)>())"]
    pairs = list(product(FORMATS, FORMATS))
    functions = [
        function(f"f{i}", 1, body, [cpp.number(r), cpp.number(s)]) for i, (r, s) in enumerate(pairs)
    ]
    library = build(tmp_path, functions)
    for i, (r, s) in enumerate(pairs):
        x = list(product(codes(r), codes(s)))
        expected = []
        for m, n in x:
            a, b = value(m, r), value(n, s)
            exact = [v * 2**8 for v in (a + b, a - b, a * b, -a, max(a, b), min(a, b))]
            expected.append([*exact, a < b, a == b, a < 0, wrapped(a, s), r.lo])
        got = library.run(f"f{i}", np.array(x), len(body))
        assert got.tolist() == expected, (r, s)


def test_every_rounding_and_overflow_of_all_numbers(tmp_path):
    sources = [FORMATS[0], Interval.format(True, 6, -3), Interval.format(False, 5, -1)]
    sources.append(Interval.format(True, 4, 2))
    finest = min(to.exp for to in TO)
    held = Interval(*((f(to.at(finest)[k] for to in TO)) for k, f in ((0, min), (1, max))), finest)
    rows = [f"Interval<9>{{{to.lo}, {to.hi}, {to.exp}}}" for to in TO]
    cases = list(product(sources, Rounding, Overflow))
    functions = [
        function(
            f"f{i}",
            1,
            [
                f"quantized<{cpp.number(held)}, Rounding::{r.name}, Overflow::{o.name}>(a, {row})"
                for row in rows
            ],
            [cpp.number(source)],
        )
        for i, (source, r, o) in enumerate(cases)
    ]
    library = build(tmp_path, functions)
    for i, (source, rounding, overflow) in enumerate(cases):
        expected = []
        for code in codes(source):
            x = value(code, source)
            rounded = [ROUND[rounding](x / Fraction(2) ** to.exp) for to in TO]
            limited = [limit(overflow, c, *to[:2]) for c, to in zip(rounded, TO, strict=True)]
            expected.append([c << to.exp - finest for c, to in zip(limited, TO, strict=True)])
        got = library.run(f"f{i}", np.array(codes(source))[:, None], len(TO))
        assert got.tolist() == expected, (source, rounding, overflow)


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 7, 8])
def test_how_many_levels_are_reached(levels, tmp_path):
    row = ", ".join(f"{{{2 * k - 5}}}" for k in range(levels))
    body = ["cut(reached(a, levels))"]
    constant = f"static const fixed<5, -1, true> levels[] = {{{row}}};"
    library = build(tmp_path, [constant, function("f", 1, body, ["fixed<6, -2, true>"])])
    x = np.arange(-32, 32)
    expected = [[sum(2 * (2 * k - 5) <= code for k in range(levels))] for code in x]
    assert library.run("f", x[:, None], 1).tolist() == expected


def signed(x, width):
    """The lowest bits, in two's complement."""
    return (x + (1 << width - 1)) % (1 << width) - (1 << width - 1)


@pytest.mark.parametrize("width", [64, 128, 160, 192])
def test_integers_of_any_width(width, tmp_path):
    number = f"fixed<{width}, 0, true>"
    amounts = [0, 1, 31, 32, 33, 63, 64, 100]
    amounts = [k for k in amounts if k < width]
    values = ["a.code + b.code", "a.code - b.code", "a.code * b.code", "-a.code", "~a.code"]
    values += ["a.code & b.code", f"modulo<{width}>(a.code, c.code)"]
    values += [f"a.code {op} {k}" for op in ("<<", ">>") for k in amounts]
    values += ["a.code < b.code", "a.code == b.code", "std::int64_t(a.code)"]
    body = [f"{number}{{integer<{width}>({v})}}" for v in values]
    library = build(tmp_path, [function("f", 3, body, [number] * 3)], 3, ["-fwrapv"])
    random = Random(width)
    edges = [0, 1, -1, 2**31, 2**32, -(2**32), 2**63 - 1, -(2**63), 2 ** (width - 1) - 1]
    edges.append(-(2 ** (width - 1)))
    some = [signed(random.getrandbits(random.randint(1, width)), width) for _ in range(30)]
    divisors = [1, 2, 3, 1 << width - 2, (1 << width - 2) - 1, 10**9]
    x = [(a, b, random.choice(divisors)) for a in edges + some for b in edges + some]
    expected = [
        [
            *(signed(v, width) for v in (a + b, a - b, a * b, -a, ~a, a & b, a % c)),
            *(signed(a << k, width) for k in amounts),
            *(a >> k for k in amounts),
            *(a < b, a == b, signed(a, 64)),
        ]
        for a, b, c in x
    ]
    got = library.run("f", integers.integers(np.array(x, np.object_)), len(body))
    assert got.tolist() == expected


def test_the_kernels_are_cpp_14(tmp_path):
    """Which is what the oldest of the HLS compilers reads."""
    some = {type(case.op): case for case in CASES}.values()
    source = tmp_path / "cases.cpp"
    source.write_text(cpp.source([calls.call(case) for case in some], words=3))
    csim.build(source, [KERNELS], [*CPP_FLAGS, "-std=c++14"], words=3)
