"""Operators that are written out in products and moves, in C++: right, or refused by name."""

from __future__ import annotations

import onnx
import pytest
from onnx import parser

from hlsgen.options import Options
from hlsgen.project import Project, build, read
from hlsgen.style import Io
from sim.errors import NotStreamable
from tests.hlsgen.projects import differing
from tests.rtlgen.on_grids import FORMAT, drawn, model

CONFIG = {"defaults": {"inputs": FORMAT}}


def einsum(equation: str, *shapes, constant: int | None = None) -> onnx.ModelProto:
    names = [f"x{i}" for i in range(len(shapes))]
    given = dict(zip(names, shapes, strict=True))
    fixed = {} if constant is None else {names[constant]: drawn(shapes[constant], 3)}
    inputs = {n: s for n, s in given.items() if n not in fixed}
    return model("Einsum", inputs, fixed, names, equation=equation)


def transposed(x, w, **attributes) -> onnx.ModelProto:
    bias = drawn([w[1] * attributes.get("group", 1)], 4)
    return model("ConvTranspose", {"x": x}, {"w": drawn(w, 5), "b": bias}, **attributes)


def text(body: str, inputs: str, constants: str = "", output: str = "uint8[] y") -> onnx.ModelProto:
    usual = "float s = {0.3}, float t = {0.71}, uint8 z = {3}, uint8 o = {128}, int8 i = {0}"
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1, '
        f'"qonnx.custom_op.general" : 1]> net ({inputs}) => ({output}) '
        f"<{usual}{constants and ', '}{constants}> {{ {body} }}"
    )


W = "uint8[2, 2, 3] w = {1, 200, 130, 128, 127, 0, 255, 7, 128, 3, 90, 128}"
NETWORKS = {
    "einsum_weights": einsum("bi,oi->bo", (1, 4), (3, 4), constant=1),
    "einsum_scores": einsum("bhqd,bhkd->bhqk", (1, 2, 3, 2), (1, 2, 3, 2)),
    "einsum_outer": einsum("i,j->ij", (3,), (2,)),
    "einsum_diagonal": einsum("iij->ji", (3, 3, 2)),
    "transposed_1d": transposed((1, 2, 4), (2, 3, 3), strides=[2], pads=[1, 0]),
    "transposed_2d": transposed((1, 2, 3, 4), (2, 2, 3, 2), strides=[2, 2], output_padding=[1, 0]),
    "transposed_depthwise": transposed((1, 2, 3, 3), (2, 1, 3, 3), strides=[2, 2], group=2),
    "transposed_3d": transposed((1, 1, 2, 3, 2), (1, 2, 2, 2, 2), strides=[2, 1, 2]),
    "conv_3d": model(
        "Conv", {"x": (1, 2, 3, 3, 2)}, {"w": drawn((2, 2, 2, 2, 2), 6)}, pads=[1, 0, 0, 0, 1, 0]
    ),
    "conv_of_variables": model("Conv", {"x": (1, 2, 4), "w": (3, 2, 2), "b": (3,)}, {}),
    "gemm_of_variables": model(
        "Gemm", {"a": (3, 2), "b": (3, 4), "c": (4,)}, {}, transA=1, alpha=0.5, beta=-2.0
    ),
    "qlinear_conv": text(
        "y = QLinearConv <pads = [1, 1]> (x, s, z, w, t, o, t, z)", "uint8[1, 2, 4] x", W
    ),
    "qlinear_add": text(
        "y = com.microsoft.QLinearAdd (x, s, z, v, t, o, t, z)", "uint8[1, 4] x, uint8[1, 4] v"
    ),
    "blocks": text(
        "[d] d = DequantizeLinear (x, s, z) "
        "[w] v = DequantizeLinear <axis = 0, block_size = 2> (w, b) [m] y = MatMul (d, v)",
        "uint8[1, 4] x",
        "int8[4, 1] w = {1, 2, 3, 4}, float[2, 1] b = {0.25, 0.3}",
        "float[] y",
    ),
    "thresholds": text(
        "[d] d = DequantizeLinear (x, s, z) "
        "[m] y = qonnx.custom_op.general.MultiThreshold <out_bias = -1.0> (d, l)",
        "uint8[1, 2, 2, 2] x",
        "float[2, 3] l = {-0.5, 1.2, 7, 0.3, 0.9, 20}",
        "float[] y",
    ),
}
UNSTREAMED = {
    "einsum_scores": "MatMul of what comes in a stream needs a single constant matrix beside it",
    "transposed_3d": "Conv over 3 spatial axes has no kernel that takes one position after the",
    "conv_3d": "Conv over 3 spatial axes has no kernel that takes one position after the other",
    "conv_of_variables": "Conv needs all weights 'w', which are computed, for every window",
    "gemm_of_variables": "MatMul of what comes in a stream needs a single constant matrix beside",
}
"""What has no kernel for streams, and why."""
EVERY = [(name, Io.PARALLEL) for name in NETWORKS]
EVERY += [(name, Io.STREAM) for name in NETWORKS if name not in UNSTREAMED]


def project(name: str, io: Io) -> Project:
    proto = NETWORKS[name]
    real = proto.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    options = Options(top=f"{name}_{io}", io=io, samples=40, config=CONFIG if real else None)
    return build(read(proto, options), options)


@pytest.mark.parametrize("name", UNSTREAMED)
def test_what_cannot_be_streamed_is_refused(name):
    with pytest.raises(NotStreamable) as error:
        project(name, Io.STREAM)
    assert UNSTREAMED[name] in str(error.value)
    assert "use --io parallel" in str(error.value)


@pytest.mark.slow
def test_the_program_is_the_reference(tmp_path):
    assert differing([project(name, io) for name, io in EVERY], tmp_path) == []
