"""The float network on real data: what range each of its values takes.

Done by ONNX's own reference in single precision, for that is what the model means. Used to choose
formats, never to decide a bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import get_attribute_value
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from kernels.base import OnnxNode, Operator
from kernels.pool import GlobalSumPool, SumPool
from rtlgen.frontend.batching import Batched
from rtlgen.frontend.model import QONNX, Array, Model
from rtlgen.frontend.reading import NEWEST
from rtlgen.frontend.shapes import to_proto
from rtlgen.frontend.truths import on_floats
from rtlgen.rationals import Rationals, along
from sim.errors import DataError

SAMPLES, NUMBERS = 256, 1 << 21
"""That are computed at a time, at most; one sample at least."""

_ROUND: Mapping[str, Callable[[Any], Any]] = {
    "ROUND": np.rint,
    "HALF_EVEN": np.rint,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "DOWN": np.trunc,
    "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}


class Quant(OpRun):
    op_domain = QONNX

    def _run(self, x: Any, scale: Any, zero: Any, width: Any, **attributes: Any) -> tuple[Any]:
        steps = x / scale + zero
        if attributes["signed"] and width == 1:
            codes = np.where(steps >= 0, 1.0, -1.0)
        else:
            codes = _limited(steps, width, attributes)
        return (((codes - zero) * scale).astype(x.dtype),)


class IntQuant(Quant):
    pass


class BipolarQuant(OpRun):
    op_domain = QONNX

    def _run(self, x: Any, scale: Any) -> tuple[Any]:
        return (np.where(x >= 0, scale, -scale).astype(x.dtype),)


class Trunc(OpRun):
    op_domain = QONNX

    def _run(
        self, x: Any, scale: Any, zero: Any, width: Any, *rest: Any, **attributes: Any
    ) -> tuple[Any]:
        whole = np.rint(x / scale + zero)
        if len(rest) == 1:
            codes = _ROUND[attributes["rounding_mode"].upper()](whole / 2.0 ** (width - rest[0]))
            return (((codes - zero) * scale).astype(x.dtype),)
        output_scale, output_width = rest
        codes = _limited(whole * scale / output_scale, output_width, attributes)
        return (((codes - zero * scale / output_scale) * output_scale).astype(x.dtype),)


class MultiThreshold(OpRun):
    op_domain = QONNX

    def _run(self, x: Any, levels: Any, **attributes: Any) -> tuple[Any]:
        axis = attributes["axis"]
        rows = levels.reshape(-1, *(1,) * (-axis - 1), levels.shape[1])
        counts = (x[..., None] >= (rows if len(levels) > 1 else levels[0])).sum(-1)
        return ((attributes["out_scale"] * counts + attributes["out_bias"]).astype(x.dtype),)


class DequantizeLinear(OpRun):
    """Of floats, too: whatever type an input of the network has, here it is one of floats."""

    def _run(self, x: Any, scale: Any, zero: Any, axis: Any = -1, **_: Any) -> tuple[Any]:
        zero = zero.astype(np.float32)
        if scale.ndim < 2:  # else, there is one for each element
            scale, zero = along(axis, scale), along(axis, zero)
        return ((x.astype(np.float32) - zero) * scale,)


class Cast(OpRun):
    """To integers and truth values, as floats: no other casts are left."""

    def _run(self, x: Any, to: int, **_: Any) -> tuple[Any]:
        result = x != 0 if to == TensorProto.BOOL else np.trunc(x)
        return (np.asarray(result, np.float32),)


class Gather(OpRun):
    """By indices that may be an input of the network, and so floats."""

    def _run(self, x: Any, indices: Any, axis: int = 0) -> tuple[Any]:
        places, size = indices.astype(np.int64), x.shape[axis]
        outside = places[(places < -size) | (places >= size)]
        if outside.size:
            raise DataError(
                f"node {self.onnx_node.name!r}: of {size} elements, these data pick number "
                f"{int(outside.flat[0])}; leave out samples that do"
            )
        return (np.take(x, places, axis),)


class Own(OpRun):
    """By our own operator."""

    def operator(self) -> Any:
        proto = self.onnx_node
        given = {a.name: get_attribute_value(a) for a in proto.attribute}
        node = OnnxNode(proto.name, proto.op_type, tuple(proto.input), tuple(proto.output), given)
        return Operator.named(node).from_onnx(node)


class Conv(Own):
    """A product for each position of the kernel: several times as fast as for all windows."""

    def _run(self, x: Any, w: Any, b: Any = None, **_: Any) -> tuple[Any]:
        op = self.operator()
        axes = op.axes(x.shape, w.shape[2:])
        padded = np.pad(x, [(0, 0), (0, 0), *((axis.before, axis.after) for axis in axes)])
        counts, group = [len(axis.positions) for axis in axes], op.group
        filters = w.reshape(group, len(w) // group, *w.shape[1:])
        y = np.zeros((len(x), group, len(w) // group, prod(counts)), x.dtype)
        for place in np.ndindex(*w.shape[2:]):
            read = [a.before + a.positions[:, k] for a, k in zip(axes, place, strict=True)]
            window = padded[:, :, *(slice(r[0], r[-1] + 1, (*np.diff(r), 1)[0]) for r in read)]
            rows = window.reshape(len(x), group, w.shape[1], -1)
            y += filters[:, :, :, *place] @ rows
        y = y.reshape(len(x), len(w), *counts)
        return (y if b is None else y + b.reshape(-1, *(1,) * len(axes)),)


class MaxPool(Own):
    """ONNX's reference knows only some ranks and pads."""

    def _run(self, x: Any, **_: Any) -> tuple[Any]:
        op = self.operator()
        result = op.forward(Rationals(x.astype(float))).values
        average = isinstance(op, SumPool | GlobalSumPool)
        return ((result / op.divisors(x.shape) if average else result).astype(x.dtype),)


