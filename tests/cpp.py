"""The C++ that runs the cases of the harness through the kernels: a function for each case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval

if TYPE_CHECKING:
    from tests.harness import Case

FAMILIES = ("conv", "dense", "elementwise", "pool", "quant", "shape", "table")


@dataclass(frozen=True)
class Tensor:
    """An array in C++; all of its elements have one format."""

    name: str
    type: Intervals
    constant: bool
    format: Interval

    @classmethod
    def of(cls, name: str, x: Intervals | Fixed) -> Tensor:
        t = Intervals.of(x)
        return cls(name, t, isinstance(x, Fixed), hull(t))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    def declaration(self) -> str:
        """As ``fixed<8, -3, true> x[2][3];``, with its numbers if it is a constant."""
        head = f"{number(self.format)} {self.name}{dims(self.shape)}"
        if not self.constant:
            return f"{head};"
        codes, _ = self.type.at(np.full(self.shape, self.format.exp))
        return f"static const {head} = {codes_of(self.format, codes)};"

    def seen(self, *shape: int) -> Tensor:
        """In another shape: codes come and go in the order of memory."""
        return replace(self, type=self.type.reshape(*shape))

    def ranked(self, rank: int) -> Tensor:
        """With axes of one in front."""
        return self.seen(*(1,) * (rank - len(self.shape)), *self.shape)


@dataclass(frozen=True)
class Call:
    """What a case becomes: tensors in the shapes that its kernel wants, and statements."""

    x: Sequence[Tensor] = ()
    y: Sequence[Tensor] = ()
    body: Sequence[str] = ()
    constants: Sequence[str] = ()


def words(case: Case) -> int:
    """How many words of 64 bits hold each code of its inputs and outputs."""
    formats = [hull(t) for t in [*case.types, *case.forward(case.types)]]
    return max(1 + f.width // 64 for f in formats)


def source(calls: Sequence[Call], words: int) -> str:
    """A file with the functions ``case_0``, ``case_1``, …"""
    includes = [f'#include "{name}.h"' for name in (*FAMILIES, "csim")]
    functions = [line for i, call in enumerate(calls) for line in function(i, call, words)]
    return "\n".join([*includes, "", "namespace kernels {", *functions, "}", ""])


def function(number: int, call: Call, words: int) -> Iterator[str]:
    """One that reads the inputs of each sample, and writes its outputs."""
    signature = "const std::uint32_t *in, std::uint32_t *out, std::int64_t samples"
    data = [x for x in call.x if not x.constant]
    before = [*(x.declaration() for x in call.x if x.constant), *call.constants]
    sample = [
        *(t.declaration() for t in (*data, *call.y)),
        *(f"csim::read<{words}>({x.name}, in);" for x in data),
        *call.body,
        *(f"csim::write<{words}>({y.name}, out);" for y in call.y),
    ]
    yield ""
    yield f'extern "C" void case_{number}({signature}) {{'
    yield from (f"    {line}" for line in [*before, "for (; samples > 0; --samples) {"])
    yield from (f"        {line}" for line in sample)
    yield from ("    }", "}")


# -- text ----------------------------------------------------------------------------------------


def hull(t: Intervals) -> Interval:
    """One interval that holds zero and every element: the finest step, the widest range in it."""
    exp = int(t.exp.min()) if t.size else 0
    lo, hi = t.at(np.full(t.shape, exp))
    return Interval(int(lo.min(initial=0)), int(hi.max(initial=0)), exp)


def number(r: Interval) -> str:
    """The type of the numbers in an interval."""
    return f"fixed<{max(1, r.width)}, {r.exp}, {flag(r.signed)}>"


def flag(value: object) -> str:
    return "true" if value else "false"


def dims(shape: Sequence[int]) -> str:
    return "".join(f"[{n}]" for n in shape)


def codes_of(r: Interval, codes: Any) -> str:
    """An array of numbers, or one, in the format of the interval."""
    width = max(1, r.width) + (not r.signed)
    return nested(np.vectorize(lambda c: f"{{{literal(int(c), width)}}}", [np.object_])(codes))


def intervals_of(to: Intervals) -> tuple[int, str]:
    """An array of intervals, and how many bits their ends need with a sign."""
    rows = [to.interval(i) for i in range(to.size)]
    width = 1 + max(Interval(lo, hi, 0).width for lo, hi, _ in rows)
    texts = np.empty(to.size, np.object_)
    texts[:] = [f"{{{literal(r.lo, width)}, {literal(r.hi, width)}, {r.exp}}}" for r in rows]
    return width, nested(texts.reshape(to.shape))


def nested(texts: Any) -> str:
    if not np.ndim(texts):
        return str(texts)
    return f"{{{', '.join(nested(row) for row in texts)}}}"


def literal(code: int, width: int) -> str:
    """An integer of any width, in pieces that a compiler reads."""
    if -(1 << 62) < code < 1 << 62:
        return str(code)
    kind, high, low = f"integer<{width}>", code >> 62, code & ((1 << 62) - 1)
    return f"{kind}({literal(high, width)}) * ({kind}(1) << 62) + {kind}({low})"
