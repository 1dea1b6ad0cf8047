"""Small quantized networks, as text."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import parser

QUANT = 'qonnx.custom_op.general.Quant <signed = 1, narrow = 0, rounding_mode = "ROUND">'
WEIGHTS = "{0.25, 0.5, -0.25, 0, 1, -1}"


def model(
    *body: str,
    inputs: str = "float[1, 3] x",
    outputs: str = "float[1, 2] y",
    step: str = "0.25",
    bits: str = "4",
    weights: str = WEIGHTS,
    more: str = "",
) -> onnx.ModelProto:
    """A network of the input ``x``, a step, a zero, bits and weights ``w`` of 3 x 2."""
    constants = (
        f"float step = {{{step}}}, float zero = {{0}}, float bits = {{{bits}}}, "
        f"float[3, 2] w = {weights}{more}"
    )
    return parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17, "qonnx.custom_op.general" : 1]>\n'
        f"tiny ({inputs}) => ({outputs}) <{constants}> {{ {' '.join(body)} }}"
    )


QUANTIZED = f"[quant] q = {QUANT} (x, step, zero, bits)"


def tiny(*end: str, **given: str) -> onnx.ModelProto:
    """A quantizer, a matrix product, and what follows; ``y`` is the output."""
    return model(QUANTIZED, *(end or ("[fc] y = MatMul (q, w)",)), **given)


def saved(proto: onnx.ModelProto, path: Path | str = "net.onnx") -> Path:
    Path(path).write_bytes(proto.SerializeToString())
    return Path(path)
