"""The three implementations of the numbers in C++, and what their results must be.

One text is compiled for all of them: the words that a kernel may use, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from random import Random

import numpy as np

import kernels
from sim import csim
from sim.integers import IntArray, integers
from sim.rounding import Interval, Overflow, Rounding
from tests.definitions import ROUND

ROOT = Path(kernels.__file__).parents[1]
TEMPLATES = Path(next(iter(find_spec("hls4ml").submodule_search_locations))) / "templates"
WORDS = 4
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")
FLAGS = ("-std=c++14", "-O0", *WARNINGS, f"-DWORDS={WORDS}")
OVERFLOWS = {  # whether the lowest code of a signed format is left out
    "WRAP": (Overflow.WRAP, False),
    "REFLECT": (Overflow.REFLECT, False),
    "SATURATE": (Overflow.SATURATE, False),
    "SATURATE_SYMMETRIC": (Overflow.SATURATE, True),
    "SATURATE_TO_ZERO": (Overflow.SATURATE_TO_ZERO, False),
}
PRELUDE = """
#include <cstring>
using namespace kernels;
using Word = integer<64 * WORDS>;

template <class Code>
void put(const Code &code, std::uint32_t *&out) {
    Word rest(code);
    for (int i = 0; i < 2 * WORDS; ++i, rest = rest >> 32) {
        *out++ = static_cast<std::uint32_t>(to_int64(rest));
    }
}
Word take(const std::uint32_t *&in) {
    Word code(0);
    for (int i = 2 * WORDS - 1; i >= 0; --i) code = Word(code << 32) + Word(in[i]);
    in += 2 * WORDS;
    return code;
}
inline void put_double(double x, std::uint32_t *&out) {
    std::int64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    put(integer<64>(bits), out);
}
inline double take_double(const std::uint32_t *&in) {
    const std::int64_t bits = to_int64(take(in));
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}
template <class T>
void put_format(std::uint32_t *&out) {
    put(integer<32>(Format<T>::width), out);
    put(integer<32>(Format<const T>::exp), out);
    put(integer<32>(Format<T>::is_signed), out);
}
"""


@dataclass(frozen=True)
class Implementation:
    """A header with the numbers, and the modes that its types have."""

    name: str
    header: str
    flags: Sequence[str] = ()
    lacks: frozenset[str] = frozenset()
    kernels: Path = ROOT / "kernels"

    def build(self, folder: Path, functions: Sequence[str], *flags: str) -> csim.Library:
        source = folder / f"{self.name}.cpp"
        source.write_text("\n".join([f'#include "{self.header}"', PRELUDE, *functions, ""]))
        include = [self.kernels, ROOT / "hlsgen/vendors"]
        return csim.build(source, include, [*FLAGS, *self.flags, *flags], WORDS)

    def modes(self) -> Iterator[tuple[str, str]]:
        """Every rounding with every overflow that the types of this header have."""
        for q in Rounding:
            for o in OVERFLOWS:
                if not {q.name, o} & self.lacks:
                    yield q.name, o


OURS = Implementation("ours", "fixed.h")
AP = Implementation(
    "ap",
    "ap_types.h",  # some formats fail an assertion in there, and are right without it
    [f"-isystem{TEMPLATES}/vivado/ap_types", "-DNDEBUG"],
    frozenset({"CEIL", "AWAY_FROM_ZERO", "HALF_ODD", "REFLECT"}),
)
AC = Implementation(
    "ac",
    "ac_types.h",
    [f"-isystem{TEMPLATES}/catapult/ac_types/include"],
    frozenset({"CEIL", "AWAY_FROM_ZERO", "REFLECT"}),
)
ALL = (OURS, AP, AC)


@dataclass(frozen=True)
class Number:
    """A type of numbers: ``fixed<W, I, S, Q, O>``."""

    width: int
    whole: int
    signed: bool = True
    rounding: str = "FLOOR"
    overflow: str = "WRAP"

    @property
    def exp(self) -> int:
        return self.whole - self.width

    @property
    def range(self) -> Interval:
        return Interval.format(self.signed, self.width, self.exp)

    def __str__(self) -> str:
        sign = "true" if self.signed else "false"
        modes = f"Rounding::{self.rounding}, Overflow::{self.overflow}"
        return f"fixed<{self.width}, {self.whole}, {sign}, {modes}>"

    def value(self, code: int) -> Fraction:
        return Fraction(code) * Fraction(2) ** self.exp

    def exactly(self, x: Fraction) -> int:
        """The code of a number that this format holds."""
        code = x / Fraction(2) ** self.exp
        assert code.denominator == 1
        assert self.range.lo <= code <= self.range.hi
        return int(code)

    def code(self, x: Fraction, limit: Callable[..., int] = Overflow.limit) -> int:
        """What becomes of a number in this format; ``limit(overflow, code, lo, hi)``."""
        rounded = ROUND[Rounding[self.rounding]](x / Fraction(2) ** self.exp)
        overflow, narrow = OVERFLOWS[self.overflow]
        r = Interval.format(self.signed, self.width, self.exp, narrow=narrow)
        return limit(overflow, rounded, r.lo, r.hi)

    def codes(self, random: Random, most: int = 64) -> list[int]:
        """All of them if they are few, else the ends, what is near zero, and some more."""
        lo, hi = self.range[:2]
        if hi - lo < most:
            return list(range(lo, hi + 1))
        found = {lo, lo + 1, lo // 2, hi // 2, hi // 2 + 1, hi - 1, hi, 0, 1, 2, 3}
        found |= {-1, -2, -3} if self.signed else set()
        while len(found) < most:  # of any length, so that not all are far away
            found.add(max(lo, min(hi, random.randint(lo, hi) >> random.randrange(self.width))))
        return sorted(found)


def any_number(
    random: Random, modes: tuple[str, str] = ("FLOOR", "WRAP"), most: int = 90
) -> Number:
    """A type of any width, with the point anywhere around it."""
    width = random.choice([1, 2, 3, random.randint(1, 20), random.randint(1, 40), most])
    width = random.randint(max(1, width - 2), width)
    signed = random.random() < 0.6
    width += width == 1 and signed and "SATURATE_SYMMETRIC" in modes  # nothing would be left
    return Number(width, random.randint(-9, width + 9), signed, *modes)


def results(a: Number, b: Number) -> list[Number]:
    """The types of ``a + b``, ``a - b``, ``a * b`` and ``-a``."""
    signed, exp = a.signed or b.signed, min(a.exp, b.exp)
    whole = 1 + max(n.whole + (signed and not n.signed) for n in (a, b))
    return [
        Number(whole - exp, whole, signed),
        Number(whole - exp, whole),
        Number(a.width + b.width, a.whole + b.whole, signed),
        Number(a.width + 1, a.whole + 1),
    ]


def function(name: str, reads: Sequence[str], writes: Sequence[str]) -> str:
    """C++ that takes ``a, b, …`` of these types from each sample, and does what is written."""
    lines = [
        f"const {t} {x} = of_code<{t}>(take(in));" for t, x in zip(reads, "abcdef", strict=False)
    ]
    return "\n".join(
        [
            f'extern "C" void {name}(',
            "    const std::uint32_t *in, std::uint32_t *out, std::int64_t samples) {",
            "    for (; samples > 0; --samples) {",
            *(f"        {line}" for line in [*lines, *writes]),
            "    }\n}\n",
        ]
    )


def run(library: csim.Library, name: str, x: Sequence[Sequence[int]], outputs: int) -> list:
    table: IntArray = integers(np.array(x, np.object_))
    return library.run(name, table, outputs).tolist()
