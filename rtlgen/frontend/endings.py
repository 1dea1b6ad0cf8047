"""Where the network ends: at outputs that are asked for, and before its last Softmax."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from kernels.base import OnnxNode, Operator
from rtlgen.frontend.model import Model
from sim.errors import ConfigError, UnsupportedOperator, nearest

_FINAL = ("Softmax", "LogSoftmax", "Sigmoid", "ArgMax")
"""What only dresses up the logits."""
_QDQ = ("QuantizeLinear", "DequantizeLinear")


def ending_at(model: Model, outputs: Sequence[str]) -> Model:
    """The same network with other values of it as its outputs."""
    known = model.producers()
    for name in outputs:
        if name not in known:
            raise ConfigError(
                f"output {name!r}: no node of model {model.name!r} computes it"
                f"{nearest(name, known)}"
            )
    return replace(model, outputs=tuple(dict.fromkeys(outputs)))


def ending_at_logits(model: Model) -> Model:
    """Cut a Softmax, LogSoftmax, Sigmoid or ArgMax before the outputs, or several in a row.

    What quantizes their results goes with them.
    """
    producers = model.producers()
    outputs = tuple(dict.fromkeys(_logits(name, producers) for name in model.outputs))
    if outputs == model.outputs:
        last = ", ".join(_described(name, producers) for name in model.outputs)
        raise ConfigError(
            f"logits: the network does not end in {', '.join(_FINAL[:-1])} or {_FINAL[-1]}, but in "
            f"{last}; leave --logits out"
        )
    return replace(model, outputs=outputs)


def check_endings(model: Model, supported: Container[str] = Operator.registry) -> None:
    """Refuse a Softmax and its like, if not supported, with the way out that there is."""
    producers = model.producers()
    logits = {_logits(name, producers) for name in model.outputs}
    for node in model.nodes:
        if node.domain or node.op_type not in _FINAL or node.op_type in supported:
            continue
        where = f"node {node.name!r}: operator {node.op_type} is not supported"
        if node.inputs[0] in logits:
            raise UnsupportedOperator(
                f"{where}; add --logits to end the network at its input {node.inputs[0]!r}"
            )
        raise UnsupportedOperator(
            f"{where} yet in the middle of a network; end the network at its input "
            f"{node.inputs[0]!r} with --output"
        )


def _logits(name: str, producers: dict[str, OnnxNode]) -> str:
    """The value before the first of _FINAL, behind which there are others and pairs of QDQ only."""
    value = name
    while (node := producers.get(value)) and not node.domain and node.op_type in _FINAL + _QDQ:
        value = node.inputs[0]
        if node.op_type in _FINAL:
            name = value
    return name


def _described(name: str, producers: dict[str, OnnxNode]) -> str:
    node = producers.get(name)
    return f"{node.op_type} {node.name!r}" if node else f"the constant or input {name!r}"
