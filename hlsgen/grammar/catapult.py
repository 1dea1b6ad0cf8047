"""Catapult: every pragma of its own against the table, and its place."""

from __future__ import annotations

from collections.abc import Iterator

from hlsgen.grammar.options import Value, read, wrong_value
from hlsgen.grammar.places import Mark
from hlsgen.grammar.pragmas import PRAGMAS, RESOURCE, Argument, Pragma
from hlsgen.grammar.statements import Words
from hlsgen.grammar.tokens import join, tokens
from sim.errors import nearest


def pragma(mark: Mark) -> Iterator[str]:
    """What is wrong with a pragma whose name is in the table."""
    name, *words = tokens(mark.text)
    known = PRAGMAS[name.text]
    if known.next and mark.next not in known.next:
        places = " or ".join(known.next)
        yield f"has to stand in front of {places}, not of {mark.next}"
    yield from _argument(known, words)


def _argument(known: Pragma, words: Words) -> Iterator[str]:
    match known.argument:
        case Argument.NOTHING if words:
            yield f"takes nothing, not {join(words)!r}"
        case Argument.INTEGER | Argument.AMOUNT if not words:
            yield "needs a value"
        case Argument.INTEGER:
            yield from _integer(known, words)
        case Argument.AMOUNT if join(words) not in known.words:
            yield from _integer(known, words)
        case Argument.WORDS:
            yield from _words(known, words)
        case Argument.RESOURCE:
            yield from _resource(words)


def _integer(known: Pragma, words: Words) -> Iterator[str]:
    text = join(words)
    if what := wrong_value(Value.INTEGER, words, known.least):
        choice = f" or one of {', '.join(map(repr, known.words))}" if known.words else ""
        yield f"{text!r} is not {what}{choice}"


def _words(known: Pragma, words: Words) -> Iterator[str]:
    if len(words) < known.fewest:
        yield f"needs one of {', '.join(map(repr, known.words))}"
    for word in words:
        if word.text not in known.words:
            yield f"{word.text!r} is unknown{nearest(word.text, known.words)}"


def _resource(words: Words) -> Iterator[str]:
    """``name:rsc variables="x" map_to_module="library.module"``, and perhaps more options."""
    start = next((i for i, word in enumerate(words) if word.text == "="), len(words) + 1)
    if start < 2:
        yield "needs the name of a resource"
    yield from read(RESOURCE, words[start - 1 :]).problems
