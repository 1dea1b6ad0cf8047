"""Masks that exporters add to scores, or put in their place, before a Softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend.expansion import Expansion
from rtlgen.frontend.expansions.masks import chosen_softmax, masked_softmax
from rtlgen.frontend.folding import folded
from rtlgen.frontend.model import Array, Model

FAR = 1e4
"""A score that a mask puts so far below another is hidden: its exponential is zero in any float."""


@dataclass(frozen=True)
class Masked:
    """Scores, what is added to them, and which of them a Softmax sees."""

    scores: str
    bias: Array
    seen: Array
    computed: str = ""
    """What says which of them are seen, if it is computed."""
    inverted: bool = False
    """Whether it says which are hidden."""


def without_masks(model: Model) -> Model:
    """Leave out of each Softmax what a constant hides from it, and give zeros instead."""
    producers = model.producers()
    taken = {*model.inputs, *model.constants, *producers}
    nodes, changed = list[OnnxNode](), False
    for node in model.nodes:
        masked = _masked(node, model, producers)
        if masked is None:
            nodes.append(node)
            continue
        expansion = Expansion(node, model, taken)
        expansion.made("Identity", _weights(expansion, masked), output=node.outputs[0])
        taken |= expansion.names
        nodes += expansion.nodes
        changed = True
    return folded(model.with_nodes(nodes).pruned()) if changed else model


def _weights(expansion: Expansion, masked: Masked) -> str:
    scores, seen = masked.scores, masked.computed
    if masked.bias.any():
        scores = expansion.made("Add", scores, expansion.constant(masked.bias, "mask"))
    if not seen:
        shape = expansion.model.shapes[expansion.node.outputs[0]]
        return masked_softmax(expansion, scores, shape, masked.seen)
    return chosen_softmax(
        expansion, scores, expansion.made("Not", seen) if masked.inverted else seen
    )


def _masked(node: OnnxNode, model: Model, producers: dict[str, OnnxNode]) -> Masked | None:
    """What a Softmax sees, if its input is masked by constants and of the shape of its scores."""
    shape = model.shapes.get(node.outputs[0])
    if node.domain or node.op_type != "Softmax" or not shape or len(shape) < 2:
        return None
    if node.attributes["axis"] not in (-1, len(shape) - 1):
        return None
    source = producers.get(node.inputs[0])
    found = _read(source, model) if source and not source.domain else None
    if (
        found is None
        or (found.seen.all() and not found.computed)
        or model.shapes.get(found.scores) != shape
    ):
        return None
    return found


def _read(source: OnnxNode, model: Model) -> Masked | None:
    known = [model.constants.get(name) for name in source.inputs]
    match source.op_type, known:
        case "Add", [None, mask] if mask is not None and mask.ndim:
            return _added(source.inputs[0], mask)
        case "Add", [mask, None] if mask is not None and mask.ndim:
            return _added(source.inputs[1], mask)
        case "Where", [chosen, None, other] if chosen is not None:
            return _chosen(source.inputs[1], np.atleast_1d(chosen), other)
        case "Where", [chosen, other, None] if chosen is not None:
            return _chosen(source.inputs[2], np.atleast_1d(~chosen), other)
        case "Where", [None, None, other] if other is not None and np.isneginf(other).all():
            return Masked(source.inputs[1], np.zeros(1), np.ones(1, np.bool_), source.inputs[0])
        case "Where", [None, other, None] if other is not None and np.isneginf(other).all():
            return Masked(
                source.inputs[2], np.zeros(1), np.ones(1, np.bool_), source.inputs[0], True
            )
        case _:
            return None


def _added(scores: str, mask: Array) -> Masked:
    """Scores that a mask is added to; those are hidden that it puts far below another."""
    seen = mask > mask.max(-1, keepdims=True) - FAR
    return Masked(scores, np.where(seen, mask, 0), seen)


def _chosen(scores: str, seen: Array, other: Array | None) -> Masked | None:
    """Scores, of which those that are not seen became others: the same for all, and low."""
    if other is None or other.size != 1 or other.item() > -FAR:
        return None
    if np.isfinite(other).all() and not seen.any(-1).all():
        return None  # where nothing is seen, all are alike
    return Masked(scores, np.zeros(1), seen)
