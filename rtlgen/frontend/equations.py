"""The equation of an Einsum: which axes of its operands and of its result have one name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kernels.base import OnnxNode
from sim.errors import ModelError

Labels = tuple[str, ...]
"""One for each axis: a letter, or ``.0``, ``.1`` and so on for what an ellipsis stands for."""

_TERM = r"[A-Za-z]*(\.\.\.)?[A-Za-z]*"
_EQUATION = re.compile(rf"{_TERM}(,{_TERM})*(->{_TERM})?")


def check(node: OnnxNode) -> None:
    """Refuse what is no equation: ONNX's inference of shapes does not come to an end with it."""
    text = _text(node)
    result = text.partition("->")[2].replace(".", "")
    if not _EQUATION.fullmatch(text):
        raise _misfit(node, "is none, such as 'ij,jk->ik'")
    if len(set(result)) < len(result):
        raise _misfit(node, "has a letter twice in its result")


def read(node: OnnxNode, ranks: Sequence[int]) -> tuple[list[Labels], Labels]:
    """The labels of operands of these ranks, and those of the result."""
    given, arrow, result = _text(node).partition("->")
    inputs = [_labels(node, term, n) for term, n in zip(given.split(","), ranks, strict=True)]
    hidden = max((labels[_hidden(labels)] for labels in inputs), key=len)
    letters = given.replace(",", "").replace(".", "")
    if not arrow:
        return inputs, (*hidden, *sorted(s for s in letters if letters.count(s) == 1))
    before, dots, after = result.partition("...")
    return inputs, (*before, *(hidden if dots else ()), *after)


def _text(node: OnnxNode) -> str:
    return "".join(str(node.attributes["equation"]).split())


def _labels(node: OnnxNode, term: str, rank: int) -> Labels:
    """Of one operand; ONNX wants as many axes for each ellipsis."""
    before, dots, after = term.partition("...")
    count = rank - len(before) - len(after)
    if count and not dots:
        raise _misfit(node, f"has an operand {term!r} for {rank} axes")
    return (*before, *(f".{i}" for i in range(count)), *after)


def _hidden(labels: Labels) -> slice:
    """Where the axes of the ellipsis are."""
    places = [i for i, label in enumerate(labels) if label.startswith(".")]
    return slice(places[0], places[-1] + 1) if places else slice(0)


def _misfit(node: OnnxNode, what: str) -> ModelError:
    return ModelError(
        f"node {node.name!r}: its equation {node.attributes['equation']!r} {what}; "
        f"export the network again"
    )
