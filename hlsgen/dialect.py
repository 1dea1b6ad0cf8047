"""What vendors' compilers are told beside the C++: the meaning of the notes in ``kernels/*.h``.

The kernels are C++ as it stands. Notes at the ends of lines, or before a function, say what a
compiler for hardware has to know; a dialect makes pragmas and attributes of them:

=================== =============================================================================
``//@unroll``       all iterations of the loop at once
``//@pipeline``     an iteration of the loop begins with every clock
``//@registers x``  the array ``x`` is made of registers
``//@memory x``     the array ``x`` of beats is one memory, with a beat in a word
``//@rows x``       each row of the array ``x``, a member, is a memory
``//@window x``     the array ``x``, a member, is made of registers
``//@lines x``      the object ``x`` has such members
``//@inline``       the function becomes a part of its callers
``//@task``         the function is a process of its own where calls run side by side
=================== =============================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_NOTE = re.compile(r"(?P<indent> *)(?P<code>.*?) *//@(?P<note>\w+)(?: (?P<name>\w+))?")


@dataclass(frozen=True)
class Dialect:
    """The text that a note puts before its line, and behind it; ``{}`` is the name in the note."""

    before: Mapping[str, str] = field(default_factory=dict)
    """In the line's indentation, or before its code if that is an attribute."""
    behind: Mapping[str, str] = field(default_factory=dict)

    def without(self, note: str) -> Dialect:
        """The same for those whom this note does not concern."""
        before, behind = (
            {k: v for k, v in p.items() if k != note} for p in (self.before, self.behind)
        )
        return Dialect(before, behind)

    def render(self, text: str) -> str:
        """C++ with its notes put into effect."""
        return "".join(f"{line}\n" for line in self._lines(text))

    def _lines(self, text: str) -> Iterator[str]:
        for line in text.splitlines():
            match = _NOTE.fullmatch(line)
            yield from [line] if match is None else self._noted(**match.groupdict())

    def _noted(self, indent: str, code: str, note: str, name: str | None) -> Iterator[str]:
        before, behind = (part.get(note, "").format(name) for part in (self.before, self.behind))
        if before.startswith("[["):
            code = f"{before} {code}"
        elif before:
            yield f"{indent}{before}"
        if code:
            yield f"{indent}{code}"
        yield from behind.splitlines()


PLAIN = Dialect()
"""For compilers of programs."""

VITIS = Dialect(
    behind={
        "unroll": "#pragma HLS UNROLL",
        "pipeline": "#pragma HLS PIPELINE II=1",
        "registers": "#pragma HLS ARRAY_PARTITION variable={} type=complete dim=0",
        "memory": "#pragma HLS AGGREGATE variable={}",
        "lines": "#pragma HLS ARRAY_PARTITION variable={0}.rows type=complete dim=1\n"
        "#pragma HLS ARRAY_PARTITION variable={0}.columns type=complete dim=0\n"
        "#pragma HLS AGGREGATE variable={0}.rows",
        "inline": "#pragma HLS INLINE",
    }
)

ONEAPI = Dialect(
    before={
        "unroll": "#pragma unroll",
        "pipeline": "[[intel::initiation_interval(1)]]",
        "registers": "[[intel::fpga_register]]",
        "memory": "[[intel::fpga_memory]]",
        "rows": "[[intel::fpga_memory]]",
        "window": "[[intel::fpga_register]]",
    }
)

CATAPULT = Dialect(
    before={
        "unroll": "#pragma hls_unroll yes",
        "pipeline": "#pragma hls_pipeline_init_interval 1",
        "task": "#pragma hls_design block",
    }
)
