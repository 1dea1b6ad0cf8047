"""The numbers of the C++ kernels, all there are in small formats, against rules in words."""

import platform
import shutil
import subprocess
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from sim import toolchain
from sim.rounding import Rounding
from tests.definitions import limit
from tests.numbers import OURS, OVERFLOWS, WARNINGS, Number, function, results, run

pytestmark = pytest.mark.slow

FORMATS = [
    Number(3, 1),
    Number(3, 4, signed=False),
    Number(2, 5),
    Number(6, 3),
    Number(1, 1),
]
MODES = list(product((r.name for r in Rounding), OVERFLOWS))


def disagreements(types, folder, formats=FORMATS):
    """Conversions that are not what they should be, of all numbers, between all formats."""
    to = [
        replace(f, rounding=q, overflow=o)
        for f in formats
        for q, o in MODES
        if (f.width, f.signed, o) != (1, True, "SATURATE_SYMMETRIC")
    ]
    body = [f"{{ const {y} y = a; put(code_of(y), out); }}" for y in to]
    library = types.build(folder, [function(f"f{i}", [x], body) for i, x in enumerate(formats)])
    for i, x in enumerate(formats):
        codes = range(x.range.lo, x.range.hi + 1)
        got = run(library, f"f{i}", [[c] for c in codes], len(to))
        for c, row in zip(codes, got, strict=True):
            expected = [y.code(x.value(c), limit) for y in to]
            yield from ((x, c, y) for y, g, e in zip(to, row, expected, strict=True) if g != e)


def test_conversion_of_all_numbers_in_every_mode(tmp_path):
    assert list(disagreements(OURS, tmp_path)) == []


BUGS = {
    "a tie": ("rounding.h", "odd ? half : less", "odd ? less : half"),
    "a sign": ("rounding.h", "negative ? below : zero", "negative ? zero : below"),
    "an end": ("rounding.h", "above ? hi : code", "above ? Code(hi - one) : code"),
    "a wall": ("rounding.h", "hi - (back - size)", "hi - one - (back - size)"),
    "a negative number that seems to fit": ("fixed.h", "(S || !R) && rounded", "rounded"),
    "a carry that seems to fit": ("fixed.h", ") + carries", ")"),
    "a lowest code that stays": ("fixed.h", "rounded + ends_early", "rounded"),
    "a tie that is none": ("fixed.h", "from + 1);", "from);"),
}


