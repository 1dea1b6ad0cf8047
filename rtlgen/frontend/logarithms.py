"""Logarithms of sums of exponentials, which exporters and ONNX itself write out in three nodes.

Such exponentials span more than any format holds. As ``ReduceLogSumExp`` they are taken relative to
the largest of them, which is the same real function.
"""

from __future__ import annotations

from dataclasses import replace

from kernels.base import OnnxNode
from rtlgen.frontend.model import Model


def with_log_sum_exp(model: Model) -> Model:
    """Put ``ReduceLogSumExp`` in the place of ``Log(ReduceSum(Exp(x)))``."""
    producers = model.producers()
    nodes = [_log_sum_exp(node, producers) or node for node in model.nodes]
    return model.with_nodes(nodes).pruned() if nodes != list(model.nodes) else model


def _log_sum_exp(logarithm: OnnxNode, producers: dict[str, OnnxNode]) -> OnnxNode | None:
    """The one node that this logarithm is the end of, if it is."""
    total = _source(logarithm, "Log", producers)
    power = total and _source(total, "ReduceSum", producers)
    if not total or not power or (power.domain, power.op_type) != ("", "Exp"):
        return None
    return replace(
        total,
        name=logarithm.name,
        op_type="ReduceLogSumExp",
        inputs=(*power.inputs, *total.inputs[1:]),
        outputs=logarithm.outputs,
    )


def _source(node: OnnxNode, op_type: str, producers: dict[str, OnnxNode]) -> OnnxNode | None:
    """What computes the first input of a node of this operator."""
    is_one = (node.domain, node.op_type) == ("", op_type)
    return producers.get(node.inputs[0]) if is_one else None
