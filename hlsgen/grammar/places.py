"""Where each pragma and each attribute of a C++ text stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hlsgen.grammar import statements
from hlsgen.grammar.statements import Form, Parameter
from hlsgen.grammar.tokens import Kind, Token, tokens


class Next(StrEnum):
    """What a pragma or an attribute stands in front of; or behind, if it ends a function's head."""

    LOOP = "a loop"
    FUNCTION = "a function"
    TYPE = "a class"
    DECLARATION = "a declaration"
    OTHER = "something else"


@dataclass(frozen=True)
class Scope:
    """The braces around a place."""

    form: Form
    number: int
    """Counts those of a text."""
    name: str = ""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A pragma or an attribute."""

    line: int
    text: str
    """What stands behind ``#pragma``, or between ``[[`` and ``]]``."""
    scopes: tuple[Scope, ...]
    """From the outermost, the text itself, to the innermost."""
    names: frozenset[str]
    """The variables that are visible there."""
    next: Next
    attribute: bool

    @property
    def scope(self) -> Scope:
        return self.scopes[-1]

    @property
    def function(self) -> Scope | None:
        """The function around it; not a lambda."""
        return next((s for s in reversed(self.scopes) if s.form is Form.FUNCTION), None)


@dataclass(frozen=True)
class Survey:
    marks: tuple[Mark, ...]
    types: Mapping[str, str]
    """What each ``using`` and ``typedef`` of the text stands for."""


def survey(text: str) -> Survey:
    """Find all marks of a text.

    It need not be complete: what its ``#include`` would bring is missing. Of an ``#if``, each
    branch is read as if the others were not there.
    """
    found = _Reader(tokens(text))
    found.read()
    return Survey(tuple(found.marks()), found.types)


@dataclass
class _Open:
    """A scope that is open, and the statement that its braces are a part of."""

    scope: Scope
    head: list[Token]
    names: set[str] = field(default_factory=set)


class _Reader:
    def __init__(self, words: Sequence[Token]) -> None:
        self._words = words
        self._open = [_Open(Scope(Form.NAMESPACE, 0), [])]
        self._head: list[Token] = []
        self._branches: list[tuple[list[_Open], list[Token]]] = []
        self._found: list[tuple[Token, tuple[_Open, ...], frozenset[str], Next]] = []
        self._scopes = 0
        self.types: dict[str, str] = {}

    def read(self) -> None:
        for i, word in enumerate(self._words):
            match word.kind, word.text:
                case Kind.DIRECTIVE, _:
                    self._directive(i, word)
                case Kind.ATTRIBUTE, _:
                    self._mark(i, word)
                case Kind.MARK, "{":
                    self._enter()
                case Kind.MARK, "}":
                    self._leave()
                case Kind.MARK, ";" if not self._in_brackets():
                    self._end()
                case Kind.MARK, ":" if self._labelled():
                    self._head = []
                case _:
                    self._head.append(word)

    def marks(self) -> Iterator[Mark]:
        for word, around, names, following in self._found:
            members = [o.names for o in around if o.scope.form is Form.TYPE]  # the later ones, too
            yield Mark(
                word.line,
                word.text.removeprefix("#pragma").strip(),
                tuple(o.scope for o in around),
                names.union(*members),
                following,
                word.kind is Kind.ATTRIBUTE,
            )

    def _directive(self, i: int, word: Token) -> None:
        match word.text.split()[0]:
            case "#pragma":
                self._mark(i, word)
            case "#if" | "#ifdef" | "#ifndef":
                self._branches.append(([*self._open], [*self._head]))
            case "#else" | "#elif" if self._branches:
                opened, head = self._branches[-1]
                self._open, self._head = [*opened], [*head]
            case "#endif" if self._branches:
                self._branches.pop()

    def _mark(self, i: int, word: Token) -> None:
        names: set[str] = set().union(*(o.names for o in self._open))
        self._found.append((word, tuple(self._open), frozenset(names), self._next(i)))

    def _next(self, i: int) -> Next:
        """What follows; nothing but a function's braces may follow its parameters."""
        behind = (self._words[j] for j in range(i + 1, len(self._words)))
        head = _head(word for word in behind if word.kind not in (Kind.DIRECTIVE, Kind.ATTRIBUTE))
        within = self._open[-1].scope.form
        called = self._head and self._head[-1].text in (")", "const", "noexcept", "mutable")
        if called and (not head or head[0].text in ("->", "const", "noexcept")):
            return Next.FUNCTION
        return self._what(head, within)

    @staticmethod
    def _what(head: Sequence[Token], within: Form) -> Next:
        kind = statements.form(head, within)
        if kind is Form.LOOP and head[0].text in ("for", "while", "do"):
            return Next.LOOP
        if kind in (Form.FUNCTION, Form.TYPE):
            return Next[kind.name]
        return Next.DECLARATION if statements.names(head) else Next.OTHER

    def _enter(self) -> None:
        kind = statements.form(self._head, self._open[-1].scope.form)
        callable_ = kind in (Form.FUNCTION, Form.LAMBDA)
        name, parameters = statements.parameters(self._head) if callable_ else ("", ())
        self._scopes += 1
        names = {parameter.name for parameter in parameters}
        if kind is Form.LOOP:
            names |= statements.names(self._head)
        self._open.append(_Open(Scope(kind, self._scopes, name, parameters), self._head, names))
        self._head = []

    def _leave(self) -> None:
        self._end()
        if len(self._open) > 1:  # else a brace too many: of a macro, or of another branch
            closed = self._open.pop()
            inner = closed.scope.form in (Form.VALUE, Form.LAMBDA)
            self._head = closed.head if inner else []

    def _end(self) -> None:
        if self._open[-1].scope.form is not Form.VALUE:
            self._open[-1].names.update(statements.names(self._head))
        words = [word.text for word in self._head]
        if words[:1] == ["using"] and words[2:3] == ["="]:
            self.types[words[1]] = "".join(words[3:])
        if words[:1] == ["typedef"]:
            self.types[words[-1]] = "".join(words[1:-1])
        self._head = []

    def _in_brackets(self) -> bool:
        opened = [word.text for word in self._head]
        return opened.count("(") > opened.count(")")

    def _labelled(self) -> bool:
        words = [word.text for word in self._head]
        return len(words) == 1 or words[:1] in (["case"], ["default"])


def _head(words: Iterator[Token]) -> list[Token]:
    """The words up to the ``{``, ``}`` or ``;`` that ends the head; without labels in front."""
    head: list[Token] = []
    depth = 0
    for word in words:
        depth += (word.text == "(") - (word.text == ")")
        if depth < 0 or word.text in ("{", "}") or (word.text == ";" and not depth):
            break
        if word.text == ":" and len(head) == 1:
            head = []
        else:
            head.append(word)
    return head
