"""``load``: from any ONNX model to the one normal form that quantization reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rtlgen.frontend.dropping import without_no_ops, without_unread_outputs
from rtlgen.frontend.endings import ending_at, ending_at_logits
from rtlgen.frontend.expanding import expanded
from rtlgen.frontend.inlining import inlined
from rtlgen.frontend.integers import check_integers
from rtlgen.frontend.layouts import channels_first
from rtlgen.frontend.logarithms import with_log_sum_exp
from rtlgen.frontend.masking import without_masks
from rtlgen.frontend.model import Array, Model
from rtlgen.frontend.nodes import check_finite, parse
from rtlgen.frontend.opsets import settle, upgrade
from rtlgen.frontend.reading import Given, read
from rtlgen.frontend.zero_points import with_zero_points


def load(model: Given, *, outputs: Sequence[str] = (), logits: bool = False) -> Model:
    """Take a model as its exporter wrote it; what cannot be taken is refused by name.

    ``outputs`` ends the network at these values of it, ``logits`` before its last Softmax,
    LogSoftmax, Sigmoid or ArgMax. The batch, axis 0 of the inputs, is one unless it is fixed.
    """
    source = read(model)
    network = parse(source)
    if outputs:
        network = ending_at(network, outputs)
    network = inlined(upgrade(channels_first(network.pruned(), source.opset)))
    network = expanded(with_log_sum_exp(settle(network)))
    network = with_zero_points(without_masks(network))
    check_integers(network)
    network = without_unread_outputs(without_no_ops(network))
    if logits:
        network = ending_at_logits(network)
    return _finished(network.pruned())


def _finished(model: Model) -> Model:
    """Constants as exact numbers, and beside each node those that it reads."""
    for name, value in model.constants.items():
        check_finite(name, value)
    constants = {name: _exact(value) for name, value in model.constants.items()}
    nodes = (
        replace(node, constants={n: constants[n] for n in node.inputs if n in constants})
        for node in model.nodes
    )
    shapes = {**model.shapes, **{name: value.shape for name, value in constants.items()}}
    return replace(model, nodes=tuple(nodes), constants=constants, shapes=shapes)


def _exact(value: Array) -> Array:
    return value.astype(np.float64) if "float" in value.dtype.name else value
