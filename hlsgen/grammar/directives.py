"""What Vitis HLS takes behind ``#pragma HLS``: a table.

Options, their values, which of them are required and which are deprecated, and where a directive
may stand were verified against AMD's open front end (Xilinx/hls-llvm-project:
``clang/include/clang/Basic/XlxPragmaOption.td``, ``clang/lib/Parse/ParseXlxPragma.cpp``), the
places also against the rules that AMD publishes for its assistants
(Xilinx/ross-ai-assistant: ``skills/hls-pragma-scope``), the types and implementations of
``bind_storage`` and ``bind_op``, ``cache`` and ``array_stencil`` against UG1399, 2020.2 to 2026.1.
Which implementation exists for which type and part is left to the tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hlsgen.grammar.options import Option, Value


class Place(StrEnum):
    """Which braces have to be the ones around a directive."""

    LOOP = "directly in the body of a loop"
    FUNCTION = "directly in the body of a function"
    EITHER = "directly in the body of a function or a loop"
    INNER = "in a block within a function"
    REGION = "in a function"


@dataclass(frozen=True)
class Directive:
    place: Place
    options: tuple[Option, ...] = ()
    one_of: tuple[str, ...] = ()
    """At least one of these options is needed."""
    apart: tuple[str, ...] = ()
    """No two of these options go together."""
    instead: str | None = None
    """What to write for one that is no longer taken."""


def _flag(name: str) -> Option:
    return Option(name, Value.FLAG)


def _integer(name: str, least: int = 0, *, required: bool = False) -> Option:
    return Option(name, Value.INTEGER, least=least, required=required)


def _word(name: str, choices: str = "", *, required: bool = False) -> Option:
    return Option(name, Value.WORD, tuple(choices.split()), required=required)


def _choice(name: str, choices: str, *, bare: bool = True, required: bool = False) -> Option:
    return Option(name, Value.CHOICE, tuple(choices.split()), bare, required)


def _variables(name: str = "variable", *, required: bool = True) -> Option:
    return Option(name, Value.VARIABLES, required=required)


def _gone(name: str, instead: str) -> Option:
    return Option(name, Value.ANYTHING, instead=f"; use {instead}")


def _removed(instead: str = "") -> Directive:
    return Directive(Place.REGION, instead=f"; use {instead}" if instead else "")


_PARTITION = (
    _variables(),
    _choice("type", "cyclic block complete"),
    _integer("factor", 1),
    _integer("dim"),
)
_LATENCY = _integer("latency", -1)

INTEGER_OPERATIONS = "add sub mul"
FLOAT_OPERATIONS = """
    fadd fsub fdiv fexp flog fmul frsqrt frecip fsqrt dadd dsub ddiv dexp dlog dmul drsqrt drecip
    dsqrt hadd hsub hdiv hmul hsqrt facc fmacc fmadd
"""
SHARED_OPERATIONS = """
    add sub mul icmp sdiv udiv srem urem lshr ashr shl fadd fsub fmul fdiv dadd dsub dmul ddiv fcmp
    frem fsqrt frsqrt frecip dsqrt drecip dcmp drsqrt flog dlog fexp dexp
