"""Words of C++ text, with the lines where they stand; comments are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    DIRECTIVE = auto()
    """A whole line of the preprocessor: from ``#`` to its end, joined and without comments."""
    ATTRIBUTE = auto()
    """What stands between ``[[`` and ``]]``."""
    WORD = auto()
    NUMBER = auto()
    STRING = auto()
    MARK = auto()
    """Anything else, a character at a time, but for ``::`` and ``->``."""


class Token(NamedTuple):
    kind: Kind
    text: str
    line: int


_COMMENT = r"//(?:\\\n|[^\n])*|/\*.*?\*/"
_STRING = r"""(?:u8|[uUL])?(?:R"(?P<d>[^()\\ ]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*")"""
_TOKEN = re.compile(
    rf"""
    (?P<SPACE>\s+|{_COMMENT})
    | (?P<DIRECTIVE>^\#(?:\\\n|/\*.*?\*/|[^\n])*)
    | (?P<STRING>{_STRING}|'(?:\\.|[^'\\\n])+')
    | \[\[(?P<ATTRIBUTE>.*?)\]\]
    | (?P<WORD>[A-Za-z_]\w*)
    | (?P<NUMBER>\.?\d(?:[eEpP][+-]|[\w.'])*)
    | (?P<MARK>::|->|.)
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_IN_DIRECTIVE = re.compile(rf"({_STRING})|{_COMMENT}", re.DOTALL)


def tokens(text: str) -> list[Token]:
    """All of them, in order."""
    found, line = [], 1
    for match in _TOKEN.finditer(_unindented(text)):
        name = match.lastgroup or ""
        if name != "SPACE":
            found.append(Token(Kind[name], _content(name, match[name]), line))
        line += match[0].count("\n")
    return found


def join(words: Sequence[Token]) -> str:
    """The words again, with spaces where two of them would become one."""
    text = ""
    for word in words:
        apart = text and text[-1].isalnum() and word.text[0].isalnum()
        text += f" {word.text}" if apart else word.text
    return text


def _unindented(text: str) -> str:
    """Without the blanks in front of a line of the preprocessor, which would hide its beginning."""
    return re.sub(r"^[ \t]+(?=#)", "", text.replace("\r\n", "\n"), flags=re.MULTILINE)


def _content(name: str, text: str) -> str:
    if name != "DIRECTIVE":
        return text
    plain = _IN_DIRECTIVE.sub(lambda match: match[1] or " ", text.replace("\\\n", " "))
    return re.sub(r"#\s*", "#", " ".join(plain.split()), count=1)
