"""Operators that are several others: each is written out in these, and never seen again."""

from __future__ import annotations

from rtlgen.frontend.expansion import Expansion
from rtlgen.frontend.expansions import EXPANSIONS
from rtlgen.frontend.folding import folded
from rtlgen.frontend.model import Model


def expanded(model: Model) -> Model:
    """Write out what has an expansion, and what that brings, until nothing has; shapes inferred."""
    while any(node.op_type in EXPANSIONS.get(node.domain, {}) for node in model.nodes):
        model = folded(_expanded_once(model))
    return model


def _expanded_once(model: Model) -> Model:
    taken = {*model.inputs, *model.constants, *model.producers()}
    nodes = []
    for node in model.nodes:
        expand = EXPANSIONS.get(node.domain, {}).get(node.op_type)
        if expand is None:
            nodes.append(node)
            continue
        expansion = Expansion(node, model, taken)
        expand(expansion)
        taken.update(expansion.names)
        nodes += expansion.nodes
    return model.with_nodes(nodes)