"""

DIRECTIVES: Mapping[str, Directive] = {
    "aggregate": Directive(Place.REGION, (_variables(), _choice("compact", "bit byte none auto"))),
    "alias": Directive(
        Place.FUNCTION,
        (
            _variables("ports"),
            Option("offset", Value.ANYTHING),
            Option("distance", Value.ANYTHING),
        ),
        one_of=("offset", "distance"),
        apart=("offset", "distance"),
    ),
    "allocation": Directive(
        Place.REGION,
        (
            _choice("type", "operation function", required=True),
            Option("instances", Value.ANYTHING, required=True),
            _integer("limit", 1, required=True),
        ),
    ),
    "array_partition": Directive(Place.REGION, _PARTITION),
    "array_reshape": Directive(Place.REGION, (*_PARTITION, _flag("object"))),
    "array_stencil": Directive(Place.LOOP, (_variables(), _flag("off"))),
    "bind_op": Directive(
        Place.REGION,
        (
            _variables(),
            _word("op", INTEGER_OPERATIONS + FLOAT_OPERATIONS, required=True),
            _word("impl", "fabric dsp fulldsp meddsp maxdsp primitivedsp auto none all"),
            _LATENCY,
        ),
    ),
    "bind_storage": Directive(
        Place.REGION,
        (
            _variables(),
            _word(
                "type",
                "fifo ram_1p ram_1wnr ram_2p ram_s2p ram_t2p rom_1p rom_2p rom_np",
                required=True,
            ),
            _word("impl", "bram bram_ecc lutram uram uram_ecc srl memory auto"),
            _LATENCY,
        ),
    ),
    "cache": Directive(
        Place.FUNCTION,
        (
            _variables("port"),
            _integer("lines", 1),
            _integer("depth", 1),
            _integer("ports", 1),
            _integer("l2_lines", 1),
        ),
    ),
    "dataflow": Directive(Place.EITHER, (_flag("disable_start_propagation"),)),
    "dependence": Directive(
        Place.EITHER,
        (
            _variables(required=False),
            _variables("cross_variables", required=False),
            _choice("class", "array pointer"),
            _choice("type", "intra inter"),
            _choice("direction", "raw war waw"),
            _integer("distance", 1),
            _choice("dependent", "true false"),
        ),
        apart=("variable", "cross_variables", "class"),
    ),
    "disaggregate": Directive(Place.REGION, (_variables(),)),
    "expression_balance": Directive(Place.REGION, (_flag("off"),)),
    "function_instantiate": Directive(Place.FUNCTION, (_variables(),)),
    "inline": Directive(
        Place.FUNCTION,
        (
            _flag("recursive"),
            _flag("off"),
            _gone("region", "'inline' in the functions that are called"),
            _gone("self", "'inline' alone"),
            _gone("all", "'inline recursive'"),
        ),
    ),
    "interface": Directive(Place.FUNCTION),  # see MODES
    "latency": Directive(Place.REGION, (_integer("min"), _integer("max")), one_of=("min", "max")),
    "loop_flatten": Directive(Place.LOOP, (_flag("off"),)),
    "loop_merge": Directive(Place.REGION, (_flag("force"),)),
    "loop_tripcount": Directive(
        Place.LOOP, (_integer("min"), _integer("max", required=True), _integer("avg"))
    ),
    "occurrence": Directive(Place.INNER, (_integer("cycle", 1),)),
    "performance": Directive(
        Place.EITHER,
        (Option("target_ti", Value.NUMBER), Option("target_tl", Value.NUMBER)),
        one_of=("target_ti", "target_tl"),
    ),
    "pipeline": Directive(
        Place.EITHER,
        (
            _integer("II", 1),
            _flag("rewind"),
            _flag("off"),
            _choice("style", "stp flp frp", bare=False),
            _gone("enable_flush", "'style=flp'"),
        ),
        apart=("off", "style"),
    ),
    "protocol": Directive(Place.INNER, (_choice("mode", "floating fixed"),)),
    "reset": Directive(Place.REGION, (_variables(), _flag("off"))),
    "stable": Directive(Place.EITHER, (_variables(),)),
    "stream": Directive(
        Place.REGION,
        (
            _variables(),
            _integer("depth", 1),
            _choice("type", "fifo pipo shared unsync", bare=False),
            _gone("off", "'type=pipo'"),
            _gone("dim", "'array_partition' on that dimension"),
        ),
    ),
    "top": Directive(Place.FUNCTION, (_word("name"),)),
    "unroll": Directive(
        Place.LOOP,
        (
            _integer("factor", 1),
            _flag("skip_exit_check"),
            _gone("region", "'unroll' in the loops inside"),
            _gone("complete", "'unroll' alone"),
            _gone("partial", "'factor=...'"),
        ),
    ),
    "array_map": _removed(),
    "clock": _removed(),
    "data_pack": _removed("'aggregate'"),
    "extract": _removed(),
    "region": _removed(),
    "resource": _removed("'bind_op' or 'bind_storage'"),
    "shared": _removed("'stream type=shared'"),
}

_SCALAR = (_flag("register"), _integer("depth"))
_MEMORY = (_integer("depth"), _LATENCY, _word("storage_type"))
MODES: Mapping[str, tuple[Option, ...]] = {
    "m_axi": (
        _word("bundle"),
        _integer("depth"),
        _word("offset", "slave direct off"),
        _integer("num_read_outstanding"),
        _integer("num_write_outstanding"),
        _integer("max_read_burst_length"),
        _integer("max_write_burst_length"),
        _integer("latency"),
        _integer("max_widen_bitwidth"),
        _integer("channel"),
    ),
    "axis": (
        _flag("register"),
        _choice("register_mode", "forward reverse both off"),
        _integer("depth"),
    ),
    "s_axilite": (
        _word("bundle"),
        _integer("offset"),
        _word("clock"),
        _word("storage_impl"),
        _flag("register"),
    ),
    "ap_memory": _MEMORY,
    "bram": _MEMORY,
    "ap_fifo": _SCALAR,
    "ap_none": _SCALAR,
    "ap_ack": _SCALAR,
    "ap_hs": _SCALAR,
    "ap_vld": _SCALAR,
    "ap_ovld": _SCALAR,
    "ap_stable": _SCALAR,
    "ap_ctrl_none": (),
    "ap_ctrl_hs": (),
    "ap_ctrl_chain": (),
}
"""The options of ``interface`` in each mode, beside ``mode``, ``port`` and ``name``."""

INTERFACE = (_choice("mode", " ".join(MODES), required=True), _variables("port"), _word("name"))
STREAM_MODES = {"axis", "ap_fifo"}
SCALAR_MODES = {"ap_none", "ap_ack", "ap_vld", "ap_ovld", "ap_stable"}
RETURN_MODES = {"ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain"}
FIFO_IMPLEMENTATIONS = {"srl", "memory"}
