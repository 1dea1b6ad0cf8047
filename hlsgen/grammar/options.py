"""Options of a pragma: ``name=value`` and bare words, and which values they may have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from hlsgen.grammar import statements
from hlsgen.grammar.statements import Words
from hlsgen.grammar.tokens import Kind, Token, join
from sim.errors import nearest


class Value(Enum):
    FLAG = auto()
    INTEGER = auto()
    """A literal, or an expression that the compiler computes."""
    NUMBER = auto()
    WORD = auto()
    """A name, or a string."""
    CHOICE = auto()
    VARIABLES = auto()
    """Some, separated by commas."""
    ANYTHING = auto()


@dataclass(frozen=True)
class Option:
    name: str
    value: Value
    choices: tuple[str, ...] = ()
    """In lower case, as which they are compared."""
    bare: bool = False
    """Whether a choice may stand alone, without ``name=``."""
    required: bool = False
    least: int = 0
    instead: str | None = None
    """What to write for one that is no longer taken."""


@dataclass
class Reading:
    """What was given, by the options' names in lower case, and what is wrong with it."""

    values: dict[str, Words] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A value in lower case; empty if it is not given."""
        return join(self.values.get(name, ())).strip('"').lower()


def read(options: Sequence[Option], words: Words) -> Reading:
    """Read the options of a pragma; names and choices in any case."""
    found = Reading()
    for name, value in split(words):
        option, meant = _option(options, name, value)
        if option is None:
            found.problems.append(f"option {name.text!r} is unknown{_near(options, name.text)}")
        elif option.name.lower() in found.values:
            found.problems.append(f"option {option.name!r} is given twice")
        else:
            found.values[option.name.lower()] = meant or ()
            found.problems += _wrong(option, meant)
    missing = [o.name for o in options if o.required and o.name.lower() not in found.values]
    found.problems += [f"option {name!r} is missing" for name in missing]
    return found


def split(words: Words) -> Iterator[tuple[Token, Words | None]]:
    """Each name with its value; without one, there is no ``=`` behind the name."""
    i = 0
    while i < len(words):
        end = i + 1
        if words[i + 1 : i + 2] and words[i + 1].text == "=":
            end = _end(words, i + 2)
        yield words[i], words[i + 2 : end] if end > i + 1 else None
        i = end


def _end(words: Words, start: int) -> int:
    """Where a value ends: at the second of two words that nothing joins."""
    i = start
    while i < len(words):
        joined = i == start or words[i - 1].text in _PREFIXES or not _operand(words[i - 1])
        if _operand(words[i], first=True) and not joined:
            return i
        i = statements.closing(words, i) + 1
    return min(i, len(words))


_PREFIXES = {"template", "typename", "sizeof"}


def _operand(word: Token, *, first: bool = False) -> bool:
    return word.kind is not Kind.MARK or (not first and word.text in (")", "]", "}", ">"))


def _option(
    options: Sequence[Option], name: Token, value: Words | None
) -> tuple[Option | None, Words | None]:
    text = name.text.lower()
    for option in options:
        if option.name.lower() == text:
            return option, value
        if option.bare and value is None and text in option.choices:
            return option, [name]
    return None, None


def _near(options: Sequence[Option], name: str) -> str:
    """The nearest option or choice that can stand alone; else, the options."""
    names = [o.name for o in options if o.instead is None]
    near = _nearest(name, [*names, *(choice for o in options if o.bare for choice in o.choices)])
    return near if near.startswith("; did") else _nearest(name, names)


def _wrong(option: Option, value: Words | None) -> Iterator[str]:
    text = join(value or ())
    if option.instead is not None:
        yield f"option {option.name!r} is no longer taken{option.instead}"
    elif option.value is Value.FLAG:
        if value is not None:
            yield f"option {option.name!r} takes no value"
    elif not value:
        yield f"option {option.name!r} needs a value"
    elif what := wrong_value(option.value, value, option.least):
        yield f"option {option.name!r}: {text!r} is not {what}"
    elif option.choices and text.strip('"').lower() not in option.choices:
        yield f"option {option.name!r}: {text!r} is unknown{_nearest(text, option.choices)}"


def wrong_value(kind: Value, words: Words, least: int = 0) -> str | None:
    """What a value should be and is not."""
    match kind:
        case Value.INTEGER if not _constant(words, least, integer=True):
            return f"an integer of {least} or more"
        case Value.NUMBER if not _constant(words, least, integer=False):
            return f"a number of {least} or more"
        case Value.WORD | Value.CHOICE if len(words) > 1 or words[0].kind not in _NAMES:
            return "a name"
        case Value.VARIABLES if any(not variable(part) for part in statements.parts(words)):
            return "a list of variables"
    return None


_NAMES = (Kind.WORD, Kind.STRING)


def variable(words: Words) -> str | None:
    """The name that an expression such as ``a.b[0]`` begins with."""
    return words[0].text if words and words[0].kind is Kind.WORD else None


def _constant(words: Words, least: int, *, integer: bool) -> bool:
    """Whether it is a literal that is large enough, or an expression, which may be anything."""
    text = join(words)
    literal = re.fullmatch(r"(-?(?:0[xX][\da-fA-F]+|\d[\d']*))[uUlL]*", text)
    if literal:
        return int(literal[1].replace("'", ""), 0 if "x" in text.lower() else 10) >= least
    if re.fullmatch(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return not integer and float(text) >= least
    kinds = {word.kind for word in words}
    return Kind.WORD in kinds and not kinds & {Kind.STRING, Kind.ATTRIBUTE, Kind.DIRECTIVE}


def _nearest(name: str, known: Sequence[str]) -> str:
    """As `nearest`, in any case."""
    return nearest(name.lower(), [word.lower() for word in known])