@pytest.mark.parametrize(("header", "old", "new"), BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_found(header, old, new, tmp_path):
    library = tmp_path / "kernels"
    shutil.copytree(OURS.kernels, library)
    text = (library / header).read_text()
    assert old in text
    (library / header).write_text(text.replace(old, new))
    assert list(disagreements(replace(OURS, kernels=library), tmp_path, FORMATS[:3]))


def test_arithmetic_and_comparison_of_all_numbers_in_all_pairs_of_formats(tmp_path):
    operations = ["a + b", "a - b", "a * b", "-a"]
    compared = ["<", "<=", ">", ">=", "==", "!="]
    body = [f"put(code_of({r}), out);" for r in operations]
    body += [f"put(integer<2>(a {op} b), out);" for op in compared]
    pairs = list(product(FORMATS, FORMATS))
    library = OURS.build(tmp_path, [function(f"f{i}", ab, body) for i, ab in enumerate(pairs)])
    for i, (a, b) in enumerate(pairs):
        formats = results(a, b)
        x = list(product(*(range(n.range.lo, n.range.hi + 1) for n in (a, b))))
        expected = []
        for c, d in x:
            v, w = a.value(c), b.value(d)
            exact = zip((v + w, v - w, v * w, -v), formats, strict=True)
            order = [v < w, v <= w, v > w, v >= w, v == w, v != w]
            expected.append([*(f.exactly(e) for e, f in exact), *order])
        assert run(library, f"f{i}", x, len(body)) == expected, (a, b)


def signed(x, width):
    """The lowest bits, in two's complement."""
    return (x + (1 << width - 1)) % (1 << width) - (1 << width - 1)


@pytest.mark.parametrize("width", [32, 64, 128, 160, 192])
def test_integers_of_any_width(width, tmp_path):
    n = f"integer<{width}>"
    amounts = [k for k in (0, 1, 31, 32, 33, 63, 64, 100) if k < width]
    values = ["a + b", "a - b", "a * b", "-a", "~a", "a & b", f"modulo<{width}>(a, c)"]
    values += [f"lifted<{width}>(a, {k})" for k in amounts] + [f"a >> {k}" for k in amounts]
    values += [f"integer<2>(a {op} b)" for op in ("<", "<=", ">", ">=", "==", "!=")]
    values += ["to_int64(a)", "integer<40>(a)", "integer<100>(a)", "integer<150>(a)"]
    body = [f"const {n} a(take(in)), b(take(in)), c(take(in));"]
    body += [f"put({v}, out);" for v in values]
    library = OURS.build(tmp_path, [function("f", [], body)], "-fwrapv")
    random = Random(width)
    edges = [0, 1, -1, 2**31 - 1, -(2**31), 2**32, 2**63 - 1, -(2**63), 2 ** (width - 1) - 1]
    edges = [signed(e, width) for e in [*edges, 2 ** (width - 1)]]
    some = [signed(random.getrandbits(random.randint(1, width)), width) for _ in range(30)]
    divisors = [1, 2, 3, 1 << width - 2, (1 << width - 2) - 1, 10**9]
    x = [(a, b, random.choice(divisors)) for a in edges + some for b in edges + some]
    expected = [
        [
            *(signed(v, width) for v in (a + b, a - b, a * b, -a, ~a, a & b, a % c)),
            *(signed(a << k, width) for k in amounts),
            *(a >> k for k in amounts),
            *(a < b, a <= b, a > b, a >= b, a == b, a != b),
            *(signed(a, w) for w in (64, 64, 128, 160)),
        ]
        for a, b, c in x
    ]
    assert run(library, "f", x, len(values)) == expected


CONSTANTS = """
static constexpr constant<6, 1, true> w[2][3] = {{{3}, {-4}, {5}}, {{0}, {1}, {2}}};
static constexpr constant<140, 0, true> far[] = {{integer<140>(-1) * (integer<140>(1) << 62)}};
static_assert(sizeof w == 6 && sizeof far == 20, "constants take no more bytes than they need");
static_assert(value(w[0][1]) == fixed<6, 4>(-4) * exactly<fixed<1, -4, false>>(1), "a constant");
static_assert(negative(value(far[0])), "a wide one");
constexpr int total() {
    Sum<fixed<9, 4>> sum(fixed<9, 4>(1));
    for (const auto &row : w) {
        for (const auto &x : row) sum.add(value(x) * fixed<3, 3>(2));
    }
    return static_cast<int>(code_of(sum.value()));
}
static_assert(total() == 32 + 2 * 7, "a sum");
"""


@pytest.mark.parametrize("standard", ["c++14", "c++17", "c++20"])
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_numbers_are_constants_in_every_standard_of_the_compilers(compiler, standard, tmp_path):
    path = shutil.which(compiler) or pytest.skip(f"there is no {compiler}")
    source = tmp_path / "constants.cpp"
    source.write_text(f'#include "fixed.h"\nusing namespace kernels;\n{CONSTANTS}')
    flags = ["-fsyntax-only", *WARNINGS, f"-std={standard}"]
    command = [path, *flags, f"-I{OURS.kernels}", f"{source}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


LOOP = """
#include "fixed.h"
using namespace kernels;
using X = fixed<8, 3>;
using Y = fixed<20, 10>;
Y product(const X (&x)[64], const constant<6, 2, true> (&w)[64]) {
    Sum<Y> sum(Y(0));
    for (int i = 0; i < 64; ++i) sum.add(x[i] * value(w[i]));
    return sum.value();
}
using Z = fixed<8, 3, false, Rounding::HALF_EVEN, Overflow::SATURATE>;
void quantize(Z (&z)[64], const Y (&y)[64]) {
    for (int i = 0; i < 64; ++i) z[i] = negative(y[i]) ? Y(0) : y[i];
}
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads the assembly of one machine")
def test_loops_become_vectors(tmp_path):
    """What makes a simulation fast: eight numbers at a time in registers of 256 bits."""
    source, assembly = tmp_path / "loop.cpp", tmp_path / "loop.s"
    source.write_text(LOOP)
    flags = ["-std=c++14", "-O3", "-march=haswell", "-S", f"-I{OURS.kernels}"]
    compiler = f"{toolchain.compiler()}"
    subprocess.run([compiler, *flags, f"{source}", "-o", f"{assembly}"], check=True)
    found = {line.split()[0] for line in assembly.read_text().splitlines() if "%ymm" in line}
    assert {"vpmulld", "vpaddd", "vpminsd", "vpsrad"} <= found
