"""What a quantized network computes, by code that nobody here wrote, node by node in float64.

QONNX's quantizers are qonnx's own functions, everything else is ONNX's reference, QDQ too. In
float64 a network is nearly exact; where a quantizer meets a number so close to one of its edges
that float64 could be on the wrong side of it, the sample is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.intquant import int_quant
from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2

NEAR = 1e-9
"""Relative distance from an edge below which float64 is not trusted."""


@dataclass
class Oracle:
    """A network, ready to run on one sample after the other."""

    proto: onnx.ModelProto
    near: bool = False
    """Whether a number of the last sample was close to an edge."""
    led: Mapping[str, tuple[Any, float]] = field(default_factory=dict)
    """What to go on with in the place of values, which must be as near to them as this says."""
    evaluators: dict[int, ReferenceEvaluator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.constants = {t.name: _double(t) for t in self.proto.graph.initializer}
        opset = next(o.version for o in self.proto.opset_import if not o.domain)
        for i, node in enumerate(self.proto.graph.node):
            if not node.domain:
                self.evaluators[i] = ReferenceEvaluator(
                    _alone(node, _form(node, opset), self.constants)
                )

    def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        """Every value for one sample."""
        self.near = False
        values = {**self.constants, **feeds}
        for i, node in enumerate(self.proto.graph.node):
            given = [values[name] if name else None for name in node.input]
            if node.domain:
                results = [self._quantizer(node, *given)]
            elif "Pool" in node.op_type and "Lp" not in node.op_type:
                results = [_pool(node, given[0].astype(float)).astype(given[0].dtype)]
            elif node.op_type == "Mean":  # whose reference knows no broadcasting
                results = [np.mean(np.broadcast_arrays(*given), 0)]
            elif node.op_type == "MeanVarianceNormalization":  # which is one of single precision
                axes = tuple(node.attribute[0].ints)
                centered = given[0] - given[0].mean(axes, keepdims=True)
                results = [centered / (np.sqrt((centered**2).mean(axes, keepdims=True)) + 1e-9)]
            else:
                names = {n: values[n] for n in node.input if n}
                with np.errstate(invalid="ignore"):  # zeros are normalized to what is chosen away
                    results = self.evaluators[i].run(None, names)
                if node.op_type == "Cast" and results[0].dtype == np.float32:
                    results = [results[0].astype(float)]
                if node.op_type == "Sign":
                    self._look(given[0], 0.0)
                if node.op_type == "QuantizeLinear":
                    self._look(given[0] / _along_axis(node, given[1], given[0].shape), 0.5)
            values.update(zip(node.output, map(np.asarray, results), strict=True))
            for name in filter(self.led.__contains__, node.output):
                values[name] = self._led(name, values[name])
        return values

    def _led(self, name: str, value: Any) -> Any:
        given, step = self.led[name]
        assert given.shape == value.shape
        assert np.abs(given - value).max(initial=0) <= step * (1 + NEAR), (
            f"{name}: {given} instead of {value}"
        )
        return given

    def _quantizer(self, node: onnx.NodeProto, x: Any, scale: Any, *rest: Any) -> Any:
        given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        mode = given.get("rounding_mode", b"ROUND").decode()
        match node.op_type, rest:
            case "BipolarQuant", ():
                self._look(x, 0.0)
                return binary_quant(x, scale)
            case "Quant", (zero, width):
                signed, narrow = given.get("signed", 1), given.get("narrow", 0)
                if width == 1 and signed:
                    self._look(x / scale + zero, 0.0)
                else:
                    self._look(x / scale + zero, _edge(mode))
                return int_quant(x, scale, zero, width, signed, narrow, mode)
            case "Trunc", (zero, width, output_width):
                self._look(x / scale + zero, 0.5)
                return trunc_v1(x, scale, zero, width, output_width, mode)
            case "Trunc", (zero, width, output_scale, output_width):
                self._look(x / scale + zero, 0.5)
                narrow, signed = given.get("narrow", 0), given.get("signed", 1)
                return trunc_v2(
                    x, scale, zero, width, narrow, signed, output_scale, output_width, mode
                )
        raise AssertionError(node.op_type)

    def _look(self, y: Any, edge: float) -> None:
        distance = np.abs((y - edge) - np.rint(y - edge))
        if (distance <= NEAR * np.maximum(1, np.abs(y))).any():
            self.near = True


def _along_axis(node: onnx.NodeProto, scale: Any, shape: tuple[int, ...]) -> Any:
    rank, given = len(shape), {a.name: a.i for a in node.attribute}
    axis = given.get("axis", 1) % max(rank, 1)
    if scale.ndim > 1:
        return np.repeat(scale, given["block_size"], axis).take(range(shape[axis]), axis)
    return scale.reshape(-1, *(1,) * (rank - 1 - axis)) if scale.size > 1 else scale


def _pool(node: onnx.NodeProto, x: Any) -> Any:
    """Pools in numpy: the reference knows only two spatial axes and fails on some pads."""
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    reduce = np.nanmax if "Max" in node.op_type else np.nanmean
    axes = tuple(range(2, x.ndim))
    if node.op_type.startswith("Global"):
        return reduce(x, axes, keepdims=True)
    kernel, n = given["kernel_shape"], len(axes)
    strides, pads = given.get("strides", [1] * n), given.get("pads", [0] * 2 * n)
    around = [(0, 0), (0, 0), *zip(pads[:n], pads[n:], strict=True)]
    filler = 0.0 if given.get("count_include_pad") else np.nan
    padded = np.pad(x, around, constant_values=filler)
    if given.get("ceil_mode"):  # the last window may reach over the end
        beyond = [
            (0, (k - s) % t) for k, s, t in zip(kernel, padded.shape[2:], strides, strict=True)
        ]
        padded = np.pad(padded, [(0, 0), (0, 0), *beyond], constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axes)
    windows = windows[(..., *(slice(None, None, s) for s in strides), *[slice(None)] * n)]
    return reduce(windows, tuple(range(-n, 0)))


def _form(node: onnx.NodeProto, opset: int) -> int:
    """The opset to read a node in: below 14, the reference trains where it should not."""
    return max(14, opset) if node.op_type == "BatchNormalization" else opset


def _edge(mode: str) -> float:
    return 0.0 if mode.upper() in ("FLOOR", "CEIL", "UP", "DOWN") else 0.5


def _double(tensor: onnx.TensorProto) -> Any:
    array = numpy_helper.to_array(tensor)
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _alone(node: onnx.NodeProto, opset: int, constants: Mapping[str, Any]) -> onnx.ModelProto:
    def info(name: str) -> onnx.ValueInfoProto:
        integer = name in constants and constants[name].dtype == np.int64
        kind = TensorProto.INT64 if integer else TensorProto.DOUBLE
        return helper.make_tensor_value_info(name, kind, None)

    inputs = [info(name) for name in dict.fromkeys(node.input) if name]
    graph = helper.make_graph([node], "alone", inputs, [info(name) for name in node.output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
