"""How long what is unrolled may become."""

from __future__ import annotations

from kernels.base import OnnxNode
from sim.errors import TooLarge

MOST = 20_000
"""Nodes that one node may become: no network of so many is hardware that anybody builds."""


def check_unrolling(node: OnnxNode, steps: int, nodes: int) -> None:
    """Refuse a node of too many steps, each of so many nodes, before they are written out."""
    if steps * nodes > MOST:
        raise TooLarge(
            f"node {node.name!r}: {node.op_type} is unrolled, and its {steps:,} steps of {nodes:,} "
            f"nodes are more than {MOST:,} nodes; export the network with fewer steps"
        )
