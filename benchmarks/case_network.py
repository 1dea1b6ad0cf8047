"""A case as our network: from its ONNX file, or layer by layer where ONNX cannot say it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from cases import Case, Dense, Layer, Quantize, Relu

from kernels.base import Operator
from kernels.dense import MatMul
from kernels.elementwise import Add
from kernels.elementwise import Relu as Rectify
from kernels.quant import Quantize as Quantizer
from rtlgen import network
from rtlgen.encoding import Decoding, Encoding
from rtlgen.graph import Graph, Node
from rtlgen.network import Network
from rtlgen.options import Options
from rtlgen.passes import run
from rtlgen.quantize import Codings
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.manifest import Tensor
from sim.rounding import Overflow, Rounding

ROUNDINGS = {"TRN": Rounding.FLOOR, "RND": Rounding.HALF_UP}
OVERFLOWS = {"WRAP": Overflow.WRAP, "SAT": Overflow.SATURATE}


def read(case: Case, options: Options) -> Network:
    return network.read(case.onnx, options) if case.onnx else built(case)


def built(case: Case) -> Network:
    """A perceptron, of the case's own layers."""
    given = intervals(case.given, case.x.shape[1:])
    nodes, constants = [], {}
    for i, (op, operands) in enumerate(_operators(case.layers)):
        names = [f"layer{i}_{k}" for k in range(len(operands))]
        constants |= dict(zip(names, operands, strict=True))
        source, made = f"y{i - 1}" if i else "x", f"y{i}"
        nodes.append(Node(op, (source, *names), (made,), f"layer{i}"))
    graph = run(Graph({"x": given}, tuple(nodes), (nodes[-1].outputs[0],), constants).check())
    return Network(case.name, graph, _codings(graph))


def _codings(graph: Graph) -> Codings:
    (given,) = graph.inputs.values()
    encoding = Encoding(given, (), np.zeros(given.shape, np.int64))
    return Codings(graph, {"x": encoding}, {graph.outputs[0]: Decoding()}, {})


def _operators(layers: tuple[Layer, ...]) -> Iterator[tuple[Operator, list[Fixed]]]:
    """Operators, with their constant inputs."""
    for layer in layers:
        match layer:
            case Dense():
                yield MatMul(), [Fixed.of_floats(layer.weight)]
                yield Add(), [Fixed.of_floats(layer.bias)]
            case Relu():
                yield Rectify(), []
            case Quantize():
                to, modes = intervals(layer), (layer.rounding, layer.overflow)
                yield Quantizer(to, ROUNDINGS[modes[0]], OVERFLOWS[modes[1]]), []
            case _:
                raise ValueError(layer)


def intervals(formats: Quantize, shape: tuple[int, ...] = ()) -> Intervals:
    """The ranges of these formats, in a batch of one; what has no bits is zero."""
    lo, hi = formats.range
    step = np.where(formats.width > 0, -formats.fraction, 0)
    wide = np.broadcast_shapes(lo.shape, shape) or (1,)
    return Intervals(*(np.broadcast_to(a, wide)[None] for a in (lo, hi, step)))


def codes(
    case: Case, source: Network, outputs: tuple[Tensor, ...]
) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
    """The case's own samples and results, as codes at the ports; all are on their grids."""
    (name,), (output,) = source.graph.inputs, outputs
    x = case.x if case.x.ndim < 4 else np.moveaxis(case.x, -1, 1)
    given = source.encode({name: x})[name].in_steps(source.graph.inputs[name].exp)
    wanted = np.ldexp(
        case.y.reshape(-1, *output.shape), -np.array(output.exp).reshape(output.shape)
    )
    made = wanted.astype(np.int64)
    assert (made == wanted).all(), f"{case.name}: a result is between two codes"
    return {name: given}, {output.name: made}
