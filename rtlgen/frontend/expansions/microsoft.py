"""The operators of ``com.microsoft`` that onnxruntime's quantizer and its fusions write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.expansions.integers import bias, dequantized, dtype_of, quantized, required

DOMAIN = "com.microsoft"

Finish = Callable[[Expansion, str, int, int], None]
"""Gives the integers for real numbers, as ``quantized`` does."""


def _same(op_type: str, inputs: int) -> Expand:
    """The operator of this name without a domain, which has so many inputs at least."""

    def expand(expansion: Expansion) -> None:
        node = expansion.node
        required(expansion, inputs - 1)
        expansion.made(op_type, *node.inputs, output=node.outputs[0], **node.attributes)

    return expand


def _of_one(op_type: str, finish: Finish = quantized) -> Expand:
    """An operator of one input, whose attributes are those of ONNX."""

    def expand(expansion: Expansion) -> None:
        given = dict(expansion.node.attributes)
        if given.pop("channels_last", 0):
            raise expansion.node.unsupported("channels_last=1", "channels_last=0")
        x = dequantized(expansion, 0)
        finish(expansion, expansion.made(op_type, x, **given), 3, 0)

    return expand


def _rounded_late(expansion: Expansion, real: str, at: int, like: int) -> None:
    """As ``quantized``, but rounded after the zero point is added: a tie may go the other way."""
    node = expansion.node
    scale = required(expansion, at)
    replace(node, constants=expansion.model.constants).constant(at)  # refused, if it is computed
    steps = expansion.made("Div", real, scale)
    if node.has(at + 1):
        steps = expansion.made("Add", steps, expansion.made("Cast", node.inputs[at + 1], to=1))
    one = expansion.constant(1, "one")
    zero = expansion.constant(0, "zero", dtype_of(expansion, like))
    expansion.made("QuantizeLinear", steps, one, zero, output=node.outputs[0])


def _of_two(op_type: str) -> Expand:
    """An operator of two inputs, element by element."""

    def expand(expansion: Expansion) -> None:
        expansion.attributes()
        a, b = dequantized(expansion, 0), dequantized(expansion, 3)
        _rounded_late(expansion, expansion.made(op_type, a, b), 6, like=0)

    return expand


def _qlinear_softmax(expansion: Expansion) -> None:
    given = expansion.attributes(axis=-1, opset=13)
    required(expansion, 0)
    rank = len(expansion.shape())
    axis = given["axis"] % rank
    if given["opset"] < 13 and axis != rank - 1:
        raise expansion.node.unsupported(
            f"axis={given['axis']} in opset {given['opset']}", "the last axis, or opset 13"
        )
    y = expansion.made("Softmax", dequantized(expansion, 0), axis=axis)
    quantized(expansion, y, 3, like=0)


def _qlinear_concat(expansion: Expansion) -> None:
    given = expansion.attributes(axis=None)
    if given["axis"] is None:
        raise expansion.node.unsupported("no axis", "a given axis")
    starts = range(2, len(expansion.node.inputs), 3)
    parts = [dequantized(expansion, at) for at in starts]
    quantized(expansion, expansion.made("Concat", *parts, axis=given["axis"]), 0, like=2)


def _qgemm(expansion: Expansion) -> None:
    """``alpha * (a @ b + c)``, whose result is real if it is given no scale."""
    given = expansion.attributes(alpha=1.0, transA=0, transB=0)
    node, rows = expansion.node, -2 if given["transB"] else -1
    inputs = [dequantized(expansion, 0), dequantized(expansion, 3, axis=rows)]
    if node.has(6):
        inputs.append(bias(expansion, 6, node.inputs[1], node.inputs[4], axis=-1))
    output = "" if node.has(7) else node.outputs[0]
    y = expansion.made("Gemm", *inputs, output=output, beta=given["alpha"], **given)
    if node.has(7):
        quantized(expansion, y, 7, like=0)


def _fused_matmul(expansion: Expansion) -> None:
    """``alpha * a @ b`` of matrices that may be turned; ``transBatch`` turns the axes before."""
    given = expansion.attributes(alpha=1.0, transA=0, transB=0, transBatchA=0, transBatchB=0)
    operands = []
    required(expansion, 1)
    for at, side in enumerate("AB"):
        axes = list(range(len(expansion.shape(at))))
        if given[f"transBatch{side}"] and len(axes) > 2:
            axes = [*axes[1:-1], axes[0], axes[-1]]
        if given[f"trans{side}"] and len(axes) > 1:
            axes[-2:] = axes[:-3:-1]
        operands.append(expansion.made("Transpose", expansion.node.inputs[at], perm=tuple(axes)))
    y = expansion.made("MatMul", *operands)
    factor = expansion.constant(given["alpha"], "alpha")
    expansion.made("Mul", y, factor, output=expansion.node.outputs[0])


def _activation(expansion: Expansion, name: str) -> str:
    known = ("Identity", "Relu", "LeakyRelu", "Tanh", "Sigmoid", "HardSigmoid", "Clip")
    if name not in known:
        raise expansion.node.unsupported(f"activation={name!r}", " or ".join(map(repr, known)))
    return name


def _fused_gemm(expansion: Expansion) -> None:
    node, given = expansion.node, dict(expansion.node.attributes)
    required(expansion, 1)
    chosen = {n: given.pop(n) for n in list(given) if n.startswith("activation")}
    activation = _activation(expansion, chosen.get("activation", "Identity"))
    y = expansion.made("Gemm", *node.inputs, **given)
    parameters = {n.removeprefix("activation_"): v for n, v in chosen.items() if n != "activation"}
    expansion.made(activation, y, output=node.outputs[0], **parameters)


def _fused_conv(expansion: Expansion) -> None:
    """A convolution, another tensor added to it, and an activation."""
    node, given = expansion.node, dict(expansion.node.attributes)
    activation = _activation(expansion, given.pop("activation", "Identity"))
    required(expansion, 1)
    parameters = given.pop("activation_params", ())
    names = {"LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta")}.get(activation, ())
    y = expansion.made("Conv", *node.inputs[:3], **given)
    if node.has(3):
        y = expansion.made("Add", y, node.inputs[3])
    if activation == "Clip":
        ends = [expansion.constant(end, "clip") for end in parameters]
        expansion.made("Clip", y, *ends, output=node.outputs[0])
    else:
        chosen = dict(zip(names, parameters, strict=False))
        expansion.made(activation, y, output=node.outputs[0], **chosen)


EXPANSIONS: Mapping[str, Expand] = {
    "DequantizeLinear": _same("DequantizeLinear", 2),
    "FusedConv": _fused_conv,
    "FusedGemm": _fused_gemm,
    "FusedMatMul": _fused_matmul,
    "Gelu": _same("Gelu", 1),
    "QGemm": _qgemm,
    "QLinearAdd": _of_two("Add"),
    "QLinearAveragePool": _of_one("AveragePool", _rounded_late),
    "QLinearConcat": _qlinear_concat,
    "QLinearGlobalAveragePool": _of_one("GlobalAveragePool"),
    "QLinearLeakyRelu": _of_one("LeakyRelu"),
    "QLinearMul": _of_two("Mul"),
    "QLinearSigmoid": _of_one("Sigmoid"),
    "QLinearSoftmax": _qlinear_softmax,
    "QuantizeLinear": _same("QuantizeLinear", 2),
}