class AveragePool(MaxPool):
    pass


class GlobalMaxPool(MaxPool):
    pass


class GlobalAveragePool(MaxPool):
    pass


_OPERATORS = [
    *(Quant, IntQuant, BipolarQuant, Trunc, MultiThreshold, DequantizeLinear, Cast, Gather),
    *(Conv, MaxPool, AveragePool, GlobalMaxPool, GlobalAveragePool),
]


def evaluate(model: Model, data: Mapping[str, Array]) -> Iterator[dict[str, Array]]:
    """Every value of the model, for some samples after the others (axis 0, as of the data)."""
    names = [name for node in model.nodes for name in node.outputs if name]
    with np.errstate(all="ignore"):
        operators = _OPERATORS + on_floats(model)
        reference = Batched(ReferenceEvaluator(_proto(model, names), new_ops=operators))
    size = sum(prod(shape) for shape in model.shapes.values())
    step = max(1, min(SAMPLES, NUMBERS // max(1, size)))
    for start in range(0, len(next(iter(data.values()))), step):
        inputs = {
            name: np.asarray(data[name][start : start + step], np.float32).reshape(-1, *shape)
            for name, shape in model.inputs.items()
        }
        with np.errstate(all="ignore"):
            values = reference.run(inputs)
        yield values


def _limited(steps: Any, width: Any, attributes: Mapping[str, Any]) -> Any:
    signed, narrow = attributes["signed"], attributes["narrow"]
    top = 2.0 ** (width - signed) - 1 - (narrow and not signed)
    bottom = narrow - 2.0 ** (width - 1) if signed else 0.0
    return _ROUND[attributes["rounding_mode"].upper()](steps.clip(bottom, top))


def _proto(model: Model, outputs: list[str]) -> Any:
    single = {
        name: value.astype(np.float32) if value.dtype == np.float64 else value
        for name, value in model.constants.items()
    }
    tensors = [numpy_helper.from_array(np.asarray(v), name) for name, v in single.items()]
    nodes = [to_proto(replace(node, constants={})) for node in model.nodes]
    inputs = [helper.make_tensor_value_info(n, 1, s) for n, s in model.inputs.items()]
    results = [helper.make_tensor_value_info(n, 1, None) for n in outputs]
    graph = helper.make_graph(nodes, model.name or "model", inputs, results, tensors)
    imports = [helper.make_opsetid("", NEWEST), helper.make_opsetid(QONNX, 1)]
    return helper.make_model(graph, opset_imports=imports)
