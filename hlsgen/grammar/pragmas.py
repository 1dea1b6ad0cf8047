"""What Catapult takes behind ``#pragma``: a table.

Siemens' reference manual is not public. Verified against code that is: Siemens' own libraries as
hls4ml 1.3 ships them (``ac_types``, ``ac_math``: ``hls_design``, ``hls_ccore_type``,
``hls_unroll``, ``hls_waive``, ``builtin``, ``calypto_flag``), and designs that others have run
through Catapult (the rest; ``hls_map_to_operator`` and ``hls_design inline`` were seen in no
design, only in lists). Catapult 2024 was reported to ignore a pragma inside of the braces that it
should stand in front of, with no more than the message CIN-319.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from hlsgen.grammar.options import Option, Value
from hlsgen.grammar.places import Next


class Argument(Enum):
    NOTHING = auto()
    INTEGER = auto()
    WORDS = auto()
    """Some of the pragma's words."""
    AMOUNT = auto()
    """One of the pragma's words, or an integer."""
    RESOURCE = auto()
    """A resource, and options for it."""
    ANYTHING = auto()


@dataclass(frozen=True)
class Pragma:
    argument: Argument
    next: tuple[Next, ...] = ()
    """Nothing where it may stand anywhere."""
    words: tuple[str, ...] = ()
    least: int = 0
    fewest: int = 1
    """Of the words."""


_LOOP, _DECLARATION = (Next.LOOP,), (Next.DECLARATION,)
_CALLED = (Next.FUNCTION, Next.TYPE)
_FLOW = (Next.LOOP, Next.FUNCTION)
_YES_NO = ("yes", "no", "y", "n")

PRAGMAS: Mapping[str, Pragma] = {
    "hls_ccore_type": Pragma(Argument.WORDS, _CALLED, ("combinational", "sequential")),
    "hls_design": Pragma(
        Argument.WORDS, _CALLED, ("block", "ccore", "inline", "interface", "top"), fewest=0
    ),
    "hls_direct_input": Pragma(Argument.NOTHING, _DECLARATION),
    "hls_fifo_depth": Pragma(Argument.INTEGER, _DECLARATION),
    "hls_iterations": Pragma(Argument.INTEGER, _LOOP, least=1),
    "hls_map_to_operator": Pragma(Argument.ANYTHING, _CALLED),
    "hls_pipeline_init_interval": Pragma(Argument.INTEGER, _FLOW),
    "hls_pipeline_stall_mode": Pragma(Argument.WORDS, _FLOW, ("bubble", "flush", "stall")),
    "hls_preserve_loop": Pragma(Argument.WORDS, _LOOP, _YES_NO),
    "hls_resource": Pragma(Argument.RESOURCE, (*_CALLED, Next.DECLARATION)),
    "hls_unroll": Pragma(Argument.AMOUNT, _LOOP, _YES_NO, least=1),
    "hls_waive": Pragma(Argument.ANYTHING),
    "builtin": Pragma(Argument.ANYTHING),
    "calypto_flag": Pragma(Argument.ANYTHING),
}

OLD: Mapping[str, str] = {
    name.removeprefix("hls_"): name
    for name in PRAGMAS
    if name.startswith("hls_") and name not in ("hls_waive", "hls_iterations")
}
"""The spellings of earlier versions, and those of today."""

RESOURCE = (
    Option("variables", Value.WORD, required=True),
    Option("map_to_module", Value.WORD, required=True),
    Option("fifo_depth", Value.WORD),
)
