"""oneAPI: every ``[[intel::...]]`` and ``#pragma unroll`` against the table, and its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hlsgen.grammar import statements
from hlsgen.grammar.attributes import ATTRIBUTES, Attribute
from hlsgen.grammar.options import Value, wrong_value
from hlsgen.grammar.places import Mark, Next
from hlsgen.grammar.statements import Words
from hlsgen.grammar.tokens import Kind, join, tokens
from sim.errors import nearest

PRAGMAS = ("unroll", "nounroll")


def pragma(mark: Mark) -> Iterator[str]:
    """What is wrong with ``#pragma unroll`` or ``#pragma nounroll``."""
    name, *words = tokens(mark.text)
    if mark.next is not Next.LOOP:
        yield f"has to stand in front of a loop, not of {mark.next}"
    if words and name.text == "nounroll":
        yield "takes no number"
    elif words and (what := wrong_value(Value.INTEGER, words, 1)):
        yield f"{join(words)!r} is not {what}"


def attribute(mark: Mark) -> Iterator[str]:
    """What is wrong with the attributes of Intel's that ``[[...]]`` holds."""
    for part in statements.parts(tokens(mark.text)):
        name, *others = _name(part)
        if others and name == "intel":
            yield from _known(others[0], part, mark.next)
        elif others and nearest(name, ["intel"]).startswith("; did"):
            yield f"namespace {name!r} is unknown{nearest(name, ['intel'])}"
        elif not others and name in ATTRIBUTES:
            yield f"attribute {name!r} is unknown; did you mean 'intel::{name}'?"


def _name(part: Words) -> list[str]:
    end = next((i for i, word in enumerate(part) if word.text == "("), len(part))
    return join(part[:end]).split("::")


def _known(name: str, part: Words, following: Next) -> Iterator[str]:
    known = ATTRIBUTES.get(name)
    if known is None:
        yield f"attribute {name!r} is unknown{nearest(name, ATTRIBUTES)}"
        return
    if known.instead is not None:
        better = f"; use {known.instead!r}" if known.instead else ""
        yield f"attribute {name!r} is deprecated{better}"
    if following not in known.next:
        places = " or ".join(known.next)
        yield f"attribute {name!r} has to stand in front of {places}, not of {following}"
    yield from _arguments(name, known, part)


def _arguments(name: str, known: Attribute, part: Words) -> Iterator[str]:
    start = next((i for i, word in enumerate(part) if word.text == "("), len(part))
    arguments = statements.parts(part[start + 1 : statements.closing(part, start)])
    if not known.fewest <= len(arguments) <= known.most:
        yield f"attribute {name!r} takes {_range(known)}, not {len(arguments)}"
    elif known.words:
        for argument in arguments:
            choices = known.words if argument is arguments[-1] else ()
            yield from _string(name, argument, choices)
    elif name != "ivdep":  # which takes arrays, too
        for argument in arguments:
            yield from _number(name, known, argument)


def _range(known: Attribute) -> str:
    some = f"{known.fewest}" if known.fewest == known.most else f"{known.fewest} to {known.most}"
    return f"{some} argument{'s' * (known.most != 1)}" if known.most else "no argument"


def _string(name: str, argument: Words, choices: Sequence[str]) -> Iterator[str]:
    text = join(argument).strip('"')
    if argument[0].kind is not Kind.STRING:
        yield f"attribute {name!r}: {text!r} is not a string"
    elif choices and text not in choices:
        yield f"attribute {name!r}: {text!r} is unknown{nearest(text, choices)}"


def _number(name: str, known: Attribute, argument: Words) -> Iterator[str]:
    text = join(argument)
    if what := wrong_value(Value.INTEGER, argument, known.least):
        yield f"attribute {name!r}: {text!r} is not {what}"
    elif text.isdigit() and known.greatest is not None and int(text) > known.greatest:
        yield f"attribute {name!r}: {text!r} is more than {known.greatest}"
    elif text.isdigit() and known.power and int(text).bit_count() != 1:
        yield f"attribute {name!r}: {text!r} is not a power of two"
