"""Einsum: sums of products over named axes, as moves and products of matrices."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from rtlgen.frontend.equations import Labels, read
from rtlgen.frontend.expansion import Expand, Expansion
from sim.errors import ShapeError


@dataclass(frozen=True)
class Term:
    """A value, and the label and size of each of its axes."""

    name: str
    sizes: Mapping[str, int]

    @property
    def labels(self) -> Labels:
        return tuple(self.sizes)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.sizes.values())


def einsum(expansion: Expansion) -> None:
    """Of any number of operands: the first with the second, the result with the third, ..."""
    names = expansion.node.inputs
    shapes = [expansion.shape(i) for i in range(len(names))]
    inputs, output = read(expansion.node, list(map(len, shapes)))
    operands = zip(names, inputs, shapes, strict=True)
    terms = _unstretched(expansion, [_diagonal(expansion, *operand) for operand in operands])
    for i, term in enumerate(terms):
        others = terms[:i] + terms[i + 1 :]
        terms[i] = _summed(expansion, term, {*output, *_all_labels(others)})
    total = terms[0]
    for i, term in enumerate(terms[1:], start=2):
        total = _product(expansion, total, term, {*output, *_all_labels(terms[i:])})
    name = _arranged(expansion, total, output, tuple(total.sizes[label] for label in output))
    expansion.made("Identity", name, output=expansion.node.outputs[0])


def _all_labels(terms: Iterable[Term]) -> set[str]:
    return {label for term in terms for label in term.labels}


# -- one operand -----------------------------------------------------------------------------------


def _diagonal(expansion: Expansion, name: str, labels: Labels, shape: tuple[int, ...]) -> Term:
    """The operand with each label once: where it had it several times, these axes run together."""
    for label in dict.fromkeys(labels):
        axes = [i for i, other in enumerate(labels) if other == label]
        if len(axes) == 1:
            continue
        size, count = shape[axes[0]], len(axes)
        if any(shape[axis] != size for axis in axes):
            shown = " and ".join(str(shape[axis]) for axis in axes)
            raise _uneven(expansion, label, shown)
        rest = [i for i in range(len(labels)) if i not in axes]
        turned = expansion.made("Transpose", name, perm=(*rest, *axes))
        labels = (*(labels[i] for i in rest), label)
        shape = (*(shape[i] for i in rest), size)
        flat = _reshaped(
            expansion, turned, (*shape[:-1], *[size] * count), (*shape[:-1], size**count)
        )
        step = sum(size**i for i in range(count))
        limits = (0, size**count, len(rest), step)
        constants = [expansion.constant([n], "slice", np.int64) for n in limits]
        name = expansion.made("Slice", flat, *constants)
    return Term(name, dict(zip(labels, shape, strict=True)))


def _unstretched(expansion: Expansion, terms: list[Term]) -> list[Term]:
    """The operands without axes of one element that stand for as many as another has."""
    largest: dict[str, int] = {}
    for term in terms:
        for label, size in term.sizes.items():
            if largest.get(label, 1) not in (1, size) and size > 1:
                raise _uneven(expansion, label, f"{largest[label]} and {size}")
            largest[label] = max(size, largest.get(label, 1))
    kept = [{n: s for n, s in term.sizes.items() if s == largest[n]} for term in terms]
    return [
        Term(_reshaped(expansion, term.name, term.shape, tuple(sizes.values())), sizes)
        for term, sizes in zip(terms, kept, strict=True)
    ]


def _summed(expansion: Expansion, term: Term, needed: Container[str]) -> Term:
    """The sum over the axes that nothing else needs."""
    axes = [i for i, label in enumerate(term.labels) if label not in needed]
    if not axes:
        return term
    over = expansion.constant(axes, "axes", np.int64)
    name = expansion.made("ReduceSum", term.name, over, keepdims=0)
    return Term(name, {n: s for n, s in term.sizes.items() if n in needed})


def _uneven(expansion: Expansion, label: str, sizes: str) -> ShapeError:
    node = expansion.node
    return ShapeError(
        f"node {node.name!r}: its equation {node.attributes['equation']!r} gives axes of {sizes} "
        f"elements one name, {label!r}; check the shapes in the model"
    )


# -- two operands ----------------------------------------------------------------------------------


def _product(expansion: Expansion, a: Term, b: Term, needed: Container[str]) -> Term:
    """The product of two, summed over the axes of both that nothing else needs."""
    sizes = {**a.sizes, **b.sizes}
    inner = [label for label in a.labels if label in b.labels and label not in needed]
    if not inner:
        rows = [sizes[n] if n in a.labels else 1 for n in sizes]
        columns = [sizes[n] if n in b.labels else 1 for n in sizes]
        ordered = [label for label in sizes if label in b.labels]
        left = _arranged(expansion, a, a.labels, tuple(rows))
        right = _arranged(expansion, b, ordered, tuple(columns))
        return Term(expansion.made("Mul", left, right), sizes)
    stack = [label for label in a.labels if label in b.labels and label in needed]
    outer = [label for label in a.labels if label not in b.labels]
    other = [label for label in b.labels if label not in a.labels]
    s, m, k, n = (tuple(sizes[label] for label in part) for part in (stack, outer, inner, other))
    left = _arranged(expansion, a, [*stack, *outer, *inner], (*s, prod(m), prod(k)))
    right = _arranged(expansion, b, [*stack, *inner, *other], (*s, prod(k), prod(n)))
    product = expansion.made("MatMul", left, right)
    result = {label: sizes[label] for label in (*stack, *outer, *other)}
    return Term(_reshaped(expansion, product, (*s, prod(m), prod(n)), (*s, *m, *n)), result)


def _arranged(
    expansion: Expansion, term: Term, labels: Sequence[str], shape: tuple[int, ...]
) -> str:
    """The operand with its axes in this order, and then in this shape."""
    name, perm = term.name, tuple(map(term.labels.index, labels))
    if perm != tuple(range(len(perm))):
        name = expansion.made("Transpose", name, perm=perm)
    return _reshaped(expansion, name, tuple(term.sizes[label] for label in labels), shape)


def _reshaped(expansion: Expansion, name: str, old: tuple[int, ...], new: tuple[int, ...]) -> str:
    if old == new:
        return name
    return expansion.made("Reshape", name, expansion.constant(new, "shape", np.int64))


EXPANSIONS: Mapping[str, Expand] = {"Einsum": einsum}
