"""Small QONNX networks as text."""

from __future__ import annotations

import onnx
from onnx import parser

HEADER = '<ir_version: 9, opset_import: ["" : 17, "qonnx.custom_op.general" : 1]>'
QUANT = 'qonnx.custom_op.general.Quant <signed = 1, narrow = 0, rounding_mode = "ROUND">'


def text(
    *body: str, inputs="float[1, 4] x", output="float[] y", **constants: str
) -> onnx.ModelProto:
    """A network as text; ``s``, ``z`` and ``b`` are a scale, a zero point and a width."""
    usual = {
        "s": "float s = {0.25}",
        "z": "float z = {0}",
        "b": "float b = {4}",
        "w": "float[4, 2] w = {1, 0.5, -1, 2, 0.25, 1, 1, -0.5}",
    }
    given = ", ".join({**usual, **constants}.values())
    return parser.parse_model(
        f"{HEADER}\nnet ({inputs}) => ({output}) <{given}> {{ {' '.join(body)} }}"
    )


Q = f"[quant] q = {QUANT} (x, s, z, b)"
