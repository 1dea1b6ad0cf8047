"""Operators that are several others: each is written out in these, and never seen again."""

from __future__ import annotations

from kernels.base import OnnxNode, Operator
from rtlgen.frontend.expansion import Expand, Expansion, NotYetKnown
from rtlgen.frontend.expansions import EXPANSIONS
from rtlgen.frontend.folding import folded
from rtlgen.frontend.model import QONNX, Model
from sim.errors import ShapeError


def expanded(model: Model) -> Model:
    """Write out what has an expansion, and what that brings, until nothing has; shapes inferred."""
    while any(map(_expand, model.nodes)):
        model = folded(_expanded_once(model))
    return model


def _expanded_once(model: Model) -> Model:
    """What needs a shape that is not known waits, if there is anything else to write out."""
    taken = {*model.inputs, *model.constants, *model.producers()}
    nodes, waiting, done = [], [], 0
    for node in model.nodes:
        expand, expansion = _expand(node), Expansion(node, model, taken)
        if expand is None:
            nodes.append(node)
            continue
        try:
            expand(expansion)
        except NotYetKnown as missing:
            waiting.append(missing)
            nodes.append(node)
            continue
        except (ValueError, IndexError) as error:  # numpy's, about shapes
            raise ShapeError(
                f"node {node.name!r}: {node.op_type} does not fit its inputs: {error}; check the "
                f"shapes in the model"
            ) from error
        done += 1
        taken.update(expansion.names)
        nodes += expansion.nodes
    if waiting and not done:
        for node in model.nodes:
            if node.domain not in ("", QONNX):
                Operator.named(node)  # refused: of what nobody knows, nobody knows the shape
        raise waiting[0]
    return model.with_nodes(nodes)


def _expand(node: OnnxNode) -> Expand | None:
    return EXPANSIONS.get(node.domain, {}).get(node.op_type)
