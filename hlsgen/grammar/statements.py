"""What a C++ statement is, and what it declares: as much as its words alone can say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

from hlsgen.grammar.tokens import Kind, Token, join

Words = Sequence[Token]


class Form(Enum):
    """What a statement is, or the braces behind it hold."""

    NAMESPACE = auto()
    TYPE = auto()
    FUNCTION = auto()
    LAMBDA = auto()
    LOOP = auto()
    BLOCK = auto()
    VALUE = auto()
    """A declaration, or the braces of what initializes it."""


class Parameter(NamedTuple):
    name: str
    type: str
    array: bool


_LOOPS = {"for", "while", "do"}
_CONTROLS = {*_LOOPS, "if", "else", "switch", "try", "catch"}
_TYPES = {"class", "struct", "union", "enum"}
_JUMPS = {"return", "goto", "break", "continue", "case", "delete", "throw"}
_ALIASES = {"using", "typedef", "friend"}
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def form(head: Words, within: Form) -> Form:
    """Tell what a head, the words in front of ``{`` or ``;``, begins."""
    head = _without_template(head)
    texts = [word.text for word in _flat(head)]
    if controls := [text for text in texts if text in _CONTROLS]:
        return Form.LOOP if controls[-1] in _LOOPS else Form.BLOCK
    if "namespace" in texts[:2] or (texts[:1] == ["extern"] and len(texts) == 2):
        return Form.NAMESPACE
    if _lambda(head) is not None:
        return Form.LAMBDA
    if "(" not in texts and _TYPES & {*texts[:2]}:
        return Form.TYPE
    if within in (Form.NAMESPACE, Form.TYPE):
        return Form.FUNCTION if "(" in texts and texts[-1] != "=" else Form.VALUE
    return Form.VALUE if texts and texts[-1] != ")" else Form.BLOCK


def names(statement: Words) -> set[str]:
    """The variables that a statement declares; of a ``for``, those of its own scope."""
    statement = _without_template(statement)
    texts = [word.text for word in statement[:2]]
    if texts == ["for", "("]:
        inner = next(_groups(statement), [])
        return names(_before(inner, {";", ":"}))
    if not statement or texts[0] in _JUMPS | _ALIASES | _CONTROLS | _TYPES:
        return set()
    first, *others = [_declarator(part) for part in parts(statement)]
    if not first or len(first) < 2 or not _ends_type(first[-2]):
        return set()
    declared = [first[-1], *(other[-1] for other in others if other)]
    return {word.text for word in declared if word.kind is Kind.WORD}


def parameters(head: Words) -> tuple[str, tuple[Parameter, ...]]:
    """The name of a function and its parameters; a macro may stand around the name."""
    head = _without_template(head)
    head = head[_lambda(head) or 0 :]
    start = next((i for i, word in enumerate(head) if word.text == "("), len(head))
    name = head[start - 1].text if start else ""
    groups: list[Words] = [*_groups(head), []]
    behind = start + len(groups[0]) + 2
    if behind < len(head) and head[behind].text == "(":  # CCS_BLOCK(run)(...), operator()(...)
        inner = groups.pop(0)
        name = inner[-1].text if inner else name
    return name, tuple(map(_parameter, parts(groups[0])))


def _parameter(words: Words) -> Parameter:
    declared = _declarator(words)
    name = declared[-1].text if declared else ""
    kind = join([word for word in declared[:-1] if word.kind is not Kind.ATTRIBUTE])
    return Parameter(name, kind, any(word.text == "[" for word in _flat(words)))


def _lambda(head: Words) -> int | None:
    """Where a ``[`` stands that does not follow what could be indexed."""
    starts = (i for i, word in enumerate(head) if word.text == "[")
    return next((i for i in starts if not i or not _operand(head[i - 1])), None)


def _operand(word: Token) -> bool:
    return word.text in (")", "]", ">") or (word.kind is Kind.WORD and word.text != "return")


def _ends_type(word: Token) -> bool:
    return word.kind is Kind.WORD or word.text in "*&>]"


def _without_template(words: Words) -> Words:
    """Without ``template <...>`` in front, and without attributes."""
    words = [word for word in words if word.kind is not Kind.ATTRIBUTE]
    while words and words[0].text == "template":
        words = words[closing(words, 1) + 1 :]
    return words


def _declarator(words: Words) -> Words:
    """Without what follows the name: sizes, arguments, the initial value."""
    words = _before(words, {"="})
    if inner := next((g for g in _groups(words) if g and g[0].text in ("&", "*")), None):
        return [*_before(words, {"("}), inner[-1]]  # T (&name)[N]
    return [word for word in _flat(words) if word.text not in ("(", ")", "[", "]", "{", "}")]


def _before(words: Words, ends: set[str]) -> Words:
    """Those in front of the first of some marks that no bracket holds."""
    outer = list(_outer(words))
    return words[: next((i for i in outer if words[i].text in ends), len(words))]


def parts(words: Words) -> list[Words]:
    """Split at the commas that no bracket holds."""
    commas = [i for i in _outer(words) if words[i].text == ","]
    starts = [0, *(i + 1 for i in commas)]
    return [words[i:j] for i, j in zip(starts, [*commas, len(words)], strict=True) if i < j]


def _flat(words: Words) -> list[Token]:
    """Those that no bracket holds, and the brackets themselves but for ``<>``."""
    return [words[i] for i in _outer(words)]


def _groups(words: Words) -> Iterator[Words]:
    """What each of the outer ``(...)`` holds."""
    for i in _outer(words):
        if words[i].text == "(":
            yield words[i + 1 : closing(words, i)]


def _outer(words: Words) -> Iterator[int]:
    """The places of the words that no bracket holds, and of the brackets that are not ``<>``."""
    i = 0
    while i < len(words):
        end = closing(words, i)
        if end == i:
            yield i
        elif words[i].text in _PAIRS:
            yield from (i, end) if end < len(words) else (i,)
        i = end + 1


def closing(words: Words, start: int) -> int:
    """The place of the bracket that closes the one at `start`; `start` if none stands there.

    A ``<`` opens one if it follows a word and something closes it; else it compares. Of a bracket
    that nothing closes, the end of all.
    """
    opened = words[start].text if start < len(words) else ""
    if opened in _PAIRS:
        return _matching(words, start, _PAIRS[opened])
    if opened == "<" and start and words[start - 1].kind is Kind.WORD:
        end = _matching(words, start, ">")
        return end if end < len(words) else start
    return start


def _matching(words: Words, start: int, mark: str) -> int:
    i = start + 1
    while i < len(words):
        if words[i].text == mark:
            return i
        if words[i].text in ")]};" and mark == ">":
            return len(words)
        i = closing(words, i) + 1
    return i
