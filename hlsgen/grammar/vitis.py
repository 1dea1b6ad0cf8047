"""Vitis HLS: every ``#pragma HLS`` against the table of directives, its place and its variables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hlsgen.grammar import directives, statements
from hlsgen.grammar.directives import DIRECTIVES, Directive, Place
from hlsgen.grammar.options import Option, Reading, Value, read, variable
from hlsgen.grammar.places import Mark, Scope
from hlsgen.grammar.statements import Form, Parameter
from hlsgen.grammar.tokens import tokens
from sim.errors import nearest


@dataclass(frozen=True)
class Pragma:
    """A directive that there is, as it was read."""

    mark: Mark
    name: str
    directive: Directive
    given: Reading


def problems(
    marks: Sequence[Mark], types: Mapping[str, str], top: str | None, declared: frozenset[str]
) -> Iterator[tuple[Mark, str]]:
    """What is wrong with the pragmas that begin with ``HLS``.

    `types` are the text's own names for types, `declared` the variables of other files.
    """
    pragmas = []
    for mark in marks:
        _, name, *_ = [*mark.text.split(), ""]
        directive = DIRECTIVES.get(name.lower())
        if directive is None:
            yield mark, f"directive {name!r} is unknown{nearest(name.lower(), _taken())}"
        elif directive.instead is not None:
            yield mark, f"directive {name!r} is no longer taken{directive.instead}"
        else:
            pragmas.append(_read(mark, name.lower(), directive))
    partitioned = _partitioned(pragmas)
    for pragma in pragmas:
        found = [*_general(pragma, declared), *_special(pragma, types, top, partitioned)]
        yield from ((pragma.mark, problem) for problem in found)
    yield from _twofold(pragmas)


def _taken() -> list[str]:
    return [name for name, directive in DIRECTIVES.items() if directive.instead is None]


def _read(mark: Mark, name: str, directive: Directive) -> Pragma:
    words = tokens(mark.text)[2:]
    options = directive.options
    if name == "interface":
        mode = read((*directives.INTERFACE, *_any_mode()), words).text("mode")
        options = (*directives.INTERFACE, *directives.MODES.get(mode, _any_mode()))
    return Pragma(mark, name, directive, read(options, words))


def _any_mode() -> Iterator[Option]:
    """The options of all modes, of which an interface without a known one may have any."""
    yield from {o.name: o for options in directives.MODES.values() for o in options}.values()


def _general(pragma: Pragma, declared: frozenset[str]) -> Iterator[str]:
    """What the table says."""
    directive, given = pragma.directive, pragma.given
    yield from given.problems
    if not _stands(pragma.mark, directive.place):
        yield f"has to stand {directive.place}"
    if directive.one_of and not given.values.keys() & {*directive.one_of}:
        yield f"one of the options {', '.join(map(repr, directive.one_of))} is missing"
    together = [name for name in directive.apart if name in given.values]
    if len(together) > 1:
        yield f"options {' and '.join(map(repr, together))} do not go together"
    for name in _variables(pragma):
        if name not in pragma.mark.names | declared:
            yield f"variable {name!r} is not declared here{nearest(name, pragma.mark.names)}"


def _stands(mark: Mark, place: Place) -> bool:
    function, loop = mark.scope.form is Form.FUNCTION, mark.scope.form is Form.LOOP
    match place:
        case Place.LOOP:
            return loop
        case Place.FUNCTION:
            return function
        case Place.EITHER:
            return function or loop
        case Place.INNER:
            return not function and mark.function is not None
        case Place.REGION:
            return mark.function is not None


def _variables(pragma: Pragma) -> set[str]:
    """Those that a pragma is for; without members of classes, which other files declare."""
    options = [o.name.lower() for o in pragma.directive.options if o.value is Value.VARIABLES]
    values = [pragma.given.values.get(name, ()) for name in options]
    parts = [part for value in values for part in statements.parts(value)]
    names = {variable(part) for part in parts if "::" not in [word.text for word in part]}
    return {name for name in names if name} - {"return", "this"}


def _partitioned(pragmas: Sequence[Pragma]) -> Mapping[int, set[str]]:
    """The arrays of each function that become registers, by the number of its scope."""
    found: dict[int, set[str]] = defaultdict(set)
    for pragma in pragmas:
        if pragma.name in ("array_partition", "array_reshape") and pragma.mark.function:
            found[pragma.mark.function.number] |= _variables(pragma)
    return found


def _special(
    pragma: Pragma, types: Mapping[str, str], top: str | None, partitioned: Mapping[int, set[str]]
) -> Iterator[str]:
    """What is so of one directive only."""
    given = pragma.given
    match pragma.name:
        case "array_partition" | "array_reshape" if "object" not in given.values:
            if given.text("type") in ("cyclic", "block") and "factor" not in given.values:
                yield f"option 'factor' is missing: type {given.text('type')!r} needs it"
            if given.text("type") in ("complete", "") and "factor" in given.values:
                yield "option 'factor' goes with the types 'cyclic' and 'block' only"
        case "pipeline" if "rewind" in given.values and given.text("style") not in ("", "stp"):
            yield "option 'rewind' goes with style 'stp' only"
        case "bind_storage" if given.text("impl") in directives.FIFO_IMPLEMENTATIONS:
            if given.text("type") != "fifo":
                yield f"implementation {given.text('impl')!r} is for type 'fifo' only"
        case "allocation" if given.text("type") == "operation":
            known = directives.SHARED_OPERATIONS.split()
            if (name := given.text("instances")) not in known:
                yield f"operation {name!r} is unknown{nearest(name, known)}"
        case "stream" if pragma.mark.function and pragma.mark.function.name == top:
            ports = {parameter.name for parameter in pragma.mark.function.parameters}
            for name in sorted(ports & _variables(pragma)):
                yield f"port {name!r} of the top function takes 'interface', not 'stream'"
        case "interface" if function := pragma.mark.function:
            yield from _interface(given, function, types, top, partitioned[function.number])


def _interface(
    given: Reading,
    function: Scope,
    types: Mapping[str, str],
    top: str | None,
    partitioned: set[str],
) -> Iterator[str]:
    mode = given.text("mode")
    if top not in (None, function.name):
        yield f"function {function.name!r} has no ports: the top function is {top!r}"
    if mode in directives.RETURN_MODES and given.text("port") != "return":
        yield f"mode {mode!r} is for 'port=return'"
    ports = {parameter.name: parameter for parameter in function.parameters}
    for part in statements.parts(given.values.get("port", ())):
        name = variable(part) or ""
        if name == "return":
            continue
        if name not in ports:
            yield f"port {name!r} is not a parameter of {function.name!r}{nearest(name, ports)}"
        elif mode in directives.MODES:
            yield from _port(ports[name], mode, types, partitioned)


def _port(
    port: Parameter, mode: str, types: Mapping[str, str], partitioned: set[str]
) -> Iterator[str]:
    stream = _stream(port.type, types)
    if stream and mode not in directives.STREAM_MODES:
        yield f"port {port.name!r} is a stream, which takes the modes 'axis' and 'ap_fifo' only"
    if mode == "axis" and not stream:
        yield f"mode 'axis' needs a stream; port {port.name!r} is a {port.type!r}"
    if mode in directives.SCALAR_MODES and port.array and port.name not in partitioned:
        yield f"mode {mode!r} needs 'array_partition': port {port.name!r} is an array"


def _stream(kind: str, types: Mapping[str, str]) -> bool:
    """Whether a type is called one, or stands for one that is."""
    meant = [kind, *(other for name, other in types.items() if name in kind)]
    return any("stream" in text or "channel" in text for text in meant)


def _twofold(pragmas: Sequence[Pragma]) -> Iterator[tuple[Mark, str]]:
    """Pipelines of iterations in the bodies that are pipelines of tasks."""
    tasks = {p.mark.scope.number for p in pragmas if p.name == "dataflow"}
    for pragma in pragmas:
        if pragma.name == "pipeline" and pragma.mark.scope.number in tasks:
            yield pragma.mark, "does not go together with the 'dataflow' in the same body"
